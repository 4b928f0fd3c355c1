import { isSharedSubscription, type ConnackPacket, type ProtocolVersion, type PublishPacket } from "@rivulet/codec";
import { UnsupportedError } from "../errors.ts";
import type { Request } from "./exchanges.ts";

/** The largest packet that the protocol allows, in bytes. */
const noMaximumPacketSize = 268_435_460;

/** What the server said in its CONNACK, with the specification's defaults where it said nothing (section 3.2.2.3). */
export interface Server {
  /** Whether it had a Session for us. */
  readonly sessionPresent: boolean;
  /** Unacknowledged QoS 1 and 2 messages that it accepts at a time. */
  readonly receiveMaximum: number;
  readonly maximumQoS: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  /** In bytes. */
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly wildcardSubscriptionAvailable: boolean;
  readonly subscriptionIdentifierAvailable: boolean;
  readonly sharedSubscriptionAvailable: boolean;
  /** The Keep Alive that is in force, in seconds: the server's, or else the one that we asked for. */
  readonly keepAlive: number;
  /** In seconds: the server's, or else the one that we asked for. */
  readonly sessionExpiryInterval: number;
  readonly assignedClientIdentifier?: string | undefined;
  readonly responseInformation?: string | undefined;
  readonly serverReference?: string | undefined;
  readonly reasonString?: string | undefined;
  readonly userProperties: readonly (readonly [name: string, value: string])[];
}

/** Reads a CONNACK; `asked` is what the CONNECT had. */
export function readServer(
  connack: ConnackPacket,
  version: ProtocolVersion,
  asked: { readonly keepAlive: number; readonly sessionExpiryInterval: number },
): Server {
  const properties = connack.properties ?? {};
  const isVersion5 = version === 5;
  return {
    sessionPresent: connack.sessionPresent, // [MQTT-3.2.2-3] [MQTT311-3.2.2-2]
    receiveMaximum: properties.receiveMaximum ?? 65_535,
    maximumQoS: (properties.maximumQoS ?? 2) as 0 | 1 | 2, // [MQTT-3.2.2-9]
    retainAvailable: properties.retainAvailable !== 0,
    maximumPacketSize: properties.maximumPacketSize ?? noMaximumPacketSize,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    wildcardSubscriptionAvailable: properties.wildcardSubscriptionAvailable !== 0,
    subscriptionIdentifierAvailable: isVersion5 && properties.subscriptionIdentifierAvailable !== 0,
    sharedSubscriptionAvailable: properties.sharedSubscriptionAvailable !== 0,
    keepAlive: properties.serverKeepAlive ?? asked.keepAlive, // [MQTT-3.1.2-21] [MQTT-3.2.2-21]
    sessionExpiryInterval: properties.sessionExpiryInterval ?? asked.sessionExpiryInterval,
    assignedClientIdentifier: properties.assignedClientIdentifier,
    responseInformation: properties.responseInformation,
    serverReference: properties.serverReference,
    reasonString: properties.reasonString,
    userProperties: properties.userProperties ?? [],
  };
}

/** @throws UnsupportedError when this server, as far as we know it, would refuse the message. */
export function checkMessage(packet: PublishPacket, server: Server | undefined, version: ProtocolVersion): void {
  const { qos, retain, properties } = packet;
  const { maximumQoS = 2, retainAvailable = true } = server ?? {};
  // [MQTT-3.2.2-11]
  if (qos > maximumQoS) throw new UnsupportedError("qos", `The server takes QoS ${maximumQoS} at most, not ${qos}`);
  // [MQTT-3.2.2-14]
  if (retain && !retainAvailable) throw new UnsupportedError("retain", "The server does not retain messages");
  const names = version < 5 && properties !== undefined ? Object.keys(properties).join(", ") : "";
  if (names !== "") {
    throw new UnsupportedError(names, `Of a message, ${names} need MQTT 5.0`);
  }
}

/** @throws UnsupportedError when this server would end the connection over such a SUBSCRIBE, or this version has no such. */
export function checkRequest(request: Request, server: Server | undefined, version: ProtocolVersion): void {
  if (request.type !== "subscribe") return;
  const { subscriptions, properties } = request;
  const filters = subscriptions.map(({ topicFilter }) => topicFilter);
  const refusals: readonly (readonly [feature: string, isAsked: boolean, isAvailable: boolean | undefined])[] = [
    ["wildcards", filters.some((filter) => /[+#]/.test(filter)), server?.wildcardSubscriptionAvailable],
    ["shared subscriptions", filters.some(isSharedSubscription), server?.sharedSubscriptionAvailable],
    ["identifier", properties?.subscriptionIdentifier !== undefined, server?.subscriptionIdentifierAvailable],
  ];
  for (const [feature, isAsked, isAvailable] of refusals) {
    if (isAsked && isAvailable === false) throw new UnsupportedError(feature, `The server does not support ${feature}`);
  }
  if (version === 5) return;
  // It may have been made on a connection of MQTT 5.0.
  for (const options of [{ ...properties }, ...subscriptions]) {
    for (const [name, value] of Object.entries(options)) {
      if (!["topicFilter", "qos"].includes(name) && Boolean(value)) {
        throw new UnsupportedError(name, `Option ${name} needs MQTT 5.0`);
      }
    }
  }
}
