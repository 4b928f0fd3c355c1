import { describe, expect, test } from "vitest";
import { hex } from "../../testing/hex.ts";
import { describeUnencodable, describeVectors } from "../../testing/vectors.ts";
import { InvalidTopicError, MalformedPacketError, ProtocolError } from "../errors.ts";
import { Decoder, encode } from "../mod.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("PUBLISH", () => {
  describeVectors([
    {
      name: "QoS 0",
      clause: "MQTT-2.2.1-2 MQTT-3.3.2-1",
      versions: [3, 4],
      hex: `
        30           # PUBLISH
        07           # Remaining Length
        00 03 "a/b"  # Topic Name
        "hi"         # Payload
      `,
      packet: { type: "publish", topicName: "a/b", payload: utf8("hi"), qos: 0, retain: false, duplicate: false },
    },
    {
      name: "QoS 0 without properties",
      clause: "MQTT-2.2.1-2 MQTT-2.2.2-1 MQTT-3.3.2-1",
      versions: [5],
      hex: `
        31           # PUBLISH, RETAIN
        08           # Remaining Length
        00 03 "a/b"  # Topic Name
        00           # Property Length
        "hi"         # Payload
      `,
      packet: { type: "publish", topicName: "a/b", payload: utf8("hi"), qos: 0, retain: true, duplicate: false },
    },
    {
      name: "an empty payload",
      clause: "3.3.3",
      versions: [3, 4],
      hex: `
        31           # PUBLISH, RETAIN
        03           # Remaining Length
        00 01 "t"    # Topic Name
      `,
      packet: { type: "publish", topicName: "t", payload: new Uint8Array(0), qos: 0, retain: true, duplicate: false },
    },
    {
      name: "QoS 1 with DUP",
      clause: "311-3.3.1.1",
      versions: [3, 4],
      hex: `
        3a           # PUBLISH, DUP, QoS 1
        08           # Remaining Length
        00 01 "t"    # Topic Name
        ff ff        # Packet Identifier
        00 ff 80     # Payload
      `,
      packet: {
        type: "publish",
        topicName: "t",
        packetIdentifier: 65535,
        payload: Uint8Array.of(0x00, 0xff, 0x80),
        qos: 1,
        retain: false,
        duplicate: true,
      },
    },
    {
      name: "QoS 2 with every property",
      clause: "MQTT-3.3.2-13 MQTT-3.3.2-16 MQTT-3.3.2-18 MQTT-3.3.2-19 MQTT-3.3.4-4",
      versions: [5],
      hex: `
        3d                       # PUBLISH, DUP, QoS 2, RETAIN
        46                       # Remaining Length 70
        00 03 "a/b"              # Topic Name
        00 0a                    # Packet Identifier
        3a                       # Property Length 58
        01 01                    # Payload Format Indicator 1
        02 ff ff ff ff           # Message Expiry Interval 4,294,967,295
        23 00 10                 # Topic Alias 16
        08 00 03 "r/t"           # Response Topic
        09 00 04 00 01 02 03     # Correlation Data
        26 00 04 "test" 00 04 "test"  # User Property test = test
        0b 78                    # Subscription Identifier 120
        0b ff ff ff 7f           # Subscription Identifier 268,435,455
        03 00 04 "test"          # Content Type
        26 00 00 00 00           # User Property with an empty name and value
        0b 80 01                 # Subscription Identifier 128
        "test"                   # Payload
      `,
      packet: {
        type: "publish",
        topicName: "a/b",
        packetIdentifier: 10,
        payload: utf8("test"),
        qos: 2,
        retain: true,
        duplicate: true,
        properties: {
          payloadFormatIndicator: 1,
          messageExpiryInterval: 4294967295,
          topicAlias: 16,
          responseTopic: "r/t",
          correlationData: Uint8Array.of(0, 1, 2, 3),
          userProperties: [
            ["test", "test"],
            ["", ""],
          ],
          subscriptionIdentifiers: [120, 268435455, 128],
          contentType: "test",
        },
      },
      canonical: `
        3d 46 00 03 "a/b" 00 0a 3a
        01 01
        02 ff ff ff ff
        23 00 10
        08 00 03 "r/t"
        09 00 04 00 01 02 03
        26 00 04 "test" 00 04 "test"
        26 00 00 00 00           # repeated properties stand together
        0b 78
        0b ff ff ff 7f
        0b 80 01
        03 00 04 "test"
        "test"
      `,
    },
    {
      name: "a topic alias in place of the name",
      clause: "3.3.2.3.4",
      versions: [5],
      hex: `
        30           # PUBLISH
        07           # Remaining Length
        00 00        # Topic Name
        03           # Property Length
        23 00 01     # Topic Alias 1
        2a           # Payload
      `,
      packet: {
        type: "publish",
        topicName: "",
        payload: Uint8Array.of(42),
        qos: 0,
        retain: false,
        duplicate: false,
        properties: { topicAlias: 1 },
      },
    },
    {
      name: "one, two, three and four bytes of UTF-8",
      clause: "MQTT-1.5.4-3",
      versions: [3, 4],
      hex: `
        30                    # PUBLISH
        12                    # Remaining Length 18
        00 0d                 # length of the Topic Name
        ef bb bf              # U+FEFF, a BOM: kept
        41                    # A
        c3 a9                 # U+00E9
        e2 82 ac              # U+20AC
        f0 aa 9b 94           # U+2A6D4
        31 32 33              # Payload
      `,
      packet: {
        type: "publish",
        topicName: "\uFEFFA\u00e9\u20ac\u{2A6D4}",
        payload: utf8("123"),
        qos: 0,
        retain: false,
        duplicate: false,
      },
    },
    {
      name: "a Remaining Length of two bytes",
      clause: "MQTT-1.5.5-1",
      versions: [4],
      hex: `
        30           # PUBLISH
        80 01        # Remaining Length 128
        00 01 "t"    # Topic Name
        ${"5a ".repeat(125)} # Payload
      `,
      packet: {
        type: "publish",
        topicName: "t",
        payload: new Uint8Array(125).fill(0x5a),
        qos: 0,
        retain: false,
        duplicate: false,
      },
    },
    {
      name: "a topic with a space, a leading slash and a $",
      clause: "4.7.3",
      versions: [4],
      hex: `
        30            # PUBLISH
        08            # Remaining Length
        00 06 "/$ //b"  # Topic Name
      `,
      packet: {
        type: "publish",
        topicName: "/$ //b",
        payload: new Uint8Array(0),
        qos: 0,
        retain: false,
        duplicate: false,
      },
    },
  ]);

  describeUnencodable([
    {
      name: "QoS 3",
      clause: "MQTT-3.3.1-4",
      versions: [4, 5],
      packet: { type: "publish", topicName: "t", payload: utf8(""), packetIdentifier: 1, qos: 3 as 2 },
      error: MalformedPacketError,
    },
    {
      name: "DUP at QoS 0",
      clause: "MQTT-3.3.1-2",
      versions: [4, 5],
      packet: { type: "publish", topicName: "t", payload: utf8(""), duplicate: true },
      error: MalformedPacketError,
    },
    {
      name: "QoS 1 without a packet identifier",
      clause: "MQTT-2.2.1-3",
      versions: [4, 5],
      packet: { type: "publish", topicName: "t", payload: utf8(""), qos: 1 },
      error: MalformedPacketError,
    },
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [4, 5],
      packet: { type: "publish", topicName: "t", payload: utf8(""), qos: 1, packetIdentifier: 0 },
      error: ProtocolError,
    },
    {
      name: "a packet identifier beyond two bytes",
      clause: "2.2.1",
      versions: [4, 5],
      packet: { type: "publish", topicName: "t", payload: utf8(""), qos: 1, packetIdentifier: 65536 },
      error: MalformedPacketError,
    },
    {
      name: "a packet identifier at QoS 0",
      clause: "MQTT-2.2.1-2",
      versions: [4, 5],
      packet: { type: "publish", topicName: "t", payload: utf8(""), packetIdentifier: 1 },
      error: MalformedPacketError,
    },
    {
      name: "an empty topic name",
      clause: "MQTT-4.7.3-1",
      versions: [3, 4, 5],
      packet: { type: "publish", topicName: "", payload: utf8("") },
      error: InvalidTopicError,
    },
    {
      name: "a wildcard",
      clause: "MQTT-3.3.2-2 MQTT-4.7.0-1",
      versions: [3, 4, 5],
      packet: { type: "publish", topicName: "a/+", payload: utf8("") },
      error: InvalidTopicError,
    },
    {
      name: "a null character in the topic",
      clause: "MQTT-1.5.4-2 MQTT-4.7.3-2",
      versions: [4, 5],
      packet: { type: "publish", topicName: "a\0", payload: utf8("") },
      error: InvalidTopicError,
    },
    {
      name: "a lone surrogate in the topic",
      clause: "MQTT-1.5.4-1",
      versions: [4, 5],
      packet: { type: "publish", topicName: "\udc00", payload: utf8("") },
      error: InvalidTopicError,
    },
    {
      name: "a topic beyond 65,535 bytes",
      clause: "MQTT-4.7.3-3",
      versions: [4, 5],
      packet: { type: "publish", topicName: "é".repeat(32768), payload: utf8("") },
      error: InvalidTopicError,
    },
    {
      name: "topic alias 0",
      clause: "MQTT-3.3.2-8",
      versions: [5],
      packet: { type: "publish", topicName: "t", payload: utf8(""), properties: { topicAlias: 0 } },
      error: ProtocolError,
    },
    {
      name: "a wildcard in the response topic",
      clause: "MQTT-3.3.2-14",
      versions: [5],
      packet: { type: "publish", topicName: "t", payload: utf8(""), properties: { responseTopic: "r/#" } },
      error: InvalidTopicError,
    },
    {
      name: "properties before 5.0",
      clause: "2.2.2",
      versions: [3, 4],
      packet: { type: "publish", topicName: "t", payload: utf8(""), properties: { topicAlias: 1 } },
      error: ProtocolError,
    },
  ]);

  test("left out, flags are false and the QoS is 0", () => {
    expect(encode({ type: "publish", topicName: "t", payload: utf8("x") }, 4)).toStrictEqual(
      hex('30 04 00 01 "t" "x"'),
    );
  });

  test("the payload is a view of the chunk where the packet lies in one, and of nothing else where it does not", () => {
    const chunk = hex('30 05 00 01 "t" "xy"');
    const [packet] = new Decoder({ version: 4 }).push(chunk);
    expect(packet).toMatchObject({ payload: utf8("xy") });
    if (packet?.type !== "publish") throw new Error("unreachable");
    expect(packet.payload.buffer).toBe(chunk.buffer);
    expect(packet.payload.byteOffset).toBe(5);

    const decoder = new Decoder({ version: 4 });
    const first = chunk.slice(0, 6);
    decoder.push(first);
    // The caller may use the chunk again once push has returned: what is kept is a copy.
    first.fill(0);
    expect(decoder.push(chunk.slice(6))).toStrictEqual([packet]);
  });

  test("a topic that was seen does not lend its validity to another string", () => {
    const decoder = new Decoder({ version: 5 });
    // "a/#" is a fine content type, and must not become a fine topic name by being remembered.
    expect(decoder.push(hex('30 len 00 01 "t" 06 03 00 03 "a/#"'))).toHaveLength(1);
    expect(() => decoder.push(hex('30 len 00 03 "a/#" 00'))).toThrow(MalformedPacketError);
  });
});
