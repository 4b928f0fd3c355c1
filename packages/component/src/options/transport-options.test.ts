import { UnsupportedError } from "rivulet";
import { describe, expect, it } from "vitest";
import type { Core, Phase } from "../core.ts";
import { MQTTError } from "../mqtt-error.ts";
import type { Platform } from "../platform.ts";
import { Settings } from "../settings/settings.ts";
import type { SocketSettings } from "../settings/socket-settings.ts";
import { readServer } from "./server-url.ts";
import { transportOptions } from "./transport-options.ts";

const node = { name: "Node", hasSockets: true };
const deno = { name: "Deno", hasSockets: true, hasWebSocketSockets: false };
const browser = { name: "a browser", hasSockets: false };

interface Given {
  readonly host?: string;
  readonly port?: number;
  readonly ssl?: boolean;
  readonly socket?: Partial<SocketSettings>;
  readonly platform?: Pick<Platform, "name" | "hasSockets" | "hasWebSocketSockets">;
}

function coreWith({ host = "broker.example", port = 1883, ssl = false, socket = {}, platform = node }: Given): Core {
  const settings = new Settings();
  settings.remoteHost = host;
  settings.remotePort = port;
  settings.tls.sslEnabled = ssl;
  Object.assign(settings.socket, socket);
  const phase: Phase = "idle";
  // What is looked at.
  return { settings, platform, phase, client: undefined } as unknown as Core;
}

