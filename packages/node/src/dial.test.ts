import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { TransportError, type TransportContext, type TransportOptions, type TransportTarget } from "@rivulet/engine";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { createCertificateLab } from "../testing/certificates.ts";
import { dial } from "./dial.ts";
import { tcp } from "./mod.ts";

const lab = await createCertificateLab();
const authority = await lab.createAuthority({ commonName: "Root" });
const issued = await authority.issue({
  commonName: "localhost",
  altNames: ["DNS:localhost", "IP:127.0.0.1"],
  extendedKeyUsage: ["serverAuth"],
});
const identity = { key: issued.key, cert: issued.certificate };
const trusted = { ca: authority.certificate };

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

afterAll(() => lab.cleanup());

interface Listening {
  readonly port: number;
  /** Each TCP connection that has been made. */
  readonly carriers: Socket[];
  /** The code of the first error that the server had with a connection. */
  readonly failure: Promise<unknown>;
  whenIdle(): Promise<void>;
}

async function listen(server: Server): Promise<Listening> {
  const carriers: Socket[] = [];
  server.on("connection", (socket) => {
    carriers.push(socket);
    socket.on("error", ignore);
  });
  const failure = new Promise<unknown>((resolve) => {
    const watch = (socket: Socket): void => {
      socket.on("error", (error: Error & { code?: unknown }) => {
        resolve(error.code);
      });
    };
    server.on("connection", watch).on("secureConnection", watch);
  });
  server.on("tlsClientError", ignore);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of carriers) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    ...{ carriers, failure },
    async whenIdle() {
      while (carriers.some((socket) => !socket.closed)) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Answers each line with itself. */
function echo(socket: Socket): void {
  socket.on("error", ignore);
  socket.pipe(socket);
}

const listenTls = (options: TlsOptions = {}): Promise<Listening> =>
  listen(createTlsServer({ ...identity, ...options }, echo));

/** A proxy for CONNECT, and what it was asked for. */
async function listenProxy(tls?: TlsOptions): Promise<Listening & { readonly asked: string[] }> {
  const asked: string[] = [];
  const serve = (socket: Socket): void => {
    socket.on("error", ignore);
    socket.once("data", (head: Buffer) => {
      const [, host = "", port = ""] = /^CONNECT (.*):(\d+) /.exec(head.toString("latin1")) ?? [];
      asked.push(`${host}:${port}`);
      const onwards = connect({ host, port: Number(port) }, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(onwards).pipe(socket);
      });
      onwards.on("error", ignore);
      socket.on("close", () => onwards.destroy());
    });
  };
  const listening = await listen(tls === undefined ? createServer(serve) : createTlsServer(tls, serve));
  return { ...listening, asked };
}

function target(scheme: string, port: number, hostname = "127.0.0.1"): TransportTarget {
  const url = `${scheme}//${hostname}:${port}`;
  return { url, address: url, scheme, hostname, port, path: "/" };
}

function context(signal = new AbortController().signal, reports: string[] = []): TransportContext {
  return { signal, report: (status) => reports.push(status), verify: ({ accept }) => accept };
}

async function dialled(to: TransportTarget, options: TransportOptions = {}): Promise<Awaited<ReturnType<typeof dial>>> {
  const found = await dial(to, options, context());
  cleanups.push(() => found.socket.destroy());
  return found;
}

async function expectEcho(socket: Socket): Promise<void> {
  const answer = once(socket, "data");
  socket.write("hello");
  expect(String((await answer)[0])).toBe("hello");
}

const failure = (promise: Promise<unknown>): Promise<unknown> => promise.catch((reason: unknown) => reason);

