import { encode } from "@rivulet/codec";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import {
  AuthenticationError,
  ClosedError,
  connect,
  ConnectionRefusedError,
  InvalidOptionError,
  InvalidTopicError,
  MalformedPacketError,
  NotConnectedError,
  PacketIdExhaustedError,
  PacketTooLargeError,
  ProtocolError,
  PublishError,
  QueueFullError,
  ServerDisconnectError,
  SessionLostError,
  StoreError,
  SubscribeError,
  TimeoutError,
  TransportError,
  UnsupportedError,
  type ConnectOptions,
  type TransportErrorOptions,
} from "rivulet";
import { afterEach, describe, expect, it } from "vitest";
import { MQTTError } from "../mqtt-error.ts";
import { toMQTTError } from "./to-mqtt-error.ts";

const refusal = Buffer.from(encode({ type: "connack", sessionPresent: false, reasonCode: 0x86 }, 5));

describe("toMQTTError, of what a connection fails with", () => {
  let server: Server | undefined;

  afterEach(async () => {
    const closing = server;
    server = undefined;
    if (closing !== undefined) await new Promise((resolve) => closing.close(resolve));
  });

  /** Starts a server that does that at the first bytes of a client; resolves to its port. */
  async function serve(act: (socket: Socket) => void): Promise<number> {
    server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        act(socket);
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  async function closedPort(): Promise<number> {
    const port = await serve(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    return port;
  }

  async function failure(url: string, options: ConnectOptions = {}): Promise<MQTTError> {
    const reason = await connect(url, { reconnect: false, ...options }).then(
      (client) => {
        client.close();
        throw new Error("It has connected");
      },
      (error: unknown) => error,
    );
    return toMQTTError(reason, { during: "connect" });
  }

  const answer = (text: string) => (socket: Socket) => {
    socket.end(text, "latin1");
  };

  it.each<[code: number, what: string, act: (socket: Socket) => void, scheme?: string]>([
    [1120, "hangs up", (socket) => socket.end()],
    [10_054, "resets", (socket) => socket.resetAndDestroy()],
    [500, "refuses", (socket) => socket.end(refusal)],
    [504, "sends what is no packet", answer("\0\0")],
    [500, "sends a packet that it may not", answer("\xd0\0")],
    [276, "does not speak TLS", answer("220 hello\r\n"), "mqtts"],
    [276, "ends the handshake", (socket) => socket.end(), "mqtts"],
    [151, "has no WebSocket", answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), "ws"],
    [151, "is no HTTP server", answer("220 hello\r\n"), "ws"],
    [4003, "hangs up before it has answered", (socket) => socket.end(), "ws"],
    [4003, "answers badly", answer("HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"), "ws"],
  ])("gives %i for a server that %s", async (code, _what, act, scheme = "mqtt") => {
    const error = await failure(`${scheme}://127.0.0.1:${await serve(act)}`);
    expect(error).toMatchObject({ name: "MQTTError", code });
    expect(error.cause).toBeInstanceOf(Error);
  });

  it.each(["mqtt", "mqtts", "ws", "wss"])("gives 10061 for %s where nobody listens", async (scheme) => {
    expect(await failure(`${scheme}://127.0.0.1:${await closedPort()}`)).toMatchObject({ code: 10_061 });
  });

  it("gives 11001 for a host that nobody knows", async () => {
    expect(await failure("mqtt://no..name:1883")).toMatchObject({ code: 11_001, group: "TCP/IP" });
  });

  it("gives 10049 for a local address that is not this machine's", async () => {
    const port = await serve(() => undefined);
    const error = await failure(`mqtt://127.0.0.1:${port}`, { socket: { localAddress: "192.0.2.1" } });
    expect(error).toMatchObject({ code: 10_049 });
  });

  it("gives 10047 for an address of the other family", async () => {
    const error = await failure("mqtt://127.0.0.1:1", { socket: { family: 6 } });
    expect(error).toMatchObject({ code: 10_047 });
  });

  it.each<[what: string, act: (socket: Socket) => void, scheme: string]>([
    ["refuses", answer("HTTP/1.1 403 No\r\n\r\n"), "http"],
    ["wants a password", answer("HTTP/1.1 407 Who\r\n\r\n"), "http"],
    ["is none", answer("220 hello\r\n"), "http"],
    ["hangs up", (socket) => socket.end(), "http"],
    ["resets", (socket) => socket.resetAndDestroy(), "http"],
    ["cannot reach the server", answer("\0\x5b\0\0\0\0\0\0"), "socks4"],
    ["does not speak TLS", answer("220 hello\r\n"), "https"],
  ])("gives 118 for a proxy that %s, and no password", async (_what, act, scheme) => {
    const proxy = `${scheme}://user${scheme === "socks4" ? "" : ":secret"}@127.0.0.1:${await serve(act)}`;
    const error = await failure("mqtt://127.0.0.1:1883", { proxy });
    expect(error).toMatchObject({ code: 118, group: "HTTP" });
    expect(error.message).not.toContain("secret");
  });

  it("gives 118 for a proxy that is not there", async () => {
    const error = await failure("mqtt://127.0.0.1:1883", { proxy: `http://127.0.0.1:${await closedPort()}` });
    expect(error).toMatchObject({ code: 118 });
    expect(error.message).toContain("connection refused");
  });

  it("gives 201 for a server that is silent", async () => {
    const port = await serve(() => undefined);
    const error = await failure(`mqtt://127.0.0.1:${port}`, { connectTimeoutMs: 50 });
    expect(error).toMatchObject({ code: 201, group: "TCPClient" });
  });
});

const transport = (options: TransportErrorOptions): TransportError => new TransportError("It has failed", options);
const coded = (code: string): Error => Object.assign(new Error("failed"), { code });

describe("toMQTTError", () => {
  it.each<[error: unknown, code: number]>([
    [new InvalidOptionError("will.qos", "no"), 505],
    [new InvalidOptionError("will.topic", "no"), 502],
    [new InvalidOptionError("filter", "no"), 503],
    [new InvalidOptionError("payload", "no"), 504],
    [new InvalidOptionError("url", "no"), 152],
    [new InvalidOptionError("socket.localAddress", "no"), 10_049],
    [new InvalidOptionError("tls.cert", "no"), 273],
    [new InvalidOptionError("tls.passphrase", "no"), 271],
    [new InvalidOptionError("tls.ca", "no"), 271],
    [new InvalidOptionError("tls.cipherSuites", "no"), 10_042],
    [new InvalidOptionError("proxy.tls.ca", "no"), 118],
    [new InvalidOptionError("keepAlive", "no"), 10_022],
    [new UnsupportedError("mqtts:", "no"), 153],
    [new UnsupportedError("tls.minVersion", "no"), 270],
    [new UnsupportedError("proxy", "no"), 118],
    [new UnsupportedError("socket.linger", "no"), 10_045],
    [new UnsupportedError("webSocket.headers", "no"), 10_045],
    [new UnsupportedError("qos", "no"), 505],
    [new UnsupportedError("retain", "no"), 500],
    [new ConnectionRefusedError(5), 500],
    [new ServerDisconnectError(0x8e), 1120],
    [new PublishError("a/b", 0x97), 500],
    [new SubscribeError([{ filter: "a/#", reasonCode: 0x87 }]), 500],
    [new ProtocolError("no"), 500],
    [new MalformedPacketError("no"), 504],
    [new InvalidTopicError("no", "a/#"), 502],
    [new InvalidTopicError("no", "a#", { reasonCode: 0x8f }), 503],
    [new PacketTooLargeError(20, 10), 10_040],
    [new PacketTooLargeError(20, 10, { offset: 1 }), 500],
    [new PacketIdExhaustedError(), 501],
    [new QueueFullError("full"), 10_055],
    [new AuthenticationError("no"), 500],
    [new SessionLostError("puback"), 500],
    [new NotConnectedError(), 1117],
    [new TimeoutError("Waiting", 10), 201],
    [transport({}), 1120],
    [transport({ failure: "silence" }), 10_052],
    [transport({ failure: "handshake", isTls: true }), 276],
    [transport({ failure: "issuer", isTls: true }), 274],
    [transport({ failure: "authority", isTls: true }), 275],
    [transport({ failure: "certificate", isTls: true }), 280],
    [transport({ failure: "no-certificate", isTls: true }), 282],
    [transport({ isTls: true, cause: coded("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED") }), 281],
    [transport({ isTls: true, cause: coded("ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC") }), 283],
    [transport({ isTls: true, cause: coded("ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC") }), 284],
    [transport({ isTls: true, cause: new Error("received fatal alert: BadRecordMac") }), 283],
    [transport({ isTls: true, cause: new Error("cannot decrypt peer's message") }), 284],
    [transport({ cause: coded("EHOSTUNREACH") }), 10_065],
    [transport({ cause: transport({ failure: "silence" }) }), 10_052],
    [transport({ cause: new Error("something else") }), 10_053],
    [transport({ failure: "webSocket", closeCode: 1001 }), 1120],
    [transport({ failure: "webSocket", closeCode: 1006 }), 1120],
    [transport({ failure: "webSocket", closeCode: 1006, cause: coded("ECONNRESET") }), 10_054],
    [transport({ failure: "webSocket", closeCode: 1002 }), 4003],
    [transport({ failure: "webSocket" }), 4003],
    [new DOMException("no", "TimeoutError"), 201],
    [coded("EMFILE"), 10_024],
    [new Error("something else"), 500],
    ["something else", 500],
  ])("gives %s the code %i", (error, code) => {
    const mapped = toMQTTError(error);
    expect(mapped).toMatchObject({ name: "MQTTError", code, cause: error });
    expect(mapped.message).toContain(error instanceof Error ? error.message : "something else");
  });

  it.each<[error: unknown, code: number, group: string]>([
    [new ClosedError(), 301, "HTTP"],
    [new DOMException("no", "AbortError"), 301, "HTTP"],
    [new StoreError("no"), 302, "TCPClient"],
  ])("tells for %s which %i it is", (error, code, group) => {
    expect(toMQTTError(error)).toMatchObject({ code, group });
  });

  it("knows no more of a WebSocket that could not be opened than a browser tells", () => {
    const error = transport({ failure: "webSocket", closeCode: 1006 });
    expect(toMQTTError(error, { during: "connect" }).code).toBe(4003);
  });

  it("speaks of settings, not of options", () => {
    const error = new InvalidOptionError("tls.cipherSuites", "None of tls.cipherSuites goes with TLSv1.3");
    expect(toMQTTError(error).message).toMatch(/: None of SSLEnabledCipherSuites goes with TLSv1\.3$/);
  });

  it("passes on what is documented already", () => {
    const error = new MQTTError(104);
    expect(toMQTTError(error)).toBe(error);
  });
});
