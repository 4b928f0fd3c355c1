import { describe } from "vitest";
import {
  describeMalformed,
  describeUnencodable,
  describeVectors,
  malformed,
  protocolError,
} from "../../testing/vectors.ts";
import { InvalidTopicError, ProtocolError } from "../errors.ts";

describe("UNSUBSCRIBE", () => {
  describeVectors([
    {
      name: "two filters",
      clause: "MQTT-3.10.1-1 MQTT-3.10.3-1",
      versions: [3, 4],
      hex: `
        a2          # UNSUBSCRIBE
        0c          # Remaining Length
        00 0a       # Packet Identifier
        00 03 "a/b" # Topic Filter
        00 03 "+/#" # Topic Filter
      `,
      packet: { type: "unsubscribe", packetIdentifier: 10, topicFilters: ["a/b", "+/#"] },
    },
    {
      name: "every property",
      clause: "MQTT-3.10.1-1 MQTT-3.10.3-1",
      versions: [5],
      hex: `
        a2                     # UNSUBSCRIBE
        16                     # Remaining Length 22
        00 0a                  # Packet Identifier
        07                     # Property Length
        26 00 01 "a" 00 01 "b" # User Property a = b
        00 0a "$share/g/#"     # Topic Filter
      `,
      packet: {
        type: "unsubscribe",
        packetIdentifier: 10,
        properties: { userProperties: [["a", "b"]] },
        topicFilters: ["$share/g/#"],
      },
    },
  ]);

  describeMalformed([
    {
      name: "reserved flags",
      clause: "MQTT-2.1.3-1 MQTT-3.10.1-1",
      versions: [4, 5],
      hex: 'a0 len 00 01 00 01 "a"',
      error: malformed(0),
    },
    { name: "an empty body", clause: "3.10.2", versions: [3, 4, 5], hex: "a2 00", error: malformed(2) },
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [3, 4, 5],
      hex: 'a2 len 00 00 00 01 "a"',
      error: protocolError(2),
    },
    { name: "no filter", clause: "MQTT-3.10.3-2", versions: [3, 4], hex: "a2 02 00 01", error: protocolError(4) },
    { name: "no filter", clause: "MQTT-3.10.3-2", versions: [5], hex: "a2 03 00 01 00", error: protocolError(5) },
    {
      name: "an empty filter",
      clause: "MQTT-4.7.3-1",
      versions: [3, 4],
      hex: 'a2 len 00 01 00 01 "a" 00 00',
      error: malformed(7),
    },
    {
      name: "a wildcard beside a letter",
      clause: "MQTT-4.7.1-1",
      versions: [5],
      hex: 'a2 len 00 01 00 00 02 "a+"',
      error: malformed(5),
    },
    {
      name: "a filter beyond the packet",
      clause: "1.5.4",
      versions: [3, 4],
      hex: 'a2 len 00 01 00 02 "a"',
      error: malformed(6),
    },
    {
      name: "a trailing byte",
      clause: "3.10.3",
      versions: [3, 4],
      hex: 'a2 len 00 01 00 01 "a" 00',
      error: malformed(7),
    },
    {
      name: "a filter that is not UTF-8",
      clause: "MQTT-3.10.3-1",
      versions: [3, 4],
      hex: "a2 len 00 01 00 01 fe",
      error: malformed(4),
    },
    {
      name: "a property that it does not have",
      clause: "2.2.2.2",
      versions: [5],
      hex: 'a2 len 00 01 03 1f 00 00 00 01 "a"',
      error: malformed(5),
    },
  ]);

  describeUnencodable([
    {
      name: "no filter",
      clause: "MQTT-3.10.3-2",
      versions: [3, 4, 5],
      packet: { type: "unsubscribe", packetIdentifier: 1, topicFilters: [] },
      error: ProtocolError,
    },
    {
      name: "an empty filter",
      clause: "MQTT-4.7.3-1",
      versions: [3, 4, 5],
      packet: { type: "unsubscribe", packetIdentifier: 1, topicFilters: ["a", ""] },
      error: InvalidTopicError,
    },
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [3, 4, 5],
      packet: { type: "unsubscribe", packetIdentifier: 0, topicFilters: ["a"] },
      error: ProtocolError,
    },
    {
      name: "properties before 5.0",
      clause: "2.2.2",
      versions: [3, 4],
      packet: {
        type: "unsubscribe",
        packetIdentifier: 1,
        topicFilters: ["a"],
        properties: { userProperties: [["a", "b"]] },
      },
      error: ProtocolError,
    },
  ]);
});
