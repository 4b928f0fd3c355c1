import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packetsOf, versions } from "../testing/arbitraries/packets.ts";
import { concat, hex, toHex } from "../testing/hex.ts";
import { outcomeOf } from "../testing/outcome.ts";
import { check, cutAt, cuts, same } from "../testing/property-test.ts";
import { InvalidTopicError, MalformedPacketError, PacketTooLargeError } from "./errors.ts";
import { BatchWriter, encode } from "./mod.ts";

describe("BatchWriter", () => {
  test.each(versions)(
    "what it writes in version %i is what encode writes, and decodes however it is cut",
    (version) => {
      check(
        fc.tuple(packetsOf(version), cuts),
        ([packets, places]) => {
          const batch = new BatchWriter({ version });
          const sizes = packets.map((packet) => batch.add(packet));
          const encoded = packets.map((packet) => encode(packet, version));
          same(
            sizes,
            encoded.map(({ length }) => length),
          );
          same(
            batch.byteLength,
            sizes.reduce((sum, size) => sum + size, 0),
          );
          const bytes = batch.take();
          same(toHex(bytes), toHex(concat(...encoded)));
          same(batch.byteLength, 0);
          same(outcomeOf({ version }, cutAt(bytes, places)), { packets, error: undefined });
        },
        0.5,
      );
    },
  );

  test("refuses what is no packet, as the first one too", () => {
    const batch = new BatchWriter();
    for (const type of [undefined, "constructor"] as never[]) {
      expect(() => batch.add({ type })).toThrow(MalformedPacketError);
      batch.add({ type: "pingreq" });
    }
    expect(batch.byteLength).toBe(4);
  });

  test("is of version 5 unless told otherwise, and may change", () => {
    const batch = new BatchWriter();
    batch.add({ type: "unsuback", packetIdentifier: 1, reasonCodes: [0] });
    batch.version = 4;
    batch.add({ type: "unsuback", packetIdentifier: 2 });
    expect(batch.take()).toStrictEqual(hex("b0 04 00 01 00 00 b0 02 00 02"));
  });

  test("an empty batch is empty", () => {
    const batch = new BatchWriter();
    expect(batch.take()).toHaveLength(0);
    batch.add({ type: "pingreq" });
    expect(batch.take()).toHaveLength(2);
    expect(batch.take()).toHaveLength(0);
  });

  test("what was taken stays as it is", () => {
    const batch = new BatchWriter({ version: 4 });
    const taken: Uint8Array[] = [];
    const expected: string[] = [];
    // More than a buffer of 64 KiB altogether, in batches of different sizes, some larger than the buffer.
    for (let count = 0; count < 60; count++) {
      const payload = new Uint8Array(count % 20 === 19 ? 100_000 : 97 * count).fill(count);
      const packets = [{ type: "pingreq" }, { type: "publish", topicName: "t", payload }] as const;
      for (const packet of packets) batch.add(packet);
      taken.push(batch.take());
      expected.push(toHex(concat(...packets.map((packet) => encode(packet, 4)))));
    }
    expect(taken.map(toHex)).toStrictEqual(expected);
  });

  test("a batch that outgrows its buffer keeps what is in it", () => {
    const batch = new BatchWriter({ version: 4 });
    const payload = Uint8Array.from({ length: 30_000 }, (_, index) => index % 253);
    const packet = { type: "publish", topicName: "t", payload } as const;
    for (let count = 0; count < 20; count++) batch.add(packet);
    const one = encode(packet, 4);
    expect(toHex(batch.take())).toBe(toHex(one).repeat(20));
  });

  test("takes bytes as they are between packets, also more than a buffer holds", () => {
    const batch = new BatchWriter({ version: 4, maximumPacketSize: 4 });
    const raw = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
    batch.add({ type: "pingreq" });
    batch.addBytes(raw.subarray(1, 3));
    batch.add({ type: "pingresp" });
    batch.addBytes(raw);
    expect(batch.byteLength).toBe(6 + raw.length);
    expect(toHex(batch.take())).toBe(toHex(concat(hex("c0 00 01 02 d0 00"), raw)));
  });

  test("maximumPacketSize counts the fixed header, and a refusal changes nothing", () => {
    const batch = new BatchWriter({ version: 4, maximumPacketSize: 4 });
    expect(batch.add({ type: "puback", packetIdentifier: 1 })).toBe(4);
    const publish = { type: "publish", topicName: "t", payload: new Uint8Array(0) } as const;
    expect(() => batch.add(publish)).toThrow(PacketTooLargeError);
    expect(() => batch.add({ ...publish, topicName: "#" })).toThrow(InvalidTopicError);
    expect(batch.byteLength).toBe(4);
    batch.maximumPacketSize = 5;
    expect(batch.add(publish)).toBe(5);
    expect(batch.take()).toStrictEqual(hex('40 02 00 01 30 03 00 01 "t"'));
  });
});
