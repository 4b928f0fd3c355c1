import { describe, expect, test } from "vitest";
import { hex } from "../../testing/hex.ts";
import { describeMalformed, malformed, protocolError } from "../../testing/vectors.ts";
import type { MalformedVector } from "../../testing/vectors.ts";
import { MalformedPacketError } from "../errors.ts";
import { Decoder } from "../mod.ts";

// Offsets: the flags are at 9 and the client identifier at 12 in 3.1.1; the property length is at 12 in 5.0.
const head4 = '10 len 00 04 "MQTT" 04';
const head5 = '10 len 00 04 "MQTT" 05';

describe("CONNECT", () => {
  describeMalformed([
    {
      name: "reserved flags in the fixed header",
      clause: "MQTT-2.1.3-1",
      versions: [4, 5],
      hex: "11 00",
      error: malformed(0),
    },
    { name: "an empty body", clause: "3.1.2", versions: [3, 4, 5], hex: "10 00", error: malformed(2) },
    {
      name: "a truncated protocol name",
      clause: "3.1.2.1",
      versions: [4, 5],
      hex: '10 len 00 04 "MQT"',
      error: malformed(4),
    },
    {
      name: "another protocol",
      clause: "MQTT-3.1.2-1",
      versions: [4, 5],
      hex: '10 len 00 04 "MQTX" 04 02 00 00 00 00',
      error: protocolError(2, 0x84),
    },
    {
      name: "a protocol name in lower case",
      clause: "MQTT-3.1.2-1",
      versions: [4, 5],
      hex: '10 len 00 04 "mqtt" 04 02 00 00 00 00',
      error: protocolError(2, 0x84),
    },
    {
      name: "the name of 3.1 with the number of 3.1.1",
      clause: "MQTT-3.1.2-1",
      versions: [3, 4, 5],
      hex: '10 len 00 06 "MQIsdp" 04 02 00 00 00 01 "c"',
      error: protocolError(2, 0x84),
    },
    {
      name: "the name of 3.1.1 with the number of 3.1",
      clause: "MQTT-3.1.2-1",
      versions: [3, 4, 5],
      hex: '10 len 00 04 "MQTT" 03 02 00 00 00 01 "c"',
      error: protocolError(2, 0x84),
    },
    {
      name: "version 6",
      clause: "MQTT-3.1.2-2",
      versions: [4, 5],
      hex: '10 len 00 04 "MQTT" 06 02 00 00 00 00 00',
      error: protocolError(2, 0x84),
    },
    {
      name: "version 0",
      clause: "MQTT-3.1.2-2",
      versions: [4, 5],
      hex: '10 len 00 04 "MQTT" 00 02 00 00 00 00 00',
      error: protocolError(2, 0x84),
    },
    { name: "no version", clause: "3.1.2.2", versions: [4, 5], hex: '10 len 00 04 "MQTT"', error: malformed(8) },
    { name: "no flags", clause: "3.1.2.3", versions: [4], hex: head4, error: malformed(9) },
    {
      name: "the reserved connect flag",
      clause: "MQTT-3.1.2-3",
      versions: [4],
      hex: `${head4} 03 00 00 00 01 "c"`,
      error: malformed(9),
    },
    {
      name: "the reserved connect flag",
      clause: "MQTT-3.1.2-3",
      versions: [5],
      hex: `${head5} 03 00 00 00 00 01 "c"`,
      error: malformed(9),
    },
    {
      name: "a will QoS without a will",
      clause: "MQTT-3.1.2-11",
      versions: [4],
      hex: `${head4} 0a 00 00 00 01 "c"`,
      error: malformed(9),
    },
    {
      name: "a will retain without a will",
      clause: "MQTT-3.1.2-13",
      versions: [5],
      hex: `${head5} 22 00 00 00 00 01 "c"`,
      error: malformed(9),
    },
    {
      name: "a will QoS without a will",
      clause: "MQTT-3.1.2-11",
      versions: [5],
      hex: `${head5} 0a 00 00 00 00 01 "c"`,
      error: malformed(9),
    },
    {
      name: "a will retain without a will",
      clause: "MQTT-3.1.2-13",
      versions: [4],
      hex: `${head4} 22 00 00 00 01 "c"`,
      error: malformed(9),
    },
    {
      name: "a will QoS of 3",
      clause: "MQTT-3.1.2-12",
      versions: [4],
      hex: `${head4} 1e 00 00 00 01 "c" 00 01 "w" 00 00`,
      error: malformed(9),
    },
    {
      name: "a will QoS of 3",
      clause: "MQTT-3.1.2-12",
      versions: [5],
      hex: `${head5} 1e 00 00 00 00 01 "c" 00 00 01 "w" 00 00`,
      error: malformed(9),
    },
    {
      name: "a password without a user name",
      clause: "MQTT311-3.1.2-22",
      versions: [4],
      hex: `${head4} 42 00 00 00 01 "c" 00 01 "p"`,
      error: malformed(9),
    },
    { name: "a truncated keep alive", clause: "3.1.2.10", versions: [4], hex: `${head4} 02 00`, error: malformed(10) },
    {
      name: "no client identifier",
      clause: "MQTT-3.1.3-3",
      versions: [4],
      hex: `${head4} 02 00 00`,
      error: malformed(12),
    },
    {
      name: "a truncated client identifier",
      clause: "1.5.4",
      versions: [4],
      hex: `${head4} 02 00 00 00 02 "c"`,
      error: malformed(14),
    },
    {
      name: "a client identifier that is not UTF-8",
      clause: "MQTT-1.5.4-1",
      versions: [4],
      hex: `${head4} 02 00 00 00 01 ff`,
      error: malformed(12),
    },
    {
      name: "an empty will topic",
      clause: "MQTT-4.7.3-1",
      versions: [4],
      hex: `${head4} 06 00 00 00 01 "c" 00 00 00 00`,
      error: malformed(15),
    },
    {
      name: "a wildcard in the will topic",
      clause: "MQTT-3.1.3-11",
      versions: [4],
      hex: `${head4} 06 00 00 00 01 "c" 00 03 "a/+" 00 00`,
      error: malformed(15),
    },
    {
      name: "a wildcard in the will topic",
      clause: "MQTT-3.1.3-11",
      versions: [5],
      hex: `${head5} 06 00 00 00 00 01 "c" 00 00 03 "a/+" 00 00`,
      error: malformed(17),
    },
    {
      name: "a will topic with a null character",
      clause: "MQTT-1.5.4-2",
      versions: [4],
      hex: `${head4} 06 00 00 00 01 "c" 00 01 00 00 00`,
      error: malformed(15),
    },
    {
      name: "no will payload",
      clause: "3.1.3.4",
      versions: [4],
      hex: `${head4} 06 00 00 00 01 "c" 00 01 "w"`,
      error: malformed(18),
    },
    {
      name: "a truncated will payload",
      clause: "3.1.3.4",
      versions: [4],
      hex: `${head4} 06 00 00 00 01 "c" 00 01 "w" 00 02 01`,
      error: malformed(20),
    },
    {
      name: "no user name where the flag says so",
      clause: "MQTT-3.1.2-17",
      versions: [4],
      hex: `${head4} 82 00 00 00 01 "c"`,
      error: malformed(15),
    },
    {
      name: "a user name with a surrogate",
      clause: "MQTT-1.5.4-1",
      versions: [4],
      hex: `${head4} 82 00 00 00 01 "c" 00 03 ed a0 80`,
      error: malformed(15),
    },
    {
      name: "no password where the flag says so",
      clause: "MQTT-3.1.2-19",
      versions: [4],
      hex: `${head4} c2 00 00 00 01 "c" 00 01 "u"`,
      error: malformed(18),
    },
    {
      name: "trailing bytes",
      clause: "3.1.3",
      versions: [4],
      hex: `${head4} 02 00 00 00 01 "c" 00`,
      error: malformed(15),
    },
    {
      name: "a user name without its flag",
      clause: "MQTT-3.1.2-16",
      versions: [5],
      hex: `${head5} 02 00 00 00 00 01 "c" 00 01 "u"`,
      error: malformed(16),
    },
    {
      name: "no property length",
      clause: "MQTT-2.2.2-1",
      versions: [5],
      hex: `${head5} 02 00 00`,
      error: malformed(12),
    },
    {
      name: "a property length beyond the packet",
      clause: "2.2.2.1",
      versions: [5],
      hex: `${head5} 02 00 00 05 21 00 01`,
      error: malformed(12),
    },
    {
      name: "authentication data without a method",
      clause: "3.1.2.11.10",
      versions: [5],
      hex: `${head5} 02 00 00 04 16 00 01 ff 00 01 "c"`,
      error: protocolError(12),
    },
    {
      name: "a truncated will property list",
      clause: "2.2.2.1",
      versions: [5],
      hex: `${head5} 06 00 00 00 00 01 "c" 03 18 00 00`,
      error: malformed(18),
    },
    {
      name: "a will property that only CONNECT has",
      clause: "2.2.2.2",
      versions: [5],
      hex: `${head5} 06 00 00 00 00 01 "c" 03 21 00 01 00 01 "w" 00 00`,
      error: malformed(17),
    },
  ] satisfies MalformedVector[]);

  test("a decoder takes on the version of the CONNECT that it reads", () => {
    const decoder = new Decoder();
    expect(decoder.version).toBe(5);
    expect(decoder.push(hex(`${head4} 02 00 00 00 01 "c"`))).toHaveLength(1);
    expect(decoder.version).toBe(4);
    expect(decoder.push(hex("b0 02 00 01"))).toStrictEqual([
      { type: "unsuback", packetIdentifier: 1, reasonCodes: [] },
    ]);
  });

  test("a CONNECT that is refused leaves the version as it was", () => {
    const decoder = new Decoder({ version: 4 });
    expect(() => decoder.push(hex(`${head5} 03 00 00 00 00 01 "c"`))).toThrow(MalformedPacketError);
    expect(decoder.version).toBe(4);
  });
});
