import { describe, expect, test } from "vitest";
import { VirtualEnvironment } from "../../testing/virtual-environment.ts";
import { ConnectionRefusedError, ServerDisconnectError, TransportError } from "../errors.ts";
import { serverReferencesLimit } from "../limits.ts";
import type { ConnectOptions } from "../options.ts";
import { resolveOptions } from "../resolve-options.ts";
import { parseTarget } from "../target.ts";
import { redirection } from "./redirect.ts";

const environment = new VirtualEnvironment();

/** Where a refusal with a Server Reference leads to. */
function places(serverReference: string | undefined, from = "mqtt://first", options: ConnectOptions = {}): string[] {
  const resolved = resolveOptions({ redirect: {}, ...options, transports: [], environment });
  const error = new ConnectionRefusedError(0x9c, { serverReference });
  return redirection(error, parseTarget(from), resolved)?.targets.map(({ target }) => target.url) ?? [];
}

describe("a Server Reference", () => {
  test.each<[reference: string, urls: string[]]>([
    ["second", ["mqtt://second"]],
    ["myserver.xyz.org", ["mqtt://myserver.xyz.org"]],
    ["myserver.xyz.org:8883", ["mqtt://myserver.xyz.org:8883"]],
    [
      "10.10.151.22:8883 [fe80::9610:3eff:fe1c]:1883",
      ["mqtt://10.10.151.22:8883", "mqtt://[fe80::9610:3eff:fe1c]:1883"],
    ],
    ["[::1]", ["mqtt://[::1]"]],
    ["::1", ["mqtt://[::1]"]],
    ["a  b", ["mqtt://a", "mqtt://b"]],
  ])("%s is read as section 4.11 recommends", (reference, urls) => {
    expect(places(reference)).toEqual(urls);
  });

  test.each([
    "",
    " ",
    "mqtt://second",
    "user:secret@second",
    "user@second",
    "second/path",
    "second?query",
    "second#fragment",
    "second\\path",
    "second:port",
    "second:99999",
    "[second",
    "[not-an-address]",
    "[a:b]:1",
    ":1883",
  ])("%s is left out", (reference) => {
    expect(places(reference)).toEqual([]);
    expect(places(`one ${reference} two`)).toEqual(expect.arrayContaining(["mqtt://one", "mqtt://two"]));
  });

  test("that is missing leads nowhere", () => {
    expect(places(undefined)).toEqual([]);
  });

  test("keeps scheme, path and query, so that TLS stays TLS, and not the port", () => {
    const allow = (): boolean => true;
    expect(places("second", "mqtts://first:9999")).toEqual(["mqtts://second"]);
    expect(places("second:1883", "wss://first:9999/mqtt?token=x", { redirect: { allow } })).toEqual([
      "wss://second:1883/mqtt?token=x",
    ]);
  });

  test("is read up to a number of servers", () => {
    const many = Array.from({ length: 1000 }, (_, index) => `server${index}`).join(" ");
    expect(places(many)).toHaveLength(serverReferencesLimit);
  });
});

describe("another host", () => {
  test.each<[what: string, from: string, options: ConnectOptions]>([
    ["a user name", "mqtt://first", { username: "user" }],
    ["a password", "mqtt://first", { password: "secret" }],
    ["credentials that are asked for", "mqtt://first", { credentials: () => ({}) }],
    ["an authenticator", "mqtt://first", { authenticator: { method: "m", begin: () => ({}) as never } }],
    ["a will", "mqtt://first", { will: { topic: "gone", payload: "" } }],
    ["headers", "ws://first", { webSocket: { headers: { authorization: "Bearer x" } } }],
    ["a user in the URL", "mqtt://user@first", {}],
    ["a password in the URL", "mqtt://:secret@first", {}],
    ["a query, which may be a token", "ws://first/mqtt?token=x", {}],
  ])("is not told %s, unless that is allowed", (_, from, options) => {
    expect(places("second", from, options)).toEqual([]);
    expect(places("FIRST:99 second", from, options)).toHaveLength(1);
    expect(places("second", from, { ...options, redirect: { allow: () => true } })).toHaveLength(1);
  });

  test("is gone to when there is nothing to tell", () => {
    expect(places("second")).toEqual(["mqtt://second"]);
  });

  test("and the same one are a matter of `allow`, where it is given", () => {
    const seen: unknown[] = [];
    const allow = (target: { hostname: string; port: number; url: string }): boolean => {
      seen.push([target.hostname, target.port, target.url]);
      return target.hostname === "third";
    };
    expect(places("first:1 second third:3", "mqtt://user:secret@first", { redirect: { allow } })).toEqual([
      "mqtt://third:3",
    ]);
    expect(seen).toEqual([
      ["first", 1, "mqtt://first:1"],
      ["second", 1883, "mqtt://second"],
      ["third", 3, "mqtt://third:3"],
    ]);
  });
});

describe("redirection", () => {
  const from = parseTarget("mqtt://user:secret@first");
  const options = resolveOptions({ transports: [], environment, redirect: { allow: () => true } });
  const serverReference = "second";

  test("is for one time, or for good, and takes the credentials of the URL along", () => {
    const { target } = parseTarget("mqtt://second");
    const targets = [{ target, credentials: { username: "user", password: "secret" } }];
    for (const type of [ConnectionRefusedError, ServerDisconnectError]) {
      const once = redirection(new type(0x9c, { serverReference }), from, options);
      expect(once).toEqual({ targets, isPermanent: false });
      const moved = redirection(new type(0x9d, { serverReference }), from, options);
      expect(moved).toEqual({ targets, isPermanent: true });
    }
  });

  test("is not what another reason or another error says, nor what is not wanted", () => {
    expect(redirection(new ConnectionRefusedError(0x88, { serverReference }), from, options)).toBeUndefined();
    expect(redirection(new TransportError("Lost", { reasonCode: 0x9c }), from, options)).toBeUndefined();
    const error = new ConnectionRefusedError(0x9d, { serverReference });
    for (const redirect of [undefined, false] as const) {
      expect(redirection(error, from, { ...options, redirect })).toBeUndefined();
    }
  });
});
