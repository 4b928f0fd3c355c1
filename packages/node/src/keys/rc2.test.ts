import { describe, expect, it } from "vitest";
import { decipherRc2 } from "./rc2.ts";

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** Section 5 of RFC 2268, of those whose effective length is that of the key. */
const vectors = [
  ["ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"],
  ["3000000000000000", "1000000000000001", "30649edf9be7d2c2"],
  ["88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"],
] as const;

describe("decipherRc2", () => {
  it.each(vectors)("reads what %s has encrypted", (key, plain, encrypted) => {
    // The vectors are single blocks without padding: what comes before makes a padding of 8 out of the plain text.
    const iv = bytes(plain).map((octet) => octet ^ 8);
    expect(decipherRc2(bytes(encrypted), { key: bytes(key), iv })).toEqual(new Uint8Array(0));
  });

  it("tells wrong padding", () => {
    const [key, , encrypted] = vectors[0];
    expect(decipherRc2(bytes(encrypted), { key: bytes(key), iv: new Uint8Array(8) })).toBeUndefined();
    expect(decipherRc2(new Uint8Array(7), { key: bytes(key), iv: new Uint8Array(8) })).toBeUndefined();
    expect(decipherRc2(new Uint8Array(0), { key: bytes(key), iv: new Uint8Array(8) })).toBeUndefined();
  });
});
