import { describe, expect, test } from "vitest";
import { hex, toHex } from "../testing/hex.ts";
import { describeMalformed, describeUnencodable, malformed, protocolError } from "../testing/vectors.ts";
import type { MalformedVector } from "../testing/vectors.ts";
import { InvalidTopicError, MalformedPacketError, ProtocolError } from "./errors.ts";
import { Decoder, encode, properties } from "./mod.ts";
import type { PropertyDefinition } from "./mod.ts";

// One valid value of each property, by hand: what stands behind the identifier, and the same again as a second value.
const values: Record<string, string> = {
  "01": "01",
  "02": "00 00 00 01",
  "03": '00 01 "x"',
  "08": '00 01 "x"',
  "09": '00 01 "x"',
  "0b": "01",
  "11": "00 00 00 01",
  "12": '00 01 "x"',
  "13": "00 01",
  "15": '00 01 "x"',
  "16": '00 01 "x"',
  "17": "01",
  "18": "00 00 00 01",
  "19": "01",
  "1a": '00 01 "x"',
  "1c": '00 01 "x"',
  "1f": '00 01 "x"',
  "21": "00 01",
  "22": "00 01",
  "23": "00 01",
  "24": "01",
  "25": "01",
  "26": '00 01 "x" 00 00',
  "27": "00 00 00 01",
  "28": "01",
  "29": "01",
  "2a": "01",
};

// A packet of each kind around a property list: bytes before, and bytes after.
const carriers: Record<string, [before: string, after: string]> = {
  connect: ['10 len 00 04 "MQTT" 05 02 00 00', '00 01 "c"'],
  will: ['10 len 00 04 "MQTT" 05 06 00 00 00 00 01 "c"', '00 01 "w" 00 00'],
  connack: ["20 len 00 00", ""],
  publish: ['30 len 00 01 "t"', ""],
  puback: ["40 len 00 01 00", ""],
  pubrec: ["50 len 00 01 00", ""],
  pubrel: ["62 len 00 01 00", ""],
  pubcomp: ["70 len 00 01 00", ""],
  subscribe: ["82 len 00 01", '00 01 "a" 00'],
  suback: ["90 len 00 01", "00"],
  unsubscribe: ["a2 len 00 01", '00 01 "a"'],
  unsuback: ["b0 len 00 01", "00"],
  disconnect: ["e0 len 00", ""],
  auth: ["f0 len 18", ""],
};

function withProperties(target: string, list: string): string {
  const [before, after] = carriers[target] ?? ["", ""];
  // AUTH has to have a method, and data needs one: section 3.15.2.2.2.
  const method = (target === "auth" && !list.includes("15 00")) || list.startsWith("16") ? '15 00 01 "m"' : "";
  const bytes = toHex(hex(`${list} ${method}`));
  return `${before} ${(bytes.length / 2).toString(16).padStart(2, "0")} ${bytes} ${after}`;
}

const definitions: [string, PropertyDefinition][] = Object.entries(properties);

describe.each(Object.keys(carriers))("properties of %s", (target) => {
  const [before = ""] = carriers[target] ?? [];
  const first = hex(before.replace("len", "00")).length + 1;
  const cases = Object.entries(values).map(([identifier, value]) => {
    const definition = definitions.find(
      ([, row]) => row.identifier === Number.parseInt(identifier, 16) && row.targets.some((one) => one === target),
    )?.[1];
    return { identifier, value, list: `${identifier} ${value}`, definition };
  });
  const own = cases.filter(({ definition }) => definition !== undefined);
  const foreign = cases.filter(({ definition }) => definition === undefined);

  test.each(own)("0x$identifier may stand here", ({ list }) => {
    const bytes = hex(withProperties(target, list));
    const [packet] = new Decoder({ version: 5 }).push(bytes);
    if (packet === undefined) throw new Error("Nothing was decoded");
    expect(toHex(encode(packet, 5))).toBe(toHex(bytes));
  });

  test.each(own)("0x$identifier may stand twice if it is repeatable [2.2.2.2]", ({ list, value, definition }) => {
    const bytes = hex(withProperties(target, `${list} ${list}`));
    const decode = (): unknown => new Decoder({ version: 5 }).push(bytes);
    if (definition?.repeatable === true) expect(decode()).toHaveLength(1);
    else
      expect(decode).toThrow(expect.objectContaining({ name: "ProtocolError", offset: first + 1 + hex(value).length }));
  });

  test.each(foreign)("0x$identifier may not stand here [2.2.2.2]", ({ list }) => {
    const bytes = hex(withProperties(target, list));
    expect(() => new Decoder({ version: 5 }).push(bytes)).toThrow(
      expect.objectContaining({ name: "MalformedPacketError", offset: first }),
    );
  });
});

