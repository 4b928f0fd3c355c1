import { acknowledgement } from "./acknowledgement.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";

const { write, read } = acknowledgement("pubrec");

/** PUBREC, first answer to a PUBLISH at QoS 2 (section 3.5). */
export const writePubrec: PacketWriter<"pubrec"> = write;

/** PUBREC, first answer to a PUBLISH at QoS 2 (section 3.5). */
export const readPubrec: PacketReader<"pubrec"> = read;
