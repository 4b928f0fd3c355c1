import { describe, expect, test } from "vitest";
import { hex } from "../../testing/hex.ts";
import {
  describeMalformed,
  describeUnencodable,
  describeVectors,
  malformed,
  protocolError,
} from "../../testing/vectors.ts";
import { ProtocolError } from "../errors.ts";
import { encode } from "../mod.ts";

describe("UNSUBACK", () => {
  describeVectors([
    {
      name: "a packet identifier alone",
      clause: "311-3.11",
      versions: [3, 4],
      hex: `
        b0    # UNSUBACK
        02    # Remaining Length
        00 0a # Packet Identifier
      `,
      packet: { type: "unsuback", packetIdentifier: 10, reasonCodes: [] },
    },
    {
      name: "every reason code and property",
      clause: "3.11",
      versions: [5],
      hex: `
        b0                     # UNSUBACK
        17                     # Remaining Length 23
        00 0a                  # Packet Identifier
        0d                     # Property Length 13
        1f 00 03 "why"         # Reason String
        26 00 01 "a" 00 01 "b" # User Property a = b
        00 11 80 83 87 8f 91   # Success, No subscription existed, and the failures
      `,
      packet: {
        type: "unsuback",
        packetIdentifier: 10,
        properties: { reasonString: "why", userProperties: [["a", "b"]] },
        reasonCodes: [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91],
      },
    },
  ]);

  describeMalformed([
    { name: "reserved flags", clause: "MQTT-2.1.3-1", versions: [4, 5], hex: "b2 02 00 01", error: malformed(0) },
    { name: "an empty body", clause: "3.11.2", versions: [3, 4, 5], hex: "b0 00", error: malformed(2) },
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [3, 4, 5],
      hex: "b0 02 00 00",
      error: protocolError(2),
    },
    {
      name: "the reason codes of 5.0",
      clause: "311-3.11.3",
      versions: [3, 4],
      hex: "b0 03 00 01 00",
      error: malformed(4),
    },
    { name: "no property length", clause: "MQTT-2.2.2-1", versions: [5], hex: "b0 02 00 01", error: malformed(4) },
    { name: "no reason code", clause: "3.11.3", versions: [5], hex: "b0 03 00 01 00", error: protocolError(5) },
    {
      name: "an undefined reason code",
      clause: "MQTT-3.11.3-2",
      versions: [5],
      hex: "b0 05 00 01 00 00 01",
      error: protocolError(6),
    },
  ]);

  describeUnencodable([
    {
      name: "no reason code in 5.0",
      clause: "3.11.3",
      versions: [5],
      packet: { type: "unsuback", packetIdentifier: 1 },
      error: ProtocolError,
    },
    {
      name: "an undefined reason code",
      clause: "MQTT-3.11.3-2",
      versions: [5],
      packet: { type: "unsuback", packetIdentifier: 1, reasonCodes: [0x97] },
      error: ProtocolError,
    },
    {
      name: "reason codes before 5.0",
      clause: "311-3.11.3",
      versions: [3, 4],
      packet: { type: "unsuback", packetIdentifier: 1, reasonCodes: [0] },
      error: ProtocolError,
    },
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [3, 4, 5],
      packet: { type: "unsuback", packetIdentifier: 0, reasonCodes: [] },
      error: ProtocolError,
    },
    {
      name: "properties before 5.0",
      clause: "2.2.2",
      versions: [3, 4],
      packet: { type: "unsuback", packetIdentifier: 1, properties: { reasonString: "x" } },
      error: ProtocolError,
    },
  ]);

  test("before 5.0 the reason codes may be left out", () => {
    expect(encode({ type: "unsuback", packetIdentifier: 1 }, 4)).toStrictEqual(hex("b0 02 00 01"));
  });
});
