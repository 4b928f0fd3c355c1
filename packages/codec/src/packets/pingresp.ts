import type { PacketReader, PacketWriter } from "./packet-codec.ts";

/** PINGRESP, which is nothing but a fixed header (section 3.13). */
export const writePingresp: PacketWriter<"pingresp"> = () => undefined;

/** PINGRESP (section 3.13). */
export const readPingresp: PacketReader<"pingresp"> = (reader) => {
  reader.finish();
  return { type: "pingresp" };
};
