import type { PacketType, ProtocolVersion } from "./packets/types.ts";

/** The Reason Codes of MQTT 5.0 by name (section 2.4). Those of 0x80 and above mean that something failed. */
export const reasonCodes = {
  success: 0x00,
  normalDisconnection: 0x00,
  grantedQos0: 0x00,
  grantedQos1: 0x01,
  grantedQos2: 0x02,
  disconnectWithWillMessage: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecificError: 0x83,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierInUse: 0x91,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  useAnotherServer: 0x9c,
  serverMoved: 0x9d,
  sharedSubscriptionsNotSupported: 0x9e,
  connectionRateExceeded: 0x9f,
  maximumConnectTime: 0xa0,
  subscriptionIdentifiersNotSupported: 0xa1,
  wildcardSubscriptionsNotSupported: 0xa2,
} as const;

/** A Reason Code that MQTT 5.0 defines. */
export type ReasonCode = (typeof reasonCodes)[keyof typeof reasonCodes];

/** The packets that carry a Reason Code. */
export type PacketTypeWithReasonCode = Exclude<
  PacketType,
  "connect" | "publish" | "subscribe" | "unsubscribe" | "pingreq" | "pingresp"
>;

const publishFailures = [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const publishAcknowledgement = [0x00, 0x10, ...publishFailures];

/** Which Reason Codes a packet may carry: the table of section 2.4, a row a packet. */
const allowed: Record<PacketTypeWithReasonCode, readonly number[]> = {
  // [MQTT-3.2.2-8]
  connack: [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b,
    0x9c, 0x9d, 0x9f,
  ],
  puback: publishAcknowledgement, // [MQTT-3.4.2-1]
  pubrec: publishAcknowledgement, // [MQTT-3.5.2-1]
  pubrel: [0x00, 0x92], // [MQTT-3.6.2-1]
  pubcomp: [0x00, 0x92], // [MQTT-3.7.2-1]
  suback: [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2], // [MQTT-3.9.3-2]
  unsuback: [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91], // [MQTT-3.11.3-2]
  // [MQTT-3.14.2-1]; 0x8C stands in the table of section 2.4 alone, which is reason enough to understand it.
  disconnect: [
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
    0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ],
  auth: [0x00, 0x18, 0x19], // [MQTT-3.15.2-1]
};

/** The Return codes of MQTT 3.1.1 (its sections 3.2.2.3 and 3.9.3). */
const returnCodes: Partial<typeof allowed> = {
  connack: [0, 1, 2, 3, 4, 5],
  suback: [0, 1, 2, 0x80], // [MQTT311-3.9.3-2]
};

/**
 * Whether a packet may carry this Reason Code (section 2.4); before MQTT 5.0, this Return code.
 *
 * @example
 * ```ts
 * import { isReasonCodeOf } from "@rivulet/codec";
 *
 * console.log(isReasonCodeOf("suback", 0x80)); // => true
 * ```
 */
export function isReasonCodeOf(
  packet: PacketTypeWithReasonCode,
  reasonCode: number,
  version: ProtocolVersion = 5,
): boolean {
  return (version === 5 ? allowed : returnCodes)[packet]?.includes(reasonCode) === true;
}

/**
 * A Reason Code in words, such as `"Not authorized"`; `"Unknown reason"` for one that MQTT 5.0 does not define.
 *
 * @example
 * ```ts
 * import { reasonCodeText } from "@rivulet/codec";
 *
 * console.log(reasonCodeText(0x87)); // => Not authorized
 * ```
 */
export function reasonCodeText(reasonCode: number): string {
  const [name] = Object.entries(reasonCodes).find(([, code]) => code === reasonCode) ?? ["unknownReason"];
  // `grantedQos1` becomes "Granted QoS 1".
  return name
    .replace(/^.|[A-Z\d]/g, (start, index) => (index === 0 ? start.toUpperCase() : ` ${start.toLowerCase()}`))
    .replace(/qos/i, "QoS");
}
