import { acknowledgement } from "./acknowledgement.ts";
import type { PacketCodec } from "./packet-codec.ts";

/** PUBREL, answer to a PUBREC (section 3.6). */
export const pubrel: PacketCodec<"pubrel"> = acknowledgement("pubrel");
