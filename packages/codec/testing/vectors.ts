import { describe, expect, test } from "vitest";
import { BatchWriter, encode, encodedLength, encodeInto } from "../src/mod.ts";
import type { ControlPacket, ControlPacketInput, ProtocolVersion } from "../src/mod.ts";
import { clauseOf } from "./clauses.ts";
import { concat, hex, toHex } from "./hex.ts";
import { outcomeOf, whole } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";

/** Bytes, and the packet that they are, in both directions. */
export interface Vector {
  name: string;
  /** Section of MQTT 5.0, or of 3.1.1 with `311-` before it; or numbers of statements, see `clauseOf`. */
  clause: string;
  versions: readonly ProtocolVersion[];
  hex: string;
  packet: ControlPacket;
  /** What `encode` writes where `hex` is a longer way to say the same. */
  canonical?: string;
  /** The packet can be received and not be sent: it is another version's. */
  decodeOnly?: true;
}

/** Bytes that are no packet, and the error that says so. */
export interface MalformedVector {
  name: string;
  clause: string;
  versions: readonly ProtocolVersion[];
  hex: string;
  error: ExpectedError;
}

/** A packet that cannot be written, and the error that says so. */
export interface UnencodableVector {
  name: string;
  clause: string;
  versions: readonly ProtocolVersion[];
  packet: ControlPacketInput;
  error: new (...values: never[]) => Error;
}

interface ExpectedError {
  name: "MalformedPacketError" | "ProtocolError";
  reasonCode: number;
  offset: number;
}

/** A MalformedPacketError at this offset. */
export function malformed(offset: number, reasonCode = 0x81): ExpectedError {
  return { name: "MalformedPacketError", reasonCode, offset };
}

/** A ProtocolError at this offset. */
export function protocolError(offset: number, reasonCode = 0x82): ExpectedError {
  return { name: "ProtocolError", reasonCode, offset };
}

const pingreq = Uint8Array.of(0xc0, 0x00);

/** Decodes each vector whole, cut, embedded and followed by others, and encodes it back in each of the ways there are. */
export function describeVectors(vectors: readonly Vector[]): void {
  const cases = eachVersion(vectors);
  const encodable = cases.filter(({ decodeOnly }) => decodeOnly !== true);

  describe("decodes", () => {
    eachOf(cases, ({ version, packet, ...vector }) => {
      const bytes = hex(vector.hex);
      const expected: Outcome = { packets: [packet], error: undefined };
      expect(whole(bytes, { version }), "whole").toStrictEqual(expected);
      expect(outcomeOf({ version }, eachByte(bytes)), "byte by byte").toStrictEqual(expected);
      for (let cut = 1; cut < bytes.length; cut++) {
        const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)];
        expect(outcomeOf({ version }, chunks), `cut at ${cut}`).toStrictEqual(expected);
      }
      const followed: Outcome = { packets: [packet, { type: "pingreq" }], error: undefined };
      expect(whole(concat(bytes, pingreq), { version }), "followed").toStrictEqual(followed);
      expect(outcomeOf({ version }, [concat(bytes, pingreq.subarray(0, 1)), pingreq.subarray(1)])).toStrictEqual(
        followed,
      );
      const embedded = concat(pingreq, Uint8Array.of(0xff, 0xff, 0xff), bytes, Uint8Array.of(0xff));
      expect(whole(embedded.subarray(5, 5 + bytes.length), { version }), "subarray").toStrictEqual(expected);
    });
  });

  describe("encodes", () => {
    eachOf(encodable, ({ version, packet, canonical, ...vector }) => {
      const bytes = hex(canonical ?? vector.hex);
      expect(toHex(encode(packet, version))).toBe(toHex(bytes));
      expect(encodedLength(packet, version)).toBe(bytes.length);
      expectEncodeInto(packet, version, bytes);
      const batch = new BatchWriter({ version });
      expect(batch.add(packet)).toBe(bytes.length);
      expect(batch.add(packet)).toBe(bytes.length);
      expect(batch.byteLength).toBe(2 * bytes.length);
      expect(toHex(batch.take())).toBe(toHex(concat(bytes, bytes)));
    });
  });
}

/** Each vector must give its error, at its offset, however the bytes are cut. */
export function describeMalformed(vectors: readonly MalformedVector[]): void {
  const cases = eachVersion(vectors);
  describe("refuses to decode", () => {
    eachOf(cases, ({ version, error, ...vector }) => {
      const bytes = hex(vector.hex);
      const outcome = whole(bytes, { version });
      expect(outcome.packets).toStrictEqual([]);
      expect(outcome.error, JSON.stringify(outcome)).toMatchObject(error);
      expect(outcomeOf({ version }, eachByte(bytes)), "byte by byte").toStrictEqual(outcome);
      for (let cut = 1; cut < bytes.length; cut++) {
        const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)];
        expect(outcomeOf({ version }, chunks), `cut at ${cut}`).toStrictEqual(outcome);
      }
      const after: Outcome = { packets: [{ type: "pingreq" }], error: outcome.error };
      expect(whole(concat(pingreq, bytes), { version }), "after a good packet").toStrictEqual(after);
    });
  });
}

/** Each packet must be refused in each of the ways to encode, before anything is written. */
export function describeUnencodable(vectors: readonly UnencodableVector[]): void {
  const cases = eachVersion(vectors);
  describe("refuses to encode", () => {
    eachOf(cases, ({ version, packet, error }) => {
      expect(() => encode(packet, version)).toThrow(error);
      expect(() => encodedLength(packet, version)).toThrow(error);
      const target = new Uint8Array(64).fill(0xaa);
      expect(() => encodeInto(packet, version, target, 1)).toThrow(error);
      expect(target).toStrictEqual(new Uint8Array(64).fill(0xaa));
      const batch = new BatchWriter({ version });
      batch.add({ type: "pingreq" });
      expect(() => batch.add(packet)).toThrow(error);
      expect(batch.take()).toStrictEqual(pingreq);
    });
  });
}

function expectEncodeInto(packet: ControlPacket, version: ProtocolVersion, bytes: Uint8Array): void {
  const room = new Uint8Array(bytes.length + 12).fill(0xaa);
  // A view with an offset of its own, to catch a codec that writes at the start of the buffer.
  const target = room.subarray(4, bytes.length + 9);
  expect(encodeInto(packet, version, target, 3)).toBe(bytes.length);
  const expected = new Uint8Array(bytes.length + 12).fill(0xaa);
  expected.set(bytes, 7);
  expect(toHex(room)).toBe(toHex(expected));

  const tight = new Uint8Array(bytes.length + 2).fill(0xaa);
  expect(() => encodeInto(packet, version, tight, 3)).toThrow(RangeError);
  expect(toHex(tight)).toBe("aa".repeat(tight.length));
}

/** A vector for each of its versions, with the number that its statement has there. */
function eachVersion<T extends { readonly clause: string; readonly versions: readonly ProtocolVersion[] }>(
  vectors: readonly T[],
): (T & { readonly version: ProtocolVersion })[] {
  return vectors.flatMap((vector) =>
    vector.versions.map((version) => ({ ...vector, version, clause: clauseOf(vector.clause, version) })),
  );
}

/** A test for each case. Not with `test.each`, which would shorten a long list of statements in the title. */
function eachOf<T extends { readonly name: string; readonly clause: string; readonly version: ProtocolVersion }>(
  cases: readonly T[],
  body: (one: T) => void,
): void {
  for (const one of cases) {
    test(`${one.name} (version ${one.version}) [${one.clause}]`, () => {
      body(one);
    });
  }
}

function eachByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
}
