import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, isIP, type AddressInfo, type Server, type Socket } from "node:net";
import { InvalidOptionError, TransportError, type SocketOptions } from "@rivulet/engine";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startSilentHost } from "../testing/silent-host.ts";
import { connectTcp, type HostAndPort, type LookUp } from "./connect-tcp.ts";
import { connectionAttemptDelayMs } from "./limits.ts";
import { readSocketOptions } from "./socket-options.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that keeps what connects to it. */
async function listen(host: string, port = 0): Promise<{ readonly port: number; next(): Promise<Socket> }> {
  const server: Server = createServer();
  const accepted: Socket[] = [];
  server.on("connection", (socket) => {
    socket.on("error", () => undefined);
    accepted.push(socket);
  });
  server.listen(port, host);
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    async next() {
      if (accepted.length === 0) await once(server, "connection");
      return accepted[accepted.length - 1] as Socket; // There is one: it has just been waited for.
    },
  };
}

async function connect(
  target: HostAndPort,
  options: SocketOptions = {},
  more: { readonly lookUp?: LookUp; readonly signal?: AbortSignal } = {},
): Promise<Socket> {
  const { signal = new AbortController().signal, lookUp } = more;
  const socket = await connectTcp(target, readSocketOptions(options), signal, lookUp);
  cleanups.push(() => socket.destroy());
  return socket;
}

const failure = (connecting: Promise<unknown>): Promise<unknown> => connecting.catch((reason: unknown) => reason);

