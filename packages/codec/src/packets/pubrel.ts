import { acknowledgement } from "./acknowledgement.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";

const { write, read } = acknowledgement("pubrel");

/** PUBREL, answer to a PUBREC (section 3.6). */
export const writePubrel: PacketWriter<"pubrel"> = write;

/** PUBREL, answer to a PUBREC (section 3.6). */
export const readPubrel: PacketReader<"pubrel"> = read;
