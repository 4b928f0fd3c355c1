import { finish, readPacketIdentifier, readReasonCode } from "../reader.ts";
import { writeReasonCode } from "../writer.ts";
import { readList, writeList } from "./list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { UnsubackPacket } from "./types.ts";

/** UNSUBACK (section 3.11). Before MQTT 5.0 it has nothing but a Packet Identifier. */
export const writeUnsuback: PacketWriter<"unsuback"> = (packet, writer) => {
  writeList(writer, packet, packet.reasonCodes ?? [], (reasonCode) => {
    writeReasonCode(writer, "unsuback", reasonCode); // Before MQTT 5.0 there is none that it accepts.
  });
};

/** UNSUBACK (section 3.11). */
export const readUnsuback: PacketReader<"unsuback"> = (reader) => {
  const packet: UnsubackPacket = { type: "unsuback", packetIdentifier: 0, reasonCodes: [] };
  if (reader.version < 5) {
    packet.packetIdentifier = readPacketIdentifier(reader);
    finish(reader);
  } else {
    readList(reader, packet, packet.reasonCodes, () => readReasonCode(reader, "unsuback")); // [MQTT-3.11.3-2]
  }
  return packet;
};
