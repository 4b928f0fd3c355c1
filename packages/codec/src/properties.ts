/** What a set of properties can belong to: a packet that has them, or the Will Message inside a CONNECT. */
export type PropertyTarget =
  | "connect"
  | "will"
  | "connack"
  | "publish"
  | "puback"
  | "pubrec"
  | "pubrel"
  | "pubcomp"
  | "subscribe"
  | "suback"
  | "unsubscribe"
  | "unsuback"
  | "disconnect"
  | "auth";

/** The data types of property values on the wire (section 1.5). */
export type PropertyType =
  "byte" | "twoByteInteger" | "fourByteInteger" | "variableByteInteger" | "string" | "binary" | "stringPair";

interface ValueOf {
  byte: number;
  twoByteInteger: number;
  fourByteInteger: number;
  variableByteInteger: number;
  string: string;
  binary: Uint8Array;
  stringPair: [name: string, value: string];
}

/** One row of the table of section 2.2.2.2. */
export interface PropertyDefinition {
  /** The Property Identifier. */
  readonly identifier: number;
  readonly type: PropertyType;
  /** Where the property may stand. */
  readonly targets: readonly PropertyTarget[];
  /** Targets in which it may stand more than once; its value is then an array, and its name a plural. */
  readonly repeatable?: boolean;
  /** The least value allowed. */
  readonly minimum?: number;
  /** The greatest value allowed. */
  readonly maximum?: number;
}

/**
 * Every property of MQTT 5.0, by the name that it has in `packet.properties`: the table of section 2.2.2.2.
 *
 * A Subscription Identifier may stand once in a SUBSCRIBE and many times in a PUBLISH, so it has a row for each.
 */
export const properties = {
  payloadFormatIndicator: { identifier: 0x01, type: "byte", targets: ["publish", "will"], maximum: 1 },
  messageExpiryInterval: { identifier: 0x02, type: "fourByteInteger", targets: ["publish", "will"] },
  contentType: { identifier: 0x03, type: "string", targets: ["publish", "will"] }, // [MQTT-3.3.2-19]
  responseTopic: { identifier: 0x08, type: "string", targets: ["publish", "will"] },
  correlationData: { identifier: 0x09, type: "binary", targets: ["publish", "will"] },
  subscriptionIdentifier: { identifier: 0x0b, type: "variableByteInteger", targets: ["subscribe"], minimum: 1 },
  subscriptionIdentifiers: {
    identifier: 0x0b,
    type: "variableByteInteger",
    targets: ["publish"],
    repeatable: true,
    minimum: 1,
  },
  sessionExpiryInterval: { identifier: 0x11, type: "fourByteInteger", targets: ["connect", "connack", "disconnect"] },
  assignedClientIdentifier: { identifier: 0x12, type: "string", targets: ["connack"] },
  serverKeepAlive: { identifier: 0x13, type: "twoByteInteger", targets: ["connack"] },
  authenticationMethod: { identifier: 0x15, type: "string", targets: ["connect", "connack", "auth"] },
  authenticationData: { identifier: 0x16, type: "binary", targets: ["connect", "connack", "auth"] },
  requestProblemInformation: { identifier: 0x17, type: "byte", targets: ["connect"], maximum: 1 },
  willDelayInterval: { identifier: 0x18, type: "fourByteInteger", targets: ["will"] },
  requestResponseInformation: { identifier: 0x19, type: "byte", targets: ["connect"], maximum: 1 },
  responseInformation: { identifier: 0x1a, type: "string", targets: ["connack"] },
  serverReference: { identifier: 0x1c, type: "string", targets: ["connack", "disconnect"] },
  reasonString: {
    identifier: 0x1f,
    type: "string",
    targets: ["connack", "puback", "pubrec", "pubrel", "pubcomp", "suback", "unsuback", "disconnect", "auth"],
  },
  receiveMaximum: { identifier: 0x21, type: "twoByteInteger", targets: ["connect", "connack"], minimum: 1 },
  topicAliasMaximum: { identifier: 0x22, type: "twoByteInteger", targets: ["connect", "connack"] },
  topicAlias: { identifier: 0x23, type: "twoByteInteger", targets: ["publish"], minimum: 1 },
  maximumQoS: { identifier: 0x24, type: "byte", targets: ["connack"], maximum: 1 },
  retainAvailable: { identifier: 0x25, type: "byte", targets: ["connack"], maximum: 1 },
  userProperties: {
    identifier: 0x26,
    type: "stringPair",
    targets: [
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
    ],
    repeatable: true,
  },
  maximumPacketSize: { identifier: 0x27, type: "fourByteInteger", targets: ["connect", "connack"], minimum: 1 },
  wildcardSubscriptionAvailable: { identifier: 0x28, type: "byte", targets: ["connack"], maximum: 1 },
  subscriptionIdentifierAvailable: { identifier: 0x29, type: "byte", targets: ["connack"], maximum: 1 },
  sharedSubscriptionAvailable: { identifier: 0x2a, type: "byte", targets: ["connack"], maximum: 1 },
} as const;

/** The name of a property of MQTT 5.0, as it stands in `packet.properties`. */
export type PropertyName = keyof typeof properties;

type PropertyValue<N extends PropertyName> = (typeof properties)[N] extends { repeatable: true }
  ? ValueOf[(typeof properties)[N]["type"]][]
  : ValueOf[(typeof properties)[N]["type"]];

type NamesIn<T extends PropertyTarget> = {
  [N in PropertyName]: T extends (typeof properties)[N]["targets"][number] ? N : never;
}[PropertyName];

/** The properties that may stand in a given packet, or in the Will Message (`"will"`). Absent ones are left out. */
export type PacketProperties<T extends PropertyTarget> = { [N in NamesIn<T>]?: PropertyValue<N> | undefined };
