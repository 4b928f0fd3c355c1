import type { OutgoingRecord } from "../session-store.ts";
import type { InflightMessage, Outgoing } from "./exchanges.ts";

/** The key of a message: in the order of the keys messages are in the order in which they were published. */
export function keyOf<Context>({ order }: Outgoing<Context>): string {
  return `out/${String(order).padStart(16, "0")}`;
}

/** What a Session must not forget of a message. */
export function recordOf<Context>(exchange: Outgoing<Context>): OutgoingRecord {
  const { packet, awaits, released, expiresAt } = exchange;
  return {
    key: keyOf(exchange),
    packet: { ...packet },
    ...(awaits === undefined ? {} : { awaits: awaits as "puback" | "pubrec" | "pubcomp" }),
    ...(released === undefined ? {} : { released }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** The exchanges of what was written down: in the order of their messages, then of their PUBRELs. */
export function restoredExchanges<Context>(records: readonly OutgoingRecord[]): Outgoing<Context>[] {
  return records
    .map(({ key, packet, ...rest }): Outgoing<Context> => {
      const exchange = { awaits: undefined, ...rest, packet: { ...packet }, order: Number(key.slice(4)) };
      return { ...exchange, context: undefined, place: 0, size: 0, hasQuota: false };
    })
    .sort((one, other) => (one.released ?? one.order) - (other.released ?? other.order));
}

/** A message under way, as users see it. */
export function inflightMessage<Context>({ packet, awaits }: Outgoing<Context>, isConnected: boolean): InflightMessage {
  const atPubrel = isConnected ? "awaiting-pubcomp" : "sending-pubrel";
  return {
    topic: packet.topicName,
    packetId: packet.packetIdentifier as number, // What has been sent has one.
    qos: packet.qos as 1 | 2,
    stage: awaits === "puback" || awaits === "pubrec" ? `awaiting-${awaits}` : atPubrel,
  };
}
