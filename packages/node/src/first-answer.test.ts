import { TransportError, type Duplex } from "@rivulet/engine";
import { afterAll, describe, expect, it } from "vitest";
import { createCertificateLab } from "../testing/certificates.ts";
import { startPlainServer, startTlsServer, type TestServer } from "../testing/tls-servers.ts";
import { tcp } from "./mod.ts";

const lab = await createCertificateLab();
const certificate = await lab.createSelfSigned({ commonName: "127.0.0.1", altNames: ["IP:127.0.0.1"] });
const identity = { key: certificate.key, cert: certificate.certificate };
afterAll(() => lab.cleanup());

const connect = Uint8Array.of(0x10, 16, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 4, 0x61, 0x62, 0x63, 0x64);

function open({ port }: TestServer, scheme = "mqtt:", options = {}): Promise<Duplex> {
  const url = `${scheme}//127.0.0.1:${port}`;
  const target = { url, address: url, scheme, hostname: "127.0.0.1", port, path: "/" };
  return tcp.open(target, options, {
    signal: new AbortController().signal,
    report: () => undefined,
    verify: ({ accept }) => accept,
  });
}

/** What comes of a CONNECT. */
async function answerOf(duplex: Duplex): Promise<unknown> {
  const reader = duplex.readable.getReader();
  const reading = reader.read().catch((error: unknown) => error);
  await duplex.writable
    .getWriter()
    .write(connect)
    .catch(() => undefined);
  return reading;
}

describe("what is said of a server that expects something else", () => {
  it("an alert says that it speaks TLS", async () => {
    await using server = await startPlainServer((socket) => {
      // Fatal, unexpected message (RFC 8446, 6): the answer of servers that are written in Erlang.
      socket.once("data", () => socket.end(Uint8Array.of(0x15, 0x03, 0x03, 0, 2, 2, 10)));
    });
    const error = await answerOf(await open(server));
    expect(error).toBeInstanceOf(TransportError);
    expect((error as Error).message).toBe(
      `The server at 127.0.0.1:${server.port} speaks TLS there, which the scheme mqtts: asks for`,
    );
  });

  it("a server with TLS that hangs up says nothing", async () => {
    await using server = await startTlsServer(identity);
    expect(await answerOf(await open(server))).toEqual({ done: true, value: undefined });
  });

  it("one that resets the connection may expect TLS or a WebSocket", async () => {
    await using server = await startPlainServer((socket) => {
      socket.once("data", () => socket.resetAndDestroy());
    });
    const error = await answerOf(await open(server));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({
      message: `The connection to 127.0.0.1:${server.port} was lost: connection reset by the server before it answered, as one does that expects TLS (mqtts:) or a WebSocket (ws:)`,
      cause: { code: "ECONNRESET" },
    });
  });

  it("nothing, once it has answered", async () => {
    const alert = Uint8Array.of(0x15, 0x03);
    await using server = await startPlainServer((socket) => {
      socket.once("data", () => {
        socket.write(Uint8Array.of(0x20));
        socket.once("data", () => {
          socket.write(alert, () => {
            socket.once("data", () => socket.resetAndDestroy());
          });
        });
      });
    });
    const duplex = await open(server);
    const reader = duplex.readable.getReader();
    const writer = duplex.writable.getWriter();
    await writer.write(connect);
    expect((await reader.read()).value).toEqual(Uint8Array.of(0x20));
    await writer.write(connect);
    const received: number[] = [];
    while (received.length < alert.length) received.push(...((await reader.read()).value ?? []));
    expect(received).toEqual([...alert]);
    await writer.write(connect);
    await expect(reader.read()).rejects.toThrow(/was lost: connection reset by the server$/);
  });

  it("nothing, where it is TLS that was asked for", async () => {
    await using server = await startTlsServer(identity);
    const duplex = await open(server, "mqtts:", { tls: { acceptServerCertificate: identity.cert } });
    const socket = await server.accept();
    socket.write(Uint8Array.of(0x15, 0x03));
    expect((await duplex.readable.getReader().read()).value).toEqual(Uint8Array.of(0x15, 0x03));
    duplex.abort();
  });
});
