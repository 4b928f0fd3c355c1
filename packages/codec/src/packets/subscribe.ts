import { ProtocolError } from "../errors.ts";
import { PropertyList } from "../property-list.ts";
import type { Reader } from "../reader.ts";
import { isSharedSubscription, topicFilters } from "../topics.ts";
import { checkInteger, type Writer } from "../writer.ts";
import { readList, readTopicFilter, writeList } from "./list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { QoS, RetainHandling, SubscribePacket, TopicSubscription, TopicSubscriptionInput } from "./types.ts";

const propertyList = new PropertyList("subscribe");

/** The bits of the Subscription Options (section 3.8.3.1); before MQTT 5.0 there is just the QoS. */
const noLocalFlag = 4;
const retainAsPublishedFlag = 8;
const retainHandlingShift = 4;

/** SUBSCRIBE (section 3.8). */
export const writeSubscribe: PacketWriter<"subscribe"> = (packet, writer) => {
  writeList(writer, propertyList, packet, packet.subscriptions, (subscription) => {
    writer.string(subscription.topicFilter, topicFilters); // [MQTT-3.8.3-1] [MQTT311-3.8.3-1]
    writer.byte(subscriptionOptions(subscription, writer));
  });
};

/** SUBSCRIBE (section 3.8). */
export const readSubscribe: PacketReader<"subscribe"> = (reader) => {
  const packet: SubscribePacket = { type: "subscribe", packetIdentifier: 0, subscriptions: [] };
  readList(reader, propertyList, packet, packet.subscriptions, () => readSubscription(reader));
  return packet;
};

function subscriptionOptions(subscription: TopicSubscriptionInput, { version }: Writer): number {
  const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = subscription;
  checkInteger(qos, 2, "qos"); // [MQTT311-3.8.3-4]
  checkInteger(retainHandling, 2, "retainHandling");
  // [MQTT-3.8.3-4]
  if (noLocal && isSharedSubscription(subscription.topicFilter))
    throw new ProtocolError(noLocalOnShared(subscription.topicFilter));
  const options =
    (noLocal ? noLocalFlag : 0) | // [MQTT-3.8.3-3]
    (retainAsPublished ? retainAsPublishedFlag : 0) |
    (retainHandling << retainHandlingShift);
  // [MQTT311-3.8.3-4]
  if (version < 5 && options !== 0) throw new ProtocolError("Subscription options need MQTT 5.0");
  return qos | options;
}

function readSubscription(reader: Reader): TopicSubscription {
  const topicFilter = readTopicFilter(reader);
  const { position } = reader;
  const options = reader.byte();
  const qos = options & 3;
  const retainHandling = (options >> retainHandlingShift) & 3;
  const noLocal = (options & noLocalFlag) !== 0;
  // [MQTT-3.8.3-5] [MQTT311-3.8.3-4]
  if (options >> (reader.version === 5 ? 6 : 2) !== 0) {
    throw reader.malformed(`A subscription has the options ${options}`, position);
  }
  // Section 3.8.3.1: both are Protocol Errors; MQTT 3.1.1 calls the first malformed [MQTT311-3.8.3-4].
  if (qos === 3 || retainHandling === 3) {
    throw reader.protocolError(`A subscription has the options ${options}`, position);
  }
  // [MQTT-3.8.3-4]
  if (noLocal && isSharedSubscription(topicFilter)) throw reader.protocolError(noLocalOnShared(topicFilter), position);
  return {
    topicFilter,
    qos: qos as QoS,
    noLocal,
    retainAsPublished: (options & retainAsPublishedFlag) !== 0,
    retainHandling: retainHandling as RetainHandling,
  };
}

function noLocalOnShared(topicFilter: string): string {
  return `The shared ${topicFilter} has noLocal`;
}
