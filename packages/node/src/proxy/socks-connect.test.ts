import { inspect } from "node:util";
import { TransportError, UnsupportedError, type ProxyOptions } from "@rivulet/engine";
import { describe, expect, it } from "vitest";
import { goThrough, talk } from "../../testing/proxy-tools.ts";
import { Hearing, startEcho, startScripted, type ScriptedPeer } from "../../testing/scripted-proxy.ts";

const broker = { hostname: "broker.example", port: 1883 };

/** What a proxy hears, and what it then says; the last is said together with "hello", as a server might. */
type Script = readonly (readonly [heard: string, said: string])[];

const tail = "68656c6c6f"; // "hello"
const granted5 = "05000001 7f000001 1234".replaceAll(" ", "");

function startProxy(script: Script, serverPort?: number): Promise<ScriptedPeer> {
  return startScripted((socket) => {
    const hearing = new Hearing(socket);
    const run = async (): Promise<void> => {
      for (const [heard, said] of script) {
        const expected = heard.replaceAll(" ", "");
        const bytes = await hearing.take(expected.length / 2);
        if (bytes.toString("hex") !== expected) socket.end(`heard ${bytes.toString("hex")}`);
        else socket.write(Buffer.from(said.replaceAll(" ", ""), "hex"));
      }
      if (serverPort !== undefined) await hearing.tunnelTo("127.0.0.1", serverPort);
    };
    void run();
  });
}

const name = "0e 62726f6b65722e6578616d706c65"; // 14, "broker.example"
const ask5 = `05010003 ${name} 075b`;

const dialogues: readonly {
  readonly scheme: string;
  readonly options?: Partial<ProxyOptions>;
  readonly target?: { readonly hostname: string; readonly port: number };
  readonly script: Script;
}[] = [
  { scheme: "socks5h", script: [["050100", "0500"], [ask5, granted5]] }, // prettier-ignore
  {
    scheme: "socks5h",
    options: { username: "u", password: "päß" },
    script: [
      ["05020002", "0502"], // no authentication, or user name and password
      ["01 01 75 05 70c3a4c39f", "0100"], // in UTF-8
      [ask5, `05000003 03 616263 0001`], // a name
    ],
  },
  { scheme: "socks5h", options: { username: "u" }, script: [["05020002", "0502"], ["010175 00", "0500"], [ask5, granted5]] }, // prettier-ignore
  { scheme: "socks5h", options: { username: "u", password: "p" }, script: [["05020002", "0500"], [ask5, granted5]] }, // prettier-ignore
  {
    scheme: "socks5",
    target: { hostname: "127.0.0.2", port: 1883 },
    script: [
      ["050100", "0500"],
      ["05010001 7f000002 075b", `05000004 ${"00".repeat(16)} 0000`],
    ],
  },
  {
    scheme: "socks5",
    target: { hostname: "2001:db8::1", port: 65_535 },
    script: [
      ["050100", "0500"],
      [`05010004 20010db8${"00".repeat(11)}01 ffff`, granted5],
    ],
  },
  { scheme: "socks4a", script: [[`0401075b 00000001 00 ${name.slice(3)} 00`, "005a 0000 00000000"]] },
  {
    scheme: "socks4",
    options: { username: "ann" },
    target: { hostname: "127.0.0.2", port: 1883 },
    script: [["0401075b 7f000002 616e6e 00", "005a 0000 00000000"]],
  },
];

