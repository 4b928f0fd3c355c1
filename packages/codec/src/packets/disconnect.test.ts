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

describe("DISCONNECT", () => {
  describeVectors([
    {
      name: "nothing but a fixed header",
      clause: "3.14.2.1",
      versions: [3, 4, 5],
      hex: `
        e0 # DISCONNECT
        00 # Remaining Length
      `,
      packet: { type: "disconnect", reasonCode: 0 },
    },
    {
      name: "a reason code without properties",
      clause: "3.14.2.2.1",
      versions: [5],
      hex: `
        e0 # DISCONNECT
        01 # Remaining Length: there is no Property Length
        8e # Reason Code: Session taken over
      `,
      packet: { type: "disconnect", reasonCode: 0x8e },
    },
    {
      name: "a reason code and no properties, spelled out",
      clause: "3.14.2.2.1",
      versions: [5],
      hex: `
        e0 # DISCONNECT
        02 # Remaining Length
        04 # Reason Code: Disconnect with Will Message
        00 # Property Length
      `,
      packet: { type: "disconnect", reasonCode: 4 },
      canonical: "e0 01 04",
    },
    {
      name: "Normal disconnection, spelled out",
      clause: "3.14.2.1",
      versions: [5],
      hex: `
        e0 # DISCONNECT
        02 # Remaining Length
        00 # Reason Code: Normal disconnection
        00 # Property Length
      `,
      packet: { type: "disconnect", reasonCode: 0 },
      canonical: "e0 00",
    },
    {
      name: "every property",
      clause: "3.14.2.2",
      versions: [5],
      hex: `
        e0                     # DISCONNECT
        1d                     # Remaining Length 29
        9d                     # Reason Code: Server moved
        1b                     # Property Length 27
        11 80 00 00 00         # Session Expiry Interval 2,147,483,648
        1f 00 03 "why"         # Reason String
        26 00 01 "a" 00 01 "b" # User Property a = b
        1c 00 06 "h:1883"      # Server Reference
      `,
      packet: {
        type: "disconnect",
        reasonCode: 0x9d,
        properties: {
          sessionExpiryInterval: 2147483648,
          reasonString: "why",
          userProperties: [["a", "b"]],
          serverReference: "h:1883",
        },
      },
    },
  ]);

  describeMalformed([
    {
      name: "reserved flags",
      clause: "MQTT-2.1.3-1 MQTT-3.14.1-1",
      versions: [4, 5],
      hex: "e1 00",
      error: malformed(0),
    },
    { name: "the body of 5.0", clause: "311-3.14", versions: [3, 4], hex: "e0 01 00", error: malformed(2) },
    {
      name: "an undefined reason code",
      clause: "MQTT-3.14.2-1",
      versions: [5],
      hex: "e0 01 01",
      error: protocolError(2),
    },
    {
      name: "the reason code of a CONNACK",
      clause: "MQTT-3.14.2-1",
      versions: [5],
      hex: "e0 01 84",
      error: protocolError(2),
    },
    {
      name: "a property length beyond the packet",
      clause: "2.2.2.1",
      versions: [5],
      hex: "e0 03 00 02 1f",
      error: malformed(3),
    },
    { name: "trailing bytes", clause: "3.14.3", versions: [5], hex: "e0 03 00 00 00", error: malformed(4) },
    {
      name: "two session expiry intervals",
      clause: "3.14.2.2.2",
      versions: [5],
      hex: "e0 0c 00 0a 11 00 00 00 01 11 00 00 00 01",
      error: protocolError(9),
    },
  ]);

  describeUnencodable([
    {
      name: "an undefined reason code",
      clause: "MQTT-3.14.2-1",
      versions: [5],
      packet: { type: "disconnect", reasonCode: 1 },
      error: ProtocolError,
    },
    {
      name: "a reason code before 5.0",
      clause: "311-3.14",
      versions: [3, 4],
      packet: { type: "disconnect", reasonCode: 4 },
      error: ProtocolError,
    },
    {
      name: "properties before 5.0",
      clause: "311-3.14",
      versions: [3, 4],
      packet: { type: "disconnect", properties: { reasonString: "" } },
      error: ProtocolError,
    },
  ]);

  test("left out, the reason code is Normal disconnection", () => {
    expect(encode({ type: "disconnect" }, 5)).toStrictEqual(hex("e0 00"));
  });
});
