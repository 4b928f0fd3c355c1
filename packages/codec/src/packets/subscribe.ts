import { checkInteger } from "../checks.ts";
import { MalformedPacketError, ProtocolError } from "../errors.ts";
import { readByte, type Reader } from "../reader.ts";
import { isSharedSubscription, topicFilters } from "../topics.ts";
import { putByte, type Writer, writeString } from "../writer.ts";
import { readList, readTopicFilter, writeList } from "./list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { QoS, RetainHandling, SubscribePacket, TopicSubscription, TopicSubscriptionInput } from "./types.ts";

/** The bits of the Subscription Options (section 3.8.3.1); before MQTT 5.0 there is just the QoS. */
const noLocalFlag = 4;
const retainAsPublishedFlag = 8;
const retainHandlingShift = 4;

/** SUBSCRIBE (section 3.8). */
export const writeSubscribe: PacketWriter<"subscribe"> = (packet, writer) => {
  writeList(writer, packet, packet.subscriptions, (subscription) => {
    writeString(writer, subscription.topicFilter, topicFilters); // [MQTT-3.8.3-1] [MQTT311-3.8.3-1]
    putByte(writer, subscriptionOptions(subscription, writer));
  });
};

/** SUBSCRIBE (section 3.8). */
export const readSubscribe: PacketReader<"subscribe"> = (reader) => {
  const packet: SubscribePacket = { type: "subscribe", packetIdentifier: 0, subscriptions: [] };
  readList(reader, packet, packet.subscriptions, () => readSubscription(reader));
  return packet;
};

function subscriptionOptions(subscription: TopicSubscriptionInput, { version }: Writer): number {
  const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = subscription;
  checkInteger(qos, 2, "qos"); // [MQTT311-3.8.3-4]
  checkInteger(retainHandling, 2, "retainHandling");
  checkNoLocal(noLocal, subscription.topicFilter);
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
  const { offset } = reader;
  const options = readByte(reader);
  const qos = options & 3;
  const retainHandling = (options >> retainHandlingShift) & 3;
  const noLocal = (options & noLocalFlag) !== 0;
  const fault = `A subscription has the options ${options}`;
  // [MQTT-3.8.3-5] [MQTT311-3.8.3-4]
  if (options >> (reader.version === 5 ? 6 : 2) !== 0) throw new MalformedPacketError(fault, { offset });
  // Section 3.8.3.1: both are Protocol Errors; MQTT 3.1.1 calls the first malformed [MQTT311-3.8.3-4].
  if (qos === 3 || retainHandling === 3) throw new ProtocolError(fault, { offset });
  checkNoLocal(noLocal, topicFilter, offset);
  return {
    topicFilter,
    qos: qos as QoS,
    noLocal,
    retainAsPublished: (options & retainAsPublishedFlag) !== 0,
    retainHandling: retainHandling as RetainHandling,
  };
}

function checkNoLocal(noLocal: boolean, topicFilter: string, offset?: number): void {
  // [MQTT-3.8.3-4]
  if (noLocal && isSharedSubscription(topicFilter)) {
    throw new ProtocolError(`The shared ${topicFilter} has noLocal`, { offset });
  }
}
