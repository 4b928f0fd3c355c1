import { describe, expect, test } from "vitest";
import { properties } from "./mod.ts";
import type { PropertyTarget, PropertyType } from "./mod.ts";

const everywhere: PropertyTarget[] = [
  "connect",
  "will",
  "connack",
  "publish",
  "puback",
  "pubrec",
  "pubrel",
  "pubcomp",
  "subscribe",
  "suback",
  "unsubscribe",
  "unsuback",
  "disconnect",
  "auth",
];

// Table 2-4 of section 2.2.2.2, row by row; Subscription Identifier is two rows, as it has two names.
const table: [number, string, PropertyType, ...PropertyTarget[]][] = [
  [0x01, "payloadFormatIndicator", "byte", "publish", "will"],
  [0x02, "messageExpiryInterval", "fourByteInteger", "publish", "will"],
  [0x03, "contentType", "string", "publish", "will"],
  [0x08, "responseTopic", "string", "publish", "will"],
  [0x09, "correlationData", "binary", "publish", "will"],
  [0x0b, "subscriptionIdentifier", "variableByteInteger", "subscribe"],
  [0x0b, "subscriptionIdentifiers", "variableByteInteger", "publish"],
  [0x11, "sessionExpiryInterval", "fourByteInteger", "connect", "connack", "disconnect"],
  [0x12, "assignedClientIdentifier", "string", "connack"],
  [0x13, "serverKeepAlive", "twoByteInteger", "connack"],
  [0x15, "authenticationMethod", "string", "connect", "connack", "auth"],
  [0x16, "authenticationData", "binary", "connect", "connack", "auth"],
  [0x17, "requestProblemInformation", "byte", "connect"],
  [0x18, "willDelayInterval", "fourByteInteger", "will"],
  [0x19, "requestResponseInformation", "byte", "connect"],
  [0x1a, "responseInformation", "string", "connack"],
  [0x1c, "serverReference", "string", "connack", "disconnect"],
  [
    0x1f,
    "reasonString",
    "string",
    "connack",
    "puback",
    "pubrec",
    "pubrel",
    "pubcomp",
    "suback",
    "unsuback",
    "disconnect",
    "auth",
  ],
  [0x21, "receiveMaximum", "twoByteInteger", "connect", "connack"],
  [0x22, "topicAliasMaximum", "twoByteInteger", "connect", "connack"],
  [0x23, "topicAlias", "twoByteInteger", "publish"],
  [0x24, "maximumQoS", "byte", "connack"],
  [0x25, "retainAvailable", "byte", "connack"],
  [0x26, "userProperties", "stringPair", ...everywhere],
  [0x27, "maximumPacketSize", "fourByteInteger", "connect", "connack"],
  [0x28, "wildcardSubscriptionAvailable", "byte", "connack"],
  [0x29, "subscriptionIdentifierAvailable", "byte", "connack"],
  [0x2a, "sharedSubscriptionAvailable", "byte", "connack"],
];

describe("the table of properties", () => {
  test.each(table)("0x%s %s is as in section 2.2.2.2", (identifier, name, type, ...targets) => {
    const definition = Object.entries(properties).find(([key]) => key === name)?.[1];
    expect(definition).toMatchObject({ identifier, type });
    expect([...(definition?.targets ?? [])].sort()).toStrictEqual([...targets].sort());
  });

  test("has no other rows", () => {
    expect(Object.keys(properties).sort()).toStrictEqual(table.map(([, name]) => name).sort());
  });
});
