import { acknowledgement } from "./acknowledgement.ts";
import type { PacketCodec } from "./packet-codec.ts";

/** PUBACK, answer to a PUBLISH at QoS 1 (section 3.4). */
export const puback: PacketCodec<"puback"> = acknowledgement("puback");
