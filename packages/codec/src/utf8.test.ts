import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { hex } from "../testing/hex.ts";
import { check, same } from "../testing/property-test.ts";
import { decodeUtf8, measureText, StringCache, writeUtf8 } from "./utf8.ts";

const encoder = new TextEncoder();
const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "binary", minLength: 40, maxLength: 120 }));
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
  .map((units) => String.fromCharCode(...units));

/** Well-formed UTF-16, told by a regular expression rather than by a loop. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

describe("measureText", () => {
  test("measures as TextEncoder does, and finds what is not for the wire", () => {
    check(fc.oneof(anyText, anyUnits), (text) => {
      const fit = isWellFormed(text) && !text.includes("\0");
      same(measureText(text), fit ? encoder.encode(text).length : -1);
    });
  });

  test.each(["a\0", "\uD800", "\uD800a", "\uDC00", "\uDC00\uD800", "\u{1F600}\uD83D"])(
    "%j is unfit [MQTT-1.5.4-1 MQTT-1.5.4-2 MQTT311-1.5.3-1 MQTT311-1.5.3-2]",
    (text) => {
      expect(measureText(text)).toBe(-1);
    },
  );

  test("a length has two bytes", () => {
    expect(measureText("x".repeat(65535))).toBe(65535);
    expect(measureText("x".repeat(65536))).toBe(-1);
    expect(measureText("é".repeat(32768))).toBe(-1);
    const encode = vi.spyOn(TextEncoder.prototype, "encode");
    try {
      expect(measureText("é".repeat(65536))).toBe(-1);
      expect(encode).not.toHaveBeenCalled();
    } finally {
      encode.mockRestore();
    }
  });

  test("what is no string is unfit", () => {
    expect(measureText(7 as unknown as string)).toBe(-1);
  });
});

test("writeUtf8 writes as TextEncoder does, at its offset", () => {
  check(anyText, (text) => {
    const expected = encoder.encode(text);
    const target = new Uint8Array(expected.length + 5);
    same(writeUtf8(text, target, 3), expected.length);
    same(target.subarray(3, 3 + expected.length), expected);
    same([...target.subarray(0, 3), ...target.subarray(-2)], [0, 0, 0, 0, 0]);
  });
});

describe("decodeUtf8", () => {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  test("decodes what TextEncoder writes, and refuses U+0000", () => {
    check(anyText, (text) => {
      const bytes = encoder.encode(`x${text}y`);
      same(decodeUtf8(bytes, 1, bytes.length - 1), text.includes("\0") ? undefined : text);
    });
  });

  test("refuses what a strict decoder refuses", () => {
    const almost = fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc
        .array(fc.constantFrom(0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xa0, 0xef, 0xf0, 0xf4, 0x90), {
          maxLength: 60,
        })
        .map((bytes) => Uint8Array.from(bytes)),
    );
    check(almost, (bytes) => {
      let expected: string | undefined;
      try {
        expected = strict.decode(bytes);
      } catch {
        expected = undefined;
      }
      if (expected?.includes("\0") === true) expected = undefined;
      same(decodeUtf8(bytes, 0, bytes.length), expected);
    });
  });

  test.each([
    ["ed a0 80", "a high surrogate"],
    ["ed bf bf", "a low surrogate"],
    ["ed a0 bd ed b8 80", "a surrogate pair"],
    ["c0 80", "an overlong U+0000"],
    ["c1 bf", "an overlong U+007F"],
    ["e0 9f bf", "an overlong U+07FF"],
    ["f0 8f bf bf", "an overlong U+FFFF"],
    ["f4 90 80 80", "a code point beyond U+10FFFF"],
    ["f8 88 80 80 80", "five bytes"],
    ["80", "a lone continuation"],
    ["c3", "a sequence cut short"],
    ["e2 82 28", "a sequence broken off"],
    ["ff", "no lead byte"],
    ["61 00", "U+0000"],
  ])("refuses %s, %s [MQTT-1.5.4-1 MQTT-1.5.4-2 MQTT311-1.5.3-1 MQTT311-1.5.3-2]", (bytes) => {
    expect(decodeUtf8(hex(bytes), 0, hex(bytes).length)).toBeUndefined();
    const long = hex(`${"61".repeat(60)} ${bytes}`);
    expect(decodeUtf8(long, 0, long.length)).toBeUndefined();
  });

  test.each([
    ["ef bb bf", "\uFEFF"],
    ["ef bb bf ef bb bf 61", "\uFEFF\uFEFFa"],
    ["ef bf be", "\uFFFE"],
    ["ef bf bd", "\uFFFD"],
    ["ed 9f bf", "\uD7FF"],
    ["ee 80 80", "\uE000"],
    ["f4 8f bf bf", "\u{10FFFF}"],
    ["01 7f", "\u0001\u007F"],
    ["", ""],
  ])("keeps %s [MQTT-1.5.4-3 MQTT311-1.5.3-3]", (bytes, text) => {
    expect(decodeUtf8(hex(bytes), 0, hex(bytes).length)).toBe(text);
  });
});

describe("StringCache", () => {
  test("finds what was added, and nothing else, whatever else was added", () => {
    check(
      fc.array(fc.string({ unit: "binary", maxLength: 6 }), { maxLength: 40 }),
      (texts) => {
        const cache = new StringCache();
        for (const text of texts) {
          const bytes = encoder.encode(text);
          cache.find(bytes, 0, bytes.length);
          cache.keep(text);
          for (const other of texts) {
            const wanted = encoder.encode(other);
            const found = cache.find(wanted, 0, wanted.length);
            if (found !== undefined) same(found, other);
          }
        }
      },
      0.2,
    );
  });

  test("keeps short ASCII, and nothing long", () => {
    const cache = new StringCache();
    const find = (bytes: Uint8Array): string | undefined => cache.find(bytes, 0, bytes.length);
    const short = encoder.encode("home/kitchen");
    expect(find(short)).toBeUndefined();
    cache.keep("home/kitchen");
    expect(find(short)).toBe("home/kitchen");
    const long = encoder.encode("x".repeat(129));
    expect(find(long)).toBeUndefined();
    cache.keep("x".repeat(129));
    expect(find(long)).toBeUndefined();
    expect(find(short)).toBe("home/kitchen");
  });

  test("keeps nothing that bytes which are not UTF-8 could be taken for", () => {
    // The code of é, 0xE9, is a byte that cannot stand alone.
    const cache = new StringCache();
    for (let padding = 0; padding < 600; padding++) {
      const ascii = `${String.fromCharCode(33 + (padding % 90))}${padding}`;
      const accented = encoder.encode(`${ascii}é`);
      cache.find(accented, 0, accented.length);
      cache.keep(`${ascii}é`);
    }
    for (let padding = 0; padding < 600; padding++) {
      const ascii = encoder.encode(`${String.fromCharCode(33 + (padding % 90))}${padding}`);
      const latin = Uint8Array.of(...ascii, 0xe9);
      expect(cache.find(latin, 0, latin.length)).toBeUndefined();
    }
  });
});
