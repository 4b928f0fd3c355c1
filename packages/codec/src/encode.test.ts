import { describe, expect, test } from "vitest";
import { packetOf, versions } from "../testing/arbitraries/packets.ts";
import { toHex } from "../testing/hex.ts";
import { check, same } from "../testing/property-test.ts";
import { whole } from "../testing/outcome.ts";
import { InvalidTopicError, MalformedPacketError, PacketTooLargeError } from "./errors.ts";
import { encode, encodedLength, encodeInto } from "./mod.ts";
import type { ControlPacketInput } from "./mod.ts";

describe.each(versions)("any packet of version %i", (version) => {
  test("decodes to what was encoded", () => {
    check(packetOf(version), (packet) => {
      same(whole(encode(packet, version), { version }), { packets: [packet], error: undefined });
    });
  });

  test("has one encoding, of the length that encodedLength tells", () => {
    check(packetOf(version), (packet) => {
      const bytes = encode(packet, version);
      same(encodedLength(packet, version), bytes.length);
      const [decoded] = whole(bytes, { version }).packets;
      if (decoded === undefined) throw new Error("Nothing was decoded");
      same(toHex(encode(decoded, version)), toHex(bytes));
    });
  });

  test("is written by encodeInto where it is told to, and nowhere else", () => {
    check(packetOf(version), (packet) => {
      const bytes = encode(packet, version);
      const target = new Uint8Array(bytes.length + 9).fill(0x5a);
      same(encodeInto(packet, version, target, 4), bytes.length);
      same(toHex(target), `5a5a5a5a${toHex(bytes)}5a5a5a5a5a`);
    });
  });

  test("is not changed by being encoded", () => {
    check(packetOf(version), (packet) => {
      const before = structuredClone(packet);
      encode(packet, version);
      same(packet, before);
    });
  });
});

test("encodeInto begins at 0 when no offset is given", () => {
  const target = new Uint8Array(3);
  expect(encodeInto({ type: "pingreq" }, 5, target)).toBe(2);
  expect(toHex(target)).toBe("c00000");
});

test.each([-1, 1.5, 3, Number.NaN, Infinity])("encodeInto refuses the offset %d", (offset) => {
  const target = new Uint8Array(4).fill(1);
  expect(() => encodeInto({ type: "pingreq" }, 5, target, offset)).toThrow(RangeError);
  expect(toHex(target)).toBe("01010101");
});

test.each(["connec", "toString", "__proto__", undefined, 3])("the packet type %s is refused", (type) => {
  const packet = { type } as unknown as ControlPacketInput;
  expect(() => encode(packet, 5)).toThrow(MalformedPacketError);
});

test("a packet beyond the largest Remaining Length is refused [1.5.5]", () => {
  const payload = new Uint8Array(268_435_456);
  const publish = { type: "publish", topicName: "t", payload } as const;
  expect(() => encodedLength(publish, 4)).toThrow(PacketTooLargeError);
  const largest = { ...publish, payload: payload.subarray(0, 268_435_455 - 3) };
  expect(encodedLength(largest, 4)).toBe(268_435_460);
});

test("a value of another type is refused, not coerced", () => {
  const wrong: unknown[] = [
    { type: "publish", topicName: "t", payload: "text" },
    { type: "publish", topicName: "t", payload: [1, 2] },
    { type: "publish", topicName: "t", payload: new Uint8Array(1), qos: "1", packetIdentifier: 1 },
    { type: "puback", packetIdentifier: "1" },
    { type: "puback", packetIdentifier: 1, properties: { reasonString: 1 } },
    { type: "puback", packetIdentifier: 1, properties: { userProperties: "a" } },
    { type: "puback", packetIdentifier: 1, properties: { userProperties: [["a"]] } },
    { type: "puback", packetIdentifier: 1, properties: { userProperties: [{ a: "b" }] } },
    { type: "connect", clientIdentifier: undefined },
    { type: "connect", clientIdentifier: "c", password: "text" },
    { type: "connect", clientIdentifier: "c", properties: { receiveMaximum: 65536 } },
    { type: "connect", clientIdentifier: "c", properties: { sessionExpiryInterval: 4294967296 } },
    { type: "connect", clientIdentifier: "c", properties: { sessionExpiryInterval: -1 } },
  ];
  for (const packet of wrong) expect(() => encode(packet as ControlPacketInput, 5)).toThrow(MalformedPacketError);
  const topicName = 7 as unknown as string;
  expect(() => encode({ type: "publish", topicName, payload: new Uint8Array(1) }, 5)).toThrow(InvalidTopicError);
});
