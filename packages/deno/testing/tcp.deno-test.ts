/** Run by Deno; see the README. */
import assert from "node:assert/strict";
import { InvalidOptionError, TransportError, UnsupportedError } from "@rivulet/engine";
import { viaNode } from "../../node/testing/node-transport.ts";
import { createTcp, tcp } from "../src/mod.ts";
import { startTcpPeer } from "../../node/testing/tcp-peer.ts";
import { contextOf, failure } from "./openings.ts";

const nowhere = "mqtt://127.0.0.1:1";

for (const [name, transport] of [
  ["tcp", tcp],
  ["createTcp", createTcp(viaNode)],
] as const) {
  Deno.test(`${name} > says why it cannot connect`, async () => {
    const error = await failure(transport, nowhere);
    assert.ok(error instanceof TransportError);
    assert.equal(error.message, "Cannot connect to 127.0.0.1:1: connection refused");
    assert.ok(error.cause instanceof Deno.errors.ConnectionRefused);
  });

  Deno.test(`${name} > says that a host name is not found`, async () => {
    const error = await failure(transport, "mqtt://no-such-host.invalid:1");
    assert.ok(error instanceof TransportError);
    assert.equal(error.message, "Cannot connect to no-such-host.invalid:1: host name not found");
  });

  Deno.test({
    name: `${name} > says which permission it needs`,
    permissions: { net: false },
    fn: async () => {
      const error = await failure(transport, nowhere);
      assert.ok(error instanceof TransportError);
      assert.match(error.message, /--allow-net=127\.0\.0\.1:1$/);
    },
  });

  Deno.test(`${name} > refuses options for sockets that do not exist, and leaves those of others alone`, async () => {
    const error = await failure(transport, nowhere, { socket: { colour: "red" } });
    assert.ok(error instanceof InvalidOptionError);
    assert.equal(error.option, "socket.colour");
    assert.ok((await failure(transport, nowhere, { webSocket: { headers: { a: "b" } } })) instanceof TransportError);
  });

  Deno.test(`${name} > refuses values that are none`, async () => {
    for (const [option, value] of [
      ["noDelay", 1],
      ["keepAlive", "yes"],
      ["sendBufferBytes", 0],
      ["receiveBufferBytes", 1.5],
    ] as const) {
      const error = await failure(transport, nowhere, { socket: { [option]: value } });
      assert.ok(error instanceof InvalidOptionError, option);
      assert.equal(error.option, `socket.${option}`);
    }
  });
}

for (const [feature, options] of [
  ["proxy", { proxy: "http://127.0.0.1:1" }],
  ["socket.localAddress", { socket: { localAddress: "127.0.0.1" } }],
  ["socket.localPort", { socket: { localPort: 1 } }],
  ["socket.family", { socket: { family: 4 } }],
  ["socket.linger", { socket: { linger: false } }],
  ["socket.maxTransferRate", { socket: { maxTransferRate: 1000 } }],
  ["socket.keepAlive.initialDelayMs", { socket: { keepAlive: { initialDelayMs: 1000 } } }],
] as const) {
  Deno.test(`tcp > refuses ${feature}; createTcp hands it on`, async () => {
    const error = await failure(tcp, nowhere, options);
    assert.ok(error instanceof UnsupportedError);
    assert.equal(error.feature, feature);
    const seen: unknown[] = [];
    const refusal = new TransportError("seen");
    const other = createTcp({
      schemes: [],
      open: (target, given) => {
        seen.push(target.url, given);
        return Promise.reject(refusal);
      },
    });
    assert.equal(await failure(other, nowhere, options), refusal);
    assert.deepEqual(seen, [nowhere, options]);
  });
}

Deno.test("tcp > is left alone by whoever aborts when told that it is connected", async () => {
  const peer = await startTcpPeer();
  const abort = new AbortController();
  const reason = new Error("changed my mind");
  const context = contextOf(abort.signal);
  const report = (status: string): void => {
    if (status === "connected") abort.abort(reason);
  };
  await assert.rejects(tcp.open(peer.target, {}, { ...context, report }), (error) => error === reason);
  await (await peer.accept()).whenEnded();
  await peer.close();
});
