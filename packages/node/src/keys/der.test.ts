import { describe, expect, it } from "vitest";
import { contextTag, DerElement, DerError, derTag, encodeDer } from "./der.ts";

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function parse(hex: string): DerElement {
  // As a view, since that is what an element of another one is.
  const whole = bytes(`ff${hex}`);
  return DerElement.parse(whole.subarray(1));
}

describe("DerElement", () => {
  it("reads elements within elements", () => {
    const element = parse("30 08 02 01 05 a0 03 01 01 ff");
    expect(element.tag).toBe(derTag.sequence);
    expect(element.children()).toHaveLength(2);
    expect(element.child(0).smallInteger()).toBe(5);
    expect(element.child(1, contextTag(0)).child(0).boolean()).toBe(true);
    expect(element.child(1).bytes).toEqual(bytes("a0 03 01 01 ff"));
  });

  it("reads lengths of several octets", () => {
    const content = new Uint8Array(70_000).fill(7);
    const element = DerElement.parse(encodeDer(derTag.octetString, content));
    expect(Buffer.from(element.octetString()).equals(content)).toBe(true);
    expect(element.bytes.subarray(0, 5)).toEqual(bytes("04 83 01 11 70"));
    expect(DerElement.parse(encodeDer(derTag.octetString, content.subarray(0, 200))).bytes).toHaveLength(203);
  });

  it("reads the first element of several", () => {
    expect(DerElement.parseFirst(bytes("02 01 05 00 00")).bytes).toEqual(bytes("02 01 05"));
  });

  it.each([
    ["06 03 55 04 03", "2.5.4.3"],
    ["06 09 2a 86 48 86 f7 0d 01 01 0b", "1.2.840.113549.1.1.11"],
    ["06 01 27", "0.39"],
    ["06 01 28", "1.0"],
    ["06 02 88 37", "2.999"],
  ])("reads the object identifier %s", (hex, text) => {
    expect(parse(hex).objectIdentifier()).toBe(text);
  });

  it.each([
    ["02 01 00", 0n],
    ["02 01 ff", -1n],
    ["02 02 00 80", 128n],
    ["02 02 ff 7f", -129n],
    ["0a 01 06", 6n],
    ["02 09 01 00 00 00 00 00 00 00 00", 1n << 64n],
  ])("reads the number %s", (hex, value) => {
    expect(parse(hex).integer()).toBe(value);
  });

  it.each([
    ["17", "491231235959Z", "2049-12-31T23:59:59.000Z"],
    ["17", "500101000000Z", "1950-01-01T00:00:00.000Z"],
    ["18", "20500101000000Z", "2050-01-01T00:00:00.000Z"],
    ["18", "00990101000000Z", "0099-01-01T00:00:00.000Z"],
  ])("reads the time %s %s", (tag, text, time) => {
    expect(
      DerElement.parse(encodeDer(Number.parseInt(tag, 16), Buffer.from(text)))
        .time()
        .toISOString(),
    ).toBe(time);
  });

  it("reads bit strings", () => {
    expect(parse("03 02 05 a0").bitString()).toEqual({ bytes: bytes("a0"), unusedBits: 5 });
    expect(parse("03 01 00").bitString()).toEqual({ bytes: bytes(""), unusedBits: 0 });
  });

  it.each([
    ["nothing", ""],
    ["half a header", "30"],
    ["half a length", "30 82 01"],
    ["half a content", "04 02 00"],
    ["a rest", "05 00 00"],
    ["a long tag", "1f 81 01 00"],
    ["an indefinite length", "30 80 00 00"],
    ["a long length of a short content", "04 81 01 00"],
    ["a length with a leading zero", `04 82 00 80 ${"00".repeat(128)}`],
    ["a length of five octets", "04 85 01 00 00 00 00"],
    ["a length near 4 GiB", "04 84 ff ff ff ff 00"],
  ])("refuses %s", (_name, hex) => {
    expect(() => parse(hex)).toThrow(DerError);
  });

  it.each([
    ["children of a primitive", "04 01 00", (one: DerElement): unknown => one.children()],
    ["a child that is cut off", "30 02 04 01", (one: DerElement): unknown => one.children()],
    ["a child that is not there", "30 00", (one: DerElement): unknown => one.child(0)],
    ["another tag", "30 02 05 00", (one: DerElement): unknown => one.child(0, derTag.integer)],
    ["an empty number", "02 00", (one: DerElement): unknown => one.integer()],
    ["a number with a leading zero", "02 02 00 01", (one: DerElement): unknown => one.integer()],
    ["a number with a leading one", "02 02 ff 80", (one: DerElement): unknown => one.integer()],
    ["a negative size", "02 01 ff", (one: DerElement): unknown => one.smallInteger()],
    ["a huge size", "02 08 00 20 00 00 00 00 00 00", (one: DerElement): unknown => one.smallInteger()],
    ["another number than an integer", "04 01 00", (one: DerElement): unknown => one.integer()],
    ["an empty identifier", "06 00", (one: DerElement): unknown => one.objectIdentifier()],
    ["an identifier that is cut off", "06 02 55 84", (one: DerElement): unknown => one.objectIdentifier()],
    ["an identifier with a leading zero", "06 03 55 80 01", (one: DerElement): unknown => one.objectIdentifier()],
    ["an endless identifier", `06 81 81 ${"01".repeat(129)}`, (one: DerElement): unknown => one.objectIdentifier()],
    ["a boolean of 1", "01 01 01", (one: DerElement): unknown => one.boolean()],
    ["a bit string of nothing", "03 00", (one: DerElement): unknown => one.bitString()],
    ["a bit string with eight unused bits", "03 02 08 00", (one: DerElement): unknown => one.bitString()],
    ["a time without its zone", "17 0a 32 36 30 31 30 31 30 30 30 30", (one: DerElement): unknown => one.time()],
    ["another time than a time", "04 00", (one: DerElement): unknown => one.time()],
  ])("refuses %s", (_name, hex, read) => {
    expect(() => read(parse(hex))).toThrow(DerError);
  });

  it("refuses times that do not exist", () => {
    for (const text of ["20260230000000Z", "20261301000000Z", "20260101240000Z", "20260101006000Z"]) {
      expect(() => DerElement.parse(encodeDer(derTag.generalizedTime, Buffer.from(text))).time()).toThrow(DerError);
    }
  });

  it("goes down a bounded number of levels", () => {
    let nested: Uint8Array = bytes("05 00");
    for (let depth = 0; depth < 100; depth++) nested = encodeDer(derTag.sequence, nested);
    const descend = (): void => {
      for (let element = DerElement.parse(nested); element.isConstructed;) element = element.child(0);
    };
    expect(descend).toThrow(new DerError("The elements are nested too deeply"));
  });
});