/** A port that nobody listens on: one that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("the local end", () => {
  it("has the address and the port that were asked for, as the server sees", async () => {
    const server = await listen("127.0.0.1");
    const localPort = await freePort();
    await connect({ hostname: "127.0.0.1", port: server.port }, { localAddress: "127.0.0.7", localPort });
    const { remoteAddress, remotePort } = await server.next();
    expect({ remoteAddress, remotePort }).toEqual({ remoteAddress: "127.0.0.7", remotePort: localPort });
  });

  it("has only the port that was asked for", async () => {
    const server = await listen("127.0.0.1");
    const localPort = await freePort();
    await connect({ hostname: "localhost", port: server.port }, { localPort, family: 4 });
    expect((await server.next()).remotePort).toBe(localPort);
  });

  it("is IPv6 where its address is, whatever else the host has", async () => {
    const server = await listen("::1");
    const lookUp = vi.fn<LookUp>(() => Promise.resolve(["::1"]));
    await connect({ hostname: "dual.invalid", port: server.port }, { localAddress: "::1" }, { lookUp });
    expect(lookUp).toHaveBeenCalledExactlyOnceWith("dual.invalid", 6);
    expect((await server.next()).remoteAddress).toBe("::1");
  });

  it.each([
    [4, "127.0.0.8"],
    [6, "::1"],
    ["prefer6", "::1"],
    ["any", "127.0.0.8"],
  ] as const)("may be a name of this machine, which with the family %s stands for %s", async (family, address) => {
    const server = await listen(address === "::1" ? "::1" : "127.0.0.1");
    const hostname = address === "::1" ? "::1" : "127.0.0.1";
    const lookUp: LookUp = (name, wanted) =>
      Promise.resolve(
        name === "here.invalid" ? ["127.0.0.8", "::1"].filter((one) => wanted === 0 || isIP(one) === wanted) : [],
      );
    await connect({ hostname, port: server.port }, { localAddress: "here.invalid", family }, { lookUp });
    expect((await server.next()).remoteAddress).toBe(address);
  });

  it("of a name is one of the server's family, where that is an address", async () => {
    const server = await listen("127.0.0.1");
    const lookUp: LookUp = (_, wanted) => Promise.resolve(["::1", "127.0.0.8"].filter((one) => isIP(one) === wanted));
    await connect({ hostname: "127.0.0.1", port: server.port }, { localAddress: "here.invalid" }, { lookUp });
    expect((await server.next()).remoteAddress).toBe("127.0.0.8");
  });

  it("cannot be a name for nothing, while one that is not found now may be later", async () => {
    const opening = (lookUp: LookUp): Promise<unknown> =>
      failure(connect({ hostname: "server.invalid", port: 1 }, { localAddress: "here.invalid" }, { lookUp }));
    const message = 'socket.localAddress is an IP address of this machine or a name for one, not "here.invalid"';
    const unknown = Object.assign(new Error("unknown"), { code: "ENOTFOUND" });
    for (const lookUp of [() => Promise.resolve([]), () => Promise.reject(unknown)]) {
      const error = await opening(lookUp);
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error).toMatchObject({ option: "socket.localAddress", message });
    }
    const later = await opening(() => Promise.reject(Object.assign(new Error("later"), { code: "EAI_AGAIN" })));
    expect(later).toBeInstanceOf(TransportError);
    expect(later).toMatchObject({ cause: { code: "EAI_AGAIN" } });
  });

  it("cannot be one that is in use", async () => {
    const server = await listen("127.0.0.1");
    const other = await listen("127.0.0.1");
    const opening = connect({ hostname: "127.0.0.1", port: server.port }, { localPort: other.port });
    await expect(opening).rejects.toThrow(
      `Cannot connect to 127.0.0.1:${server.port}: the local address and port are in use`,
    );
  });

  it("cannot be one that this machine has not", async () => {
    const opening = connect({ hostname: "127.0.0.1", port: 1 }, { localAddress: "192.0.2.1" });
    await expect(opening).rejects.toThrow("Cannot connect to 127.0.0.1:1: no such local address or port is available");
  });

  it.each([
    ["127.0.0.1", { family: 6 }, "socket.localAddress 127.0.0.1 is not of IPv6, which socket.family asks for"],
    ["::1", { family: 4 }, "socket.localAddress ::1 is not of IPv4, which socket.family asks for"],
  ] as const)("cannot be %s with %o", async (localAddress, options, message) => {
    const error = await failure(connect({ hostname: "127.0.0.1", port: 1 }, { localAddress, ...options }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option: "socket.localAddress", message });
  });
});

describe("the family", () => {
  const both: LookUp = (_, family) =>
    Promise.resolve(["127.0.0.1", "::1"].filter((one) => family === 0 || one.includes(":") === (family === 6)));

  it.each([
    [4, "127.0.0.1"],
    [6, "::1"],
    ["prefer6", "::1"],
    ["any", "127.0.0.1"],
  ] as const)("%s leads to %s where both answer", async (family, address) => {
    const one = await listen("127.0.0.1");
    const other = await listen("::1", one.port);
    await connect({ hostname: "dual.invalid", port: one.port }, { family }, { lookUp: both });
    const socket = await (address === "::1" ? other : one).next();
    expect(socket.remoteAddress).toBe(address);
  });

  it.each([
    ["any", "::1"],
    ["prefer6", "127.0.0.1"],
  ] as const)("%s goes on to %s where the first is refused", async (family, address) => {
    const server = await listen(address);
    await connect({ hostname: "dual.invalid", port: server.port }, { family }, { lookUp: both });
    expect((await server.next()).remoteAddress).toBe(address);
  });

  it.each([
    [4, "::1", "it is not an address of IPv4, which socket.family asks for"],
    [6, "127.0.0.1", "it is not an address of IPv6, which socket.family asks for"],
  ] as const)("%s does not connect to %s", async (family, hostname, message) => {
    const error = await failure(connect({ hostname, port: 1 }, { family }));
    expect(error).toBeInstanceOf(TransportError);
    expect((error as Error).message).toContain(message);
  });

  it("does not leave that of the local address", async () => {
    const opening = connect({ hostname: "::1", port: 1 }, { localAddress: "127.0.0.1" });
    await expect(opening).rejects.toThrow("it is not an address of IPv4, which socket.localAddress asks for");
  });

  it("takes the families in turn", async () => {
    const lookUp: LookUp = () => Promise.resolve(["127.0.0.1", "127.0.0.2", "::1", "127.0.0.3"]);
    const port = await freePort();
    const error = (await failure(connect({ hostname: "many.invalid", port }, {}, { lookUp }))) as Error;
    const attempts = ((error.cause as AggregateError).errors as { readonly address: string }[]).map(
      (one) => one.address,
    );
    expect(attempts).toEqual(["127.0.0.1", "::1", "127.0.0.2", "127.0.0.3"]);
    expect(error.message).toBe(`Cannot connect to many.invalid:${port}: connection refused`);
  });
});

describe("an address that keeps silent", () => {
  it("is left for the next one, and ended when that has connected", async () => {
    const silent = await startSilentHost();
    cleanups.push(() => silent.close());
    const server = await listen("127.0.0.2", silent.port);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const lookUp: LookUp = () => Promise.resolve(["127.0.0.1", "127.0.0.2"]);
    const connecting = connect({ hostname: "two.invalid", port: silent.port }, {}, { lookUp });
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(connectionAttemptDelayMs);
    expect((await connecting).remoteAddress).toBe("127.0.0.2");
    await server.next();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is left at once when the attempt is aborted", async () => {
    const silent = await startSilentHost();
    cleanups.push(() => silent.close());
    const controller = new AbortController();
    const { signal } = controller;
    const connecting = connect({ hostname: "127.0.0.1", port: silent.port }, {}, { signal });
    setImmediate(() => {
      controller.abort(new Error("too slow"));
    });
    await expect(connecting).rejects.toThrow("too slow");
  });
});

describe("the look-up", () => {
  it("that lasts is left when the attempt is aborted", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const lookUp: LookUp = () => {
      controller.abort(new Error("too slow"));
      return new Promise(() => undefined);
    };
    await expect(connect({ hostname: "slow.invalid", port: 1 }, {}, { signal, lookUp })).rejects.toThrow("too slow");
  });

  it("that finds nothing is an error", async () => {
    const lookUp: LookUp = () => Promise.resolve([]);
    await expect(connect({ hostname: "empty.invalid", port: 1 }, {}, { lookUp })).rejects.toThrow(
      "Cannot connect to empty.invalid:1: the host name has no address",
    );
  });

  it.each([
    ["EAI_AGAIN", "the host name could not be looked up for now"],
    ["ENOTFOUND", "host name not found"],
  ])("that fails with %s is an error", async (code, message) => {
    const cause = Object.assign(new Error(`getaddrinfo ${code}`), { code });
    const error = await failure(
      connect({ hostname: "a.invalid", port: 1 }, {}, { lookUp: () => Promise.reject(cause) }),
    );
    expect(error).toMatchObject({
      name: "TransportError",
      message: `Cannot connect to a.invalid:1: ${message}`,
      cause,
    });
  });
});

describe("the socket", () => {
  it.each([
    [undefined, [[true]]],
    [true, [[true]]],
    [false, []],
  ] as const)("with noDelay %s", async (noDelay, calls) => {
    const server = await listen("127.0.0.1");
    const target = { hostname: "127.0.0.1", port: server.port };
    // No kernel tells; this is where it is told.
    const { _handle } = (await connect(target)) as Socket & { readonly _handle: object };
    const prototype = Object.getPrototypeOf(_handle) as { setNoDelay(enable: boolean): unknown };
    const setNoDelay = vi.spyOn(prototype, "setNoDelay");
    await connect(target, { noDelay });
    expect(setNoDelay.mock.calls).toEqual(calls);
  });

  // Only Linux tells: what the connection's timer is for (2: keep-alive), and when it goes off.
  describe.runIf(process.platform === "linux")("as the kernel sees it", () => {
    const timer = async (keepAlive: SocketOptions["keepAlive"]): Promise<{ kind: string; seconds: number }> => {
      const server = await listen("127.0.0.1");
      const { localPort = 0 } = await connect({ hostname: "127.0.0.1", port: server.port }, { keepAlive });
      const inKernel = (end: number): string => `0100007F:${end.toString(16).toUpperCase().padStart(4, "0")}`;
      const both = `${inKernel(localPort)} ${inKernel(server.port)}`;
      const line = readFileSync("/proc/net/tcp", "utf8")
        .split("\n")
        .find((one) => one.includes(both));
      const [kind = "", ticks = ""] = line?.trim().split(/\s+/)[5]?.split(":") ?? [];
      return { kind, seconds: Math.ceil(parseInt(ticks, 16) / 100) };
    };

    it("sends no probes by default", async () => {
      expect((await timer(undefined)).kind).toBe("00");
      expect((await timer(false)).kind).toBe("00");
    });

    it("sends probes after the system's time", async () => {
      const system = Number(readFileSync("/proc/sys/net/ipv4/tcp_keepalive_time", "utf8"));
      expect(await timer(true)).toEqual({ kind: "02", seconds: system });
      expect(await timer({})).toEqual({ kind: "02", seconds: system });
    });

    it("sends probes after the time that was asked for, in whole seconds", async () => {
      expect(await timer({ initialDelayMs: 90_000 })).toEqual({ kind: "02", seconds: 90 });
      expect(await timer({ initialDelayMs: 29_001 })).toEqual({ kind: "02", seconds: 30 });
    });
  });

  it("has the buffers that were asked for", async () => {
    const server = await listen("127.0.0.1");
    const target = { hostname: "127.0.0.1", port: server.port };
    const socket = await connect(target, { sendBufferBytes: 1000, receiveBufferBytes: 2000 });
    expect([socket.writableHighWaterMark, socket.readableHighWaterMark]).toEqual([1000, 2000]);
  });

  it("that fails before anybody has taken it ends no process", async () => {
    const server = await listen("127.0.0.1");
    const socket = await connect({ hostname: "127.0.0.1", port: server.port });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    (await server.next()).resetAndDestroy();
    socket.resume();
    await closed;
    expect(socket.errored).toMatchObject({ code: "ECONNRESET" });
  });
});
