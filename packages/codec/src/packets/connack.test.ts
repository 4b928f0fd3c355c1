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
import { Decoder, encode } from "../mod.ts";

describe("CONNACK", () => {
  describeVectors([
    {
      name: "accepted",
      clause: "311-3.2",
      versions: [3, 4],
      hex: `
        20 02 # CONNACK, Remaining Length
        00    # Connect Acknowledge Flags
        00    # Connect Return code
      `,
      packet: { type: "connack", sessionPresent: false, reasonCode: 0 },
    },
    {
      name: "accepted, Session Present",
      clause: "311-3.2.2.2",
      versions: [4],
      hex: `
        20 02 # CONNACK, Remaining Length
        01    # Connect Acknowledge Flags: Session Present
        00    # Connect Return code
      `,
      packet: { type: "connack", sessionPresent: true, reasonCode: 0 },
    },
    {
      name: "not authorized",
      clause: "311-3.2.2.3",
      versions: [3, 4],
      hex: `
        20 02 # CONNACK, Remaining Length
        00    # Connect Acknowledge Flags
        05    # Connect Return code: not authorized
      `,
      packet: { type: "connack", sessionPresent: false, reasonCode: 5 },
    },
    {
      name: "no properties",
      clause: "MQTT-2.2.2-1",
      versions: [5],
      hex: `
        20 03 # CONNACK, Remaining Length
        01    # Connect Acknowledge Flags: Session Present
        00    # Connect Reason Code: Success
        00    # Property Length
      `,
      packet: { type: "connack", sessionPresent: true, reasonCode: 0 },
    },
    {
      name: "every property",
      clause: "3.2.2.3",
      versions: [5],
      hex: `
        20 5f                    # CONNACK, Remaining Length 95
        00                       # Connect Acknowledge Flags
        00                       # Connect Reason Code: Success
        5c                       # Property Length 92
        11 00 00 00 78           # Session Expiry Interval 120
        21 ff ff                 # Receive Maximum 65,535
        24 01                    # Maximum QoS 1
        25 00                    # Retain Available 0
        27 00 01 00 00           # Maximum Packet Size 65,536
        12 00 04 "auto"          # Assigned Client Identifier
        22 00 0a                 # Topic Alias Maximum 10
        1f 00 02 "ok"            # Reason String
        26 00 01 "a" 00 01 "1"   # User Property a = 1
        26 00 01 "b" 00 03 e2 82 ac  # User Property b = Euro sign
        28 00                    # Wildcard Subscription Available 0
        29 01                    # Subscription Identifiers Available 1
        2a 00                    # Shared Subscription Available 0
        13 00 1e                 # Server Keep Alive 30
        1a 00 04 "resp"          # Response Information
        1c 00 0c "other:1883 x"  # Server Reference
        15 00 05 "SCRAM"         # Authentication Method
        16 00 02 be ef           # Authentication Data
      `,
      packet: {
        type: "connack",
        sessionPresent: false,
        reasonCode: 0,
        properties: {
          sessionExpiryInterval: 120,
          receiveMaximum: 65535,
          maximumQoS: 1,
          retainAvailable: 0,
          maximumPacketSize: 65536,
          assignedClientIdentifier: "auto",
          topicAliasMaximum: 10,
          reasonString: "ok",
          userProperties: [
            ["a", "1"],
            ["b", "€"],
          ],
          wildcardSubscriptionAvailable: 0,
          subscriptionIdentifierAvailable: 1,
          sharedSubscriptionAvailable: 0,
          serverKeepAlive: 30,
          responseInformation: "resp",
          serverReference: "other:1883 x",
          authenticationMethod: "SCRAM",
          authenticationData: Uint8Array.of(0xbe, 0xef),
        },
      },
    },
    {
      name: "of a 3.1.1 server that does not know 5.0",
      clause: "311-3.2.2.3",
      versions: [5],
      hex: `
        20 02 # CONNACK, Remaining Length
        00    # Connect Acknowledge Flags
        01    # Connect Return code: unacceptable protocol version
      `,
      packet: { type: "connack", sessionPresent: false, reasonCode: 1 },
      decodeOnly: true,
    },
  ]);

  describeMalformed([
    {
      name: "reserved flags in the fixed header",
      clause: "MQTT-2.1.3-1",
      versions: [4, 5],
      hex: "22 02 00 00",
      error: malformed(0),
    },
    { name: "an empty body", clause: "3.2.2", versions: [3, 4, 5], hex: "20 00", error: malformed(2) },
    { name: "no reason code", clause: "3.2.2.2", versions: [3, 4, 5], hex: "20 01 00", error: malformed(3) },
    {
      name: "reserved acknowledge flags",
      clause: "MQTT-3.2.2-1",
      versions: [4],
      hex: "20 02 02 00",
      error: malformed(2),
    },
    {
      name: "reserved acknowledge flags",
      clause: "MQTT-3.2.2-1",
      versions: [5],
      hex: "20 03 81 00 00",
      error: malformed(2),
    },
    {
      name: "Session Present with a refusal",
      clause: "MQTT311-3.2.2-4",
      versions: [4],
      hex: "20 02 01 05",
      error: protocolError(2),
    },
    {
      name: "Session Present with a refusal",
      clause: "MQTT-3.2.2-6",
      versions: [5],
      hex: "20 03 01 87 00",
      error: protocolError(2),
    },
    {
      name: "an undefined return code",
      clause: "311-3.2.2.3",
      versions: [3, 4],
      hex: "20 02 00 06",
      error: protocolError(3),
    },
    {
      name: "an undefined reason code",
      clause: "MQTT-3.2.2-8",
      versions: [5],
      hex: "20 03 00 01 00",
      error: protocolError(3),
    },
    {
      name: "the reason code of a DISCONNECT",
      clause: "MQTT-3.2.2-8",
      versions: [5],
      hex: "20 03 00 8e 00",
      error: protocolError(3),
    },
    { name: "trailing bytes", clause: "3.2", versions: [3, 4], hex: "20 03 00 00 00", error: malformed(4) },
    { name: "no property length", clause: "MQTT-2.2.2-1", versions: [5], hex: "20 02 00 00", error: malformed(4) },
    { name: "trailing bytes", clause: "3.2.3", versions: [5], hex: "20 04 00 00 00 00", error: malformed(5) },
    {
      name: "a 3.1.1 refusal that is not about the version",
      clause: "MQTT-3.2.2-8",
      versions: [5],
      hex: "20 02 00 05",
      error: protocolError(3),
    },
    { name: "Maximum QoS 2", clause: "3.2.2.3.4", versions: [5], hex: "20 05 00 00 02 24 02", error: protocolError(6) },
    {
      name: "Receive Maximum 0",
      clause: "3.2.2.3.3",
      versions: [5],
      hex: "20 06 00 00 03 21 00 00",
      error: protocolError(6),
    },
    {
      name: "Maximum Packet Size 0",
      clause: "3.2.2.3.6",
      versions: [5],
      hex: "20 08 00 00 05 27 00 00 00 00",
      error: protocolError(6),
    },
    {
      name: "Retain Available 2",
      clause: "3.2.2.3.5",
      versions: [5],
      hex: "20 05 00 00 02 25 02",
      error: protocolError(6),
    },
  ]);

  describeUnencodable([
    {
      name: "Session Present before 3.1.1",
      clause: "311-3.2.2.2",
      versions: [3],
      packet: { type: "connack", sessionPresent: true },
      error: ProtocolError,
    },
    {
      name: "Session Present with a refusal",
      clause: "MQTT-3.2.2-6",
      versions: [5],
      packet: { type: "connack", sessionPresent: true, reasonCode: 0x80 },
      error: ProtocolError,
    },
    {
      name: "Session Present with a refusal",
      clause: "MQTT311-3.2.2-4",
      versions: [4],
      packet: { type: "connack", sessionPresent: true, reasonCode: 5 },
      error: ProtocolError,
    },
    {
      name: "an undefined reason code",
      clause: "MQTT-3.2.2-8",
      versions: [4, 5],
      packet: { type: "connack", reasonCode: 6 },
      error: ProtocolError,
    },
    {
      name: "properties before 5.0",
      clause: "2.2.2",
      versions: [3, 4],
      packet: { type: "connack", properties: { serverKeepAlive: 1 } },
      error: ProtocolError,
    },
  ]);

  test("left out, the reason code is Success", () => {
    expect(encode({ type: "connack" }, 4)).toStrictEqual(hex("20 02 00 00"));
    expect(encode({ type: "connack" }, 5)).toStrictEqual(hex("20 03 00 00 00"));
  });

  test("the refusal of a 3.1.1 server leaves the decoder's version as it was", () => {
    const decoder = new Decoder({ version: 5 });
    decoder.push(hex("20 02 00 01"));
    expect(decoder.version).toBe(5);
  });
});
