import fc from "fast-check";
import mqttPacket from "mqtt-packet";
import type { Packet, UserProperties } from "mqtt-packet";
import { describe, expect, test } from "vitest";
import { packetOf, versions } from "../testing/arbitraries/packets.ts";
import { toHex } from "../testing/hex.ts";
import { check, same } from "../testing/property-test.ts";
import { encode } from "./mod.ts";
import type { ControlPacket, ProtocolVersion } from "./mod.ts";

// mqtt-packet 9.0.2 is a second opinion. What it says otherwise than the standard allows, or in another of two right
// ways, is left out of the comparison:
//
// - User properties are an object to it, so equal names come together, "__proto__" is lost and numbers come first.
// - It writes the property length of an acknowledgement that has a reason code and no properties (section 3.4.2.2.1),
//   and the reason code and property length of every DISCONNECT and AUTH (sections 3.14.2.1 and 3.15.2.1).
// - It refuses a password without a user name and an empty client identifier with Clean Start 0, which MQTT 5.0 allows
//   (sections 3.1.2.9 and 3.1.3.1), and an empty client identifier in MQTT 3.1.

type Loose = Record<string, unknown>;

/** mqtt-packet's names for the properties that it calls otherwise. */
const renamed: Record<string, string> = {
  subscriptionIdentifiers: "subscriptionIdentifier",
  subscriptionIdentifierAvailable: "subscriptionIdentifiersAvailable",
};

const booleans = new Set([
  "payloadFormatIndicator",
  "requestResponseInformation",
  "requestProblemInformation",
  "retainAvailable",
  "wildcardSubscriptionAvailable",
  "subscriptionIdentifierAvailable",
  "sharedSubscriptionAvailable",
]);

function theirProperties(properties: object | undefined): Loose | undefined {
  if (properties === undefined) return undefined;
  const theirs: Loose = {};
  for (const [name, value] of Object.entries(properties) as [string, unknown][]) {
    const key = renamed[name] ?? name;
    if (name === "userProperties") theirs[key] = theirUserProperties(value as [string, string][]);
    else if (booleans.has(name)) theirs[key] = value === 1;
    else theirs[key] = value instanceof Uint8Array ? Buffer.from(value) : value;
  }
  return theirs;
}

function theirUserProperties(pairs: readonly [string, string][]): UserProperties {
  const theirs: UserProperties = {};
  for (const [name, value] of pairs) theirs[name] = value;
  return theirs;
}

/** The same packet in mqtt-packet's words. */
function theirs(packet: ControlPacket): Packet {
  const { type, ...fields } = packet;
  const common: Loose = { cmd: type };
  if ("properties" in fields) common["properties"] = theirProperties(fields.properties);
  if ("packetIdentifier" in fields) common["messageId"] = fields.packetIdentifier;
  return { ...common, ...theirFields(packet) } as unknown as Packet;
}

function theirFields(packet: ControlPacket): Loose {
  switch (packet.type) {
    case "connect": {
      const { will, password } = packet;
      return {
        protocolId: packet.protocolVersion === 3 ? "MQIsdp" : "MQTT",
        protocolVersion: packet.protocolVersion,
        clean: packet.cleanStart,
        keepalive: packet.keepAlive,
        clientId: packet.clientIdentifier,
        username: packet.userName,
        password: password && Buffer.from(password),
        will: will && {
          topic: will.topic,
          payload: Buffer.from(will.payload),
          qos: will.qos,
          retain: will.retain,
          properties: theirProperties(will.properties),
        },
      };
    }
    case "connack":
      return { sessionPresent: packet.sessionPresent, reasonCode: packet.reasonCode, returnCode: packet.reasonCode };
    case "publish":
      return {
        topic: packet.topicName,
        payload: Buffer.from(packet.payload),
        qos: packet.qos,
        retain: packet.retain,
        dup: packet.duplicate,
      };
    case "subscribe":
      return {
        subscriptions: packet.subscriptions.map(({ topicFilter, qos, noLocal, retainAsPublished, retainHandling }) => ({
          topic: topicFilter,
          qos,
          nl: noLocal,
          rap: retainAsPublished,
          rh: retainHandling,
        })),
      };
    case "unsubscribe":
      return { unsubscriptions: packet.topicFilters };
    case "suback":
    case "unsuback":
      return { granted: packet.reasonCodes };
    case "pingreq":
    case "pingresp":
      return {};
    default:
      return { reasonCode: packet.reasonCode };
  }
}

