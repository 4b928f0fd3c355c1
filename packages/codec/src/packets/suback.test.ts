import { describe } from "vitest";
import {
  describeMalformed,
  describeUnencodable,
  describeVectors,
  malformed,
  protocolError,
} from "../../testing/vectors.ts";
import { ProtocolError } from "../errors.ts";

describe("SUBACK", () => {
  describeVectors([
    {
      name: "every return code of 3.1",
      clause: "311-3.9",
      versions: [3, 4],
      hex: `
        90        # SUBACK
        05        # Remaining Length
        00 0a     # Packet Identifier
        00 01 02  # Return codes: granted QoS 0, 1, 2
      `,
      packet: { type: "suback", packetIdentifier: 10, reasonCodes: [0, 1, 2] },
    },
    {
      name: "every return code of 3.1.1, which brokers of 3.1 send too",
      clause: "311-3.9.3",
      versions: [3, 4],
      hex: `
        90          # SUBACK
        06          # Remaining Length
        00 0a       # Packet Identifier
        80 00 01 02 # Return codes: Failure, granted QoS 0, 1, 2
      `,
      packet: { type: "suback", packetIdentifier: 10, reasonCodes: [0x80, 0, 1, 2] },
    },
    {
      name: "every reason code and property",
      clause: "3.9",
      versions: [5],
      hex: `
        90                     # SUBACK
        1c                     # Remaining Length 28
        12 34                  # Packet Identifier
        0d                     # Property Length 13
        1f 00 03 "why"         # Reason String
        26 00 01 "a" 00 01 "b" # User Property a = b
        00 01 02 80 83 87      # Granted QoS 0, 1, 2, Unspecified, Implementation specific, Not authorized
        8f 91 97 9e a1 a2      # Topic Filter invalid, identifier in use, quota, no shared, identifiers, wildcards
      `,
      packet: {
        type: "suback",
        packetIdentifier: 0x1234,
        properties: { reasonString: "why", userProperties: [["a", "b"]] },
        reasonCodes: [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
      },
    },
  ]);

  describeMalformed([
    { name: "reserved flags", clause: "MQTT-2.1.3-1", versions: [4, 5], hex: "92 03 00 01 00", error: malformed(0) },
    { name: "an empty body", clause: "3.9.2", versions: [3, 4, 5], hex: "90 00", error: malformed(2) },
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [3, 4, 5],
      hex: "90 03 00 00 00",
      error: protocolError(2),
    },
    {
      name: "no reason code",
      clause: "MQTT-3.8.4-6",
      versions: [3, 4],
      hex: "90 02 00 01",
      error: protocolError(4),
    },
    { name: "no reason code", clause: "MQTT-3.8.4-6", versions: [5], hex: "90 03 00 01 00", error: protocolError(5) },
    {
      name: "return code 3",
      clause: "MQTT-3.9.3-2",
      versions: [3, 4],
      hex: "90 04 00 01 00 03",
      error: protocolError(5),
    },
    {
      name: "return code 0x87 in 3.1.1",
      clause: "MQTT-3.9.3-2",
      versions: [4],
      hex: "90 03 00 01 87",
      error: protocolError(4),
    },
    {
      name: "an undefined reason code",
      clause: "MQTT-3.9.3-2",
      versions: [5],
      hex: "90 05 00 01 00 00 11",
      error: protocolError(6),
    },
    {
      name: "a property that it does not have",
      clause: "2.2.2.2",
      versions: [5],
      hex: "90 06 00 01 02 0b 01 00",
      error: malformed(5),
    },
  ]);

  describeUnencodable([
    {
      name: "no reason code",
      clause: "MQTT-3.8.4-6",
      versions: [3, 4, 5],
      packet: { type: "suback", packetIdentifier: 1, reasonCodes: [] },
      error: ProtocolError,
    },
    {
      name: "reason code 3",
      clause: "MQTT-3.9.3-2",
      versions: [3, 4, 5],
      packet: { type: "suback", packetIdentifier: 1, reasonCodes: [0, 3] },
      error: ProtocolError,
    },
    {
      name: "packet identifier 0",
      clause: "MQTT-2.2.1-3",
      versions: [3, 4, 5],
      packet: { type: "suback", packetIdentifier: 0, reasonCodes: [0] },
      error: ProtocolError,
    },
    {
      name: "properties before 5.0",
      clause: "2.2.2",
      versions: [3, 4],
      packet: { type: "suback", packetIdentifier: 1, reasonCodes: [0], properties: { reasonString: "" } },
      error: ProtocolError,
    },
  ]);
});
