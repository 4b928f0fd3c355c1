import { inspect } from "node:util";
import { InvalidOptionError, UnsupportedError, type ProxyOptions } from "@rivulet/engine";
import { describe, expect, it, vi } from "vitest";
import { resolveProxy } from "./resolve-proxy.ts";
import type { ResolvedProxy } from "./resolved-proxy.ts";

const broker = { scheme: "mqtt:", hostname: "broker.example", port: 1883 };

function resolve(proxy: unknown, target = broker): ResolvedProxy | undefined {
  return resolveProxy(target, proxy as ProxyOptions, {});
}

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

describe("resolveProxy, with a proxy by its URL", () => {
  it("has none by default", () => {
    expect(resolve(undefined)).toBeUndefined();
  });

  it.each([
    ["http://proxy.example", "http://proxy.example:80", "proxy"],
    ["HTTP://Proxy.Example:3128/", "http://proxy.example:3128", "proxy"],
    ["https://proxy.example", "https://proxy.example:443", "proxy"],
    ["socks4://10.0.0.1", "socks4://10.0.0.1:1080", "here"],
    ["socks4a://proxy:9050", "socks4a://proxy:9050", "proxy"],
    ["socks5://proxy", "socks5://proxy:1080", "here"],
    ["socks5h://[::1]:1081", "socks5h://[::1]:1081", "proxy"],
  ])("takes %s apart", (url, address, resolveNames) => {
    expect(resolve(url)).toMatchObject({ address, resolveNames, username: undefined, headers: [], tls: {} });
    expect(resolve(new URL(url))).toEqual(resolve(url));
    expect(resolve({ url })).toEqual(resolve(url));
    expect(resolve({ url: new URL(url) })).toEqual(resolve(url));
  });

  it("shows an IPv6 address without brackets, and with them in the address", () => {
    expect(resolve("http://[2001:db8::1]:3128")).toMatchObject({
      hostname: "2001:db8::1",
      port: 3128,
      address: "http://[2001:db8::1]:3128",
    });
  });

  it("decodes user name and password, and never shows them", () => {
    const proxy = resolve("socks5://us%40er:p%3Ass%2Fw%C3%B6rd@proxy:1080");
    expect(proxy).toMatchObject({ username: "us@er", password: "p:ss/wörd", address: "socks5://proxy:1080" });
  });

  it("prefers the options' user name and password, each by itself", () => {
    const url = "http://one:two@proxy";
    expect(resolve({ url, username: "ann" })).toMatchObject({ username: "ann", password: "two" });
    expect(resolve({ url, password: "pw" })).toMatchObject({ username: "one", password: "pw" });
    expect(resolve({ url, username: "", password: "" })).toMatchObject({ username: undefined, password: undefined });
  });

  it("takes who resolves names from the options", () => {
    expect(resolve({ url: "http://proxy", resolveNames: "here" })).toMatchObject({ resolveNames: "here" });
    expect(resolve({ url: "socks5://proxy", resolveNames: "proxy" })).toMatchObject({ resolveNames: "proxy" });
    expect(resolve({ url: "socks4a://proxy", resolveNames: "here" })).toMatchObject({ resolveNames: "here" });
  });

  it("passes on headers and TLS options", () => {
    const tls = { allowExpired: true };
    const headers = { "X-Tenant": "blue", "Proxy-Authorization": "Bearer token" };
    expect(resolve({ url: "https://proxy", headers, tls })).toMatchObject({
      headers: [
        ["X-Tenant", "blue"],
        ["Proxy-Authorization", "Bearer token"],
      ],
      tls,
    });
  });

  it("leaves out exceptions, and Unix sockets", () => {
    expect(resolve({ url: "http://proxy", exceptions: ["other", "*.example:1883"] })).toBeUndefined();
    expect(resolve({ url: "http://proxy", exceptions: ["*.example:8883"] })).toBeDefined();
    expect(resolve("http://proxy", { scheme: "mqtt+unix:", hostname: "", port: 0 })).toBeUndefined();
    expect(() => resolve("nonsense", { scheme: "mqtt+unix:", hostname: "", port: 0 })).toThrow(InvalidOptionError);
  });

  it.each(["socks4:", "socks4a:"])("says that %s cannot carry IPv6", (scheme) => {
    const target = { scheme: "mqtt:", hostname: "2001:db8::1", port: 1883 };
    const error = failure(() => resolve(`${scheme}//proxy`, target));
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({
      feature: "proxy",
      message: "SOCKS4 proxies cannot connect to IPv6 addresses, such as [2001:db8::1]:1883: socks5: can",
    });
    expect(resolve({ url: `${scheme}//proxy`, exceptions: ["2001:db8::/32"] }, target)).toBeUndefined();
  });
});