describe("property lists", () => {
  const publish = '30 len 00 01 "t"';
  describeMalformed(
    [
      { name: "an unknown property", list: "04 2b 00 00 00", error: malformed(6) },
      { name: "property 0", list: "01 00", error: malformed(6) },
      { name: "an identifier of two bytes", list: "03 81 01 00", error: malformed(6) },
      {
        name: "an identifier that is longer than it need be",
        list: "03 81 00 01",
        clause: "MQTT-1.5.5-1",
        error: malformed(6),
      },
      { name: "an identifier beyond four bytes", list: "05 ff ff ff ff 01", error: malformed(6) },
      { name: "a length that is longer than it need be", list: "80 00", clause: "MQTT-1.5.5-1", error: malformed(5) },
      { name: "a length of four bytes and more to come", list: "ff ff ff ff", error: malformed(5) },
      { name: "a length cut short", list: "80", error: malformed(6) },
      { name: "a length beyond the packet", list: "02 01", error: malformed(5) },
      { name: "an identifier without its value", list: "01 01", error: malformed(7) },
      { name: "a two byte integer cut short by the list", list: "02 23 00 01", error: malformed(7) },
      { name: "a four byte integer cut short by the list", list: "04 02 00 00 00 01", error: malformed(7) },
      { name: "a variable byte integer cut short by the list", list: "02 0b 80 01", error: malformed(8) },
      { name: "a variable byte integer that is longer than it need be", list: "03 0b 81 00", error: malformed(7) },
      { name: "a variable byte integer of five bytes", list: "06 0b 80 80 80 80 01", error: malformed(7) },
      { name: "a string cut short by the list", list: '04 03 00 02 "a" "b"', error: malformed(9) },
      { name: "a string's length cut short by the list", list: "02 03 00 00", error: malformed(7) },
      { name: "binary data cut short by the list", list: "04 09 00 02 01 02", error: malformed(9) },
      { name: "a pair without its value", list: '04 26 00 01 "a"', error: malformed(10) },
      { name: "a name that is not UTF-8", list: "06 26 00 01 ff 00 00", clause: "MQTT-1.5.7-1", error: malformed(7) },
      {
        name: "a value with a null character",
        list: "06 26 00 00 00 01 00",
        clause: "MQTT-1.5.7-1",
        error: malformed(9),
      },
      { name: "payload format indicator 2", list: "02 01 02", error: protocolError(7) },
      { name: "topic alias 0", list: "03 23 00 00", clause: "MQTT-3.3.2-8", error: protocolError(7, 0x94) },
      { name: "an empty response topic", list: "03 08 00 00", clause: "MQTT-3.3.2-13", error: malformed(7) },
      {
        name: "a response topic that is not UTF-8",
        list: "04 08 00 01 ff",
        clause: "MQTT-3.3.2-13",
        error: malformed(7),
      },
      {
        name: "a content type that is not UTF-8",
        list: "04 03 00 01 ff",
        clause: "MQTT-3.3.2-19",
        error: malformed(7),
      },
    ].map(({ list, ...vector }): MalformedVector => ({
      clause: "2.2.2",
      ...vector,
      versions: [5],
      hex: `${publish} ${list}`,
    })),
  );

  describeUnencodable([
    {
      name: "a property of another packet",
      clause: "2.2.2.2",
      versions: [5],
      packet: { type: "puback", packetIdentifier: 1, properties: { topicAlias: 1 } as object },
      error: ProtocolError,
    },
    {
      name: "an unknown property",
      clause: "2.2.2.2",
      versions: [5],
      packet: { type: "puback", packetIdentifier: 1, properties: { toString: "x" } as object },
      error: ProtocolError,
    },
    {
      name: "an empty response topic",
      clause: "MQTT-3.3.2-13",
      versions: [5],
      packet: { type: "publish", topicName: "t", payload: new Uint8Array(0), properties: { responseTopic: "" } },
      error: InvalidTopicError,
    },
    {
      name: "a string beyond 65,535 bytes",
      clause: "1.5.4",
      versions: [5],
      packet: { type: "puback", packetIdentifier: 1, properties: { reasonString: "x".repeat(65536) } },
      error: MalformedPacketError,
    },
    {
      name: "a content type with a lone surrogate",
      clause: "MQTT-3.3.2-19",
      versions: [5],
      packet: { type: "publish", topicName: "t", payload: new Uint8Array(0), properties: { contentType: "\uDC00" } },
      error: MalformedPacketError,
    },
    {
      name: "a user property whose name has a null character",
      clause: "MQTT-1.5.7-1",
      versions: [5],
      packet: { type: "puback", packetIdentifier: 1, properties: { userProperties: [["a\0", "b"]] } },
      error: MalformedPacketError,
    },
    {
      name: "a user property with a lone surrogate",
      clause: "MQTT-1.5.7-1",
      versions: [5],
      packet: { type: "puback", packetIdentifier: 1, properties: { userProperties: [["a", "\uD800"]] } },
      error: MalformedPacketError,
    },
  ]);

  test("a property that is undefined is absent", () => {
    const undefinedOnly = { reasonString: undefined } as object;
    expect(encode({ type: "puback", packetIdentifier: 1, properties: undefinedOnly }, 5)).toStrictEqual(
      hex("40 02 00 01"),
    );
    expect(encode({ type: "puback", packetIdentifier: 1, properties: undefinedOnly }, 4)).toStrictEqual(
      hex("40 02 00 01"),
    );
    const among = { reasonString: undefined, userProperties: [["", ""]] } as object;
    expect(encode({ type: "puback", packetIdentifier: 1, properties: among }, 5)).toStrictEqual(
      hex("40 09 00 01 00 05 26 00 00 00 00"),
    );
    const properties = { ...undefinedOnly, userProperties: [] };
    expect(encode({ type: "puback", packetIdentifier: 1, properties }, 5)).toStrictEqual(hex("40 02 00 01"));
  });

  test("user properties named as what objects inherit are no danger", () => {
    const userProperties: [string, string][] = [
      ["__proto__", "x"],
      ["constructor", "y"],
    ];
    const packet = { type: "puback", packetIdentifier: 1, reasonCode: 0, properties: { userProperties } } as const;
    expect(new Decoder({ version: 5 }).push(encode(packet, 5))).toStrictEqual([packet]);
  });
});
