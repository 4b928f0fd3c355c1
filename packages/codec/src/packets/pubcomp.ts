import { acknowledgement } from "./acknowledgement.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";

const { write, read } = acknowledgement("pubcomp");

/** PUBCOMP, answer to a PUBREL (section 3.7). */
export const writePubcomp: PacketWriter<"pubcomp"> = write;

/** PUBCOMP, answer to a PUBREL (section 3.7). */
export const readPubcomp: PacketReader<"pubcomp"> = read;
