import { describe } from "vitest";
import { describeMalformed, describeVectors, malformed } from "../../testing/vectors.ts";

describe.each([
  { type: "pingreq", first: "c0", reserved: "c1", section: "3.12" },
  { type: "pingresp", first: "d0", reserved: "d8", section: "3.13" },
] as const)("$type", ({ type, first, reserved, section }) => {
  describeVectors([
    {
      name: "nothing but a fixed header",
      clause: section,
      versions: [3, 4, 5],
      hex: `
        ${first} # first byte
        00       # Remaining Length
      `,
      packet: { type },
    },
  ]);

  describeMalformed([
    { name: "reserved flags", clause: "MQTT-2.1.3-1", versions: [4, 5], hex: `${reserved} 00`, error: malformed(0) },
    { name: "a body", clause: section, versions: [3, 4, 5], hex: `${first} 01 00`, error: malformed(2) },
    {
      name: "a Remaining Length that is longer than it need be",
      clause: "MQTT-1.5.5-1",
      versions: [3, 4, 5],
      hex: `${first} 80 00`,
      error: malformed(1),
    },
    {
      name: "a Remaining Length of four bytes for 0",
      clause: "MQTT-1.5.5-1",
      versions: [3, 4, 5],
      hex: `${first} 80 80 80 00`,
      error: malformed(1),
    },
    {
      name: "a Remaining Length of five bytes",
      clause: "1.5.5",
      versions: [3, 4, 5],
      hex: `${first} 80 80 80 80 01`,
      error: malformed(1),
    },
    {
      name: "a Remaining Length of ones",
      clause: "1.5.5",
      versions: [3, 4, 5],
      hex: `${first} ff ff ff ff`,
      error: malformed(1),
    },
  ]);
});

describe("packet types that are none", () => {
  describeMalformed([
    { name: "type 0", clause: "2.1.2", versions: [3, 4, 5], hex: "00 00", error: malformed(0) },
    { name: "type 0 with flags", clause: "2.1.2", versions: [3, 4, 5], hex: "0f 00", error: malformed(0) },
    { name: "type 15 before 5.0", clause: "311-2.2.1", versions: [3, 4], hex: "f0 00", error: malformed(0) },
  ]);
});

describe("the flags of MQTT 3.1, where DUP and RETAIN of these packets were not reserved", () => {
  const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  describeVectors([
    {
      name: "PUBREL sent again",
      clause: "2.1.3",
      versions: [3],
      hex: `
        6a    # PUBREL, DUP, QoS 1
        02    # Remaining Length
        00 01 # Packet Identifier
      `,
      packet: { type: "pubrel", packetIdentifier: 1, reasonCode: 0 },
      canonical: "62 02 00 01",
    },
    {
      name: "SUBSCRIBE sent again",
      clause: "2.1.3",
      versions: [3],
      hex: `
        8a         # SUBSCRIBE, DUP, QoS 1
        06         # Remaining Length
        00 01      # Packet Identifier
        00 01 "a"  # Topic Filter
        00         # Requested QoS 0
      `,
      packet: { type: "subscribe", packetIdentifier: 1, subscriptions: [{ topicFilter: "a", qos: 0, ...plain }] },
      canonical: '82 06 00 01 00 01 "a" 00',
    },
    {
      name: "CONNACK with flags and a reserved byte",
      clause: "3.2",
      versions: [3],
      hex: `
        21 # CONNACK, RETAIN
        02 # Remaining Length
        ff # reserved
        00 # Return code: accepted
      `,
      packet: { type: "connack", sessionPresent: false, reasonCode: 0 },
      canonical: "20 02 00 00",
    },
    {
      name: "DISCONNECT with flags",
      clause: "3.14",
      versions: [3],
      hex: `
        ef # DISCONNECT, all flags
        00 # Remaining Length
      `,
      packet: { type: "disconnect", reasonCode: 0 },
      canonical: "e0 00",
    },
  ]);
  describeMalformed([
    { name: "SUBSCRIBE at QoS 0", clause: "3.8", versions: [3], hex: '80 len 00 01 00 01 "a" 00', error: malformed(0) },
    { name: "PUBREL at QoS 2", clause: "3.6", versions: [3], hex: "64 02 00 01", error: malformed(0) },
    { name: "UNSUBSCRIBE at QoS 3", clause: "3.10", versions: [3], hex: 'a6 len 00 01 00 01 "a"', error: malformed(0) },
  ]);
});
