import { describe, expect, test } from "vitest";

import { describePayload } from "./payload.js";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("describePayload", () => {
  test.each([
    ["text", utf8("21.5 °C"), "21.5 °C"],
    ["lines", utf8("a\n\tb"), "a\n\tb"],
    ["nothing", new Uint8Array(), "(empty)"],
    ["bytes that are not UTF-8", Uint8Array.of(0xff, 0x01), "ff 01 (2 bytes)"],
    ["control characters", Uint8Array.of(0x41, 0x00), "41 00 (2 bytes)"],
    ["the middle of a larger buffer", utf8("xxhixx").subarray(2, 4), "hi"],
  ])("%s", (_name, payload, text) => {
    expect(describePayload(payload)).toBe(text);
  });

  test("is short, however long the payload", () => {
    const text = describePayload(utf8("é".repeat(500_000)));
    expect(text.length).toBeLessThan(450);
    expect(text).toContain("(1000000 bytes)");
    expect(describePayload(new Uint8Array(1_000_000)).length).toBeLessThan(150);
  });

  test("a character that is cut by the limit does not make it binary", () => {
    expect(describePayload(utf8(`a${"é".repeat(5_000)}`)).startsWith("aéé")).toBe(true);
  });
});
