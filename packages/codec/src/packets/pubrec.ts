import { acknowledgement } from "./acknowledgement.ts";
import type { PacketCodec } from "./packet-codec.ts";

/** PUBREC, first answer to a PUBLISH at QoS 2 (section 3.5). */
export const pubrec: PacketCodec<"pubrec"> = acknowledgement("pubrec");