function failure(act: () => unknown): MQTTError {
  try {
    act();
  } catch (error) {
    if (error instanceof MQTTError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}

describe("the URL of the server", () => {
  it.each([
    ["broker.example", 1883, false, "mqtt://broker.example:1883"],
    ["broker.example", 8883, true, "mqtts://broker.example:8883"],
    ["127.0.0.1", 1, false, "mqtt://127.0.0.1:1"],
    ["::1", 1883, false, "mqtt://[::1]:1883"],
    ["[::1]", 1883, true, "mqtts://[::1]:1883"],
    ["bücher.example", 1883, false, "mqtt://xn--bcher-kva.example:1883"],
    [" broker.example ", 1883, false, "mqtt://broker.example:1883"],
    ["*broker.example", 1883, false, "mqtt://broker.example:1883"],
    // As documented, remotePort is that of a WebSocket too.
    ["ws://broker.example", 8080, false, "ws://broker.example:8080/"],
    ["WS://broker.example/mqtt?a=b#c", 8080, false, "ws://broker.example:8080/mqtt?a=b"],
    ["wss://broker.example/mqtt", 8081, false, "wss://broker.example:8081/mqtt"],
    // Whoever writes a port means it.
    ["ws://broker.example:9001/mqtt", 1883, false, "ws://broker.example:9001/mqtt"],
    ["ws://broker.example:80", 1883, false, "ws://broker.example/"],
    ["ws://[::1]:9001", 0, false, "ws://[::1]:9001/"],
    ["ws://[::1]", 9001, false, "ws://[::1]:9001/"],
    ["ws://user:pa:1@broker.example", 9001, false, "ws://user:pa:1@broker.example:9001/"],
    // What is to be encrypted never goes out in the clear.
    ["ws://broker.example", 443, true, "wss://broker.example/"],
    ["wss://broker.example:444", 443, false, "wss://broker.example:444/"],
  ])("of %s with port %i and TLS %s is %s", (host, port, ssl, url) => {
    expect(readServer(coreWith({ host, port, ssl })).url).toBe(url.replace("pa:1", "pa%3A1"));
  });

  it.each([
    [152, { host: "" }],
    [152, { host: " " }],
    [152, { host: "*" }],
    [152, { host: "ws://" }],
    [152, { host: "ws://:9001/path" }],
    [152, { host: "wss:///path" }],
    [153, { host: "http://broker.example" }],
    [153, { host: "mqtt://broker.example" }],
    [102, { host: "0.0.0.0" }],
    [102, { host: "0" }],
    [102, { host: "::" }],
    [102, { host: "ws://0.0.0.0:80" }],
    [116, { port: 0 }],
    [116, { port: 65_536 }],
    [116, { port: -1 }],
    [116, { port: 1.5 }],
    [116, { port: NaN }],
    [116, { host: "ws://broker.example", port: 0 }],
    [116, { host: "ws://broker.example:0" }],
    [116, { host: "ws://broker.example:65536" }],
    [11_001, { host: "a host" }],
    [11_001, { host: "user:secret@broker.example" }],
    [11_001, { host: "broker.example:1884" }],
    [11_001, { host: "[::1]:1884" }],
    [11_001, { host: "broker.example/path" }],
    [11_001, { host: "broker.example?query" }],
    [11_001, { host: "broker%2Eexample" }],
    [11_001, { host: "1::2::3" }],
    [11_001, { host: "ws://user:secret@a b" }],
    [11_001, { host: `${"a".repeat(64)}.example` }],
    [11_001, { host: "a.".repeat(128) }],
  ])("is refused with %i for %o", (code, given) => {
    const error = failure(() => readServer(coreWith(given)));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain("secret");
  });

  it("is a WebSocket's only, where there are no sockets", () => {
    expect(readServer(coreWith({ host: "ws://broker.example", platform: browser })).url).toBe(
      "ws://broker.example:1883/",
    );
    const error = failure(() => readServer(coreWith({ platform: browser })));
    expect(error.code).toBe(10_043);
    expect(error.cause).toBeInstanceOf(UnsupportedError);
  });
});

describe("readServer", () => {
  it("takes it apart", () => {
    expect(readServer(coreWith({ host: "*broker.example" }))).toMatchObject({
      ...{ hostname: "broker.example", isWebSocket: false, isForProxyToResolve: true },
    });
    expect(readServer(coreWith({ host: "ws://[::1]:80/" }))).toMatchObject({
      ...{ hostname: "[::1]", isWebSocket: true, isForProxyToResolve: false },
    });
  });
});

describe("socket", () => {
  it("has the documented defaults, which are others than those of MqttClient", () => {
    expect(transportOptions(coreWith({}))).toEqual({ socket: { family: 4, noDelay: false, keepAlive: false } });
  });

  it.each<readonly [Partial<SocketSettings>, object]>([
    [{ useIPv6: 1 }, { family: 6 }],
    [{ useIPv6: 2 }, { family: "prefer6" }],
    [{ tcpNoDelay: true }, { noDelay: true }],
    [{ tcpKeepAlive: true }, { keepAlive: true }],
    [{ tcpKeepAlive: true, keepAliveTimeMs: 90_000 }, { keepAlive: { initialDelayMs: 90_000 } }],
    [{ tcpKeepAlive: false, keepAliveTimeMs: 90_000 }, { keepAlive: false }],
    [{ linger: false, lingerTime: 5 }, { linger: false }],
    [{ lingerTime: 5 }, { linger: 5 }],
    [
      { localHost: "127.0.0.2", localPort: 5 },
      { localAddress: "127.0.0.2", localPort: 5 },
    ],
    [{ maxTransferRate: 1000 }, { maxTransferRate: { send: 1000 } }],
    [
      { inBufferSize: 1, outBufferSize: 2 ** 30 },
      { receiveBufferBytes: 1, sendBufferBytes: 2 ** 30 },
    ],
    [{ inBufferSize: 0, outBufferSize: 2 ** 30 + 1 }, {}],
  ])("of %j has %j", (socket, expected) => {
    const defaults = { family: 4, noDelay: false, keepAlive: false };
    expect(transportOptions(coreWith({ socket })).socket).toEqual({ ...defaults, ...expected });
  });
});

describe("proxy", () => {
  const firewall = { firewallHost: "proxy.example", firewallPort: 3128 };

  it.each<readonly [string, Partial<SocketSettings>, object | undefined]>([
    ["broker.example", { ...firewall, firewallType: 0 }, undefined],
    ["broker.example", { firewallPort: 80, firewallType: 1 }, undefined],
    ["broker.example", { ...firewall, firewallType: 1 }, { url: "http://proxy.example:3128" }],
    ["*broker.example", { ...firewall, firewallType: 1 }, { url: "http://proxy.example:3128", resolveNames: "proxy" }],
    ["broker.example", { ...firewall, firewallType: 2 }, { url: "socks4://proxy.example:3128", resolveNames: "here" }],
    // SOCKS4 has no other way to be told a name.
    [
      "*broker.example",
      { ...firewall, firewallType: 2 },
      { url: "socks4a://proxy.example:3128", resolveNames: "proxy" },
    ],
    ["broker.example", { ...firewall, firewallType: 3 }, { url: "socks5://proxy.example:3128", resolveNames: "here" }],
    [
      "*broker.example",
      { ...firewall, firewallType: 3 },
      { url: "socks5://proxy.example:3128", resolveNames: "proxy" },
    ],
    [
      "broker.example",
      { ...firewall, firewallType: 10 },
      { url: "socks4a://proxy.example:3128", resolveNames: "here" },
    ],
    [
      "broker.example",
      { ...firewall, firewallHost: "::1", firewallType: 1, firewallUser: "u", firewallPassword: "p" },
      { url: "http://[::1]:3128", username: "u", password: "p" },
    ],
    [
      "broker.example",
      { ...firewall, firewallType: 1, firewallData: "X-A: b\r\nX-C:d\r\n", proxyExceptionsList: "*.a; b:80 ;;" },
      { url: "http://proxy.example:3128", headers: { "X-A": "b", "X-C": "d" }, exceptions: ["*.a", "b:80"] },
    ],
    // Headers are a tunnel's.
    [
      "broker.example",
      { ...firewall, firewallType: 3, firewallData: "X-A: b" },
      { url: "socks5://proxy.example:3128", resolveNames: "here" },
    ],
    ["broker.example", { firewallAutoDetect: true, firewallUser: "u" }, { url: "system", username: "u" }],
    ["*broker.example", { firewallAutoDetect: true }, { url: "system", resolveNames: "proxy" }],
    [
      "broker.example",
      { ...firewall, firewallType: 1, firewallAutoDetect: true },
      { url: "http://proxy.example:3128" },
    ],
  ])("of %s with %j is %j", (host, socket, expected) => {
    const { proxy } = transportOptions(coreWith({ host, socket }));
    expect(proxy).toEqual(expected === undefined ? undefined : { exceptions: [], ...expected });
  });

  it.each<readonly [number, Partial<SocketSettings>]>([
    [118, { ...firewall, firewallType: 1, firewallHost: "proxy/example" }],
    [118, { ...firewall, firewallType: 1, firewallPort: 0 }],
    [118, { ...firewall, firewallType: 2, firewallPassword: "secret" }],
    [118, { ...firewall, firewallType: 10, firewallPassword: "secret" }],
    [10_022, { ...firewall, firewallType: 1, firewallData: "secret" }],
    [10_022, { ...firewall, firewallType: 1, firewallData: "X-A: a\rX-B: secret" }],
    [10_022, { ...firewall, firewallType: 1, firewallData: "X-A: a\0secret" }],
    [10_022, { ...firewall, firewallType: 1, firewallData: " X-A: secret" }],
    [10_022, { ...firewall, firewallType: 1, firewallData: "Host: secret" }],
    [10_022, { ...firewall, firewallType: 1, firewallData: "content-length: 5" }],
  ])("is refused with %i for %j", (code, socket) => {
    const error = failure(() => transportOptions(coreWith({ socket })));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain("secret");
  });

  it("takes a header that comes twice as one", () => {
    const socket = { ...firewall, firewallType: 1, firewallData: "X-A: b\r\nx-a: c" };
    expect(transportOptions(coreWith({ socket })).proxy).toMatchObject({ headers: { "X-A": "b, c" } });
  });
});

describe("where the sockets are the platform's own", () => {
  const given = { host: "ws://broker.example" };

  it.each([browser, deno])("nothing is asked for by default: %o", (platform) => {
    expect(transportOptions(coreWith({ ...given, platform }))).toEqual({});
  });

  it("TCP may be ours all the same", () => {
    expect(transportOptions(coreWith({ platform: deno })).socket).toMatchObject({ family: 4 });
  });

  it.each<readonly [number, string, Partial<SocketSettings>]>([
    [10_045, "TcpNoDelay", { tcpNoDelay: true }],
    [10_045, "UseIPv6", { useIPv6: 1 }],
    [10_045, "Linger", { linger: false }],
    [10_045, "LocalHost", { localHost: "127.0.0.1" }],
    [10_045, "InBufferSize", { inBufferSize: 5 }],
    [118, "FirewallType", { firewallType: 1 }],
    [118, "FirewallAutoDetect", { firewallAutoDetect: true }],
    [118, "ProxyExceptionsList", { proxyExceptionsList: "a" }],
  ])("%i says so for %s", (code, setting, socket) => {
    for (const platform of [browser, deno]) {
      const error = failure(() => transportOptions(coreWith({ ...given, platform, socket })));
      expect(error.code).toBe(code);
      expect(error.cause).toBeInstanceOf(UnsupportedError);
      expect((error.cause as UnsupportedError).feature).toBe(setting);
      expect(error.message).toContain(platform.name);
    }
  });

  it("what is not about sockets is left alone", () => {
    const socket = { absoluteTimeout: true, maxLineLength: 300 };
    expect(transportOptions(coreWith({ ...given, platform: browser, socket }))).toEqual({});
  });
});
