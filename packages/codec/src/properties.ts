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
 * The table of section 2.2.2.2: the identifier, the type, where the property may stand, the least value, and whether
 * it may stand there more than once. A Subscription Identifier may stand once in a SUBSCRIBE and many times in a
 * PUBLISH, so it has a row for each.
 */
export const propertyTable = {
  payloadFormatIndicator: [0x01, "byte", "publish will"],
  messageExpiryInterval: [0x02, "fourByteInteger", "publish will"],
  contentType: [0x03, "string", "publish will"], // [MQTT-3.3.2-19]
  responseTopic: [0x08, "string", "publish will"],
  correlationData: [0x09, "binary", "publish will"],
  subscriptionIdentifier: [0x0b, "variableByteInteger", "subscribe", 1],
  subscriptionIdentifiers: [0x0b, "variableByteInteger", "publish", 1, true],
  sessionExpiryInterval: [0x11, "fourByteInteger", "connect connack disconnect"],
  assignedClientIdentifier: [0x12, "string", "connack"],
  serverKeepAlive: [0x13, "twoByteInteger", "connack"],
  authenticationMethod: [0x15, "string", "connect connack auth"],
  authenticationData: [0x16, "binary", "connect connack auth"],
  requestProblemInformation: [0x17, "byte", "connect"],
  willDelayInterval: [0x18, "fourByteInteger", "will"],
  requestResponseInformation: [0x19, "byte", "connect"],
  responseInformation: [0x1a, "string", "connack"],
  serverReference: [0x1c, "string", "connack disconnect"],
  reasonString: [0x1f, "string", "connack puback pubrec pubrel pubcomp suback unsuback disconnect auth"],
  receiveMaximum: [0x21, "twoByteInteger", "connect connack", 1],
  topicAliasMaximum: [0x22, "twoByteInteger", "connect connack"],
  topicAlias: [0x23, "twoByteInteger", "publish", 1],
  maximumQoS: [0x24, "byte", "connack"],
  retainAvailable: [0x25, "byte", "connack"],
  userProperties: [
    0x26,
    "stringPair",
    "connect will connack publish puback pubrec pubrel pubcomp subscribe suback unsubscribe unsuback disconnect auth",
    0,
    true,
  ],
  maximumPacketSize: [0x27, "fourByteInteger", "connect connack", 1],
  wildcardSubscriptionAvailable: [0x28, "byte", "connack"],
  subscriptionIdentifierAvailable: [0x29, "byte", "connack"],
  sharedSubscriptionAvailable: [0x2a, "byte", "connack"],
} as const;

type Table = typeof propertyTable;

/** The name of a property of MQTT 5.0, as it stands in `packet.properties`. */
export type PropertyName = keyof Table;

type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text;

/** A row of the table for a program that goes through it. */
export type PropertyTableRow = readonly [
  identifier: number,
  type: PropertyType,
  targets: string,
  minimum?: number,
  repeatable?: boolean,
];

/** Every property of MQTT 5.0, by the name that it has in `packet.properties`: the table of section 2.2.2.2. */
export const properties: {
  readonly [N in PropertyName]: PropertyDefinition & {
    readonly identifier: Table[N][0];
    readonly type: Table[N][1];
    readonly targets: readonly Words<Table[N][2]>[];
  };
} = /* @__PURE__ */ define(propertyTable);

function define(table: Readonly<Record<string, PropertyTableRow>>): typeof properties {
  const definitions = Object.entries(table).map(([name, [identifier, type, targets, minimum, repeatable]]) => [
    name,
    {
      identifier,
      type,
      targets: targets.split(" "),
      ...(repeatable && { repeatable }),
      ...(minimum && { minimum }),
      ...(type === "byte" && { maximum: 1 }), // What has one byte is a flag.
    },
  ]);
  return Object.fromEntries(definitions) as typeof properties;
}

type PropertyValue<N extends PropertyName> = Table[N] extends readonly [number, PropertyType, string, number, true]
  ? ValueOf[Table[N][1]][]
  : ValueOf[Table[N][1]];

type NamesIn<T extends PropertyTarget> = {
  [N in PropertyName]: T extends Words<Table[N][2]> ? N : never;
}[PropertyName];

/** The properties that may stand in a given packet, or in the Will Message (`"will"`). Absent ones are left out. */
export type PacketProperties<T extends PropertyTarget> = { [N in NamesIn<T>]?: PropertyValue<N> | undefined };
