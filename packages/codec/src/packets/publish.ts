import { checkInteger } from "../checks.ts";
import { MalformedPacketError, ProtocolError } from "../errors.ts";
import { noBytes } from "../no-bytes.ts";
import { readProperties, writeProperties } from "../property-list.ts";
import { readBytes, readPacketIdentifier, readTopicName } from "../reader.ts";
import { writePacketIdentifier, writePayload, writeTopicName, writeTwoByteInteger } from "../writer.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { PublishPacket, QoS } from "./types.ts";

/** The flags of the fixed header (section 3.3.1). */
const duplicateFlag = 8;
const retainFlag = 1;

/** PUBLISH (section 3.3). */
export const writePublish: PacketWriter<"publish"> = (packet, writer) => {
  const { topicName, payload, qos = 0, packetIdentifier, properties } = packet;
  checkInteger(qos, 2, "qos"); // [MQTT-3.3.1-4] [MQTT311-3.3.1-4]
  // Only an alias can stand for the topic (section 3.3.2.3.4).
  if (topicName === "" && properties?.topicAlias !== undefined) writeTwoByteInteger(writer, 0, "");
  else writeTopicName(writer, topicName); // [MQTT-3.3.2-1] [MQTT311-3.3.2-1]
  if (qos > 0) {
    writePacketIdentifier(writer, packetIdentifier);
  } else if (packetIdentifier !== undefined || packet.duplicate === true) {
    // [MQTT-2.2.1-2] [MQTT-3.3.1-2] [MQTT311-2.3.1-5] [MQTT311-3.3.1-2]
    throw new MalformedPacketError("A PUBLISH at QoS 0 has a packetIdentifier or is a duplicate");
  }
  writeProperties(writer, "publish", properties);
  writePayload(writer, payload);
  writer.flags =
    (packet.duplicate === true ? duplicateFlag : 0) | (qos << 1) | (packet.retain === true ? retainFlag : 0);
};

/** PUBLISH (section 3.3). */
export const readPublish: PacketReader<"publish"> = (reader, _type, flags) => {
  const qos = (flags >> 1) & 3;
  const duplicate = (flags & duplicateFlag) !== 0;
  // [MQTT-3.3.1-4] [MQTT-3.3.1-2] [MQTT311-3.3.1-4] [MQTT311-3.3.1-2]
  if (qos === 3 || (duplicate && qos === 0)) {
    throw new MalformedPacketError(`A PUBLISH has the flags ${flags}`, { offset: 0 });
  }
  const { offset } = reader;
  const packet: PublishPacket = {
    type: "publish",
    topicName: readTopicName(reader, reader.version === 5), // [MQTT-3.3.2-1] [MQTT311-3.3.2-1]
    payload: noBytes,
    qos: qos as QoS,
    retain: (flags & retainFlag) !== 0,
    duplicate,
  };
  if (qos > 0) packet.packetIdentifier = readPacketIdentifier(reader); // [MQTT-2.2.1-2] [MQTT311-2.3.1-5]
  readProperties(reader, "publish", packet);
  // Section 3.3.2.3.4
  if (packet.topicName === "" && packet.properties?.topicAlias === undefined) {
    throw new ProtocolError("The topicName is empty, without a topicAlias", { offset });
  }
  packet.payload = readBytes(reader, reader.remaining);
  return packet;
};
