/** Run by Deno; see the README. */
import assert from "node:assert/strict";
import { InvalidOptionError, TransportError, type TransportTarget } from "@rivulet/engine";
import { tcp } from "../src/mod.ts";
import { transportScenarios, type TransportHarness } from "../../engine/testing/transport-contract.ts";
import { startTcpPeer } from "../../node/testing/tcp-peer.ts";

const harness: TransportHarness = {
  transport: tcp,
  kind: "tcp",
  inboundBackPressure: true,
  startPeer: startTcpPeer,
};

for (const scenario of transportScenarios.filter((one) => one.applies(harness))) {
  Deno.test(`the transport contract > ${scenario.name}`, () => scenario.run(harness, assert));
}

const target: TransportTarget = {
  url: "mqtt://127.0.0.1:1",
  address: "mqtt://127.0.0.1:1",
  scheme: "mqtt:",
  hostname: "127.0.0.1",
  port: 1,
  path: "/",
};

function failure(at: Partial<TransportTarget>, options: object = {}): Promise<unknown> {
  const context = { signal: new AbortController().signal, report: () => undefined };
  return tcp.open({ ...target, ...at }, options, context).then(
    () => undefined,
    (error: unknown) => error,
  );
}

Deno.test("tcp > says why it cannot connect", async () => {
  const error = await failure({});
  assert.ok(error instanceof TransportError);
  assert.equal(error.message, "Cannot connect to 127.0.0.1:1: connection refused");
  assert.ok(error.cause instanceof Deno.errors.ConnectionRefused);
});

Deno.test("tcp > says that a host name is not found", async () => {
  const error = await failure({ hostname: "no-such-host.invalid" });
  assert.ok(error instanceof TransportError);
  assert.equal(error.message, "Cannot connect to no-such-host.invalid:1: host name not found");
});

Deno.test({
  name: "tcp > says which permission it needs",
  permissions: { net: false },
  fn: async () => {
    const error = await failure({});
    assert.ok(error instanceof TransportError);
    assert.match(error.message, /--allow-net=127\.0\.0\.1:1$/);
  },
});

Deno.test("tcp > refuses options for sockets that it does not know, and leaves those of others alone", async () => {
  const error = await failure({}, { socket: { colour: "red" } });
  assert.ok(error instanceof InvalidOptionError);
  assert.equal(error.option, "socket.colour");
  assert.ok((await failure({}, { webSocket: { headers: { a: "b" } } })) instanceof TransportError);
});
