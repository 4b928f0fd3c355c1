import { ProtocolError } from "../errors.ts";
import type { PacketProperties } from "../properties.ts";
import type { PropertyList } from "../property-list.ts";
import type { Reader } from "../reader.ts";
import { topicFilters } from "../topics.ts";
import type { Writer } from "../writer.ts";

type ListTarget = "subscribe" | "suback" | "unsubscribe" | "unsuback";

// SUBSCRIBE, UNSUBSCRIBE and their answers have one layout: a Packet Identifier, in MQTT 5.0 properties, and up to the
// end a list that is not empty.

/** Writes one of the four. */
export function writeList<Item>(
  writer: Writer,
  propertyList: PropertyList<ListTarget>,
  packet: { readonly type: string; readonly packetIdentifier: number; readonly properties?: object },
  items: readonly Item[],
  writeItem: (item: Item) => void,
): void {
  writer.packetIdentifier(packet.packetIdentifier);
  writer.properties(propertyList, packet.properties);
  // [MQTT-3.8.3-2] [MQTT-3.10.3-2] [MQTT311-3.8.3-3] [MQTT311-3.10.3-2]
  if (items.length === 0) throw new ProtocolError(emptyList(packet));
  items.forEach(writeItem);
}

/** Reads one of the four into a packet that has nothing but its type and its empty list. */
export function readList<T extends ListTarget, Item>(
  reader: Reader,
  propertyList: PropertyList<T>,
  packet: { readonly type: string; packetIdentifier: number; properties?: PacketProperties<T> },
  items: Item[],
  readItem: () => Item,
): void {
  packet.packetIdentifier = reader.packetIdentifier();
  reader.properties(propertyList, packet);
  // [MQTT-3.8.3-2] [MQTT-3.8.4-6] [MQTT-3.10.3-2] [MQTT311-3.8.3-3] [MQTT311-3.8.4-5] [MQTT311-3.10.3-2]
  if (reader.remaining === 0) throw reader.protocolError(emptyList(packet), reader.position);
  while (reader.remaining > 0) items.push(readItem());
}

/** Reads a Topic Filter. */
export function readTopicFilter(reader: Reader): string {
  const start = reader.position;
  const topicFilter = reader.string(); // [MQTT-3.8.3-1] [MQTT-3.10.3-1] [MQTT311-3.8.3-1] [MQTT311-3.10.3-1]
  reader.checkTopic(topicFilter, topicFilters, start);
  return topicFilter;
}

function emptyList({ type }: { readonly type: string }): string {
  return `The list in ${type.toUpperCase()} is empty`;
}
