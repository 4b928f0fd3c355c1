import { createConnection, type Socket } from "node:net";
import { inspect } from "node:util";
import { InvalidOptionError, TransportError, UnsupportedError, type ProxyOptions } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificateLab } from "../../testing/certificates.ts";
import {
  startDante,
  startMicrosocks,
  startSshProxy,
  startTinyproxy,
  type ProxyCredentials,
  type RunningProxy,
} from "../../testing/proxies.ts";
import { goThrough, proxyTools, securely, talk } from "../../testing/proxy-tools.ts";
import { Hearing, startEcho, startScripted, type ScriptedPeer } from "../../testing/scripted-proxy.ts";
import { openThroughProxy, type ProxyTools } from "./open-through-proxy.ts";
import { resolveProxy } from "./resolve-proxy.ts";

const broker = { hostname: "broker.example", port: 1883 };

/** No server listens there: the port is below what a system hands out, and of a service of long ago. */
const nowhere = { hostname: "127.0.0.1", port: 1 };

async function errorOf(opening: Promise<Socket>): Promise<TransportError> {
  const error: unknown = await opening.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TransportError);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("s3cret");
  return error as TransportError;
}

describe("real proxies", () => {
  const credentials: ProxyCredentials = { username: "ann", password: "s3cret" };
  const wrong: ProxyCredentials = { username: "ann", password: "s3cret2" };
  let echo: ScriptedPeer;
  let proxies: Record<
    "microsocks" | "guardedMicrosocks" | "dante" | "ssh" | "tinyproxy" | "guardedTinyproxy",
    RunningProxy
  >;

  beforeAll(async () => {
    const [microsocks, guardedMicrosocks, dante, ssh, tinyproxy, guardedTinyproxy] = await Promise.all([
      startMicrosocks(),
      startMicrosocks(credentials),
      startDante(),
      startSshProxy(),
      startTinyproxy(),
      startTinyproxy(credentials),
    ]);
    proxies = { microsocks, guardedMicrosocks, dante, ssh, tinyproxy, guardedTinyproxy };
    echo = await startEcho();
  }, 60_000);

  afterAll(async () => {
    await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
    await echo[Symbol.asyncDispose]();
  });

  const ways: readonly (readonly [
    scheme: string,
    proxy: keyof typeof proxies,
    hostname: string,
    options?: Partial<ProxyOptions>,
  ])[] = [
    ["http", "tinyproxy", "127.0.0.1"],
    ["http", "tinyproxy", "localhost"],
    ["http", "tinyproxy", "localhost", { resolveNames: "here" }],
    ["http", "guardedTinyproxy", "127.0.0.1", credentials],
    ["socks5", "microsocks", "127.0.0.1"],
    ["socks5", "microsocks", "localhost"],
    ["socks5h", "microsocks", "localhost"],
    ["socks5", "guardedMicrosocks", "127.0.0.1", credentials],
    ["socks5h", "guardedMicrosocks", "localhost", credentials],
    ["socks4", "dante", "127.0.0.1"],
    ["socks4", "dante", "localhost"],
    ["socks5", "dante", "127.0.0.1"],
    ["socks5h", "dante", "localhost"],
    ["socks4", "ssh", "127.0.0.1", { username: "somebody" }],
    ["socks4a", "ssh", "localhost"],
    ["socks5h", "ssh", "localhost"],
  ];

  for (const [scheme, name, hostname, options] of ways) {
    it(`${scheme}: through ${name} to ${hostname}, ${JSON.stringify(options ?? {})}`, async () => {
      const url = `${scheme}://127.0.0.1:${proxies[name].port}`;
      const socket = await goThrough({ hostname, port: echo.port }, { url, ...options });
      await talk(socket, "hello", Buffer.alloc(1_000_000, "0123456789"));
    });
  }

  it.each([
    ["http", "guardedTinyproxy", undefined, "wants a user name and a password"],
    ["http", "guardedTinyproxy", wrong, "refused the user name and the password"],
    ["socks5", "guardedMicrosocks", undefined, "wants a user name and a password, or another way to authenticate"],
    ["socks5", "guardedMicrosocks", wrong, "refused the user name and the password"],
  ] as const)("%s: %s with %j", async (scheme, name, options, message) => {
    const address = `${scheme}://127.0.0.1:${proxies[name].port}`;
    const error = await errorOf(goThrough({ hostname: "127.0.0.1", port: echo.port }, { url: address, ...options }));
    expect(error.message).toMatch(new RegExp(`^The proxy ${address} (${message})$`));
  });

  it.each([
    ["http", "tinyproxy", nowhere, /^The proxy \S+ could not connect to 127.0.0.1:1: 50\d \w/],
    ["socks5", "microsocks", nowhere, /^The proxy \S+ could not connect to 127.0.0.1:1: connection refused$/],
    ["socks5", "dante", nowhere, /^The proxy \S+ could not connect to 127.0.0.1:1: connection refused$/],
    ["socks4", "dante", nowhere, /^The proxy \S+ could not connect to 127.0.0.1:1: refused or failed/],
    ["socks5", "dante", { hostname: "127.0.0.1", port: 9 }, /refused to connect to 127.0.0.1:9: its rules/],
  ] as const)("%s: %s, to where nobody is or may go: %j", async (scheme, name, target, message) => {
    const error = await errorOf(goThrough(target, `${scheme}://127.0.0.1:${proxies[name].port}`));
    expect(error.message).toMatch(message);
  });

  it("http: to a SOCKS proxy", async () => {
    const error = await errorOf(goThrough(broker, `http://127.0.0.1:${proxies.microsocks.port}`));
    expect(error.message).toMatch(
      /^The (proxy \S+ (answered as no HTTP proxy does|closed the connection before)|connection to the proxy \S+ was lost)/,
    );
  });
});