describe("resolveProxy, with options that are wrong", () => {
  const http = "http://proxy";
  const socks5 = "socks5://proxy";

  it.each<[unknown, string, RegExp]>([
    [5, "proxy", /^proxy is a URL, "system", or an object with the option url$/],
    [null, "proxy", /object/],
    [[], "proxy", /object/],
    ["", "proxy", /^proxy is a URL or "system"$/],
    [{}, "proxy.url", /^proxy.url is a URL or "system"$/],
    [{ url: http, user: "x" }, "proxy.user", /^There is no option proxy.user$/],
    [
      "proxy.example:3128",
      "proxy",
      /^proxy must be a URL that begins with http:, .*socks5: or socks5h: and two slashes$/,
    ],
    [{ url: "ftp://proxy" }, "proxy.url", /, not with ftp:$/],
    ["http://", "proxy", /not a valid URL/],
    ["http://a b", "proxy", /not a valid URL/],
    ["socks5://:1080", "proxy", /not a valid URL|no host/],
    ["socks5://", "proxy", /no host/],
    ["http://proxy:0", "proxy", /port 0/],
    ["http://proxy:99999", "proxy", /not a valid URL/],
    ["http://proxy/path", "proxy", /nothing has a meaning/],
    ["socks5://proxy?x", "proxy", /nothing has a meaning/],
    ["http://us%zzer@proxy", "proxy", /user name that is not percent-encoded/],
    ["http://u:p%ff@proxy", "proxy", /password that is not percent-encoded/],
    [{ url: http, username: 5 }, "proxy.username", /is a string/],
    [{ url: http, password: {} }, "proxy.password", /is a string/],
    [{ url: http, username: "a:b" }, "proxy.username", /colon/],
    [{ url: http, username: "a\n" }, "proxy.username", /control/],
    [{ url: http, password: "a\r\nX: y" }, "proxy.password", /control/],
    [{ url: socks5, password: "secret" }, "proxy.password", /needs a user name/],
    [{ url: socks5, username: "ü".repeat(128) }, "proxy.username", /longer than 255 bytes/],
    [{ url: socks5, username: "u", password: "s".repeat(256) }, "proxy.password", /longer than 255 bytes/],
    [{ url: "socks4://proxy", username: "u", password: "secret" }, "proxy.password", /user names only/],
    ["socks4a://u:secret@proxy", "proxy.password", /user names only/],
    [{ url: "socks4://proxy", username: "u\0x" }, "proxy.username", /NUL/],
    [{ url: "socks4://proxy", resolveNames: "proxy" }, "proxy.resolveNames", /socks4a:/],
    [{ url: http, resolveNames: "there" }, "proxy.resolveNames", /"here" or "proxy", not "there"/],
    [{ url: http, headers: "X: y" }, "proxy.headers", /is an object/],
    [{ url: http, headers: { "X Y": "" } }, "proxy.headers", /not the name of a header/],
    [{ url: http, headers: { "X\r\nY": "" } }, "proxy.headers", /not the name of a header/],
    [{ url: http, headers: { host: "x" } }, "proxy.headers.host", /belongs to the client/],
    [{ url: http, headers: { "Content-Length": "5" } }, "proxy.headers.Content-Length", /belongs to the client/],
    [{ url: http, headers: { X: "secret\r\nY: z" } }, "proxy.headers.X", /one line/],
    [{ url: http, headers: { X: "secret\n" } }, "proxy.headers.X", /one line/],
    [{ url: http, headers: { X: "secret €" } }, "proxy.headers.X", /Latin-1/],
    [{ url: http, headers: { X: 5 } }, "proxy.headers.X", /one line/],
    [
      { url: "http://u@proxy", headers: { "proxy-authorization": "secret" } },
      "proxy.headers.Proxy-Authorization",
      /does not go with a user name/,
    ],
    [{ url: socks5, headers: { X: "y" } }, "proxy.headers", /for http: and https: proxies, not for socks5:/],
    [{ url: http, tls: {} }, "proxy.tls", /for https: proxies, not for http:/],
    [{ url: "https://proxy", tls: "secret" }, "proxy.tls", /is an object/],
    [{ url: http, exceptions: "x" }, "proxy.exceptions", /is an array/],
    [{ url: http, exceptions: ["x", "10.0.0.0/99"] }, "proxy.exceptions", /not "10.0.0.0\/99"$/],
    [{ url: http, exceptions: [5] }, "proxy.exceptions", /not 5$/],
  ])("refuses %j", (proxy, option, message) => {
    const error = failure(() => resolve(proxy));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option });
    expect((error as Error).message).toMatch(message);
  });

  it.each([
    ...["secret:secret@proxy:3128/x", "ftp://secret:secret@proxy", "http://secret:secret@a b"],
    ...["http://secret@proxy:secret", "http://u:secret@proxy/secret", "http://u:secret%zz@proxy"],
    ...["socks4://u:secret@proxy"],
  ])("does not repeat %j", (url) => {
    for (const error of [
      failure(() => resolve(url)),
      failure(() => resolve({ url })),
      failure(() => resolveProxy(broker, "system", { all_proxy: url })),
    ]) {
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("secret@");
      expect(String(error)).not.toContain("secret");
    }
  });
});

