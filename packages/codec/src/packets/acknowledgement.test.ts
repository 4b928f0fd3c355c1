import { describe, expect, test } from "vitest";
import { hex } from "../../testing/hex.ts";
import {
  describeMalformed,
  describeUnencodable,
  describeVectors,
  malformed,
  protocolError,
} from "../../testing/vectors.ts";
import { MalformedPacketError, ProtocolError } from "../errors.ts";
import { encode } from "../mod.ts";

const flags = "MQTT-2.1.3-1";
const acknowledgements = [
  { type: "puback", first: "40", failure: "97", foreign: "92", reserved: "42", section: "3.4", flags },
  { type: "pubrec", first: "50", failure: "10", foreign: "92", reserved: "51", section: "3.5", flags },
  { type: "pubrel", first: "62", failure: "92", foreign: "10", reserved: "60", section: "3.6", flags: "MQTT-3.6.1-1" },
  { type: "pubcomp", first: "70", failure: "92", foreign: "97", reserved: "72", section: "3.7", flags },
] as const;

describe.each(acknowledgements)("$type", ({ type, first, failure, foreign, reserved, section, flags }) => {
  const reasonCode = Number.parseInt(failure, 16);

  describeVectors([
    {
      name: "a packet identifier alone",
      clause: `${section} ${flags}`,
      versions: [3, 4, 5],
      hex: `
        ${first} # first byte
        02       # Remaining Length
        12 34    # Packet Identifier
      `,
      packet: { type, packetIdentifier: 0x1234, reasonCode: 0 },
    },
    {
      name: "a reason code without properties",
      clause: `${section}.2.1`,
      versions: [5],
      hex: `
        ${first}   # first byte
        03         # Remaining Length: there is no Property Length
        ff ff      # Packet Identifier
        ${failure} # Reason Code
      `,
      packet: { type, packetIdentifier: 65535, reasonCode },
    },
    {
      name: "Success, spelled out",
      clause: `${section}.2.1`,
      versions: [5],
      hex: `
        ${first} # first byte
        03       # Remaining Length
        00 01    # Packet Identifier
        00       # Reason Code: Success
      `,
      packet: { type, packetIdentifier: 1, reasonCode: 0 },
      canonical: `${first} 02 00 01`,
    },
    {
      name: "Success and no properties, spelled out",
      clause: `${section}.2.2.1`,
      versions: [5],
      hex: `
        ${first} # first byte
        04       # Remaining Length
        00 01    # Packet Identifier
        00       # Reason Code: Success
        00       # Property Length
      `,
      packet: { type, packetIdentifier: 1, reasonCode: 0 },
      canonical: `${first} 02 00 01`,
    },
    {
      name: "a reason code and no properties, spelled out",
      clause: `${section}.2.2.1`,
      versions: [5],
      hex: `
        ${first}   # first byte
        04         # Remaining Length
        00 01      # Packet Identifier
        ${failure} # Reason Code
        00         # Property Length
      `,
      packet: { type, packetIdentifier: 1, reasonCode },
      canonical: `${first} 03 00 01 ${failure}`,
    },
    {
      name: "every property",
      clause: `${section}.2.2`,
      versions: [5],
      hex: `
        ${first}   # first byte
        18         # Remaining Length
        00 02      # Packet Identifier
        ${failure} # Reason Code
        14         # Property Length 20
        1f 00 03 "why"          # Reason String
        26 00 01 "a" 00 01 "b"  # User Property a = b
        26 00 00 00 02 c3 a9    # User Property "" = é
      `,
      packet: {
        type,
        packetIdentifier: 2,
        reasonCode,
        properties: {
          reasonString: "why",
          userProperties: [
            ["a", "b"],
            ["", "é"],
          ],
        },
      },
    },
    {
      name: "Success with a property",
      clause: `${section}.2.2`,
      versions: [5],
      hex: `
        ${first} # first byte
        07       # Remaining Length
        00 02    # Packet Identifier
        00       # Reason Code: Success
        03       # Property Length
        1f 00 00 # Reason String, empty
      `,
      packet: { type, packetIdentifier: 2, reasonCode: 0, properties: { reasonString: "" } },
    },
  ]);

  describeMalformed([
    {
      name: "reserved flags",
      clause: flags,
      versions: [4, 5],
      hex: `${reserved} 02 00 01`,
      error: malformed(0),
    },
    { name: "an empty body", clause: section, versions: [3, 4, 5], hex: `${first} 00`, error: malformed(2) },
    {
      name: "half a packet identifier",
      clause: "2.2.1",
      versions: [3, 4, 5],
      hex: `${first} 01 00`,
      error: malformed(2),
    },
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [3, 4, 5],
      hex: `${first} 02 00 00`,
      error: protocolError(2),
    },
    {
      name: "trailing bytes",
      clause: `311-${section}`,
      versions: [3, 4],
      hex: `${first} 03 00 01 00`,
      error: malformed(4),
    },
    {
      name: "an undefined reason code",
      clause: `MQTT-${section}.2-1`,
      versions: [5],
      hex: `${first} 03 00 01 01`,
      error: protocolError(4),
    },
    {
      name: "another packet's reason code",
      clause: `MQTT-${section}.2-1`,
      versions: [5],
      hex: `${first} 03 00 01 ${foreign}`,
      error: protocolError(4),
    },
    { name: "trailing bytes", clause: section, versions: [5], hex: `${first} 05 00 01 00 00 00`, error: malformed(6) },
    {
      name: "a property length beyond the packet",
      clause: "2.2.2.1",
      versions: [5],
      hex: `${first} 05 00 01 00 02 1f`,
      error: malformed(5),
    },
    {
      name: "a property that it does not have",
      clause: "2.2.2.2",
      versions: [5],
      hex: `${first} 06 00 01 00 02 01 00`,
      error: malformed(6),
    },
    {
      name: "two reason strings",
      clause: `${section}.2.2.2`,
      versions: [5],
      hex: `${first} 0a 00 01 00 06 1f 00 00 1f 00 00`,
      error: protocolError(9),
    },
  ]);

  describeUnencodable([
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [3, 4, 5],
      packet: { type, packetIdentifier: 0 },
      error: ProtocolError,
    },
    {
      name: "packet identifier 65,536",
      clause: "2.2.1",
      versions: [3, 4, 5],
      packet: { type, packetIdentifier: 65536 },
      error: MalformedPacketError,
    },
    {
      name: "another packet's reason code",
      clause: `MQTT-${section}.2-1`,
      versions: [5],
      packet: { type, packetIdentifier: 1, reasonCode: Number.parseInt(foreign, 16) },
      error: ProtocolError,
    },
    {
      name: "a reason code before 5.0",
      clause: section,
      versions: [3, 4],
      packet: { type, packetIdentifier: 1, reasonCode },
      error: ProtocolError,
    },
    {
      name: "properties before 5.0",
      clause: section,
      versions: [3, 4],
      packet: { type, packetIdentifier: 1, properties: { reasonString: "" } },
      error: ProtocolError,
    },
  ]);

  test("left out, the reason code is Success", () => {
    expect(encode({ type, packetIdentifier: 7 }, 5)).toStrictEqual(hex(`${first} 02 00 07`));
  });
});
