import { emptyPacket } from "./empty-packet.ts";
import type { PacketCodec } from "./packet-codec.ts";

/** PINGREQ (section 3.12). */
export const pingreq: PacketCodec<"pingreq"> = emptyPacket("pingreq");
