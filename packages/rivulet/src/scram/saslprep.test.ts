import independent from "@mongodb-js/saslprep";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { saslprep } from "./saslprep.ts";

const stored = (text: string): string | undefined => saslprep(text, false);
const query = (text: string): string | undefined => saslprep(text, true);

/** The same by another implementation, which fails where nothing is left. */
function other(text: string, allowUnassigned: boolean): string | undefined {
  if (/^(?:\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff)*$/.test(text)) return "";
  try {
    return independent(text, { allowUnassigned });
  } catch {
    return undefined;
  }
}

describe("saslprep", () => {
  // RFC 4013, section 3.
  test.each<[what: string, input: string, output: string | undefined]>([
    ["1: SOFT HYPHEN mapped to nothing", "I\u00adX", "IX"],
    ["2: no transformation", "user", "user"],
    ["3: case preserved, will not match #2", "USER", "USER"],
    ["4: output is NFKC, input in ISO 8859-1", "\u00aa", "a"],
    ["5: output is NFKC, will match #1", "\u2168", "IX"],
    ["6: error, prohibited character", "\u0007", undefined],
    ["7: error, bidirectional check", "\u0627\u0031", undefined],
  ])("RFC 4013, example %s", (_, input, output) => {
    expect(stored(input)).toBe(output);
    expect(query(input)).toBe(output);
  });

  // RFC 3454, by table or section.
  test.each<[what: string, input: string, output: string | undefined]>([
    ["C.1.2: a space beyond ASCII is one of ASCII", "a\u00a0b\u3000c\u200bd", "a b c d"],
    ["B.1: variation selectors and joiners are nothing", "a\ufe0fb\u200dc\u2060d\ufeff", "abcd"],
    ["C.1.1: a space of ASCII stays", " a ", " a "],
    ["C.2.1: control character", "a\u007f", undefined],
    ["C.2.2: control character", "a\u0085", undefined],
    ["C.2.2: a musical one", "a\u{1d175}", undefined],
    ["C.3: private use", "a\ue000", undefined],
    ["C.3: private use, plane 16", "a\u{100000}", undefined],
    ["C.4: no character", "a\ufffe", undefined],
    ["C.4: no character, plane 1", "a\u{1fffe}", undefined],
    ["C.4: no character, plane 15", "a\u{fffff}", undefined],
    ["C.5: a surrogate alone", "a\ud800b", undefined],
    ["C.6: inappropriate for plain text", "a\ufffd", undefined],
    ["C.7: ideographic description", "a\u2ff0", undefined],
    ["C.8: changes the display", "a\u202e", undefined],
    ["C.8: deprecated, which NFKC replaces", "a\u0340", "à"],
    ["C.9: tag", "a\u{e0001}", undefined],
    ["4: NFKC composes", "e\u0301", "é"],
    ["6: right to left throughout", "\u05d0\u05d1", "\u05d0\u05d1"],
    ["6: right to left, digits inside", "\u06271\u0628", "\u06271\u0628"],
    ["6: both directions", "\u0627a\u0628", undefined],
    ["6: right to left, begins otherwise", "1\u0627", undefined],
  ])("RFC 3454, %s", (_, input, output) => {
    expect(stored(input)).toBe(output);
    expect(query(input)).toBe(output);
  });

  test("allows what Unicode 3.2 did not know in queries only", () => {
    expect(stored("\u{1f600}")).toBeUndefined();
    expect(query("\u{1f600}")).toBe("\u{1f600}");
    expect(stored("\u0221")).toBeUndefined();
  });

  test("maps nothing to nothing", () => {
    expect([stored(""), query("\u00ad")]).toEqual(["", ""]);
  });

  test("agrees with another implementation on every code point, alone and beside letters of either direction", () => {
    const different: string[] = [];
    for (let codePoint = 0; codePoint <= 0x10_ffff; codePoint += 1) {
      const character = String.fromCodePoint(codePoint);
      // The other one's table C.4 lacks these two.
      if (codePoint === 0xf_fffe || codePoint === 0xf_ffff) continue;
      // Planes that have nothing but what is unassigned, tags, and private use: their borders will do.
      if (codePoint > 0x3_0000 && (codePoint & 0xffff) > 0x200 && (codePoint & 0xffff) < 0xff00) continue;
      if (query(character) !== other(character, true)) different.push(`query ${codePoint.toString(16)}`);
      const mixed = `\u05d0${character}\u05d0`;
      if (query(mixed) !== other(mixed, true)) different.push(`mixed ${codePoint.toString(16)}`);
      // The other one looks at what the platform's later Unicode has made of it.
      if (character.normalize("NFKC") !== character) continue;
      if (stored(character) !== other(character, false)) different.push(`stored ${codePoint.toString(16)}`);
    }
    expect(different).toEqual([]);
  });

  test("agrees with another implementation on strings", () => {
    const unit = fc.oneof(
      fc.constantFrom("a", "1", " ", "\u00a0", "\u00ad", "\u05d0", "\u0627", "\u2168", "e\u0301", "\u0007", "ß", "Ａ"),
      fc.string({ unit: "grapheme", maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 6 }), (input) => {
        expect(query(input)).toBe(other(input, true));
      }),
      { numRuns: 2000 },
    );
  });
});
