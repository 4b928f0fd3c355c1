import type { PublishPacket } from "@rivulet/codec";
import type { Message } from "rivulet";

/** The PUBLISH that a message came in, with its Topic Name. */
export function packetOf(message: Message): PublishPacket {
  const { topic: topicName, payload, qos, retain, duplicate, packetId } = message;
  const packet: PublishPacket = { type: "publish", topicName, payload, qos, retain, duplicate };
  if (packetId !== undefined) packet.packetIdentifier = packetId;
  const properties = propertiesOf(message);
  if (properties !== undefined) packet.properties = properties;
  return packet;
}

function propertiesOf(message: Message): PublishPacket["properties"] {
  const { contentType, correlationData, messageExpiryInterval, payloadFormat, responseTopic, topicAlias } = message;
  const { subscriptionIdentifiers, userProperties } = message;
  const isAnswerable = responseTopic !== undefined || correlationData !== undefined;
  const isDescribed = contentType !== undefined || payloadFormat !== undefined || messageExpiryInterval !== undefined;
  const isRouted = topicAlias !== undefined || subscriptionIdentifiers.length > 0;
  // As most messages are.
  if (!isAnswerable && !isDescribed && !isRouted && userProperties.length === 0) return undefined;
  const properties: NonNullable<PublishPacket["properties"]> = {};
  if (contentType !== undefined) properties.contentType = contentType;
  if (correlationData !== undefined) properties.correlationData = correlationData;
  if (messageExpiryInterval !== undefined) properties.messageExpiryInterval = messageExpiryInterval;
  if (payloadFormat !== undefined) properties.payloadFormatIndicator = payloadFormat === "utf-8" ? 1 : 0;
  if (responseTopic !== undefined) properties.responseTopic = responseTopic;
  if (topicAlias !== undefined) properties.topicAlias = topicAlias;
  if (subscriptionIdentifiers.length > 0) properties.subscriptionIdentifiers = [...subscriptionIdentifiers];
  if (userProperties.length > 0) properties.userProperties = userProperties.map(([name, value]) => [name, value]);
  return properties;
}
