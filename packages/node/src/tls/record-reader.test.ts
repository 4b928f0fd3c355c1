import { describe, expect, it } from "vitest";
import { describeRecord, RecordReader, type RecordHeader } from "./record-reader.ts";

/** Records with what is in them: a ClientHello's head, one without content, one that is long, an alert. */
const records = [
  Uint8Array.of(22, 3, 1, 0, 3, 0xaa, 0xbb, 0xcc),
  Uint8Array.of(23, 3, 3, 0, 0),
  Uint8Array.of(23, 3, 3, 1, 4, ...new Uint8Array(260).fill(22)),
  Uint8Array.of(21, 3, 3, 0, 2, 1, 0),
];
const stream = Uint8Array.from(records.flatMap((record) => [...record]));
const expected: readonly RecordHeader[] = [
  { contentType: 22, version: 0x0301, length: 3 },
  { contentType: 23, version: 0x0303, length: 0 },
  { contentType: 23, version: 0x0303, length: 260 },
  { contentType: 21, version: 0x0303, length: 2 },
];

function readIn(pieces: readonly Uint8Array[]): readonly RecordHeader[] {
  const found: RecordHeader[] = [];
  const reader = new RecordReader((header) => found.push(header));
  for (const piece of pieces) reader.read(piece);
  return found;
}

describe("a reader of records", () => {
  it("finds all in one piece", () => {
    expect(readIn([stream])).toEqual(expected);
  });

  it("finds the same in pieces of any size", () => {
    for (let size = 1; size < stream.length; size++) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size) pieces.push(stream.subarray(at, at + size));
      expect(readIn(pieces)).toEqual(expected);
    }
  });

  it("finds the same wherever the stream is cut in two, and tells of a record once its head is there", () => {
    for (let at = 0; at <= stream.length; at++) {
      expect(readIn([stream.subarray(0, at), new Uint8Array(0), stream.subarray(at)])).toEqual(expected);
    }
    expect(readIn([stream.subarray(0, 4)])).toEqual([]);
    expect(readIn([stream.subarray(0, 5)])).toEqual(expected.slice(0, 1));
  });
});

describe("a record", () => {
  it("is described by its head", () => {
    expect(describeRecord({ contentType: 22, version: 0x0301, length: 517 })).toBe("handshake, TLS 1.0, 517 bytes");
    expect(describeRecord({ contentType: 99, version: 0x0205, length: 0 })).toBe(
      "content type 99, version 0x0205, 0 bytes",
    );
  });
});
