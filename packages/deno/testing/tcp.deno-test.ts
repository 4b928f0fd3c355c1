/** Run by Deno; see the README. */
import assert from "node:assert/strict";
import { InvalidOptionError, TransportError, UnsupportedError } from "@rivulet/engine";
import { viaNode } from "../../node/testing/node-transport.ts";
import { createTcp, tcp } from "../src/mod.ts";
import { startTcpPeer } from "../../node/testing/tcp-peer.ts";
import { startPlainServer } from "../../node/testing/tls-servers.ts";
import { contextOf, failure, targetOf } from "./openings.ts";

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

for (const [what, answer, message] of [
  // Fatal, unexpected message (RFC 8446, 6).
  [
    "an alert of TLS",
    Uint8Array.of(0x15, 0x03, 0x03, 0, 2, 2, 10),
    /^The server at .* speaks TLS there, which the scheme mqtts: asks for$/,
  ],
  [
    "a reset",
    undefined,
    /was lost: connection reset by the server before it answered, as one does that expects TLS \(mqtts:\) or a WebSocket \(ws:\)$/,
  ],
] as const) {
  Deno.test(`tcp > says what ${what} is the answer of`, async () => {
    await using server = await startPlainServer((socket) => {
      socket.once("data", () => {
        if (answer === undefined) socket.resetAndDestroy();
        else socket.end(answer);
      });
    });
    const duplex = await tcp.open(targetOf(`mqtt://127.0.0.1:${server.port}`), {}, contextOf());
    const reading = duplex.readable.getReader().read();
    const seen = reading.catch((error: unknown) => error);
    await duplex.writable
      .getWriter()
      .write(Uint8Array.of(0x10, 0))
      .catch(() => undefined);
    const error = await seen;
    assert.ok(error instanceof TransportError);
    assert.match(error.message, message);
  });
}

Deno.test("tcp > says nothing of it once the server has answered", async () => {
  const alert = Uint8Array.of(0x15, 0x03);
  await using server = await startPlainServer((socket) => {
    socket.write(Uint8Array.of(0x20));
    socket.once("data", () => {
      socket.write(alert);
      socket.once("data", () => socket.resetAndDestroy());
    });
  });
  const duplex = await tcp.open(targetOf(`mqtt://127.0.0.1:${server.port}`), {}, contextOf());
  const reader = duplex.readable.getReader();
  const writer = duplex.writable.getWriter();
  assert.deepEqual((await reader.read()).value, Uint8Array.of(0x20));
  await writer.write(Uint8Array.of(0xc0, 0));
  const received: number[] = [];
  while (received.length < alert.length) received.push(...((await reader.read()).value ?? []));
  assert.deepEqual(received, [...alert]);
  await writer.write(Uint8Array.of(0xc0, 0));
  await assert.rejects(reader.read(), /was lost: connection reset by the server$/);
});