describe("resolveProxy, with the system's settings", () => {
  const environment = {
    HTTPS_PROXY: "http://secure:1",
    HTTP_PROXY: "http://plain:2",
    ALL_PROXY: "socks5h://all:3",
    NO_PROXY: "direct.example, .internal,10.0.0.0/8 [::1]:1883,,nonsense/99",
  };
  const address = (scheme: string, hostname = "broker.example", given: Record<string, string> = environment) =>
    resolveProxy({ scheme, hostname, port: 1883 }, "system", given)?.address;

  it.each([
    ["mqtts:", "http://secure:1"],
    ["ssl:", "http://secure:1"],
    ["tls:", "http://secure:1"],
    ["wss:", "http://secure:1"],
    ["ws:", "http://plain:2"],
    ["mqtt:", "socks5h://all:3"],
    ["tcp:", "socks5h://all:3"],
  ])("has one for %s", (scheme, expected) => {
    expect(address(scheme)).toBe(expected);
    expect(address(scheme, "x", { all_proxy: "socks4://fallback" })).toBe("socks4://fallback:1080");
    expect(address(scheme, "x", {})).toBeUndefined();
    expect(address(scheme, "x", { HTTPS_PROXY: "", HTTP_PROXY: " ", ALL_PROXY: "" })).toBeUndefined();
  });

  it("never has HTTP_PROXY or HTTPS_PROXY for plain MQTT", () => {
    expect(address("mqtt:", "x", { HTTPS_PROXY: "http://a", HTTP_PROXY: "http://b" })).toBeUndefined();
  });

  it("prefers lower case", () => {
    expect(address("wss:", "x", { HTTPS_PROXY: "http://a", https_proxy: "http://b" })).toBe("http://b:80");
    expect(address("wss:", "a", { ALL_PROXY: "http://a", no_proxy: "b", NO_PROXY: "a" })).toBe("http://a:80");
  });

  it("does not believe HTTP_PROXY in a CGI program, where a request may have set it", () => {
    expect(address("ws:", "x", { HTTP_PROXY: "http://a", REQUEST_METHOD: "GET" })).toBeUndefined();
    expect(address("ws:", "x", { http_proxy: "http://a", REQUEST_METHOD: "GET" })).toBe("http://a:80");
  });

  it.each(["direct.example", "a.direct.example", "internal", "b.internal", "10.1.2.3", "::1"])(
    "connects to %s directly, because of NO_PROXY",
    (hostname) => {
      expect(address("mqtt:", hostname)).toBeUndefined();
    },
  );

  it("knows * in NO_PROXY", () => {
    expect(address("mqtt:", "x", { ALL_PROXY: "http://a", NO_PROXY: "*" })).toBeUndefined();
  });

  it("takes a host and a port for an HTTP proxy", () => {
    expect(address("mqtt:", "x", { ALL_PROXY: "proxy:3128" })).toBe("http://proxy:3128");
    expect(resolveProxy(broker, "system", { ALL_PROXY: "u:p@proxy:3128" })).toMatchObject({
      ...{ address: "http://proxy:3128", username: "u", password: "p" },
    });
  });

  it("adds the exceptions and the credentials of the options, and what of them fits", () => {
    const options = { url: "system", username: "u", password: "p", exceptions: ["x"] };
    expect(resolveProxy({ ...broker, hostname: "x" }, options, environment)).toBeUndefined();
    expect(resolveProxy(broker, options, environment)).toMatchObject({ username: "u", password: "p" });
    const more: ProxyOptions = { url: "system", headers: { X: "y" }, tls: {}, resolveNames: "proxy" };
    expect(resolveProxy(broker, more, { all_proxy: "socks4://p" })).toMatchObject({
      headers: [],
      resolveNames: "here",
    });
    expect(resolveProxy(broker, more, { all_proxy: "https://p" })).toMatchObject({ headers: [["X", "y"]] });
  });

  it("names the variable that is wrong", () => {
    const error = failure(() => resolveProxy(broker, "system", { ALL_PROXY: "quic://u:secret@proxy" }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option: "proxy" });
    expect((error as Error).message).toMatch(/^The environment variable ALL_PROXY must be a URL .*, not with quic:$/);
  });

  it("reads the environment of the process", () => {
    vi.stubEnv("all_proxy", "http://from.environment");
    vi.stubEnv("no_proxy", undefined);
    vi.stubEnv("NO_PROXY", undefined);
    expect(resolveProxy(broker, "system")).toMatchObject({ hostname: "from.environment" });
    vi.unstubAllEnvs();
  });
});
