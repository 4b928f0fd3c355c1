import { describe, expect, test } from "vitest";
import { hex } from "../../testing/hex.ts";
import { describeUnencodable, describeVectors } from "../../testing/vectors.ts";
import { InvalidTopicError, MalformedPacketError, ProtocolError } from "../errors.ts";
import { Decoder, encode } from "../mod.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("CONNECT", () => {
  describeVectors([
    {
      name: "the least that 3.1.1 allows",
      clause:
        "MQTT-3.1.2-1 MQTT-3.1.2-2 MQTT-3.1.2-3 MQTT-3.1.2-11 MQTT-3.1.2-13 MQTT-3.1.2-16 MQTT-3.1.2-18 MQTT-3.1.3-3",
      versions: [4],
      hex: `
        10           # CONNECT
        0c           # Remaining Length
        00 04 "MQTT" # Protocol Name
        04           # Protocol Level
        02           # Connect Flags: Clean Session
        00 00        # Keep Alive
        00 00        # Client Identifier
      `,
      packet: { type: "connect", protocolVersion: 4, cleanStart: true, keepAlive: 0, clientIdentifier: "" },
    },
    {
      name: "the least that 5.0 allows",
      clause:
        "MQTT-2.2.2-1 MQTT-3.1.2-1 MQTT-3.1.2-2 MQTT-3.1.2-3 MQTT-3.1.2-11 MQTT-3.1.2-13 MQTT-3.1.2-16 MQTT-3.1.2-18 MQTT-3.1.3-3",
      versions: [5],
      hex: `
        10           # CONNECT
        0d           # Remaining Length
        00 04 "MQTT" # Protocol Name
        05           # Protocol Version
        00           # Connect Flags
        00 3c        # Keep Alive
        00           # Property Length
        00 00        # Client Identifier
      `,
      packet: { type: "connect", protocolVersion: 5, cleanStart: false, keepAlive: 60, clientIdentifier: "" },
    },
    {
      name: "MQTT 3.1",
      clause: "311-3.1.2.1",
      versions: [3],
      hex: `
        10             # CONNECT
        11             # Remaining Length
        00 06 "MQIsdp" # Protocol Name
        03             # Protocol Version
        02             # Connect Flags: Clean Session
        00 0a          # Keep Alive
        00 03 "abc"    # Client Identifier
      `,
      packet: { type: "connect", protocolVersion: 3, cleanStart: true, keepAlive: 10, clientIdentifier: "abc" },
    },
    {
      name: "every field of 3.1.1",
      clause: "MQTT-3.1.2-9 MQTT-3.1.2-17 MQTT-3.1.2-19 MQTT-3.1.3-1 MQTT-3.1.3-4 MQTT-3.1.3-11 MQTT-3.1.3-12",
      versions: [4],
      hex: `
        10           # CONNECT
        21           # Remaining Length 33
        00 04 "MQTT" # Protocol Name
        04           # Protocol Level
        f6           # User Name, Password, Will Retain, Will QoS 2, Will, Clean Session
        ff ff        # Keep Alive
        00 03 "cid"  # Client Identifier
        00 03 "w/t"  # Will Topic
        00 02 00 ff  # Will Message
        00 02 "me"   # User Name
        00 03 80 00 01  # Password
      `,
      packet: {
        type: "connect",
        protocolVersion: 4,
        cleanStart: true,
        keepAlive: 65535,
        clientIdentifier: "cid",
        will: { topic: "w/t", payload: bytes(0x00, 0xff), qos: 2, retain: true },
        userName: "me",
        password: bytes(0x80, 0x00, 0x01),
      },
    },
    {
      name: "empty will message, user name and password",
      clause: "MQTT-3.1.2-9 MQTT-3.1.2-17 MQTT-3.1.2-19",
      versions: [4],
      hex: `
        10           # CONNECT
        16           # Remaining Length
        00 04 "MQTT" # Protocol Name
        04           # Protocol Level
        c4           # User Name, Password, Will QoS 0, Will
        00 00        # Keep Alive
        00 01 "c"    # Client Identifier
        00 01 "w"    # Will Topic
        00 00        # Will Message
        00 00        # User Name
        00 00        # Password
      `,
      packet: {
        type: "connect",
        protocolVersion: 4,
        cleanStart: false,
        keepAlive: 0,
        clientIdentifier: "c",
        will: { topic: "w", payload: bytes(), qos: 0, retain: false },
        userName: "",
        password: bytes(),
      },
    },
    {
      name: "every field of 5.0",
      clause:
        "MQTT-3.1.2-9 MQTT-3.1.2-17 MQTT-3.1.2-19 MQTT-3.1.3-1 MQTT-3.1.3-4 MQTT-3.1.3-10 MQTT-3.1.3-11 MQTT-3.1.3-12",
      versions: [5],
      hex: `
        10           # CONNECT
        95 01        # Remaining Length 149
        00 04 "MQTT" # Protocol Name
        05           # Protocol Version
        ee           # User Name, Password, Will Retain, Will QoS 1, Will, Clean Start
        00 0a        # Keep Alive
        31           # Property Length 49
        11 00 00 00 0a        # Session Expiry Interval 10
        21 00 14              # Receive Maximum 20
        27 ff ff ff ff        # Maximum Packet Size 4,294,967,295
        22 00 05              # Topic Alias Maximum 5
        19 01                 # Request Response Information 1
        17 00                 # Request Problem Information 0
        26 00 01 "k" 00 01 "v"  # User Property k = v
        26 00 01 "k" 00 02 "v2" # User Property k = v2
        15 00 05 "SCRAM"      # Authentication Method
        16 00 03 01 02 03     # Authentication Data
        00 03 "cid"  # Client Identifier
        3d           # Will Property Length 61
        18 00 00 00 05        # Will Delay Interval 5
        01 01                 # Payload Format Indicator 1
        02 00 00 00 3c        # Message Expiry Interval 60
        03 00 0a "text/plain" # Content Type
        08 00 03 "r/t"        # Response Topic
        09 00 02 "cd"         # Correlation Data
        26 00 02 "wn" 00 02 "wv" # User Property wn = wv
        26 00 01 "a" 00 01 "1" # User Property a = 1
        26 00 02 "wn" 00 02 "wv" # The first one again
        00 03 "w/t"  # Will Topic
        00 03 "bye"  # Will Payload
        00 04 "user" # User Name
        00 04 "pass" # Password
      `,
      packet: {
        type: "connect",
        protocolVersion: 5,
        cleanStart: true,
        keepAlive: 10,
        clientIdentifier: "cid",
        properties: {
          sessionExpiryInterval: 10,
          receiveMaximum: 20,
          maximumPacketSize: 4294967295,
          topicAliasMaximum: 5,
          requestResponseInformation: 1,
          requestProblemInformation: 0,
          userProperties: [
            ["k", "v"],
            ["k", "v2"],
          ],
          authenticationMethod: "SCRAM",
          authenticationData: bytes(1, 2, 3),
        },
        will: {
          topic: "w/t",
          payload: new TextEncoder().encode("bye"),
          qos: 1,
          retain: true,
          properties: {
            willDelayInterval: 5,
            payloadFormatIndicator: 1,
            messageExpiryInterval: 60,
            contentType: "text/plain",
            responseTopic: "r/t",
            correlationData: new TextEncoder().encode("cd"),
            userProperties: [
              ["wn", "wv"],
              ["a", "1"],
              ["wn", "wv"],
            ],
          },
        },
        userName: "user",
        password: new TextEncoder().encode("pass"),
      },
    },
  ]);

  describeUnencodable([
    {
      name: "the version of another call",
      clause: "3.1.2.2",
      versions: [5],
      packet: { type: "connect", clientIdentifier: "c", protocolVersion: 4 },
      error: MalformedPacketError,
    },
    {
      name: "properties before 5.0",
      clause: "2.2.2",
      versions: [3, 4],
      packet: { type: "connect", clientIdentifier: "c", properties: { receiveMaximum: 1 } },
      error: ProtocolError,
    },
    {
      name: "will properties before 5.0",
      clause: "2.2.2",
      versions: [3, 4],
      packet: {
        type: "connect",
        clientIdentifier: "c",
        will: { topic: "w", payload: bytes(), properties: { contentType: "x" } },
      },
      error: ProtocolError,
    },
    {
      name: "a password without a user name",
      clause: "MQTT311-3.1.2-22",
      versions: [3, 4],
      packet: { type: "connect", clientIdentifier: "c", password: bytes(1) },
      error: ProtocolError,
    },
    {
      name: "a keep alive beyond two bytes",
      clause: "3.1.2.10",
      versions: [3, 4, 5],
      packet: { type: "connect", clientIdentifier: "c", keepAlive: 65536 },
      error: MalformedPacketError,
    },
    {
      name: "a keep alive that is a fraction",
      clause: "3.1.2.10",
      versions: [5],
      packet: { type: "connect", clientIdentifier: "c", keepAlive: 0.5 },
      error: MalformedPacketError,
    },
    {
      name: "a will QoS of 3",
      clause: "MQTT-3.1.2-12",
      versions: [4, 5],
      // A caller without types can do this.
      packet: { type: "connect", clientIdentifier: "c", will: { topic: "w", payload: bytes(), qos: 3 as 2 } },
      error: MalformedPacketError,
    },
    {
      name: "a wildcard in the will topic",
      clause: "MQTT-3.1.3-11 MQTT-4.7.0-1",
      versions: [4, 5],
      packet: { type: "connect", clientIdentifier: "c", will: { topic: "w/#", payload: bytes() } },
      error: InvalidTopicError,
    },
    {
      name: "an empty will topic",
      clause: "MQTT-3.1.3-11 MQTT-4.7.3-1",
      versions: [4, 5],
      packet: { type: "connect", clientIdentifier: "c", will: { topic: "", payload: bytes() } },
      error: InvalidTopicError,
    },
    {
      name: "a will payload beyond 65,535 bytes",
      clause: "3.1.3.4",
      versions: [4, 5],
      packet: { type: "connect", clientIdentifier: "c", will: { topic: "w", payload: new Uint8Array(65536) } },
      error: MalformedPacketError,
    },
    {
      name: "a null character in the user name",
      clause: "MQTT-3.1.3-12 MQTT-1.5.4-2",
      versions: [4, 5],
      packet: { type: "connect", clientIdentifier: "c", userName: "a\0b" },
      error: MalformedPacketError,
    },
    {
      name: "a lone surrogate in the client identifier",
      clause: "MQTT-3.1.3-4 MQTT-1.5.4-1",
      versions: [3, 4, 5],
      packet: { type: "connect", clientIdentifier: "a\ud800" },
      error: MalformedPacketError,
    },
    {
      name: "a user name beyond 65,535 bytes",
      clause: "1.5.4",
      versions: [4, 5],
      packet: { type: "connect", clientIdentifier: "c", userName: "\u20ac".repeat(21846) },
      error: MalformedPacketError,
    },
    {
      name: "authentication data without a method",
      clause: "3.1.2.11.10",
      versions: [5],
      packet: { type: "connect", clientIdentifier: "c", properties: { authenticationData: bytes(1) } },
      error: ProtocolError,
    },
  ]);

  test("left out, flags are false, numbers 0 and the version that of the call", () => {
    expect(
      encode({ type: "connect", clientIdentifier: "c", will: { topic: "w", payload: bytes(7) } }, 4),
    ).toStrictEqual(hex('10 13 00 04 "MQTT" 04 04 00 00 00 01 "c" 00 01 "w" 00 01 07'));
    expect(encode({ type: "connect", clientIdentifier: "c" }, 5)).toStrictEqual(
      hex('10 0e 00 04 "MQTT" 05 00 00 00 00 00 01 "c"'),
    );
  });

  test("an empty client identifier that keeps its session is for the server to refuse [MQTT311-3.1.3-8]", () => {
    const packet = { type: "connect", clientIdentifier: "", cleanStart: false } as const;
    expect(new Decoder({ version: 4 }).push(encode(packet, 4))).toMatchObject([packet]);
  });

  test("5.0 allows a password without a user name [MQTT-3.1.2-19]", () => {
    const packet = { type: "connect", clientIdentifier: "c", password: bytes(1) } as const;
    const encoded = encode(packet, 5);
    expect(encoded).toStrictEqual(hex('10 11 00 04 "MQTT" 05 40 00 00 00 00 01 "c" 00 01 01'));
    expect(new Decoder({ version: 5 }).push(encoded)).toMatchObject([packet]);
  });

  test("empty properties are as none", () => {
    const packet = { type: "connect", clientIdentifier: "", properties: { userProperties: [] } } as const;
    const encoded = encode({ ...packet, properties: { userProperties: [] } }, 5);
    expect(encoded).toStrictEqual(hex('10 0d 00 04 "MQTT" 05 00 00 00 00 00 00'));
    expect(new Decoder({ version: 5 }).push(encoded)[0]).not.toHaveProperty("properties");
  });
});