describe("openThroughProxy", () => {
  const answers200 = (socket: Socket): void => {
    void new Hearing(socket).takeUntil("\r\n\r\n").then(() => socket.write("HTTP/1.1 200 OK\r\n\r\nhello"));
  };

  it("reports how far it has got, without credentials", async () => {
    await using proxy = await startScripted(answers200);
    const url = `http://u:s3cret@127.0.0.1:${proxy.port}`;
    const tools = proxyTools();
    const resolved = resolveProxy({ scheme: "mqtt:", ...broker }, url, {});
    if (resolved === undefined) throw new Error("No proxy applies");
    (await openThroughProxy(broker, resolved, tools)).destroy();
    expect(tools.reports).toEqual([
      `connecting to the proxy http://127.0.0.1:${proxy.port}`,
      "asking the proxy for broker.example:1883",
      `connected through the proxy http://127.0.0.1:${proxy.port}`,
    ]);
  });

  it("says that the proxy cannot be reached, and keeps the cause", async () => {
    const error = await errorOf(goThrough(broker, "socks5h://u:s3cret@127.0.0.1:1"));
    expect(error.message).toBe("Cannot reach the proxy socks5h://127.0.0.1:1: connection refused");
    expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
    const other = await errorOf(
      goThrough(broker, "http://proxy", { connect: () => Promise.reject(new TransportError("It went wrong")) }),
    );
    expect(other.message).toBe("Cannot reach the proxy http://proxy:80: It went wrong");
  });

  it("passes on what the connector says of an option", async () => {
    const thrown = new InvalidOptionError("socket.localAddress", "x");
    const opening = goThrough(broker, "http://proxy", { connect: () => Promise.reject(thrown) });
    await expect(opening).rejects.toBe(thrown);
  });

  it.each(["", "a b", "a\r\nX: y", "bücher.example", "a".repeat(256), "a\0"])(
    "does not ask for a host that is none: %j",
    async (hostname) => {
      const connect = (): never => {
        throw new Error("It connects");
      };
      const error = await errorOf(goThrough({ hostname, port: 1 }, "http://proxy", { connect }));
      expect(error.message).toMatch(/^A proxy cannot be asked for a host with the name "/);
    },
  );

  describe("names that are resolved here", () => {
    /** A SOCKS5 proxy that refuses whoever is not wanted, and tells who was asked for. */
    async function startChoosy(wanted: string | undefined, code: number): Promise<ScriptedPeer & { asked: string[] }> {
      const asked: string[] = [];
      const peer = await startScripted((socket) => {
        const hearing = new Hearing(socket);
        const run = async (): Promise<void> => {
          await hearing.take(3);
          socket.write(Buffer.from([5, 0]));
          const type = (await hearing.take(4))[3];
          const address = (await hearing.take(type === 1 ? 4 : 16)).toString("hex");
          asked.push(address);
          socket.write(Buffer.from([5, address === wanted ? 0 : code, 0, 1, 0, 0, 0, 0, 0, 0]));
        };
        void run();
      });
      return Object.assign(peer, { asked });
    }

    const lookUp: NonNullable<ProxyTools["lookUp"]> = (_hostname, family) =>
      Promise.resolve(
        ["10.0.0.1", "::1", "10.0.0.2"].filter((one) => family === 0 || one.includes(":") === (family === 6)),
      );
    const v6 = `${"0".repeat(31)}1`;

    it.each<[ProxyTools["family"], string[]]>([
      ["any", ["0a000001", v6, "0a000002"]],
      [undefined, ["0a000001", v6, "0a000002"]],
      [4, ["0a000001", "0a000002"]],
      [6, [v6]],
      ["prefer6", [v6, "0a000001", "0a000002"]],
    ])("are asked for in the order of the family %j, one after the other", async (family, expected) => {
      for (const code of [1, 3, 4, 5, 6, 8]) {
        await using proxy = await startChoosy(undefined, code);
        const url = `socks5://127.0.0.1:${proxy.port}`;
        const error = await errorOf(goThrough(broker, url, { lookUp, family }));
        expect(proxy.asked).toEqual(expected);
        expect(error.message).toMatch(expected[0] === v6 ? /connect to \[::1\]:1883: / : /connect to 10.0.0.1:1883: /);
        await proxy.whenIdle();
      }
      await using proxy = await startChoosy(expected.at(-1), 5);
      (await goThrough(broker, `socks5://127.0.0.1:${proxy.port}`, { lookUp, family })).destroy();
      expect(proxy.asked).toEqual(expected);
    });

    it("are asked for once when the proxy does not want to", async () => {
      await using proxy = await startChoosy(undefined, 2);
      await errorOf(goThrough(broker, `socks5://127.0.0.1:${proxy.port}`, { lookUp }));
      expect(proxy.asked).toEqual(["0a000001"]);
    });

    it("are IPv4 for SOCKS4", async () => {
      const url = "socks4://127.0.0.1:1";
      const only6 = (): Promise<string[]> => Promise.resolve(["::1"]);
      expect((await errorOf(goThrough(broker, url, { lookUp: only6 }))).message).toBe(
        "broker.example has no address of IPv4, and SOCKS4 takes no other",
      );
      expect((await errorOf(goThrough(broker, "socks5://p", { lookUp: only6, family: 4 }))).message).toBe(
        "broker.example has no address of IPv4",
      );
      expect((await errorOf(goThrough(broker, "socks5://p", { lookUp: () => Promise.resolve([]) }))).message).toBe(
        "broker.example has no address",
      );
    });

    it.each([
      ["ENOTFOUND", "host name not found"],
      ["EAI_AGAIN", "it could not be looked up for now"],
      ["ESOMETHING", "getaddrinfo"],
    ])("may be unknown: %s", async (code, why) => {
      const failing = (): Promise<never> => Promise.reject(Object.assign(new Error("getaddrinfo"), { code }));
      const error = await errorOf(goThrough(broker, "socks5://p", { lookUp: failing }));
      expect(error.message).toBe(`Cannot look up broker.example to tell its address to the proxy: ${why}`);
      expect(error.cause).toMatchObject({ code });
    });
  });

  describe("when it is aborted", () => {
    const reason = new Error("enough");

    it("does nothing if it was before", async () => {
      const tools = { signal: AbortSignal.abort(reason), connect: () => Promise.reject(new Error("It connects")) };
      await expect(goThrough(broker, "http://proxy", tools)).rejects.toBe(reason);
    });

    it.each<[string, Partial<ProxyTools>]>([
      ["looks up a name", { lookUp: () => new Promise(() => undefined) }],
      ["loads the library", { loadSocks: () => new Promise(() => undefined) }],
    ])("ends while it %s", async (_what, tools) => {
      const controller = new AbortController();
      const opening = goThrough(broker, "socks5://127.0.0.1:1", { signal: controller.signal, ...tools });
      setImmediate(() => controller.abort(reason));
      await expect(opening).rejects.toBe(reason);
    });

    it.each<[string, string, Uint8Array]>([
      ["http", "\r\n\r\n", Buffer.alloc(0)],
      ["http", "\r\n\r\n", Buffer.from("HTTP/1.1 200 OK\r\n")],
      ["socks5h", "\x05\x01\x00", Buffer.alloc(0)],
      ["socks5h", "\x05\x01\x00", Buffer.from([5])],
      ["socks5h", "\x05\x01\x00", Buffer.from([5, 0])],
      ["socks4a", "\x04\x01", Buffer.from([0, 90])],
      ["https", "", Buffer.alloc(0)],
    ])("closes the connection to a proxy that hangs: %s, after %j", async (scheme, heard, said) => {
      const controller = new AbortController();
      await using proxy = await startScripted((socket) => {
        const hearing = new Hearing(socket);
        void hearing.takeUntil(heard).then(() => {
          socket.write(said);
          setImmediate(() => controller.abort(reason));
        });
      });
      // The TLS of the tests does not heed the signal.
      const secure = (socket: Socket): Promise<Socket> =>
        new Promise((_resolve, reject) => {
          controller.signal.addEventListener("abort", () => reject(reason));
          socket.write("x");
        });
      const url = `${scheme}://127.0.0.1:${proxy.port}`;
      await expect(goThrough(broker, url, { signal: controller.signal, secure })).rejects.toBe(reason);
      await proxy.whenIdle();
    });

    it.each([0, 1, 2])("heeds a listener of its report %i", async (index) => {
      await using proxy = await startScripted(answers200);
      const controller = new AbortController();
      let count = 0;
      const report = (): void => {
        if (count++ === index) controller.abort(reason);
      };
      const url = `http://127.0.0.1:${proxy.port}`;
      await expect(goThrough(broker, url, { signal: controller.signal, report })).rejects.toBe(reason);
      await proxy.whenIdle();
    });

    it("does not mind that it is later", async () => {
      await using echo = await startEcho("");
      await using proxy = await startScripted((socket) => {
        const hearing = new Hearing(socket);
        void hearing.takeUntil("\r\n\r\n").then(() => {
          socket.write("HTTP/1.1 200 OK\r\n\r\nhello");
          return hearing.tunnelTo("127.0.0.1", echo.port);
        });
      });
      const controller = new AbortController();
      const url = `http://127.0.0.1:${proxy.port}`;
      const socket = await goThrough(broker, url, { signal: controller.signal });
      controller.abort(reason);
      await talk(socket, "hello");
    });
  });

  it("notices that the proxy was lost while it was handed on", async () => {
    const lost = async (error?: Error): Promise<Socket> => {
      const socket = createConnection({ host: "127.0.0.1", port: 1 });
      socket.on("error", () => undefined);
      socket.destroy(error);
      return Promise.resolve(socket);
    };
    expect((await errorOf(goThrough(broker, "http://p", { connect: () => lost() }))).message).toBe(
      "The proxy http://p:80 closed the connection before it had answered",
    );
    const broken = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    expect((await errorOf(goThrough(broker, "socks5h://p", { connect: () => lost(broken) }))).message).toBe(
      "The connection to the proxy socks5h://p:1080 was lost: it has closed it",
    );
  });

  describe("with TLS to the proxy", () => {
    it("speaks to it in TLS, and the server's bytes come through", async () => {
      await using lab = await createCertificateLab();
      const { certificate, key } = await lab.createSelfSigned({ commonName: "proxy.example" });
      await using echo = await startEcho("");
      const requests: string[] = [];
      await using proxy = await startScripted(
        (socket) => {
          const hearing = new Hearing(socket);
          void hearing.takeUntil("\r\n\r\n").then((request) => {
            requests.push(request.toString());
            socket.write("HTTP/1.1 200 OK\r\n\r\nhello");
            return hearing.tunnelTo("127.0.0.1", echo.port);
          });
        },
        { cert: certificate, key },
      );
      const socket = await goThrough(broker, `https://u:p@127.0.0.1:${proxy.port}`);
      await talk(socket, "hello", Buffer.alloc(300_000, "0123456789"));
      expect(requests).toEqual([
        "CONNECT broker.example:1883 HTTP/1.1\r\nHost: broker.example:1883\r\nProxy-Authorization: Basic dTpw\r\n\r\n",
      ]);
    });

    it("carries TLS to the server, also within TLS to the proxy", async () => {
      await using lab = await createCertificateLab();
      const { certificate: cert, key } = await lab.createSelfSigned({ commonName: "proxy.example" });
      await using server = await startScripted(
        (socket) => {
          socket.write("hello");
          socket.pipe(socket);
        },
        { cert, key },
      );
      const script = (socket: Socket): void => {
        const hearing = new Hearing(socket);
        void hearing.takeUntil("\r\n\r\n").then(() => {
          socket.write("HTTP/1.1 200 OK\r\n\r\n");
          return hearing.tunnelTo("127.0.0.1", server.port);
        });
      };
      for (const [scheme, tls] of [["http"], ["https", { cert, key }]] as const) {
        await using proxy = await startScripted(script, tls);
        const socket = await goThrough(broker, `${scheme}://127.0.0.1:${proxy.port}`);
        await talk(await securely(socket), "hello", Buffer.alloc(300_000, "0123456789"));
      }
    });

    it("gives TLS the proxy's name and its options", async () => {
      await using proxy = await startScripted((socket) => socket.resume());
      const tls = { allowExpired: true };
      const given: unknown[] = [];
      const secure: ProxyTools["secure"] = (_socket, address, options) => {
        given.push(address, options);
        return Promise.reject(new TransportError("The certificate has expired", { isTls: true }));
      };
      const url = `https://127.0.0.1:${proxy.port}`;
      const error = await errorOf(goThrough(broker, { url, tls }, { secure }));
      expect(given).toEqual([{ hostname: "127.0.0.1", port: proxy.port }, tls]);
      expect(error.message).toBe(
        `The connection to the proxy ${url} could not be made secure: The certificate has expired`,
      );
      expect(error.isTls).toBe(true);
      await proxy.whenIdle();
    });

    it.each([
      [new InvalidOptionError("tls.ca", "tls.ca is no certificate"), { option: "proxy.tls.ca" }],
      [new UnsupportedError("tls.groups", "tls.groups is not to be had"), { feature: "proxy.tls.groups" }],
      [new UnsupportedError("other", "other is not to be had"), { feature: "other" }],
      [new RangeError("anything"), { message: "anything" }],
    ])("says that options of TLS are those of the proxy: %s", async (thrown, expected) => {
      await using proxy = await startScripted((socket) => socket.resume());
      const opening = goThrough(broker, `https://127.0.0.1:${proxy.port}`, { secure: () => Promise.reject(thrown) });
      await expect(opening).rejects.toMatchObject(expected);
      await proxy.whenIdle();
    });
  });
});
