import { readEnding, writeEnding } from "../property-list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { DisconnectPacket } from "./types.ts";

/** DISCONNECT (section 3.14). Before MQTT 5.0 it is nothing but a fixed header. */
export const writeDisconnect: PacketWriter<"disconnect"> = (packet, writer) => {
  writeEnding(writer, packet);
};

/** DISCONNECT (section 3.14). */
export const readDisconnect: PacketReader<"disconnect"> = (reader) => {
  const packet: DisconnectPacket = { type: "disconnect", reasonCode: 0 };
  readEnding(reader, packet);
  return packet;
};