describe("TLS", () => {
  it.each(["mqtts:", "ssl:", "tls:", "wss:"])("is made for %s", async (scheme) => {
    const server = await listenTls();
    const { socket, info } = await dialled(target(scheme, server.port), { tls: trusted });
    await expectEcho(socket);
    expect(info).toMatchObject({
      transport: "tls",
      url: `${scheme}//127.0.0.1:${server.port}`,
      localAddress: "127.0.0.1",
      localPort: server.carriers[0]?.remotePort,
      remoteAddress: "127.0.0.1",
      remotePort: server.port,
      tls: { protocol: "TLSv1.3", problems: [] },
    });
  });

  it.each(["mqtt:", "tcp:", "ws:"])("is not made for %s", async (scheme) => {
    const server = await listen(createServer(echo));
    const { socket, info } = await dialled(target(scheme, server.port), { tls: trusted });
    await expectEcho(socket);
    expect(info.transport).toBe("tcp");
    expect(info.tls).toBe(undefined);
  });

  it("that fails is an error of TLS, and leaves nothing behind", async () => {
    const server = await listenTls();
    const error = await failure(dial(target("mqtts:", server.port), {}, context()));
    expect(error).toBeInstanceOf(TransportError);
    expect((error as TransportError).isTls).toBe(true);
    await server.whenIdle();
  });

  it("is broken off by the signal while the server is silent", async () => {
    const server = createServer(ignore);
    const listening = await listen(server);
    const controller = new AbortController();
    server.on("connection", () => {
      setImmediate(() => {
        controller.abort(new Error("too slow"));
      });
    });
    const dialling = dial(target("mqtts:", listening.port), { tls: trusted }, context(controller.signal));
    await expect(dialling).rejects.toThrow("too slow");
    for (const carrier of listening.carriers) carrier.resume();
    await listening.whenIdle();
  });

  it("that is refused after the handshake is told from a server that hangs up", async () => {
    const server = await listenTls({ requestCert: true, rejectUnauthorized: true, ca: authority.certificate });
    const duplex = await tcp.open(target("mqtts:", server.port), { tls: trusted }, context());
    const error = await failure(duplex.closed);
    expect(error).toBeInstanceOf(TransportError);
    expect((error as TransportError).isTls).toBe(true);
    expect((error as TransportError).message).toMatch(
      /^The connection to 127\.0\.0\.1:\d+ was lost: TLS has failed: .*the server wants a client certificate \(tls\.cert\)/,
    );
    const plain = await listen(createServer((socket) => socket.resetAndDestroy()));
    const lost = await failure(tcp.open(target("mqtt:", plain.port), {}, context()).then(({ closed }) => closed));
    expect((lost as TransportError).isTls).toBe(false);
  });

  it("stands on a socket with all options", async () => {
    const server = await listenTls();
    const { socket } = await dialled(target("mqtts:", server.port), {
      tls: trusted,
      socket: { localAddress: "127.0.0.9", linger: false },
    });
    await expectEcho(socket);
    const [carrier] = server.carriers;
    expect(carrier?.remoteAddress).toBe("127.0.0.9");
    socket.destroy();
    expect(await server.failure).toBe("ECONNRESET");
  });
});

