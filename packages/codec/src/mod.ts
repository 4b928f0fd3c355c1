export { BatchWriter, type BatchWriterOptions } from "./batch-writer.ts";
export { Decoder, type DecoderOptions, type PacketConsumer } from "./decoder.ts";
export { encode, encodedLength, encodeInto } from "./encode.ts";
export {
  InvalidTopicError,
  MalformedPacketError,
  MqttError,
  PacketTooLargeError,
  ProtocolError,
  type MqttErrorOptions,
  type PacketErrorOptions,
} from "./errors.ts";
export { packetTypes } from "./packet-types.ts";
export type {
  AuthPacket,
  ConnackPacket,
  ConnectPacket,
  ControlPacket,
  ControlPacketInput,
  DisconnectPacket,
  PacketOf,
  PacketType,
  PingreqPacket,
  PingrespPacket,
  ProtocolVersion,
  PubackPacket,
  PubcompPacket,
  PublishPacket,
  PubrecPacket,
  PubrelPacket,
  QoS,
  RetainHandling,
  SubackPacket,
  SubscribePacket,
  TopicSubscription,
  TopicSubscriptionInput,
  UnsubackPacket,
  UnsubscribePacket,
  Will,
} from "./packets/types.ts";
export {
  properties,
  type PacketProperties,
  type PropertyDefinition,
  type PropertyName,
  type PropertyTarget,
  type PropertyType,
} from "./properties.ts";
export {
  isReasonCodeOf,
  reasonCodes,
  reasonCodeText,
  type PacketTypeWithReasonCode,
  type ReasonCode,
} from "./reason-codes.ts";
export { decoderStream, encoderStream } from "./streams.ts";
export { isSharedSubscription, topicMatches, unsharedFilter, validateTopicFilter, validateTopicName } from "./topics.ts";
