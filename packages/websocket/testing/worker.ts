/** The tests of WebSockets that `packages/workers/testing/workerd-contract.ts` loads into workerd. */
import { TransportError } from "@rivulet/engine";
import { startRemotePeer } from "../../workers/testing/remote-peers.ts";
import { assert, context, contractTests, failure, refusal, worker } from "../../workers/testing/worker-tests.ts";
import { webSocket } from "../src/workerd.ts";

/** These take a WebSocket that tells how much waits to be sent; that of Workers does not. */
const needsBackPressure: readonly string[] = [
  "a server that does not read stalls the writer",
  "abort while a write is stalled settles everything",
  "aborting a stalled writable ends the connection",
  "a connection that is lost fails everything",
];

const kind = { transport: webSocket, kind: "websocket", inboundBackPressure: false } as const;
const tests = contractTests(kind, needsBackPressure);

tests.set("sends headers", async ({ headersUrl }) => {
  // The server refuses everybody, with a status that says whether the header has come.
  const error = await failure(webSocket, headersUrl, { webSocket: { headers: { "x-token": "abc" } } });
  assert.equal(error.message, `The connection to ${headersUrl} failed: the server answered with the HTTP status 418`);
});

tests.set("a connection that is lost fails reading and writing", async ({ controlUrl }) => {
  const peer = await startRemotePeer(controlUrl);
  const duplex = await webSocket.open(peer.target, {}, context);
  const connection = await peer.accept();
  const reading = duplex.readable.getReader().read();
  reading.catch(() => undefined);
  await connection.reset();
  for (const promise of [duplex.closed, reading, duplex.writable.getWriter().write(Uint8Array.of(1))]) {
    const error: unknown = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof TransportError, String(error));
    assert.equal((error as TransportError).closeCode, 1006);
  }
  await peer.close();
});

tests.set("refuses a server that chooses another subprotocol [MQTT-6.0.0-4]", async ({ controlUrl }) => {
  const peer = await startRemotePeer(controlUrl, { subprotocol: "chat" });
  const error = await failure(webSocket, peer.target.url);
  assert.equal(error.name, "TransportError");
  assert.ok(error.message.endsWith('the server chose the subprotocol "chat", not mqtt'), error.message);
  await peer.whenIdle();
  await peer.close();
});

tests.set("says what answered instead of a WebSocket server", async ({ httpUrl }) => {
  const error = await failure(webSocket, httpUrl);
  assert.equal(error.message, `The connection to ${httpUrl} failed: the server answered with the HTTP status 404`);
});

for (const [option, options] of [
  ["tls", { tls: { ca: "x" } }],
  ["socket", { socket: { noDelay: true } }],
  ["proxy", { proxy: "system" }],
  ["webSocket.perMessageDeflate", { webSocket: { perMessageDeflate: true } }],
  ["webSocket.maxPayloadBytes", { webSocket: { maxPayloadBytes: 1 } }],
] as const) {
  tests.set(`refuses ${option}`, refusal(webSocket, "wss://127.0.0.1:1/", option, options));
}

for (const [option, options] of [
  ["webSocket.protocols", { protocols: ["m q t t"] }],
  ["webSocket.protocols", { protocols: ["mqtt", "mqtt"] }],
  ["webSocket.headers", { headers: { "a b": "c" } }],
  ["webSocket.colour", { colour: "red" }],
] as readonly [string, object][]) {
  tests.set(`refuses ${option} ${JSON.stringify(options)}`, async () => {
    const error = await failure(webSocket, "ws://127.0.0.1:1/", { webSocket: options });
    assert.equal(error.name, "InvalidOptionError", error.message);
    assert.equal((error as Error & { option?: string }).option, option);
  });
}

// The runtime looks for it there.
// eslint-disable-next-line no-restricted-syntax -- Nothing else is looked at.
export default worker(tests);