describe("a proxy", () => {
  it.each(["mqtt:", "mqtts:", "ws:", "wss:"])("is on the way of %s", async (scheme) => {
    const isTls = scheme === "mqtts:" || scheme === "wss:";
    const server = isTls ? await listenTls() : await listen(createServer(echo));
    const proxy = await listenProxy();
    const { socket, info } = await dialled(target(scheme, server.port), {
      tls: trusted,
      proxy: `http://127.0.0.1:${proxy.port}`,
      socket: { localAddress: "127.0.0.5" },
    });
    await expectEcho(socket);
    expect(proxy.asked).toEqual([`127.0.0.1:${server.port}`]);
    expect(proxy.carriers[0]?.remoteAddress).toBe("127.0.0.5");
    expect(info).toMatchObject({
      transport: isTls ? "tls" : "tcp",
      localAddress: "127.0.0.5",
      proxy: `http://127.0.0.1:${proxy.port}`,
      remotePort: proxy.port,
    });
  });

  it.each([
    ["127.0.0.1", undefined, "127.0.0.1"],
    ["localhost", "here", "127.0.0.1"],
    ["localhost", "proxy", undefined],
  ] as const)("that is asked for %s, resolved by %s: the server's address is %s", async (hostname, names, expected) => {
    const server = await listen(createServer(echo));
    const proxy = await listenProxy();
    const { info } = await dialled(target("mqtt:", server.port, hostname), {
      proxy: { url: `http://127.0.0.1:${proxy.port}`, resolveNames: names },
      socket: { family: 4 },
    });
    expect(info.serverAddress).toBe(expected);
    expect(info.remoteAddress).toBe("127.0.0.1");
  });

  it.each(["mqtt:", "mqtts:"])("may be spoken to over TLS, for %s", async (scheme) => {
    const server = scheme === "mqtts:" ? await listenTls() : await listen(createServer(echo));
    const proxy = await listenProxy(identity);
    const { socket, info } = await dialled(target(scheme, server.port), {
      tls: trusted,
      proxy: { url: `https://127.0.0.1:${proxy.port}`, tls: trusted },
      socket: { linger: false },
    });
    await expectEcho(socket);
    expect(info.tls === undefined).toBe(scheme === "mqtt:");
    socket.destroy();
    expect(await proxy.failure).toBe("ECONNRESET");
  });

  it("that cannot be reached is an error, and so is one that does not reach the server", async () => {
    const free = await listen(createServer());
    const url = `http://127.0.0.1:${free.port}`;
    for (const cleanup of cleanups.splice(0)) await cleanup();
    const error = await failure(dial(target("mqtt:", 1), { proxy: url }, context()));
    expect((error as Error).message).toBe(`Cannot reach the proxy ${url}: connection refused`);
  });

  it("leaves nothing behind when TLS on it fails", async () => {
    const server = await listenTls();
    const proxy = await listenProxy();
    const options = { proxy: `http://127.0.0.1:${proxy.port}` };
    await expect(dial(target("mqtts:", server.port), options, context())).rejects.toThrow(TransportError);
    await Promise.all([proxy.whenIdle(), server.whenIdle()]);
  });

  it("is left when the attempt is aborted while it is silent", async () => {
    const silent = createServer(ignore);
    const proxy = await listen(silent);
    const controller = new AbortController();
    silent.on("connection", (socket) => {
      socket.once("data", () => {
        controller.abort(new Error("too slow"));
      });
    });
    const options = { proxy: `http://127.0.0.1:${proxy.port}` };
    await expect(dial(target("mqtt:", 1), options, context(controller.signal))).rejects.toThrow("too slow");
    await proxy.whenIdle();
  });
});

describe("dial", () => {
  it("reports how far it has got", async () => {
    const server = await listen(createServer(echo));
    const reports: string[] = [];
    const { socket } = await dial(target("mqtt:", server.port, "localhost"), {}, context(undefined, reports));
    socket.destroy();
    expect(reports).toEqual(["connecting", "connected"]);
  });

  it.each([
    ["mqtt:", undefined, ["host"]],
    ["mqtts:", undefined, ["tls", "host"]],
    ["mqtt:", "http:", ["proxy", "host"]],
    ["wss:", "http:", ["proxy", "tls", "host"]],
    // TLS with the proxy is not TLS with the server.
    ["mqtt:", "https:", ["proxy", "host"]],
  ] as const)("tells for %s through %s what stands: %j", async (scheme, proxyScheme, expected) => {
    const server = scheme === "mqtt:" ? await listen(createServer(echo)) : await listenTls();
    const proxy = await listenProxy(proxyScheme === "https:" ? identity : undefined);
    const url = `${proxyScheme ?? ""}//127.0.0.1:${proxy.port}`;
    const tls = proxyScheme === "https:" ? { tls: trusted } : {};
    const options = { tls: trusted, ...(proxyScheme === undefined ? {} : { proxy: { url, ...tls } }) };
    const reached: unknown[] = [];
    const report: TransportContext["report"] = (_status, _about, milestone) => {
      if (milestone !== undefined) reached.push(milestone);
    };
    const { socket } = await dial(target(scheme, server.port), options, { ...context(), report });
    socket.destroy();
    expect(reached).toEqual(expected);
  });

  it("does not say that TLS stands with a server that is refused", async () => {
    const server = await listenTls();
    const reached: unknown[] = [];
    const report: TransportContext["report"] = (_status, _about, milestone) => {
      if (milestone !== undefined) reached.push(milestone);
    };
    await failure(dial(target("mqtts:", server.port), {}, { ...context(), report }));
    expect(reached).toEqual([]);
  });

  it("leaves nothing behind when a report throws", async () => {
    const server = await listen(createServer(echo));
    const enough = new Error("enough");
    const report = (status: string): void => {
      if (status === "connected") throw enough;
    };
    await expect(dial(target("mqtt:", server.port), {}, { ...context(), report })).rejects.toBe(enough);
    await server.whenIdle();
  });
});

function ignore(): void {}
