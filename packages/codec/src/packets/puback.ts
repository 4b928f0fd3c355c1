import { acknowledgement } from "./acknowledgement.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";

const { write, read } = acknowledgement("puback");

/** PUBACK, answer to a PUBLISH at QoS 1 (section 3.4). */
export const writePuback: PacketWriter<"puback"> = write;

/** PUBACK, answer to a PUBLISH at QoS 1 (section 3.4). */
export const readPuback: PacketReader<"puback"> = read;
