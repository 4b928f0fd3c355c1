import { ProtocolError } from "../errors.ts";
import type { PacketProperties } from "../properties.ts";
import { readProperties, writeProperties } from "../property-list.ts";
import { checkTopicAt, readPacketIdentifier, readString, type Reader } from "../reader.ts";
import { topicFilters } from "../topics.ts";
import { writePacketIdentifier, type Writer } from "../writer.ts";

type ListTarget = "subscribe" | "suback" | "unsubscribe" | "unsuback";

// SUBSCRIBE, UNSUBSCRIBE and their answers have one layout: a Packet Identifier, in MQTT 5.0 properties, and up to the
// end a list that is not empty.

/** Writes one of the four. */
export function writeList<Item>(
  writer: Writer,
  packet: { readonly type: ListTarget; readonly packetIdentifier: number; readonly properties?: object },
  items: readonly Item[],
  writeItem: (item: Item) => void,
): void {
  writePacketIdentifier(writer, packet.packetIdentifier);
  writeProperties(writer, packet.type, packet.properties);
  // UNSUBACK has no list before MQTT 5.0.
  if (packet.type !== "unsuback" || writer.version === 5) checkLength(packet, items.length);
  items.forEach(writeItem);
}

/** Reads one of the four into a packet that has nothing but its type and its empty list. */
export function readList<T extends ListTarget, Item>(
  reader: Reader,
  packet: { readonly type: T; packetIdentifier: number; properties?: PacketProperties<T> },
  items: Item[],
  readItem: () => Item,
): void {
  packet.packetIdentifier = readPacketIdentifier(reader);
  readProperties(reader, packet.type, packet);
  checkLength(packet, reader.remaining, reader.offset);
  while (reader.remaining > 0) items.push(readItem());
}

/** Reads a Topic Filter. */
export function readTopicFilter(reader: Reader): string {
  const { offset } = reader;
  const topicFilter = readString(reader); // [MQTT-3.8.3-1] [MQTT-3.10.3-1] [MQTT311-3.8.3-1] [MQTT311-3.10.3-1]
  checkTopicAt(topicFilter, topicFilters, reader, offset);
  return topicFilter;
}

function checkLength({ type }: { readonly type: string }, length: number, offset?: number): void {
  // [MQTT-3.8.3-2] [MQTT-3.8.4-6] [MQTT-3.10.3-2] [MQTT311-3.8.3-3] [MQTT311-3.8.4-5] [MQTT311-3.10.3-2]
  if (length === 0) throw new ProtocolError(`The list in ${type.toUpperCase()} is empty`, { offset });
}
