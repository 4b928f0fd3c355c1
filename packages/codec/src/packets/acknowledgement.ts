import { PropertyList } from "../property-list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { PacketOf } from "./types.ts";

type AcknowledgementType = "puback" | "pubrec" | "pubrel" | "pubcomp";

/**
 * The four packets that a PUBLISH is acknowledged with have one layout: a Packet Identifier and, in MQTT 5.0, a Reason
 * Code and properties, left out as far as they say nothing.
 */
export function acknowledgement<T extends AcknowledgementType>(
  type: T,
): { readonly write: PacketWriter<T>; readonly read: PacketReader<T> } {
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
  return { write: write as unknown as PacketWriter<T>, read: read as unknown as PacketReader<T> };
}
