import { PropertyList } from "../property-list.ts";
import { readList, writeList } from "./list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { SubackPacket } from "./types.ts";

const propertyList = new PropertyList("suback");

/** SUBACK (section 3.9). */
export const writeSuback: PacketWriter<"suback"> = (packet, writer) => {
  writeList(writer, propertyList, packet, packet.reasonCodes, (reasonCode) => {
    writer.reasonCode("suback", reasonCode);
  });
};

/** SUBACK (section 3.9). */
export const readSuback: PacketReader<"suback"> = (reader) => {
  const packet: SubackPacket = { type: "suback", packetIdentifier: 0, reasonCodes: [] };
  // [MQTT-3.9.3-2] [MQTT311-3.9.3-2]
  readList(reader, propertyList, packet, packet.reasonCodes, () => reader.reasonCode("suback"));
  return packet;
};
