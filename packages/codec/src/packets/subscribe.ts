import { ProtocolError } from "../errors.ts";
import { checkAbsent, checkInteger, checkPacketIdentifier, checkQoS, measureTopicFilter } from "../measure.ts";
import { PropertyList, withLengthField } from "../property-list.ts";
import type { Reader } from "../reader.ts";
import { isSharedSubscription, topicFilterFault } from "../topics.ts";
import type { PacketCodec } from "./packet-codec.ts";
import type {
  ProtocolVersion,
  QoS,
  RetainHandling,
  SubscribePacket,
  TopicSubscription,
  TopicSubscriptionInput,
} from "./types.ts";

const propertyList = new PropertyList("subscribe");

/** The bits of the Subscription Options (section 3.8.3.1); before MQTT 5.0 there is just the QoS. */
const option = { qos: 0x03, noLocal: 0x04, retainAsPublished: 0x08, retainHandling: 0x30 };
const retainHandlingShift = 4;

/** SUBSCRIBE (section 3.8). */
export const subscribe: PacketCodec<"subscribe"> = {
  measure(packet, version, lengths) {
    checkPacketIdentifier(packet.packetIdentifier);
    // [MQTT-3.8.3-2]
    if (packet.subscriptions.length === 0) throw new ProtocolError("A SUBSCRIBE has no topic filter");
    let length = 2;
    for (const subscription of packet.subscriptions) {
      length += measureTopicFilter(subscription.topicFilter, version) + 1;
      checkOptions(subscription, version);
    }
    lengths.properties = propertyList.measure(packet.properties, version);
    return version === 5 ? length + withLengthField(lengths.properties) : length;
  },

  write(packet, version, writer, lengths) {
    writer.twoByteInteger(packet.packetIdentifier);
    if (version === 5) propertyList.write(packet.properties, lengths.properties, writer);
    for (const { topicFilter, qos = 0, noLocal, retainAsPublished, retainHandling = 0 } of packet.subscriptions) {
      writer.string(topicFilter);
      const flags =
        (noLocal === true ? option.noLocal : 0) | (retainAsPublished === true ? option.retainAsPublished : 0);
      writer.byte(qos | flags | (retainHandling << retainHandlingShift));
    }
  },

  read(reader, version) {
    const packetIdentifier = reader.packetIdentifier();
    const properties = version === 5 ? propertyList.read(reader) : undefined;
    const subscriptions: TopicSubscription[] = [];
    // [MQTT-3.8.3-2]
    if (reader.remaining === 0) throw reader.protocolError("A SUBSCRIBE has no topic filter", reader.position);
    while (reader.remaining > 0) subscriptions.push(readSubscription(reader, version));
    const packet: SubscribePacket = { type: "subscribe", packetIdentifier, subscriptions };
    if (properties !== undefined) packet.properties = properties;
    return packet;
  },
};

function checkOptions(subscription: TopicSubscriptionInput, version: ProtocolVersion): void {
  const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = subscription;
  checkQoS(qos, "The maximum QoS");
  if (version < 5) {
    checkAbsent(noLocal, "No Local");
    checkAbsent(retainAsPublished, "Retain As Published");
    checkAbsent(retainHandling, "Retain Handling");
    return;
  }
  checkInteger(retainHandling, 2, "Retain Handling");
  // [MQTT-3.8.3-4]
  if (noLocal && isSharedSubscription(subscription.topicFilter)) {
    throw new ProtocolError(`No Local is set on a shared subscription: ${subscription.topicFilter}`);
  }
}

function readSubscription(reader: Reader, version: ProtocolVersion): TopicSubscription {
  const filterPosition = reader.position;
  const topicFilter = reader.string();
  const fault = topicFilterFault(topicFilter, version);
  if (fault !== undefined) throw reader.malformed(`The topic filter ${fault}`, filterPosition);
  const position = reader.position;
  const options = reader.byte();
  const reserved = version === 5 ? 0xc0 : 0xfc;
  // [MQTT-3.8.3-5] [MQTT311-3.8.3-4]
  if ((options & reserved) !== 0) throw reader.malformed("A reserved subscription option is set", position);
  const qos = options & option.qos;
  const retainHandling = (options & option.retainHandling) >> retainHandlingShift;
  const noLocal = (options & option.noLocal) !== 0;
  // Section 3.8.3.1: both are Protocol Errors; MQTT 3.1.1 calls the first malformed [MQTT311-3.8.3-4].
  if (qos === 3) throw reader.protocolError("The maximum QoS is 3", position);
  if (retainHandling === 3) throw reader.protocolError("Retain Handling is 3", position);
  // [MQTT-3.8.3-4]
  if (noLocal && isSharedSubscription(topicFilter)) {
    throw reader.protocolError(`No Local is set on a shared subscription: ${topicFilter}`, position);
  }
  return {
    topicFilter,
    qos: qos as QoS,
    noLocal,
    retainAsPublished: (options & option.retainAsPublished) !== 0,
    retainHandling: retainHandling as RetainHandling,
  };
}
