import { PropertyList } from "../property-list.ts";
import { readList, writeList } from "./list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { UnsubackPacket } from "./types.ts";

const propertyList = new PropertyList("unsuback");

/** UNSUBACK (section 3.11). Before MQTT 5.0 it has nothing but a Packet Identifier. */
export const writeUnsuback: PacketWriter<"unsuback"> = (packet, writer) => {
  const { reasonCodes = [] } = packet;
  if (writer.version < 5 && reasonCodes.length === 0) {
    writer.packetIdentifier(packet.packetIdentifier);
    writer.properties(propertyList, packet.properties);
    return;
  }
  writeList(writer, propertyList, packet, reasonCodes, (reasonCode) => {
    writer.reasonCode("unsuback", reasonCode); // Before MQTT 5.0 there is none that it accepts.
  });
};

/** UNSUBACK (section 3.11). */
export const readUnsuback: PacketReader<"unsuback"> = (reader) => {
  const packet: UnsubackPacket = { type: "unsuback", packetIdentifier: 0, reasonCodes: [] };
  if (reader.version < 5) {
    packet.packetIdentifier = reader.packetIdentifier();
    reader.finish();
  } else {
    readList(reader, propertyList, packet, packet.reasonCodes, () => reader.reasonCode("unsuback")); // [MQTT-3.11.3-2]
  }
  return packet;
};
