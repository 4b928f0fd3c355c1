import type { PublishPacket } from "@rivulet/codec";

/**
 * What a model broker is like. Everything that the specification leaves to a server is a setting. A client of MQTT 3.1.1
 * cannot be told of limits, so they are not held against it.
 */
export interface BrokerSettings {
  /** QoS 1 and 2 messages that a client of MQTT 5.0 may have under way; told in CONNACK unless it is 65,535. */
  readonly receiveMaximum: number;
  /** In bytes; told in CONNACK unless it is Infinity. */
  readonly maximumPacketSize: number;
  /** Topic Aliases that a client may use. */
  readonly topicAliasMaximum: number;
  readonly maximumQoS: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  readonly wildcardSubscriptionAvailable: boolean;
  readonly subscriptionIdentifierAvailable: boolean;
  readonly sharedSubscriptionAvailable: boolean;
  /** Seconds; undefined leaves it to the client. */
  readonly serverKeepAlive: number | undefined;
  /** The longest Session Expiry Interval that it grants, in seconds; told where the client asked for more. */
  readonly maximumSessionExpiry: number;
  /** Messages that it has under way to a client that cannot say its own limit, because it speaks MQTT 3.1.1. */
  readonly window: number;
  /** The largest Packet Identifier that it gives; a small one makes it come round to the same ones soon. */
  readonly lastIdentifier: number;
  /** Whether it uses Topic Aliases where the client takes them. */
  readonly usesAliases: boolean;
  /** Overlapping subscriptions: one copy with all identifiers, or a copy for each (section 3.3.4). */
  readonly overlapping: "once" | "each";
  /** Whether a QoS 2 message goes on to subscribers at its PUBLISH or at its PUBREL (section 4.3.3, figure 4.3). */
  readonly deliversAt: "publish" | "release";
  /** Whether QoS 0 messages wait for a client that is away. */
  readonly keepsQoS0: boolean;
  /** Whether PUBACK and PUBREC tell that nobody has subscribed (0x10). */
  readonly tellsNoSubscribers: boolean;
  /** How long it thinks before it answers, in ms; asked for each answer. */
  readonly thinkingMs: () => number;
  /** The Reason Code with which a message is refused; undefined when it is not. */
  readonly refuses: (packet: PublishPacket) => number | undefined;
  /** The Reason Code with which a connection is refused; undefined when it is not. */
  readonly refusesConnection: (clientIdentifier: string) => number | undefined;
}

/** A broker that does everything, at once, and without limits. */
export const generous: BrokerSettings = {
  receiveMaximum: 65_535,
  maximumPacketSize: Infinity,
  topicAliasMaximum: 0,
  maximumQoS: 2,
  retainAvailable: true,
  wildcardSubscriptionAvailable: true,
  subscriptionIdentifierAvailable: true,
  sharedSubscriptionAvailable: true,
  serverKeepAlive: undefined,
  maximumSessionExpiry: Infinity,
  window: 20,
  lastIdentifier: 65_535,
  usesAliases: false,
  overlapping: "once",
  deliversAt: "release",
  keepsQoS0: false,
  tellsNoSubscribers: true,
  thinkingMs: () => 0,
  refuses: () => undefined,
  refusesConnection: () => undefined,
};
