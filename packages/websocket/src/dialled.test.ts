import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { createServer as createSecureServer } from "node:https";
import {
  InvalidOptionError,
  TransportError,
  UnsupportedError,
  type TransportOptions,
  type TransportTarget,
} from "@rivulet/engine";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { transportScenarios, type TransportHarness } from "../../engine/testing/transport-contract.ts";
import { createCertificateLab } from "../../node/testing/certificates.ts";
import { quietContext } from "../testing/quiet-context.ts";
import { startWebSocketPeer, type WebSocketPeer } from "../testing/web-socket-peer.ts";
import { createNodeWebSocket, type Dial } from "./node.ts";

/** Every socket that was dialled. */
let dialled: Socket[] = [];
afterEach(() => {
  dialled = [];
});

const dial: Dial = async ({ url, address, hostname, port }, _options, { signal }) => {
  signal.throwIfAborted();
  const socket = connect({ host: hostname, port, allowHalfOpen: true });
  dialled.push(socket);
  const onAbort = (): void => void socket.destroy();
  signal.addEventListener("abort", onAbort);
  try {
    await Promise.race([
      once(socket, "connect"),
      once(socket, "close").then(() => Promise.reject(new Error("closed"))),
    ]);
    return { socket, info: { transport: "tcp", url, proxy: "http://proxy.example", remotePort: port } };
  } catch (cause) {
    signal.throwIfAborted();
    throw new TransportError(`Cannot connect to ${address}`, { cause });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
};

const webSocket = createNodeWebSocket(dial);

const harness: TransportHarness = {
  transport: webSocket,
  kind: "websocket",
  inboundBackPressure: true,
  startPeer: startWebSocketPeer,
};

describe("the transport contract, dialled", () => {
  for (const scenario of transportScenarios.filter((one) => one.applies(harness))) {
    it(scenario.name, { timeout: 30_000 }, () => scenario.run(harness, assert));
  }
});

describe("a WebSocket that was dialled", () => {
  let peer: WebSocketPeer;
  beforeEach(async () => {
    peer = await startWebSocketPeer();
  });
  afterEach(() => peer.close());

  it("knows what the socket knows", async () => {
    const reports: string[] = [];
    const told: Dial = async (target, options, context) => {
      context.report("connecting");
      context.report("asking the proxy", undefined, "proxy");
      context.report("shaking hands", "tls");
      context.report("secured", undefined, "tls");
      const result = await dial(target, options, context);
      context.report("connected", undefined, "host");
      return result;
    };
    const context = quietContext({
      report: (status, about, reached) => reports.push([status, about, reached].join(" ").trim()),
    });
    const duplex = await createNodeWebSocket(told).open(peer.target, {}, context);
    expect(duplex.info).toMatchObject({
      transport: "websocket",
      url: peer.target.address,
      subprotocol: "mqtt",
      proxy: "http://proxy.example",
      localAddress: "127.0.0.1",
      remoteAddress: "127.0.0.1",
      remotePort: peer.target.port,
    });
    expect(reports).toEqual([
      "connecting",
      "asking the proxy  proxy",
      "shaking hands tls",
      "secured  tls",
      "connected  host",
    ]);
    duplex.abort();
  });

  it("passes the options on, and keeps those of its own from being unknown", async () => {
    let seen: TransportOptions = {};
    const watching: Dial = (target, options, context) => {
      seen = options;
      return dial(target, options, context);
    };
    const options = { tls: { allowExpired: true }, proxy: "system", socket: { noDelay: false } };
    const duplex = await createNodeWebSocket(watching).open(peer.target, options, quietContext());
    expect(seen).toMatchObject(options);
    duplex.abort();
  });

  it("lets as much wait as socket.receiveBufferBytes and socket.sendBufferBytes say", async () => {
    const options = { socket: { receiveBufferBytes: 1000, sendBufferBytes: 1000 } };
    const duplex = await webSocket.open(peer.target, options, quietContext());
    const connection = await peer.accept();
    await connection.pause();
    const writer = duplex.writable.getWriter();
    await writer.write(new Uint8Array(500)); // Fits, and so settles whatever the server does.
    await connection.resume();
    await writer.write(new Uint8Array(50_000));
    await connection.sendPattern(3000, 500);
    const reader = duplex.readable.getReader();
    for (let count = 0; count < 3000;) count += (await reader.read()).value?.length ?? 0;
    duplex.abort();
  });

  it.each([
    ["ws:", 80, "broker.example"],
    ["ws:", 443, "broker.example:443"],
    ["wss:", 443, "broker.example"],
    ["wss:", 80, "broker.example:80"],
  ])("asks for the host of a %s URL with port %i as %s", async (scheme, port, host) => {
    const url = new URL(`${scheme}//broker.example:${port}/mqtt?token=a%20b`).href;
    const target = { url, address: url, scheme, hostname: "broker.example", port, path: "/mqtt" };
    const elsewhere = createNodeWebSocket((_target, options, context) => dial(peer.target, options, context));
    const duplex = await elsewhere.open(target, {}, quietContext());
    const { headers } = await peer.accept();
    expect(headers["host"]).toBe(host);
    expect(headers["authorization"]).toBeUndefined();
    duplex.abort();
    const own = await elsewhere.open(target, { webSocket: { headers: { host: "other.example" } } }, quietContext());
    expect((await peer.accept()).headers["host"]).toBe("other.example");
    own.abort();
  });

  it("does not dial for options that are wrong", async () => {
    const never = createNodeWebSocket(() => Promise.reject(new Error("It dialled")));
    const wrong = [{ headers: { "a b": "c" } }, { protocols: ["m q t t"] }, { maxPayloadBytes: -1 }, { colour: "red" }];
    for (const options of wrong) {
      const opening = never.open(peer.target, { webSocket: options }, quietContext());
      await expect(opening).rejects.toBeInstanceOf(InvalidOptionError);
    }
  });

  it("fails with what the dialler says", async () => {
    const error = new UnsupportedError("tls.ca", "Not today");
    const opening = createNodeWebSocket(() => Promise.reject(error)).open(peer.target, {}, quietContext());
    await expect(opening).rejects.toBe(error);
  });

  it("fails when the socket has closed in the meantime", async () => {
    const dead = createNodeWebSocket(async (target, options, context) => {
      const result = await dial(target, options, context);
      result.socket.destroy();
      return result;
    });
    await expect(dead.open(peer.target, {}, quietContext())).rejects.toThrow(
      "closed the connection before it answered",
    );
    await peer.whenIdle();
  });

  it("closes a socket that comes after the attempt is over", async () => {
    const controller = new AbortController();
    const reason = new Error("too late");
    const late = createNodeWebSocket(async (target, options, context) => {
      const result = await dial(target, options, { ...context, signal: new AbortController().signal });
      controller.abort(reason);
      return result;
    });
    await expect(late.open(peer.target, {}, quietContext({ signal: controller.signal }))).rejects.toBe(reason);
    await peer.whenIdle();
    expect(dialled.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it("leaves Nagle's algorithm as it was asked for", async () => {
    const calls: boolean[] = [];
    const watching: Dial = async (target, options, context) => {
      const result = await dial(target, options, context);
      const setNoDelay = result.socket.setNoDelay.bind(result.socket);
      result.socket.setNoDelay = (on = true) => {
        calls.push(on);
        return setNoDelay(on);
      };
      return result;
    };
    const options = { socket: { noDelay: false } };
    (await createNodeWebSocket(watching).open(peer.target, options, quietContext())).abort();
    expect(calls.at(-1)).toBe(false);
  });
});

describe("what answers instead of a WebSocket server", () => {
  let server: Server;
  const sockets = new Set<Socket>();
  afterEach(async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });

  async function answering(answer: string | undefined | Error): Promise<TransportTarget> {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
      socket.once("data", () => {
        if (answer === undefined) socket.end();
        else if (answer instanceof Error) socket.resetAndDestroy();
        else socket.write(answer);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const url = `ws://127.0.0.1:${port}/mqtt?token=secret`;
    const address = url.replace(/\?.*/, "");
    return { url, address, scheme: "ws:", hostname: "127.0.0.1", port, path: "/mqtt?token=secret" };
  }

  const upgrade = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n";
  it.each<[string, string | undefined | Error, string]>([
    [
      "401",
      "HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nNope",
      "the server answered with the HTTP status 401",
    ],
    ["404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "the server answered with the HTTP status 404"],
    ["200", "HTTP/1.1 200 OK\r\n\r\nhello", "the server answered with the HTTP status 200"],
    [
      "a redirect, which is not followed",
      "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
      "the server answered with the HTTP status 302",
    ],
    ["no HTTP", "\x20\x02\x00\x00 what is this\r\n\r\n", "the server's answer is not HTTP"],
    ["nothing", undefined, "the server closed the connection before it answered"],
    ["a reset", new Error(), "the server reset the connection before it answered: wrong port or scheme?"],
    [
      "a wrong accept key",
      `${upgrade}Upgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: AAAA\r\n\r\n`,
      "Invalid Sec-WebSocket-Accept header",
    ],
    ["another upgrade", `${upgrade}Upgrade: h2c\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`, "Invalid Upgrade header"],
  ])("%s", async (_name, answer, why) => {
    const target = await answering(answer);
    const error: unknown = await webSocket.open(target, {}, quietContext()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransportError);
    expect((error as Error).message).toBe(`The connection to ${target.address} failed: ${why}`);
    for (const socket of dialled) if (!socket.closed) await once(socket, "close");
  });
});

it("runs over TLS that the dialler has made", async () => {
  await using lab = await createCertificateLab();
  const authority = await lab.createAuthority({ commonName: "Authority" });
  const issued = await authority.issue({ commonName: "localhost", altNames: ["IP:127.0.0.1"] });
  const server = createSecureServer({ cert: issued.chain, key: issued.key });
  const webSockets = new WebSocketServer({ server, handleProtocols: () => "mqtt" });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const secured: Dial = async ({ hostname }) => {
    const socket = connectTls({ host: hostname, port, ca: authority.certificate });
    await once(socket, "secureConnect");
    return { socket, info: { transport: "tcp", url: "ignored" } };
  };
  const url = `wss://127.0.0.1:${port}/mqtt`;
  const target = { url, address: url, scheme: "wss:", hostname: "127.0.0.1", port, path: "/mqtt" };
  const accepted = once(webSockets, "connection");
  const duplex = await createNodeWebSocket(secured).open(target, {}, quietContext());
  const [connection] = (await accepted) as [WebSocketLike];
  connection.send(Uint8Array.of(1, 2, 3));
  expect((await duplex.readable.getReader().read()).value).toEqual(Uint8Array.of(1, 2, 3));
  expect(duplex.info).toMatchObject({ transport: "websocket", url });
  duplex.abort();
  const closed = once(server, "close");
  server.close();
  await closed;
});

interface WebSocketLike {
  send(bytes: Uint8Array): void;
}
