import { PropertyList } from "../property-list.ts";
import type { PacketCodec, PacketReader, PacketWriter } from "./packet-codec.ts";
import type { PacketOf } from "./types.ts";

type AcknowledgementType = "puback" | "pubrec" | "pubrel" | "pubcomp";

/** PUBACK, answer to a PUBLISH at QoS 1 (section 3.4). */
export const puback: PacketCodec<"puback"> = acknowledgement("puback");

/** PUBREC, first answer to a PUBLISH at QoS 2 (section 3.5). */
export const pubrec: PacketCodec<"pubrec"> = acknowledgement("pubrec");

/** PUBREL, answer to a PUBREC (section 3.6). */
export const pubrel: PacketCodec<"pubrel"> = acknowledgement("pubrel");

/** PUBCOMP, answer to a PUBREL (section 3.7). */
export const pubcomp: PacketCodec<"pubcomp"> = acknowledgement("pubcomp");

/**
 * The four packets that a PUBLISH is acknowledged with have one layout: a Packet Identifier and, in MQTT 5.0, a Reason
 * Code and properties, left out as far as they say nothing.
 */
function acknowledgement<T extends AcknowledgementType>(type: T): PacketCodec<T> {
  const propertyList = new PropertyList<AcknowledgementType>(type);
  const write: PacketWriter<AcknowledgementType> = (packet, writer) => {
    writer.packetIdentifier(packet.packetIdentifier);
    writer.ending(type, packet, propertyList);
  };
  const read: PacketReader<AcknowledgementType> = (reader) => {
    const packetIdentifier = reader.packetIdentifier();
    const packet = { type, packetIdentifier, reasonCode: 0 } as PacketOf<AcknowledgementType>;
    reader.ending(packet, propertyList);
    return packet;
  };
  // Which of the four it is makes no difference to the layout.
  return { write, read } as unknown as PacketCodec<T>;
}
