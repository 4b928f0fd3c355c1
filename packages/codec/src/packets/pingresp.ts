import { emptyPacket } from "./empty-packet.ts";
import type { PacketCodec } from "./packet-codec.ts";

/** PINGRESP (section 3.13). */
export const pingresp: PacketCodec<"pingresp"> = emptyPacket("pingresp");
