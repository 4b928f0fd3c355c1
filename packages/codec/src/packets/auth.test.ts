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

describe("AUTH", () => {
  describeVectors([
    {
      name: "nothing but a fixed header",
      clause: "3.15.2.1",
      versions: [5],
      hex: `
        f0 # AUTH
        00 # Remaining Length
      `,
      packet: { type: "auth", reasonCode: 0 },
    },
    {
      name: "every property",
      clause: "3.15.2.2",
      versions: [5],
      hex: `
        f0                     # AUTH
        1b                     # Remaining Length 27
        18                     # Reason Code: Continue authentication
        19                     # Property Length 25
        15 00 03 "ABC"         # Authentication Method
        16 00 04 00 01 02 ff   # Authentication Data
        1f 00 03 "why"         # Reason String
        26 00 00 00 01 "b"     # User Property "" = b
      `,
      packet: {
        type: "auth",
        reasonCode: 0x18,
        properties: {
          authenticationMethod: "ABC",
          authenticationData: Uint8Array.of(0, 1, 2, 255),
          reasonString: "why",
          userProperties: [["", "b"]],
        },
      },
    },
    {
      name: "Success with a method",
      clause: "3.15.2.1",
      versions: [5],
      hex: `
        f0             # AUTH
        06             # Remaining Length
        00             # Reason Code: Success
        04             # Property Length
        15 00 01 "A"   # Authentication Method
      `,
      packet: { type: "auth", reasonCode: 0, properties: { authenticationMethod: "A" } },
    },
  ]);

  describeMalformed([
    { name: "reserved flags", clause: "MQTT-2.1.3-1 MQTT-3.15.1-1", versions: [5], hex: "f2 00", error: malformed(0) },
    {
      name: "any AUTH before 5.0",
      clause: "3.15",
      versions: [3, 4],
      hex: 'f0 06 18 04 15 00 01 "A"',
      error: malformed(0),
    },
    {
      name: "a reason code without a property length",
      clause: "3.15.2.1",
      versions: [5],
      hex: "f0 01 18",
      error: malformed(3),
    },
    {
      name: "an undefined reason code",
      clause: "MQTT-3.15.2-1",
      versions: [5],
      hex: 'f0 06 01 04 15 00 01 "A"',
      error: protocolError(2),
    },
    {
      name: "no authentication method",
      clause: "3.15.2.2.2",
      versions: [5],
      hex: "f0 02 18 00",
      error: protocolError(3),
    },
    {
      name: "data without a method",
      clause: "3.15.2.2.2",
      versions: [5],
      hex: "f0 06 18 04 16 00 01 00",
      error: protocolError(3),
    },
    {
      name: "two methods",
      clause: "3.15.2.2.2",
      versions: [5],
      hex: 'f0 len 19 08 15 00 01 "A" 15 00 01 "B"',
      error: protocolError(8),
    },
    {
      name: "trailing bytes",
      clause: "3.15.3",
      versions: [5],
      hex: 'f0 len 18 04 15 00 01 "A" 00',
      error: malformed(8),
    },
  ]);

  describeUnencodable([
    { name: "any AUTH before 5.0", clause: "3.15", versions: [3, 4], packet: { type: "auth" }, error: ProtocolError },
    {
      name: "an undefined reason code",
      clause: "MQTT-3.15.2-1",
      versions: [5],
      packet: { type: "auth", reasonCode: 0x80, properties: { authenticationMethod: "A" } },
      error: ProtocolError,
    },
    {
      name: "no authentication method",
      clause: "3.15.2.2.2",
      versions: [5],
      packet: { type: "auth", reasonCode: 0x18 },
      error: ProtocolError,
    },
    {
      name: "data without a method",
      clause: "3.15.2.2.2",
      versions: [5],
      packet: { type: "auth", reasonCode: 0x18, properties: { authenticationData: new Uint8Array(1) } },
      error: ProtocolError,
    },
  ]);

  test("left out, the reason code is Success", () => {
    expect(encode({ type: "auth", properties: { authenticationMethod: "A" } }, 5)).toStrictEqual(
      hex('f0 06 00 04 15 00 01 "A"'),
    );
  });
});