describe("SOCKS", () => {
  for (const { scheme, options, target = broker, script } of dialogues) {
    const told = `${scheme}, ${JSON.stringify(options ?? {})}, to ${target.hostname}`;

    it(`talks as it should: ${told}`, async () => {
      await using echo = await startEcho("");
      const last = script.length - 1;
      const withTail = script.map(([heard, said], index) => [heard, index === last ? said + tail : said] as const);
      await using proxy = await startProxy(withTail, echo.port);
      const socket = await goThrough(target, { url: `${scheme}://127.0.0.1:${proxy.port}`, ...options });
      await talk(socket, "hello", Buffer.alloc(300_000, "0123456789"));
    });

    it(`does not mind how its answers are cut: ${told}`, async () => {
      await using echo = await startEcho("");
      await using proxy = await startScripted((client) => {
        const hearing = new Hearing(client);
        const run = async (): Promise<void> => {
          for (const [heard, said] of script) {
            await hearing.take(heard.replaceAll(" ", "").length / 2);
            for (const byte of Buffer.from(said.replaceAll(" ", ""), "hex")) {
              await new Promise<void>((resolve) => void client.write(Buffer.from([byte]), () => resolve()));
              await new Promise((resolve) => setImmediate(resolve));
            }
          }
          client.write("hello");
          await hearing.tunnelTo("127.0.0.1", echo.port);
        };
        void run();
      });
      const socket = await goThrough(target, { url: `${scheme}://127.0.0.1:${proxy.port}`, ...options });
      await talk(socket, "hello");
    });
  }

  const faults: readonly (readonly [scheme: string, script: Script, message: string])[] = [
    ["socks5h", [["050100", "05ff"]], "PROXY wants a user name and a password, or another way to authenticate"],
    ["socks5h", [["050100", "0502"]], "PROXY answered with a way to authenticate that was not offered to it"],
    ["socks5h", [["050100", "0501"]], "PROXY answered with a way to authenticate that was not offered to it"],
    ["socks5h", [["050100", "0400"]], "PROXY answered as no SOCKS5 proxy does"],
    ["socks5h", [["050100", "48"]], "PROXY answered as no SOCKS5 proxy does"],
    ["socks5h", [["050100", `0500${granted5}`]], "PROXY answered more than it was asked"],
    ...(
      [
        ["01", "could not connect to TARGET: it tells no reason"],
        ["02", "refused to connect to TARGET: its rules do not allow it"],
        ["03", "could not connect to TARGET: the network cannot be reached"],
        ["04", "could not connect to TARGET: the host cannot be reached, or its name is not known"],
        ["05", "could not connect to TARGET: connection refused"],
        ["06", "could not connect to TARGET: timed out on the way (TTL expired)"],
        ["07", "refused to connect to TARGET: it does not know the command CONNECT"],
        ["08", "could not connect to TARGET: it does not know this kind of address"],
        ["63", "refused to connect to TARGET: for a reason of its own, with the code 99"],
      ] as const
    ).map(([code, message]) => ["socks5h", [["050100", "0500"], [ask5, `05${code}`]], `PROXY ${message}`] as const), // prettier-ignore
    ["socks5h", [["050100", "0500"], [ask5, "0400"]], "PROXY answered as no SOCKS5 proxy does"], // prettier-ignore
    ["socks5h", [["050100", "0500"], [ask5, "05000002"]], "PROXY answered as no SOCKS5 proxy does"], // prettier-ignore
    ...(
      [
        ["005b", "could not connect to TARGET: refused or failed, it tells no reason"],
        ["005c", "refused to connect to TARGET: it could not ask the identd of this machine"],
        ["005d", "refused to connect to TARGET: the identd of this machine tells another user name"],
        ["0000", "refused to connect to TARGET: for a reason of its own, with the code 0"],
        ["0500", "answered as no SOCKS4 proxy does"],
        ["4854", "answered as no SOCKS4 proxy does"],
      ] as const
    ).map(([said, message]) => ["socks4a", [["0401", said]], `PROXY ${message}`] as const),
  ];

  it.each(faults)("%s, %j: %s", async (scheme, script, message) => {
    expect(await errorOf({ url: scheme }, (port) => startProxy(script, port))).toBe(`The proxy ${message}`);
  });

  const credentials = { username: "u", password: "s3cret" };
  const login = "01 01 75 06 733363726574";

  it("says that a user name and a password were refused", async () => {
    const options = { url: "socks5h", ...credentials };
    const refused: Script = [["05020002", "0502"], [login, "0101"]]; // prettier-ignore
    expect(await errorOf(options, () => startProxy(refused))).toBe(
      "The proxy PROXY refused the user name and the password",
    );
    expect(await errorOf(options, () => startProxy([["05020002", "05ff"]]))).toBe(
      "The proxy PROXY answered that it accepts neither a user name and a password nor a client without",
    );
    // It cannot have read the request by then.
    const hasty: Script = [["05020002", "0502"], [login, `0100${granted5}`]]; // prettier-ignore
    expect(await errorOf(options, () => startProxy(hasty))).toBe("The proxy PROXY answered more than it was asked");
  });

  it.each<[string, Script]>([
    ["before the method", [["050100", ""]]],
    ["within the method", [["050100", "05"]]],
    [
      "before the reply",
      [
        ["050100", "0500"],
        [ask5, ""],
      ],
    ],
    [
      "within the reply",
      [
        ["050100", "0500"],
        [ask5, granted5.slice(0, -2)],
      ],
    ],
    [
      "within a reply with a name",
      [
        ["050100", "0500"],
        [ask5, "05000003"],
      ],
    ],
  ])("says that the proxy closed %s", async (_when, script) => {
    const start = (): Promise<ScriptedPeer> =>
      startScripted((socket) => {
        const hearing = new Hearing(socket);
        const run = async (): Promise<void> => {
          for (const [heard, said] of script) {
            await hearing.take(heard.replaceAll(" ", "").length / 2);
            socket.write(Buffer.from(said, "hex"));
          }
          socket.end();
        };
        void run();
      });
    expect(await errorOf({ url: "socks5h" }, start)).toBe(
      "The proxy PROXY closed the connection before it had answered",
    );
  });

  it("says that the connection to the proxy was lost", async () => {
    const start = (): Promise<ScriptedPeer> =>
      startScripted((socket) => socket.once("data", () => socket.resetAndDestroy()));
    expect(await errorOf({ url: "socks5h" }, start)).toBe(
      "The connection to the proxy PROXY was lost: connection reset",
    );
  });

  it("ends a proxy that never stops talking", async () => {
    const start = (): Promise<ScriptedPeer> =>
      startScripted((socket) => {
        const write = (): void => {
          while (!socket.destroyed && socket.write(Buffer.alloc(10_000, 5)));
        };
        socket.on("drain", write);
        write();
      });
    expect(await errorOf({ url: "socks5h" }, start)).toBe(
      "The proxy PROXY answered with a way to authenticate that was not offered to it",
    );
    expect(await errorOf({ url: "socks4a" }, start)).toBe("The proxy PROXY answered as no SOCKS4 proxy does");
  });

  it("hides what the library says of a password that it cannot use", async () => {
    const load = async (): Promise<never> => {
      await Promise.resolve();
      const SocksClient = function (options: object): never {
        throw Object.assign(new Error("Invalid SOCKS proxy details were provided."), { options });
      };
      return { SocksClient } as never;
    };
    const message = await errorOf({ url: "socks5h", ...credentials }, () => startProxy([]), load);
    expect(message).toBe("The library for SOCKS failed: Invalid SOCKS proxy details were provided.");
  });

  it("names the package that is missing, before it connects to anything", async () => {
    const missing = "a-package-that-is-not-there";
    const error: unknown = await goThrough(broker, "socks5h://127.0.0.1:1", {
      connect: () => Promise.reject(new Error("It connects")),
      loadSocks: () => import(/* @vite-ignore */ missing) as Promise<never>,
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({
      feature: "proxy",
      message: 'SOCKS proxies need the package "socks", which is not installed: npm install socks',
    });
  });
});

/** What the user sees; no error holds a password, nothing is left behind. */
async function errorOf(
  { url: scheme, ...options }: ProxyOptions,
  start: (port?: number) => Promise<ScriptedPeer>,
  loadSocks?: () => Promise<never>,
): Promise<string> {
  await using proxy = await start();
  const address = `${String(scheme)}://127.0.0.1:${proxy.port}`;
  const error: unknown = await goThrough(broker, { url: address, ...options }, { loadSocks }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TransportError);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("s3cret");
  await proxy.whenIdle();
  return (error as TransportError).message.replace(address, "PROXY").replace("broker.example:1883", "TARGET");
}
