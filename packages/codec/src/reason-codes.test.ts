import { describe, expect, test } from "vitest";
import { isReasonCodeOf, reasonCodes, reasonCodeText } from "./mod.ts";
import type { PacketTypeWithReasonCode } from "./mod.ts";

// Section 2.4 by its rows: the code, and the packets that may carry it.
const table: readonly [number, ...PacketTypeWithReasonCode[]][] = [
  [0x00, "connack", "puback", "pubrec", "pubrel", "pubcomp", "suback", "unsuback", "disconnect", "auth"],
  [0x01, "suback"],
  [0x02, "suback"],
  [0x04, "disconnect"],
  [0x10, "puback", "pubrec"],
  [0x11, "unsuback"],
  [0x18, "auth"],
  [0x19, "auth"],
  [0x80, "connack", "puback", "pubrec", "suback", "unsuback", "disconnect"],
  [0x81, "connack", "disconnect"],
  [0x82, "connack", "disconnect"],
  [0x83, "connack", "puback", "pubrec", "suback", "unsuback", "disconnect"],
  [0x84, "connack"],
  [0x85, "connack"],
  [0x86, "connack"],
  [0x87, "connack", "puback", "pubrec", "suback", "unsuback", "disconnect"],
  [0x88, "connack"],
  [0x89, "connack", "disconnect"],
  [0x8a, "connack"],
  [0x8b, "disconnect"],
  [0x8c, "connack", "disconnect"],
  [0x8d, "disconnect"],
  [0x8e, "disconnect"],
  [0x8f, "suback", "unsuback", "disconnect"],
  [0x90, "connack", "puback", "pubrec", "disconnect"],
  [0x91, "puback", "pubrec", "suback", "unsuback"],
  [0x92, "pubrel", "pubcomp"],
  [0x93, "disconnect"],
  [0x94, "disconnect"],
  [0x95, "connack", "disconnect"],
  [0x96, "disconnect"],
  [0x97, "connack", "puback", "pubrec", "suback", "disconnect"],
  [0x98, "disconnect"],
  [0x99, "connack", "puback", "pubrec", "disconnect"],
  [0x9a, "connack", "disconnect"],
  [0x9b, "connack", "disconnect"],
  [0x9c, "connack", "disconnect"],
  [0x9d, "connack", "disconnect"],
  [0x9e, "suback", "disconnect"],
  [0x9f, "connack", "disconnect"],
  [0xa0, "disconnect"],
  [0xa1, "suback", "disconnect"],
  [0xa2, "suback", "disconnect"],
];

const packets = [
  "connack",
  "puback",
  "pubrec",
  "pubrel",
  "pubcomp",
  "suback",
  "unsuback",
  "disconnect",
  "auth",
] as const satisfies PacketTypeWithReasonCode[];

const statements: Readonly<Record<PacketTypeWithReasonCode, string>> = {
  connack: "MQTT-3.2.2-8",
  puback: "MQTT-3.4.2-1",
  pubrec: "MQTT-3.5.2-1",
  pubrel: "MQTT-3.6.2-1",
  pubcomp: "MQTT-3.7.2-1",
  suback: "MQTT-3.9.3-2",
  unsuback: "MQTT-3.11.3-2",
  disconnect: "MQTT-3.14.2-1",
  auth: "MQTT-3.15.2-1",
};

describe.each(packets)("%s", (packet) => {
  test(`may carry the reason codes of section 2.4 and no others [${statements[packet]}]`, () => {
    const expected = table.filter(([, ...where]) => where.includes(packet)).map(([code]) => code);
    const actual = Array.from({ length: 256 }, (_, code) => code).filter((code) => isReasonCodeOf(packet, code));
    expect(actual).toStrictEqual(expected);
  });
});

test("every code has a name, and every name a code of the table", () => {
  expect([...new Set(Object.values(reasonCodes))].sort((a, b) => a - b)).toStrictEqual(table.map(([code]) => code));
});

test.each([
  [0x00, "Success"],
  [0x01, "Granted QoS 1"],
  [0x10, "No matching subscribers"],
  [0x87, "Not authorized"],
  [0x9b, "QoS not supported"],
  [0xa2, "Wildcard subscriptions not supported"],
  [0x03, "Unknown reason"],
  [256, "Unknown reason"],
])("reasonCodeText(%i) is %j", (code, text) => {
  expect(reasonCodeText(code)).toBe(text);
});
