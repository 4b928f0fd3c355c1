import { topicFilters } from "../topics.ts";
import { writeString } from "../writer.ts";
import { readList, readTopicFilter, writeList } from "./list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { UnsubscribePacket } from "./types.ts";

/** UNSUBSCRIBE (section 3.10). */
export const writeUnsubscribe: PacketWriter<"unsubscribe"> = (packet, writer) => {
  writeList(writer, packet, packet.topicFilters, (topicFilter) => {
    writeString(writer, topicFilter, topicFilters); // [MQTT-3.10.3-1] [MQTT311-3.10.3-1]
  });
};

/** UNSUBSCRIBE (section 3.10). */
export const readUnsubscribe: PacketReader<"unsubscribe"> = (reader) => {
  const packet: UnsubscribePacket = { type: "unsubscribe", packetIdentifier: 0, topicFilters: [] };
  readList(reader, packet, packet.topicFilters, () => readTopicFilter(reader));
  return packet;
};
