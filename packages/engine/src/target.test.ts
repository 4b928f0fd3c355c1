import { describe, expect, test } from "vitest";
import { InvalidOptionError } from "./errors.ts";
import { parseTarget } from "./target.ts";

/** The error that an URL is refused with. */
function refusal(url: string): unknown {
  try {
    parseTarget(url);
  } catch (error) {
    return error;
  }
  throw new Error(`${url} was taken`);
}

describe("parseTarget", () => {
  test.each([
    ["mqtt:", 1883],
    ["tcp:", 1883],
    ["mqtts:", 8883],
    ["ssl:", 8883],
    ["tls:", 8883],
    ["ws:", 80],
    ["wss:", 443],
  ])("%s has the default port %i", (scheme, port) => {
    const { target } = parseTarget(`${scheme}//broker.test`);
    const address = `${scheme}//broker.test`;
    expect(target).toMatchObject({ scheme, hostname: "broker.test", port, path: "/" });
    expect(target.address.replace(/\/$/, "")).toBe(address);
    expect(parseTarget(`${scheme}//broker.test:9000`).target.port).toBe(9000);
  });

  test("a scheme that is not known has no default port", () => {
    expect(parseTarget("mqtt+relay://broker.test").target.port).toBe(0);
  });

  test("takes a URL apart, with port, path and query", () => {
    expect(parseTarget("ws://broker.test:8080/mqtt/1?token=x#part").target).toStrictEqual({
      url: "ws://broker.test:8080/mqtt/1?token=x",
      address: "ws://broker.test:8080/mqtt/1",
      scheme: "ws:",
      hostname: "broker.test",
      port: 8080,
      path: "/mqtt/1?token=x",
    });
  });

  test("takes a URL object too", () => {
    expect(parseTarget(new URL("mqtt://127.0.0.1:1884")).target).toMatchObject({ hostname: "127.0.0.1", port: 1884 });
  });

  test.each(["mqtt", "ws"])("an IPv6 address is without brackets in hostname, and with them in url: %s", (scheme) => {
    const { target } = parseTarget(`${scheme}://[::1]:1885`);
    expect(target).toMatchObject({ hostname: "::1", port: 1885 });
    expect(target.url).toContain("[::1]:1885");
  });

  test("a URL without credentials has none", () => {
    expect(parseTarget("mqtt://broker.test").credentials).toStrictEqual({ username: undefined, password: undefined });
  });

  test.each([
    ["kitchen:secret", { username: "kitchen", password: "secret" }],
    ["a%40b:p%3Aq%2Fr%25", { username: "a@b", password: "p:q/r%" }],
    ["k%C3%BCche:%F0%9F%94%91", { username: "küche", password: "🔑" }],
    ["kitchen", { username: "kitchen", password: undefined }],
    [":secret", { username: undefined, password: "secret" }],
  ])("credentials are percent-decoded, and nowhere in the target: %s", (userInformation, credentials) => {
    for (const scheme of ["mqtt", "wss"]) {
      const parsed = parseTarget(`${scheme}://${userInformation}@broker.test:99/path?query`);
      expect(parsed.credentials).toStrictEqual(credentials);
      const bare = parseTarget(`${scheme}://broker.test:99/path?query`);
      expect(parsed.target).toStrictEqual(bare.target);
    }
  });

  test.each([
    "",
    "kitchen:secret@broker.test",
    "//kitchen:secret@broker.test",
    "mqtt://kitchen:secret@",
    "mqtt://kitchen:secret@broker.test:99999",
    "mqtt://kitchen:secret@[::1",
    "mqtt:kitchen:secret@broker.test",
    "mqtt:",
    "mqtt://",
    "mqtt:///path",
    "foo:kitchen:secret@broker.test",
  ])("a malformed URL is refused, without a word of what it holds: %s", (url) => {
    const error = refusal(url);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option: "url" });
    expect((error as Error).cause).toBeUndefined();
    expect(String(error)).not.toMatch(/kitchen|secret/);
  });

  test.each(["kitchen:secret%", "kitchen%zz:secret", "kitchen:secret%ff"])(
    "a malformed escape is refused: %s",
    (text) => {
      const error = refusal(`mqtt://${text}@broker.test`);
      expect(error).toMatchObject({ name: "InvalidOptionError", option: "url" });
      expect((error as Error).cause).toBeUndefined();
      expect(String(error)).not.toMatch(/kitchen|secret/);
    },
  );

  test("a scheme of a transport of one's own may do without a host", () => {
    expect(parseTarget("mqtt+unix:///run/broker.sock").target).toMatchObject({
      scheme: "mqtt+unix:",
      hostname: "",
      port: 0,
      path: "/run/broker.sock",
    });
    // Whoever opens the file takes the escapes out.
    expect(parseTarget("mqtt+unix:///run/my%20broker%3F.sock").target).toMatchObject({
      address: "mqtt+unix:///run/my%20broker%3F.sock",
      path: "/run/my%20broker%3F.sock",
    });
    expect(parseTarget("mqtt+serial:/dev/ttyUSB0").target.path).toBe("/dev/ttyUSB0");
  });
});
