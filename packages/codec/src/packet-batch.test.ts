import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packetsOf, versions } from "../testing/arbitraries/packets.ts";
import { concat, toHex } from "../testing/hex.ts";
import { check, same } from "../testing/property-test.ts";
import { clientWriters, encode, MalformedPacketError, PacketBatch, PacketTooLargeError } from "./mod.ts";
import { allWriters } from "./packets/all-packets.ts";

describe("payloads that are pieces of their own", () => {
  test.each(versions)("make the same bytes in version %i, and are not copied", (version) => {
    check(
      fc.tuple(fc.array(packetsOf(version), { maxLength: 4 }), fc.integer({ min: 1, max: 20 })),
      ([batches, leastOwnPiece]) => {
        const batch = new PacketBatch(allWriters, { version });
        batch.leastOwnPiece = leastOwnPiece;
        for (const packets of batches) {
          const size = packets.reduce((sum, packet) => sum + batch.add(packet), 0);
          same(batch.byteLength, size);
          const pieces = batch.takePieces();
          same(toHex(concat(...pieces)), toHex(concat(...packets.map((packet) => encode(packet, version)))));
          same(batch.byteLength, 0);
          const payloads = packets.flatMap((packet) => (packet.type === "publish" ? [packet.payload] : []));
          const own = payloads.filter(({ length }) => length >= leastOwnPiece);
          same(pieces.filter((piece) => own.includes(piece)).length, own.length);
          expect(pieces.every(({ length }) => length > 0)).toBe(true);
        }
        expect(batch.takePieces()).toStrictEqual([]);
      },
      0.25,
    );
  });

  test("are written where the same bytes are a property, too", () => {
    const batch = new PacketBatch(clientWriters);
    batch.leastOwnPiece = 3;
    const payload = new Uint8Array([1, 2, 3]);
    const packet = { type: "publish", topicName: "t", payload, properties: { correlationData: payload } } as const;
    batch.add(packet);
    same(toHex(concat(...batch.takePieces())), toHex(encode(packet, 5)));
  });

  test("leave the batch as it was when the packet is too large", () => {
    const batch = new PacketBatch(clientWriters, { maximumPacketSize: 100 });
    batch.leastOwnPiece = 50;
    batch.add({ type: "pingreq" });
    const packet = { type: "publish", topicName: "t", payload: new Uint8Array(100) } as const;
    expect(() => batch.add(packet)).toThrow(PacketTooLargeError);
    expect(batch.takePieces()).toStrictEqual([new Uint8Array([0xc0, 0])]);
  });
});

test.each(["connack", "constructor", "__proto__"])("a batch for clients does not write %s", (type) => {
  const batch = new PacketBatch(clientWriters);
  expect(() => batch.add({ type } as never)).toThrow(MalformedPacketError);
});

test("a batch begins with a small buffer, and goes on with larger ones", () => {
  const batch = new PacketBatch(clientWriters);
  const sizes = new Set<number>();
  for (let count = 0; count < 100_000; count++) {
    batch.add({ type: "puback", packetIdentifier: 1 });
    for (const { buffer } of batch.takePieces()) sizes.add(buffer.byteLength);
  }
  expect([...sizes]).toStrictEqual([256, 1024, 4096, 16_384, 65_536]);
});
