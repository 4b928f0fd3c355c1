import { describe, expect, it } from "vitest";
import { keyVector } from "../../testing/key-vectors.ts";
import { normalizeBer } from "./ber.ts";
import { DerElement, DerError } from "./der.ts";

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

describe("normalizeBer", () => {
  it.each([
    ["DER", "30 05 02 01 05 a0 00", "30 05 02 01 05 a0 00"],
    ["an indefinite length", "30 80 02 01 05 00 00", "30 03 02 01 05"],
    ["one in another", "30 80 30 80 00 00 05 00 00 00", "30 04 30 00 05 00"],
    ["a length that is too long", "30 82 00 03 02 01 05", "30 03 02 01 05"],
    ["a string in pieces", "24 80 04 01 aa 04 02 bb cc 00 00", "04 03 aa bb cc"],
    ["pieces in pieces", "24 09 24 04 04 02 aa bb 04 01 cc", "04 03 aa bb cc"],
    ["encrypted content in pieces", "a0 80 04 01 aa 04 01 bb 00 00", "80 02 aa bb"],
    ["what may be explicit", "a0 80 04 01 aa 00 00", "a0 03 04 01 aa"],
  ])("writes %s as DER", (_name, ber, der) => {
    expect(Buffer.from(normalizeBer(bytes(ber))).toString("hex")).toBe(der.replaceAll(" ", ""));
  });

  it("leaves DER as it is", () => {
    for (const name of ["pfx_3des", "pfx_rc2_40"] as const)
      expect(normalizeBer(keyVector(name))).toEqual(keyVector(name));
  });

  it.each([
    ["nothing", ""],
    ["no end", "30 80 02 01 05"],
    ["half an end", "30 80 02 01 05 00"],
    ["a primitive without a length", "04 80 00 00"],
    ["half a content", "30 04 02 01"],
    ["half a length", "30 82 01"],
    ["a length of five octets", "30 85 00 00 00 00 00"],
    ["more behind it", "05 00 00"],
    ["a hundred levels", "30 80 ".repeat(100)],
  ])("refuses %s", (_name, hex) => {
    expect(() => normalizeBer(bytes(hex))).toThrow(DerError);
  });

  it("refuses more elements than anything has", () => {
    const many = Buffer.concat([Buffer.of(0x30, 0x80), Buffer.alloc(500_000, Buffer.of(0x05, 0x00)), Buffer.of(0, 0)]);
    expect(() => normalizeBer(many)).toThrow(new DerError("There are too many elements"));
  });

  it("gives DER, or an error of its own, whatever the damage", () => {
    let seed = 99;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let round = 0; round < 500; round++) {
      const damaged = Buffer.from(keyVector("pfx_nss"));
      for (let changes = 1 + random(4); changes > 0; changes--) damaged[random(damaged.length)] = random(256);
      try {
        DerElement.parse(normalizeBer(damaged));
      } catch (error) {
        expect(error).toBeInstanceOf(DerError);
      }
    }
  });
});
