/** The tests of TCP that `workerd-contract.ts` loads into workerd. */
import { tcp } from "../src/mod.ts";
import { startRemotePeer } from "./remote-peers.ts";
import { targetOf } from "./target-of.ts";
import { assert, context, contractTests, failure, refusal, worker } from "./worker-tests.ts";

/** The attempt rejects as it should, but what it leaves behind is for workerd to end; see `abandon` in `../src/tcp.ts`. */
const endsLate: readonly string[] = ["a signal aborted while opening"];

const tests = contractTests({ transport: tcp, kind: "tcp", inboundBackPressure: true }, endsLate);

tests.set("a signal aborted while opening rejects with its reason", async ({ controlUrl }) => {
  const peer = await startRemotePeer(controlUrl);
  const controller = new AbortController();
  const reason = new Error("changed my mind");
  const opening = tcp.open(peer.target, {}, { ...context, signal: controller.signal });
  controller.abort(reason);
  const error: unknown = await opening.catch((cause: unknown) => cause);
  assert.equal(error, reason);
  await peer.close();
});

tests.set("carries bytes over TLS", async ({ tlsUrl }) => {
  const reached: (string | undefined)[] = [];
  const report = (_status: string, _about?: string, milestone?: string): unknown => reached.push(milestone);
  const duplex = await tcp.open(targetOf(tlsUrl), {}, { ...context, report });
  assert.equal(reached.filter((each) => each !== undefined).join(), "tls,host");
  const writer = duplex.writable.getWriter();
  await writer.write(Uint8Array.of(1, 2, 3));
  const { value } = await duplex.readable.getReader().read();
  assert.equal(String(value), "1,2,3");
  await writer.close();
  duplex.abort();
});

tests.set("does not trust just anybody", async ({ untrustedUrl }) => {
  const error = await failure(tcp, untrustedUrl);
  assert.equal(error.name, "TransportError", error.message);
});

tests.set("leaves options for TLS alone where there is none", async () => {
  const error = await failure(tcp, "mqtt://127.0.0.1:1/", { tls: { ca: "x" }, webSocket: { headers: { a: "b" } } });
  assert.equal(error.name, "TransportError", error.message);
});

for (const [scheme, option, options] of [
  ["mqtts:", "tls.ca", { tls: { ca: "x" } }],
  ["ssl:", "tls.allowExpired", { tls: { allowExpired: true } }],
  ["tls:", "tls.alpnProtocols", { tls: { alpnProtocols: ["mqtt"] } }],
  ["mqtt:", "socket.noDelay", { socket: { noDelay: true } }],
  ["tcp:", "proxy", { proxy: "system" }],
] as const) {
  tests.set(`${scheme} refuses ${option}`, refusal(tcp, `${scheme}//127.0.0.1:1/`, option, options));
}

// The runtime looks for it there.
// eslint-disable-next-line no-restricted-syntax -- Nothing else is looked at.
export default worker(tests);
