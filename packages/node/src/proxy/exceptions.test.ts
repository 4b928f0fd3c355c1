import { describe, expect, it } from "vitest";
import { parseException } from "./exceptions.ts";

/** The entry, what it takes in, and what it does not; hosts with a port where it matters. */
const vectors: readonly (readonly [entry: string, inside: readonly string[], outside: readonly string[]])[] = [
  ["example.com", ["example.com", "EXAMPLE.com", "example.com.", "a.b.example.com"], ["anexample.com", "example.co"]],
  [".example.com", ["example.com", "a.example.com"], ["anexample.com"]],
  ["Example.COM.", ["example.com"], ["example.org"]],
  ["*.example.com", ["a.example.com", "a.b.example.com"], ["example.com", "aexample.com"]],
  ["broker-*.example.com", ["broker-1.example.com", "x.broker-.example.com"], ["broker.example.com"]],
  ["a*b*c", ["abc", "a-b-c", "aXbYbZc", "x.abc"], ["ab", "acb", "abcd"]],
  ["ab*ba", ["abba", "abxba"], ["aba"]],
  ["*", ["example.com", "10.0.0.1", "::1", ""], []],
  ["*:1883", ["x:1883", "::1 1883"], ["x:8883"]],
  ["10.0.0.1", ["10.0.0.1", "::ffff:10.0.0.1"], ["10.0.0.2", "x.10.0.0.1.example", "10.0.0.1.example"]],
  ["0.0.1", ["x.0.0.1"], ["10.0.0.1"]],
  ["192.168.*", ["192.168.1.2"], ["10.192.168.1", "192.169.1.2"]],
  ["*.0.0.1", ["127.0.0.1"], ["127.0.0.2"]],
  ["10.0.0.0/8", ["10.255.0.1", "::ffff:10.1.2.3"], ["11.0.0.1", "ten.example", "::1"]],
  ["10.0.0.0/8:8883", ["10.1.1.1:8883"], ["10.1.1.1:1883"]],
  ["0.0.0.0/0", ["8.8.8.8"], ["2001:db8::1"]],
  ["::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2", "127.0.0.1"]],
  ["[::1]", ["::1"], ["::2"]],
  ["[::1]:1883", ["::1 1883"], ["::1 8883"]],
  ["fd00::/8", ["fd12::1"], ["fe80::1"]],
  ["[fd00::]/8:1883", ["fd12::1 1883"], ["fd12::1 1"]],
  ["[fd00::/8]:1883", ["fd12::1 1883"], ["fd12::1 1"]],
  ["broker:8883", ["broker:8883", "x.broker:8883"], ["broker:1883"]],
  [" broker ", ["broker"], []],
];

describe("parseException", () => {
  for (const [entry, inside, outside] of vectors) {
    it(`knows what ${JSON.stringify(entry)} stands for`, () => {
      const isExcepted = parseException(entry);
      const judge = (text: string): boolean | undefined => isExcepted?.(parse(text));
      expect(inside.filter((text) => judge(text) !== true)).toEqual([]);
      expect(outside.filter((text) => judge(text) !== false)).toEqual([]);
    });
  }

  it.each([
    ...["", " ", ".", "a b", "http://proxy", "10.0.0.0/33", "fd00::/129", "10.0.0.0/x", "name/8", "/8", "user@host"],
    ...["host:", "host:0", "host:65536", "host:port", "[host]", "[10.0.0.1]:1", "[::1", "[]", "a:b:c"],
  ])("refuses %j", (entry) => {
    expect(parseException(entry)).toBeUndefined();
  });

  it("takes no longer for a pattern that was made to be slow", () => {
    const isExcepted = parseException(`${"*a".repeat(10_000)}b`);
    expect(isExcepted?.({ hostname: "a".repeat(20_000), port: 1 })).toBe(false);
  });
});

function parse(text: string): { hostname: string; port: number } {
  const [, hostname = text, port = "1"] = /^(.*) (\d+)$/.exec(text) ?? /^([^:]*):(\d+)$/.exec(text) ?? [];
  return { hostname, port: Number(port) };
}
