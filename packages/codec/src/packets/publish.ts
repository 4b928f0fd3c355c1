import { InvalidTopicError, MalformedPacketError } from "../errors.ts";
import { checkBytes, checkPacketIdentifier, checkQoS, measureString, measureTopicName } from "../measure.ts";
import { PropertyList, withLengthField } from "../property-list.ts";
import type { PacketCodec } from "./packet-codec.ts";
import type { PublishPacket, QoS } from "./types.ts";

const propertyList = new PropertyList("publish");

/** PUBLISH (section 3.3). */
export const publish: PacketCodec<"publish"> = {
  measure(packet, version, lengths) {
    const { topicName, payload, qos = 0 } = packet;
    checkQoS(qos, "The QoS");
    let length = payload.length;
    if (topicName === "" && version === 5) {
      // Only an alias can stand for the topic (section 3.3.2.3.4).
      if (packet.properties?.topicAlias === undefined) throw new InvalidTopicError("The topic name is empty", "");
      length += measureString(topicName, "The topic name");
    } else {
      length += measureTopicName(topicName, "The topic name");
    }
    if (qos > 0) {
      checkPacketIdentifier(packet.packetIdentifier as number);
      length += 2;
    } else if (packet.packetIdentifier !== undefined) {
      throw new MalformedPacketError("A PUBLISH at QoS 0 has a packet identifier"); // [MQTT-2.2.1-2]
    } else if (packet.duplicate === true) {
      throw new MalformedPacketError("A PUBLISH at QoS 0 is marked as a duplicate"); // [MQTT-3.3.1-2]
    }
    checkBytes(payload, "The payload");
    lengths.properties = propertyList.measure(packet.properties, version);
    return version === 5 ? length + withLengthField(lengths.properties) : length;
  },

  flags(packet) {
    return (packet.duplicate === true ? 8 : 0) | ((packet.qos ?? 0) << 1) | (packet.retain === true ? 1 : 0);
  },

  write(packet, version, writer, lengths) {
    writer.string(packet.topicName); // [MQTT-3.3.2-1]
    if (packet.packetIdentifier !== undefined) writer.twoByteInteger(packet.packetIdentifier);
    if (version === 5) propertyList.write(packet.properties, lengths.properties, writer);
    writer.raw(packet.payload);
  },

  read(reader, version, flags) {
    const qos = (flags >> 1) & 3;
    const start = reader.position;
    if (qos === 3) throw reader.malformed("The QoS is 3", reader.origin); // [MQTT-3.3.1-4]
    const duplicate = (flags & 8) !== 0;
    // [MQTT-3.3.1-2]
    if (duplicate && qos === 0) throw reader.malformed("A PUBLISH at QoS 0 is marked as a duplicate", reader.origin);
    const topicName = reader.topicName();
    const packetIdentifier = qos === 0 ? 0 : reader.packetIdentifier();
    const properties = version === 5 ? propertyList.read(reader) : undefined;
    if (topicName === "") {
      if (version < 5) throw reader.malformed("The topic name is empty", start); // [MQTT311-4.7.3-1]
      // Section 3.3.2.3.4: it needs an alias to stand for it.
      if (properties?.topicAlias === undefined) throw reader.protocolError("The topic name is empty", start);
    }
    const packet: PublishPacket = {
      type: "publish",
      topicName,
      payload: reader.rest(),
      qos: qos as QoS,
      retain: (flags & 1) !== 0,
      duplicate,
    };
    if (qos > 0) packet.packetIdentifier = packetIdentifier;
    if (properties !== undefined) packet.properties = properties;
    return packet;
  },
};
