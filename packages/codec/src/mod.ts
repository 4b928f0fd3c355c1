export { BatchWriter } from "./batch-writer.ts";
export { Decoder } from "./decoder.ts";
export { encode, encodedLength, encodeInto } from "./encode.ts";
export {
  InvalidTopicError,
  MalformedPacketError,
  MqttError,
  PacketError,
  PacketTooLargeError,
  ProtocolError,
  type MqttErrorOptions,
  type PacketErrorOptions,
} from "./errors.ts";
export { PacketBatch, type BatchWriterOptions } from "./packet-batch.ts";
export { PacketDecoder, type DecoderOptions, type PacketConsumer } from "./packet-decoder.ts";
export { packetTypes } from "./packet-types.ts";
export { allReaders, allWriters } from "./packets/all-packets.ts";
export { clientReaders, clientWriters } from "./packets/client-packets.ts";
export type { PacketReader, PacketReaders, PacketWriter, PacketWriters } from "./packets/packet-codec.ts";
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
export {
  isSharedSubscription,
  topicMatches,
  unsharedFilter,
  validateTopicFilter,
  validateTopicName,
} from "./topics.ts";
