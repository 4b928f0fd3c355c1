import type { PacketReader, PacketWriter } from "./packet-codec.ts";

/** PINGREQ, which is nothing but a fixed header (section 3.12). */
export const writePingreq: PacketWriter<"pingreq"> = () => undefined;

/** PINGREQ (section 3.12). */
export const readPingreq: PacketReader<"pingreq"> = (reader) => {
  reader.finish();
  return { type: "pingreq" };
};
