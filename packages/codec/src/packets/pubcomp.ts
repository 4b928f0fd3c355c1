import { acknowledgement } from "./acknowledgement.ts";
import type { PacketCodec } from "./packet-codec.ts";

/** PUBCOMP, answer to a PUBREL (section 3.7). */
export const pubcomp: PacketCodec<"pubcomp"> = acknowledgement("pubcomp");
