import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { packetsOf, versions } from "../testing/arbitraries/packets.ts";
import { concat, hex } from "../testing/hex.ts";
import { outcomeOf } from "../testing/outcome.ts";
import { check, cutAt, cuts, same } from "../testing/property-test.ts";
import { MalformedPacketError, PacketTooLargeError, ProtocolError } from "./errors.ts";
import { clientReaders, Decoder, encode, PacketDecoder } from "./mod.ts";
import type { ControlPacket } from "./mod.ts";

const pingreq = hex("c0 00");
const publish = hex('30 05 00 01 "t" "xy"');

/** What was thrown. */
function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

describe("chunking", () => {
  test.each(versions)("is invisible in version %i", (version) => {
    const streams = fc.tuple(packetsOf(version), cuts);
    check(
      streams,
      ([packets, places]) => {
        const bytes = concat(...packets.map((packet) => encode(packet, version)));
        same(outcomeOf({ version }, cutAt(bytes, places)), { packets, error: undefined });
      },
      0.5,
    );
  });

  test("push returns the packets that the chunk completes, and an empty array when there are none", () => {
    const decoder = new Decoder({ version: 4 });
    expect(decoder.push(new Uint8Array(0))).toStrictEqual([]);
    expect(decoder.push(publish.subarray(0, 6))).toStrictEqual([]);
    expect(decoder.push(concat(publish.subarray(6), pingreq, pingreq.subarray(0, 1)))).toMatchObject([
      { type: "publish", topicName: "t" },
      { type: "pingreq" },
    ]);
    expect(decoder.push(pingreq.subarray(1))).toStrictEqual([{ type: "pingreq" }]);
  });

  test("an answer in HTTP is recognised for what it is", () => {
    const answer = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n");
    expect(() => new Decoder().push(answer)).toThrow("begins with byte 72: is this the port of an HTTP server?");
    expect(() => new Decoder().push(hex("00 00"))).toThrow(/begins with byte 0$/);
  });

  test("decode tells the size of each packet, its header included", () => {
    const sizes: number[] = [];
    const long = encode({ type: "publish", topicName: "t", payload: new Uint8Array(16384) }, 4);
    const bytes = concat(publish, pingreq, long);
    const decoder = new Decoder({ version: 4 });
    for (const chunk of [bytes.subarray(0, 8), bytes.subarray(8, 100), bytes.subarray(100)]) {
      decoder.decode(chunk, (_packet, byteLength) => sizes.push(byteLength));
    }
    expect(sizes).toStrictEqual([7, 2, 16384 + 3 + 4]);
  });
});

describe("errors", () => {
  test("push hands over the good packets of the chunk with the error", () => {
    const decoder = new Decoder({ version: 4 });
    expect(decoder.push(pingreq)).toHaveLength(1);
    const error = thrownBy(() => decoder.push(concat(publish, pingreq, hex("00 00"))));
    expect(error).toBeInstanceOf(MalformedPacketError);
    expect(error).toMatchObject({ reasonCode: 0x81, offset: 0, packets: [{ type: "publish" }, { type: "pingreq" }] });
  });

  test("the error of a chunk without good packets has none", () => {
    expect(thrownBy(() => new Decoder().push(hex("00 00")))).toMatchObject({ packets: [] });
    expect(thrownBy(() => new Decoder().push(hex("40 02 00 00")))).toMatchObject({ packets: [] });
    expect(thrownBy(() => new Decoder({ maximumPacketSize: 1 }).push(pingreq))).toMatchObject({ packets: [] });
  });

  test("a decoder that has failed throws the same error whatever comes", () => {
    const decoder = new Decoder({ version: 4 });
    const error = thrownBy(() => decoder.push(hex("40 02 00 00")));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(thrownBy(() => decoder.push(pingreq))).toBe(error);
    expect(thrownBy(() => decoder.push(new Uint8Array(0)))).toBe(error);
    expect(
      thrownBy(() => {
        decoder.decode(pingreq, () => expect.unreachable());
      }),
    ).toBe(error);
    expect(
      thrownBy(() => {
        decoder.end();
      }),
    ).toBe(error);
  });

  test("what the consumer throws comes out as it is, and fails the decoder", () => {
    const decoder = new Decoder();
    const thrown = new Error("mine");
    const consumer = vi.fn(() => {
      throw thrown;
    });
    const decode = (): void => {
      decoder.decode(concat(pingreq, pingreq), consumer);
    };
    expect(thrownBy(decode)).toBe(thrown);
    expect(thrownBy(decode)).toBe(thrown);
    expect(consumer).toHaveBeenCalledTimes(1);
  });

  test.each([1, 2, 4, 6])("end throws within a packet, after %i bytes", (length) => {
    const decoder = new Decoder({ version: 4 });
    decoder.push(concat(pingreq, publish.subarray(0, length)));
    const error = thrownBy(() => {
      decoder.end();
    });
    expect(error).toBeInstanceOf(MalformedPacketError);
    expect(error).toMatchObject({ offset: length });
  });

  test("end does nothing between packets", () => {
    const decoder = new Decoder({ version: 4 });
    decoder.end();
    decoder.push(concat(publish, pingreq));
    decoder.end();
    expect(decoder.push(pingreq)).toHaveLength(1);
  });
});

