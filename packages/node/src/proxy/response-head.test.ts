import { TransportError } from "@rivulet/engine";
import { describe, expect, it } from "vitest";
import { resolveProxy } from "./resolve-proxy.ts";
import type { ResolvedProxy } from "./resolved-proxy.ts";
import { ResponseHeadReader } from "./response-head.ts";

const proxy = resolveProxy({ scheme: "mqtt:", hostname: "x", port: 1 }, "http://proxy:3128", {}) as ResolvedProxy; // given

const vectors = [
  { name: "a status line alone", text: "HTTP/1.1 200 OK\r\n\r\n", status: 200, reason: "OK" },
  { name: "no reason", text: "HTTP/1.0 200\r\n\r\n", status: 200, reason: "" },
  { name: "an empty reason", text: "HTTP/1.1 204 \r\n\r\n", status: 204, reason: "" },
  { name: "bare line feeds", text: "HTTP/1.1 200 OK\nA: b\n\n", status: 200, reason: "OK", headers: [["a", "b"]] },
  {
    name: "headers, one of them no header",
    text: "HTTP/1.1 407 Who?\r\nProxy-Authenticate:  Basic realm=x \r\nnonsense\r\n: x\r\nEMPTY:\r\n\r\n",
    status: 407,
    reason: "Who?",
    headers: [
      ["proxy-authenticate", "Basic realm=x"],
      ["empty", ""],
    ],
  },
  {
    name: "interim responses",
    text: "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    status: 200,
    reason: "OK",
  },
  { name: "a switch of protocols", text: "HTTP/1.1 101 Switching\r\n\r\n", status: 101, reason: "Switching" },
] as const;

describe("ResponseHeadReader", () => {
  for (const vector of vectors) {
    const { name, text, status, reason } = vector;
    const headers = "headers" in vector ? vector.headers : [];

    it(`reads ${name}: whole, with bytes behind it, and byte by byte`, () => {
      const whole = new ResponseHeadReader(proxy).push(Buffer.from(text));
      expect(whole).toEqual({ head: { status, reason, headers }, rest: Buffer.alloc(0) });

      const more = new ResponseHeadReader(proxy).push(Buffer.from(`${text}\0\r\n\r\n`));
      expect(more?.rest.toString()).toBe("\0\r\n\r\n");

      const reader = new ResponseHeadReader(proxy);
      const results = [...Buffer.from(text)].map((byte) => reader.push(Buffer.from([byte])));
      expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true);
      expect(results.at(-1)).toEqual(whole);
    });
  }

  it.each(["SSH-2.0", "\x05\x00", "HTTP/2", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1  200 OK", "HTTP/1.x 200 OK"])(
    "refuses %j",
    (text) => {
      const push = (): unknown => new ResponseHeadReader(proxy).push(Buffer.from(`${text}\r\n\r\n`));
      expect(push).toThrow(TransportError);
      expect(push).toThrow("The proxy http://proxy:3128 answered as no HTTP proxy does");
    },
  );

  it("refuses another protocol by its first byte", () => {
    expect(() => new ResponseHeadReader(proxy).push(Buffer.from("\x16"))).toThrow(/as no HTTP proxy does/);
  });

  it.each([
    ["one line without an end", "HTTP/1.1 200 ", "x"],
    ["headers without an end", "HTTP/1.1 200 OK\r\n", "X: y\r\n"],
    ["interim responses without an end", "", "HTTP/1.1 100 Continue\r\n\r\n"],
  ])("ends after 64 KiB of %s", (_name, start, repeated) => {
    const reader = new ResponseHeadReader(proxy);
    const fill = (bytes: number): void => {
      reader.push(Buffer.from(start));
      for (let count = start.length; count + repeated.length <= bytes; count += repeated.length) {
        if (reader.push(Buffer.from(repeated)) !== undefined) throw new Error("It has ended");
      }
    };
    fill(65_536);
    expect(() => reader.push(Buffer.from("HTTP/1.1 200 OK\r\nmore than is left\r\n\r\n".repeat(2)))).toThrow(
      "The proxy http://proxy:3128 answered with a header of more than 65536 bytes",
    );
  });

  it("takes 64 KiB, and does not count what follows", () => {
    const head = `HTTP/1.1 200 OK\r\nX: ${"y".repeat(65_536 - 24)}\r\n\r\n`;
    expect(head).toHaveLength(65_536);
    const result = new ResponseHeadReader(proxy).push(Buffer.from(`${head}${"z".repeat(100_000)}`));
    expect(result?.rest).toHaveLength(100_000);
  });
});
