import { describe, expect, test } from "vitest";
import { hex } from "../../testing/hex.ts";
import {
  describeMalformed,
  describeUnencodable,
  describeVectors,
  malformed,
  protocolError,
} from "../../testing/vectors.ts";
import { InvalidTopicError, MalformedPacketError, ProtocolError } from "../errors.ts";
import { encode } from "../mod.ts";
import type { TopicSubscriptionInput } from "./types.ts";

const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;

function subscribe(...subscriptions: TopicSubscriptionInput[]): {
  type: "subscribe";
  packetIdentifier: number;
  subscriptions: TopicSubscriptionInput[];
} {
  return { type: "subscribe", packetIdentifier: 1, subscriptions };
}

describe("SUBSCRIBE", () => {
  describeVectors([
    {
      name: "three filters",
      clause: "MQTT-3.8.1-1 MQTT-3.8.3-1",
      versions: [3, 4],
      hex: `
        82             # SUBSCRIBE
        11             # Remaining Length 17
        00 0a          # Packet Identifier
        00 03 "a/b"    # Topic Filter
        00             # Requested QoS 0
        00 01 "#"      # Topic Filter
        01             # Requested QoS 1
        00 02 "+/"     # Topic Filter
        02             # Requested QoS 2
      `,
      packet: {
        type: "subscribe",
        packetIdentifier: 10,
        subscriptions: [
          { topicFilter: "a/b", qos: 0, ...plain },
          { topicFilter: "#", qos: 1, ...plain },
          { topicFilter: "+/", qos: 2, ...plain },
        ],
      },
    },
    {
      name: "every option and property",
      clause: "MQTT-3.8.1-1 MQTT-3.8.3-1 MQTT-3.8.3-3",
      versions: [5],
      hex: `
        82                     # SUBSCRIBE
        2f                     # Remaining Length 47
        ff ff                  # Packet Identifier
        11                     # Property Length 17
        0b 80 80 80 01         # Subscription Identifier 2,097,152
        26 00 01 "a" 00 01 "b" # User Property a = b
        26 00 00 00 00         # User Property with an empty name and value
        00 01 "a"              # Topic Filter
        04                     # No Local
        00 01 "b"              # Topic Filter
        08                     # Retain As Published
        00 01 "c"              # Topic Filter
        12                     # Retain Handling 1, QoS 2
        00 0c "$share/g/+/#"   # Topic Filter of a shared subscription
        29                     # Retain Handling 2, Retain As Published, QoS 1
      `,
      packet: {
        type: "subscribe",
        packetIdentifier: 65535,
        properties: {
          subscriptionIdentifier: 2097152,
          userProperties: [
            ["a", "b"],
            ["", ""],
          ],
        },
        subscriptions: [
          { topicFilter: "a", qos: 0, noLocal: true, retainAsPublished: false, retainHandling: 0 },
          { topicFilter: "b", qos: 0, noLocal: false, retainAsPublished: true, retainHandling: 0 },
          { topicFilter: "c", qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 1 },
          { topicFilter: "$share/g/+/#", qos: 1, noLocal: false, retainAsPublished: true, retainHandling: 2 },
        ],
      },
    },
  ]);

  describeMalformed([
    {
      name: "reserved flags",
      clause: "MQTT-2.1.3-1 MQTT-3.8.1-1",
      versions: [4, 5],
      hex: '80 len 00 01 00 01 "a" 00',
      error: malformed(0),
    },
    { name: "an empty body", clause: "3.8.2", versions: [3, 4, 5], hex: "82 00", error: malformed(2) },
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [3, 4, 5],
      hex: '82 len 00 00 00 01 "a" 00',
      error: protocolError(2),
    },
    { name: "no filter", clause: "MQTT-3.8.3-2", versions: [3, 4], hex: "82 02 00 01", error: protocolError(4) },
    { name: "no filter", clause: "MQTT-3.8.3-2", versions: [5], hex: "82 03 00 01 00", error: protocolError(5) },
    { name: "no property length", clause: "MQTT-2.2.2-1", versions: [5], hex: "82 02 00 01", error: malformed(4) },
    {
      name: "a filter without options",
      clause: "3.8.3",
      versions: [3, 4],
      hex: '82 len 00 01 00 01 "a"',
      error: malformed(7),
    },
    {
      name: "a filter beyond the packet",
      clause: "1.5.4",
      versions: [3, 4],
      hex: '82 len 00 01 00 03 "a" 00',
      error: malformed(6),
    },
    {
      name: "an empty filter",
      clause: "MQTT-4.7.3-1",
      versions: [3, 4],
      hex: "82 len 00 01 00 00 00",
      error: malformed(4),
    },
    {
      name: "an empty filter",
      clause: "MQTT-4.7.3-1",
      versions: [5],
      hex: "82 len 00 01 00 00 00 00",
      error: malformed(5),
    },
    {
      name: "a # that is not last",
      clause: "MQTT-4.7.1-1",
      versions: [3, 4],
      hex: '82 len 00 01 00 03 "#/a" 00',
      error: malformed(4),
    },
    {
      name: "a # beside a letter",
      clause: "MQTT-4.7.1-1",
      versions: [3, 4],
      hex: '82 len 00 01 00 02 "a#" 00',
      error: malformed(4),
    },
    {
      name: "a + beside a letter",
      clause: "MQTT-4.7.1-2",
      versions: [5],
      hex: '82 len 00 01 00 00 02 "+a" 00',
      error: malformed(5),
    },
    {
      name: "a filter with a null character",
      clause: "MQTT-1.5.4-2",
      versions: [3, 4],
      hex: "82 len 00 01 00 01 00 00",
      error: malformed(4),
    },
    {
      name: "a filter that is not UTF-8",
      clause: "MQTT-3.8.3-1 MQTT-1.5.4-1",
      versions: [3, 4],
      hex: "82 len 00 01 00 01 80 00",
      error: malformed(4),
    },
    {
      name: "QoS 3",
      clause: "MQTT311-3.8.3-4",
      versions: [3, 4],
      hex: '82 len 00 01 00 01 "a" 03',
      error: protocolError(7),
    },
    { name: "QoS 3", clause: "3.8.3.1", versions: [5], hex: '82 len 00 01 00 00 01 "a" 03', error: protocolError(8) },
    {
      name: "the options of 5.0",
      clause: "MQTT311-3.8.3-4",
      versions: [3, 4],
      hex: '82 len 00 01 00 01 "a" 04',
      error: malformed(7),
    },
    {
      name: "reserved bit 6",
      clause: "MQTT-3.8.3-5",
      versions: [5],
      hex: '82 len 00 01 00 00 01 "a" 40',
      error: malformed(8),
    },
    {
      name: "reserved bit 7",
      clause: "MQTT-3.8.3-5",
      versions: [3, 4],
      hex: '82 len 00 01 00 01 "a" 80',
      error: malformed(7),
    },
    {
      name: "Retain Handling 3",
      clause: "3.8.3.1",
      versions: [5],
      hex: '82 len 00 01 00 00 01 "a" 30',
      error: protocolError(8),
    },
    {
      name: "No Local on a shared subscription",
      clause: "MQTT-3.8.3-4",
      versions: [5],
      hex: '82 len 00 01 00 00 0a "$share/g/a" 04',
      error: protocolError(17),
    },
    {
      name: "an empty share name",
      clause: "MQTT-4.8.2-1",
      versions: [5],
      hex: '82 len 00 01 00 00 09 "$share//a" 00',
      error: malformed(5),
    },
    {
      name: "a wildcard in the share name",
      clause: "MQTT-4.8.2-2",
      versions: [5],
      hex: '82 len 00 01 00 00 0a "$share/+/a" 00',
      error: malformed(5),
    },
    {
      name: "a share name and no filter",
      clause: "MQTT-4.8.2-2",
      versions: [5],
      hex: '82 len 00 01 00 00 08 "$share/g" 00',
      error: malformed(5),
    },
    {
      name: "subscription identifier 0",
      clause: "3.8.2.1.2",
      versions: [5],
      hex: '82 len 00 01 02 0b 00 00 01 "a" 00',
      error: protocolError(6),
    },
    {
      name: "two subscription identifiers",
      clause: "3.8.2.1.2",
      versions: [5],
      hex: '82 len 00 01 04 0b 01 0b 02 00 01 "a" 00',
      error: protocolError(7),
    },
    {
      name: "a second filter cut short",
      clause: "3.8.3",
      versions: [3, 4],
      hex: '82 len 00 01 00 01 "a" 00 00',
      error: malformed(8),
    },
  ]);

  describeUnencodable([
    { name: "no filter", clause: "MQTT-3.8.3-2", versions: [3, 4, 5], packet: subscribe(), error: ProtocolError },
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [3, 4, 5],
      packet: { ...subscribe({ topicFilter: "a" }), packetIdentifier: 0 },
      error: ProtocolError,
    },
    {
      name: "an empty filter",
      clause: "MQTT-4.7.3-1",
      versions: [3, 4, 5],
      packet: subscribe({ topicFilter: "" }),
      error: InvalidTopicError,
    },
    {
      name: "a wildcard beside a letter",
      clause: "MQTT-4.7.1-1",
      versions: [3, 4, 5],
      packet: subscribe({ topicFilter: "a" }, { topicFilter: "b#" }),
      error: InvalidTopicError,
    },
    {
      name: "QoS 3",
      clause: "MQTT311-3.8.3-4",
      versions: [3, 4],
      packet: subscribe({ topicFilter: "a", qos: 3 as 2 }),
      error: MalformedPacketError,
    },
    {
      name: "QoS 3",
      clause: "3.8.3.1",
      versions: [5],
      packet: subscribe({ topicFilter: "a", qos: 3 as 2 }),
      error: MalformedPacketError,
    },
    {
      name: "Retain Handling 3",
      clause: "3.8.3.1",
      versions: [5],
      packet: subscribe({ topicFilter: "a", retainHandling: 3 as 2 }),
      error: MalformedPacketError,
    },
    {
      name: "No Local on a shared subscription",
      clause: "MQTT-3.8.3-4",
      versions: [5],
      packet: subscribe({ topicFilter: "$share/g/a", noLocal: true }),
      error: ProtocolError,
    },
    {
      name: "No Local before 5.0",
      clause: "MQTT311-3.8.3-4",
      versions: [3, 4],
      packet: subscribe({ topicFilter: "a", noLocal: true }),
      error: ProtocolError,
    },
    {
      name: "Retain As Published before 5.0",
      clause: "MQTT311-3.8.3-4",
      versions: [3, 4],
      packet: subscribe({ topicFilter: "a", retainAsPublished: true }),
      error: ProtocolError,
    },
    {
      name: "Retain Handling before 5.0",
      clause: "MQTT311-3.8.3-4",
      versions: [3, 4],
      packet: subscribe({ topicFilter: "a", retainHandling: 1 }),
      error: ProtocolError,
    },
    {
      name: "properties before 5.0",
      clause: "2.2.2",
      versions: [3, 4],
      packet: { ...subscribe({ topicFilter: "a" }), properties: { subscriptionIdentifier: 1 } },
      error: ProtocolError,
    },
    {
      name: "the repeatable identifier of PUBLISH",
      clause: "2.2.2.2",
      versions: [5],
      packet: { ...subscribe({ topicFilter: "a" }), properties: { subscriptionIdentifier: [1] as unknown as number } },
      error: MalformedPacketError,
    },
  ]);

  test("left out, options are 0 or false", () => {
    expect(encode(subscribe({ topicFilter: "a" }), 5)).toStrictEqual(hex('82 07 00 01 00 00 01 "a" 00'));
  });
});