test("many topics leave no trace on the next one, and an empty one stays empty", () => {
  const decoder = new Decoder({ version: 5 });
  const publish = { type: "publish", payload: new Uint8Array(0), qos: 0, retain: false, duplicate: false } as const;
  for (let count = 0; count < 3_000; count++) {
    const packet = { ...publish, topicName: `home/${count % 700}` };
    same(decoder.push(encode(packet, 5)), [packet]);
  }
  const nameless = { ...publish, topicName: "", properties: { topicAlias: 1 } };
  same(decoder.push(encode(nameless, 5)), [nameless]);
});

describe("maximumPacketSize", () => {
  test("counts the fixed header", () => {
    expect(new Decoder({ version: 4, maximumPacketSize: 7 }).push(publish)).toHaveLength(1);
    const error = thrownBy(() => new Decoder({ version: 4, maximumPacketSize: 6 }).push(publish));
    expect(error).toBeInstanceOf(PacketTooLargeError);
    expect(error).toMatchObject({ reasonCode: 0x95, offset: 1, size: 7, maximumPacketSize: 6 });
  });

  test("is judged by the header alone, before a byte of the body", () => {
    const decoder = new Decoder({ maximumPacketSize: 1000 });
    const header = hex("30 ff ff ff 7f");
    for (const byte of header.subarray(0, 4)) expect(decoder.push(Uint8Array.of(byte))).toHaveLength(0);
    expect(() => decoder.push(header.subarray(4))).toThrow(PacketTooLargeError);
    expect(decoder.bufferedBytes).toBeLessThanOrEqual(5);
  });

  test("may be changed on the way", () => {
    const decoder = new Decoder({ version: 4 });
    expect(decoder.push(publish)).toHaveLength(1);
    decoder.maximumPacketSize = 6;
    expect(() => decoder.push(publish)).toThrow(PacketTooLargeError);
  });

  test("is no matter for a packet whose header was accepted before, and is one for the next", () => {
    for (const cut of [2, 5]) {
      const decoder = new Decoder({ version: 4 });
      expect(decoder.push(publish.subarray(0, cut))).toHaveLength(0);
      decoder.maximumPacketSize = 6;
      expect(decoder.push(publish.subarray(cut))).toHaveLength(1);
      expect(() => decoder.push(publish)).toThrow(PacketTooLargeError);
    }
  });
});

describe("memory", () => {
  test("a header that promises 256 MiB and stalls costs next to nothing", () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders: Decoder[] = [];
    for (let count = 0; count < 20; count++) {
      const decoder = new Decoder({ version: 4 });
      decoder.push(hex('30 ff ff ff 7f 00 01 "t"'));
      expect(decoder.bufferedBytes).toBe(8);
      decoders.push(decoder);
    }
    const each = (process.memoryUsage().arrayBuffers - before) / decoders.length;
    expect(each).toBeLessThan(320 * 1024);
  });

  test("one byte at a time, a large packet is copied a constant number of times", () => {
    const payload = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251);
    const bytes = encode({ type: "publish", topicName: "t", payload }, 4);
    const sizes: number[] = [];

    const original = Uint8Array.prototype.set;
    const set = vi.spyOn(Uint8Array.prototype, "set").mockImplementation(function (this: Uint8Array, source, at) {
      sizes.push(source.length);
      original.call(this, source, at);
    });
    const packets: ControlPacket[] = [];
    const decoder = new Decoder({ version: 4 });
    const one = new Uint8Array(1);
    try {
      for (const byte of bytes) {
        one[0] = byte;
        decoder.decode(one, (packet) => packets.push(packet));
      }
    } finally {
      set.mockRestore();
    }
    same(packets, [{ type: "publish", topicName: "t", payload, qos: 0, retain: false, duplicate: false }]);
    // Doubling moves each byte once more on average, and only a few times in all; each byte comes in once.
    const copied = sizes.reduce((sum, size) => sum + size, 0);
    expect(copied).toBeLessThan(3 * bytes.length);
    expect(sizes.length === bytes.length || sizes.length < 32).toBe(true);
  });

  test("the payload of a packet that spans chunks does not share its buffer with another packet", () => {
    const decoder = new Decoder({ version: 4 });
    const payloads: Uint8Array[] = [];
    for (let count = 0; count < 3; count++) {
      for (const chunk of cutAt(publish, [0.5])) {
        for (const packet of decoder.push(chunk)) if (packet.type === "publish") payloads.push(packet.payload);
      }
    }
    expect(new Set(payloads.map(({ buffer }) => buffer)).size).toBe(3);
  });
});

describe("a decoder of what a client receives", () => {
  test("refuses what only a client sends, and any type that there is not", () => {
    const reading = (firstByte: number): (() => void) => {
      const decoder = new PacketDecoder(clientReaders);
      return () => {
        decoder.decode(Uint8Array.of(firstByte, 0), () => undefined);
      };
    };
    expect(reading(0xc0)).toThrow(expect.objectContaining({ name: "ProtocolError", reasonCode: 0x82, offset: 0 }));
    expect(reading(0x00)).toThrow(expect.objectContaining({ name: "MalformedPacketError", offset: 0 }));
    expect(reading(0xd0)).not.toThrow();
  });
});
