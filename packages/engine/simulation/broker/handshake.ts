import { reasonCodes, type ConnackPacket, type ConnectPacket, type PacketProperties } from "@rivulet/codec";
import type { BrokerSettings } from "./settings.ts";

/** The Reason Code with which a CONNECT is refused; undefined when it is not. */
export function refusal(packet: ConnectPacket, settings: BrokerSettings): number | undefined {
  const isVersion5 = packet.protocolVersion === 5;
  // [MQTT311-3.1.3-8] A client that has no name has no Session to come back to.
  if (!isVersion5 && packet.clientIdentifier === "" && !packet.cleanStart) return 2;
  if (packet.will !== undefined && isVersion5) {
    if (packet.will.qos > settings.maximumQoS) return reasonCodes.qosNotSupported; // [MQTT-3.2.2-12]
    if (packet.will.retain && !settings.retainAvailable) return reasonCodes.retainNotSupported; // [MQTT-3.2.2-13]
  }
  if (packet.properties?.authenticationMethod !== undefined) return reasonCodes.badAuthenticationMethod;
  return settings.refusesConnection(packet.clientIdentifier);
}

/** The CONNACK of a client that is accepted; tells every limit that is not the specification's default. */
export function connack(
  packet: ConnectPacket,
  {
    settings,
    sessionPresent,
    assigned,
  }: { readonly settings: BrokerSettings; readonly sessionPresent: boolean; readonly assigned: string | undefined },
): ConnackPacket {
  const answer: ConnackPacket = { type: "connack", sessionPresent, reasonCode: 0 };
  if (packet.protocolVersion < 5) return answer;
  const { sessionExpiryInterval = 0 } = packet.properties ?? {};
  const properties: PacketProperties<"connack"> = {};
  const { receiveMaximum, maximumPacketSize, topicAliasMaximum, maximumQoS, serverKeepAlive } = settings;
  if (receiveMaximum !== 65_535) properties.receiveMaximum = receiveMaximum;
  if (maximumPacketSize !== Infinity) properties.maximumPacketSize = maximumPacketSize;
  if (topicAliasMaximum !== 0) properties.topicAliasMaximum = topicAliasMaximum;
  if (maximumQoS < 2) properties.maximumQoS = maximumQoS;
  if (serverKeepAlive !== undefined) properties.serverKeepAlive = serverKeepAlive;
  if (!settings.retainAvailable) properties.retainAvailable = 0;
  if (!settings.wildcardSubscriptionAvailable) properties.wildcardSubscriptionAvailable = 0;
  if (!settings.subscriptionIdentifierAvailable) properties.subscriptionIdentifierAvailable = 0;
  if (!settings.sharedSubscriptionAvailable) properties.sharedSubscriptionAvailable = 0;
  if (sessionExpiryInterval > settings.maximumSessionExpiry) {
    properties.sessionExpiryInterval = settings.maximumSessionExpiry;
  }
  if (assigned !== undefined) properties.assignedClientIdentifier = assigned; // [MQTT-3.2.2-16]
  return { ...answer, properties };
}
