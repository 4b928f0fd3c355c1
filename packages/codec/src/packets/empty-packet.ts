import type { PacketCodec } from "./packet-codec.ts";
import type { PacketOf } from "./types.ts";

/** PINGREQ and PINGRESP are nothing but a fixed header. */
export function emptyPacket<T extends "pingreq" | "pingresp">(type: T): PacketCodec<T> {
  return {
    measure: () => 0,
    write() {
      // Nothing follows the fixed header.
    },
    read(reader) {
      reader.finish();
      return { type } as PacketOf<T>;
    },
  };
}
