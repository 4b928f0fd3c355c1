import { ProtocolError } from "../errors.ts";
import { checkPacketIdentifier, measureTopicFilter } from "../measure.ts";
import { PropertyList, withLengthField } from "../property-list.ts";
import { topicFilterFault } from "../topics.ts";
import type { PacketCodec } from "./packet-codec.ts";
import type { UnsubscribePacket } from "./types.ts";

const propertyList = new PropertyList("unsubscribe");

/** UNSUBSCRIBE (section 3.10). */
export const unsubscribe: PacketCodec<"unsubscribe"> = {
  measure(packet, version, lengths) {
    checkPacketIdentifier(packet.packetIdentifier);
    // [MQTT-3.10.3-2]
    if (packet.topicFilters.length === 0) throw new ProtocolError("An UNSUBSCRIBE has no topic filter");
    let length = 2;
    for (const topicFilter of packet.topicFilters) length += measureTopicFilter(topicFilter, version);
    lengths.properties = propertyList.measure(packet.properties, version);
    return version === 5 ? length + withLengthField(lengths.properties) : length;
  },

  write(packet, version, writer, lengths) {
    writer.twoByteInteger(packet.packetIdentifier);
    if (version === 5) propertyList.write(packet.properties, lengths.properties, writer);
    for (const topicFilter of packet.topicFilters) writer.string(topicFilter);
  },

  read(reader, version) {
    const packetIdentifier = reader.packetIdentifier();
    const properties = version === 5 ? propertyList.read(reader) : undefined;
    const topicFilters: string[] = [];
    // [MQTT-3.10.3-2]
    if (reader.remaining === 0) throw reader.protocolError("An UNSUBSCRIBE has no topic filter", reader.position);
    while (reader.remaining > 0) {
      const start = reader.position;
      const topicFilter = reader.string();
      const fault = topicFilterFault(topicFilter, version);
      if (fault !== undefined) throw reader.malformed(`The topic filter ${fault}`, start);
      topicFilters.push(topicFilter);
    }
    const packet: UnsubscribePacket = { type: "unsubscribe", packetIdentifier, topicFilters };
    if (properties !== undefined) packet.properties = properties;
    return packet;
  },
};
