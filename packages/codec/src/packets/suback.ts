import { readReasonCode } from "../reader.ts";
import { writeReasonCode } from "../writer.ts";
import { readList, writeList } from "./list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { SubackPacket } from "./types.ts";

/** SUBACK (section 3.9). */
export const writeSuback: PacketWriter<"suback"> = (packet, writer) => {
  writeList(writer, packet, packet.reasonCodes, (reasonCode) => {
    writeReasonCode(writer, "suback", reasonCode);
  });
};

/** SUBACK (section 3.9). */
export const readSuback: PacketReader<"suback"> = (reader) => {
  const packet: SubackPacket = { type: "suback", packetIdentifier: 0, reasonCodes: [] };
  // [MQTT-3.9.3-2] [MQTT311-3.9.3-2]
  readList(reader, packet, packet.reasonCodes, () => readReasonCode(reader, "suback"));
  return packet;
};