function userPropertiesAreComparable(properties: object | undefined): boolean {
  const pairs = (properties as { userProperties?: [string, string][] } | undefined)?.userProperties ?? [];
  const names = new Set(pairs.map(([name]) => name));
  return names.size === pairs.length && !names.has("__proto__") && ![...names].some((name) => /^\d/.test(name));
}

/** Whether mqtt-packet can say it, in the bytes that we choose. */
function isComparable(packet: ControlPacket, version: ProtocolVersion): boolean {
  if ("properties" in packet && !userPropertiesAreComparable(packet.properties)) return false;
  const isBare = !("properties" in packet);
  switch (packet.type) {
    case "connect":
      if (!userPropertiesAreComparable(packet.will?.properties)) return false;
      if (packet.password !== undefined && packet.userName === undefined) return false;
      return packet.clientIdentifier !== "" || (version > 3 && packet.cleanStart);
    case "puback":
    case "pubrec":
    case "pubrel":
    case "pubcomp":
      return !(isBare && packet.reasonCode !== 0);
    case "disconnect":
      if (packet.reasonCode === 0x8c) return false; // It keeps to section 3.14.2.1, which leaves out what 2.4 has.
      return version < 5 || !isBare;
    case "auth":
      return version < 5 || !isBare;
    default:
      return true;
  }
}

describe.each(versions)("against mqtt-packet, version %i", (version) => {
  const comparable: fc.Arbitrary<ControlPacket> = packetOf(version).filter((packet) => isComparable(packet, version));

  test("any packet has the same bytes", () => {
    check(comparable, (packet) => {
      const bytes = mqttPacket.generate(theirs(packet), { protocolVersion: version });
      same(toHex(encode(packet, version)), toHex(bytes));
    });
  });

  test("what we encode it decodes, and encodes again to the same bytes", () => {
    check(comparable, (packet) => {
      const bytes = encode(packet, version);
      const decoded = decodeTheirs(bytes, version);
      same(toHex(mqttPacket.generate(decoded, { protocolVersion: version })), toHex(bytes));
    });
  });
});

function decodeTheirs(bytes: Uint8Array, version: ProtocolVersion): Packet {
  const packets: Packet[] = [];
  const parser = mqttPacket.parser({ protocolVersion: version });
  parser.on("packet", (packet: Packet) => packets.push(packet));
  parser.on("error", (error: Error) => {
    throw error;
  });
  parser.parse(Buffer.from(bytes));
  const [packet] = packets;
  if (packet === undefined) throw new Error(`mqtt-packet makes nothing of ${toHex(bytes)}`);
  return packet;
}

test("where it differs: an acknowledgement with a reason code and no properties", () => {
  const packet = { type: "puback", packetIdentifier: 1, reasonCode: 0x10 } as const;
  // Section 3.4.2.2.1: below a Remaining Length of 4 there is no Property Length, and both forms are right.
  expect(toHex(encode(packet, 5))).toBe("4003000110");
  expect(toHex(mqttPacket.generate(theirs(packet), { protocolVersion: 5 }))).toBe("400400011000");
});

test("where it differs: a DISCONNECT in its short form", () => {
  const packet = { type: "disconnect", reasonCode: 0 } as const;
  expect(toHex(encode(packet, 5))).toBe("e000");
  expect(toHex(mqttPacket.generate(theirs(packet), { protocolVersion: 5 }))).toBe("e0020000");
});
