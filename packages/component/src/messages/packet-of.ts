import type { PublishPacket } from "@rivulet/codec";
import type { Message } from "rivulet";

/** The PUBLISH that a message came in, with its Topic Name. */
export function packetOf(message: Message): PublishPacket {
  const { contentType, correlationData, messageExpiryInterval, payloadFormat, responseTopic, topicAlias } = message;
  const properties: NonNullable<PublishPacket["properties"]> = {};
  if (contentType !== undefined) properties.contentType = contentType;
  if (correlationData !== undefined) properties.correlationData = correlationData;
  if (messageExpiryInterval !== undefined) properties.messageExpiryInterval = messageExpiryInterval;
  if (payloadFormat !== undefined) properties.payloadFormatIndicator = payloadFormat === "utf-8" ? 1 : 0;
  if (responseTopic !== undefined) properties.responseTopic = responseTopic;
  if (topicAlias !== undefined) properties.topicAlias = topicAlias;
  const { subscriptionIdentifiers, userProperties } = message;
  if (subscriptionIdentifiers.length > 0) properties.subscriptionIdentifiers = [...subscriptionIdentifiers];
  if (userProperties.length > 0) properties.userProperties = userProperties.map(([name, value]) => [name, value]);
  return {
    type: "publish",
    topicName: message.topic,
    payload: message.payload,
    qos: message.qos,
    retain: message.retain,
    duplicate: message.duplicate,
    ...(message.packetId === undefined ? {} : { packetIdentifier: message.packetId }),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  };
}
