import { clientWriters, PacketBatch, type MqttError, type TopicSubscription } from "@rivulet/codec";
import { ClosedError, StoreError } from "../errors.ts";
import type { ConnectOptions } from "../options.ts";
import type { IncomingRecord, OutgoingRecord, SessionSnapshot, SubscriptionRecord } from "../session-store.ts";
import type { Link } from "./link.ts";

// Theory of operation
//
// A snapshot comes from outside, and may be anything. It is looked at as a whole before any of it is taken up. What goes
// over the wire is measured by the codec, which refuses what no packet can say.

type AnyRecord = Partial<OutgoingRecord & IncomingRecord & SubscriptionRecord>;

/** What the client has of its Session. */
export function exportSnapshot({ clientId, session }: Link): SessionSnapshot {
  return { version: 1, clientId, records: session.records };
}

/**
 * Takes up a snapshot; `given` are the options that the client was made with.
 *
 * @throws StoreError, ClosedError; nothing has changed then.
 */
export function importSnapshot(snapshot: SessionSnapshot, link: Link, given: ConnectOptions): void {
  checkSnapshot(snapshot);
  const { session, state } = link;
  const { clientId, records } = snapshot;
  if (state.name === "disconnecting") throw new ClosedError();
  if (clientId !== link.clientId && (state.name !== "idle" || given.clientId)) {
    throw new StoreError(`The snapshot is of the client "${clientId}", not of "${link.clientId}"`);
  }
  if (given.session !== undefined && session.state !== "connected") {
    throw new StoreError("Until there is a connection, the session is the one of the store");
  }
  if (session.incoming.length > 0) throw new StoreError("Messages of the server are under way");
  session.restore(records, false);
  link.clientId = clientId;
  if (session.state !== "connected") link.cleanStart = given.cleanStart ?? false;
  link.flush();
}

function checkSnapshot(snapshot: unknown): asserts snapshot is SessionSnapshot {
  const { version, clientId, records } = Object(snapshot) as Partial<SessionSnapshot>;
  if (version !== 1 || typeof clientId !== "string" || !Array.isArray(records)) {
    throw new StoreError("This is no snapshot of a session, or not of version 1");
  }
  const batch = new PacketBatch(clientWriters);
  const seen = new Set<unknown>();
  for (const [index, value] of (records as unknown[]).entries()) {
    try {
      const record = Object(value) as AnyRecord;
      const checks = checksOf(record, batch);
      // Also what a record may not have.
      const fault = Object.keys({ ...checks, ...record }).find((name) => checks[name] !== true);
      if (fault !== undefined) throw new StoreError(`${fault} is not sound`);
      const { key, awaits, packet } = record;
      for (const unique of awaits === undefined ? [key] : [key, packet?.packetIdentifier]) {
        if (seen.has(unique)) throw new StoreError(`${unique} comes twice`);
        seen.add(unique);
      }
    } catch (cause) {
      const { message } = cause as MqttError;
      throw new StoreError(`The snapshot cannot be taken up, records[${index}]: ${message}`, { cause });
    }
  }
}

/**
 * By its name, whether each field that a record may have is as it should be.
 *
 * @throws the errors of `encode` for a packet that is none, or anything for what is no packet at all.
 */
function checksOf(record: AnyRecord, batch: PacketBatch): Readonly<Record<string, boolean>> {
  const { key, packet, awaits, released, expiresAt, packetIdentifier, order, isComplete = false } = record;
  const { type, qos, packetIdentifier: sentAs } = packet ?? {};
  if (typeof key !== "string") return { key: false };
  // A message that waits to be sent has no Packet Identifier yet.
  if (packet !== undefined) batch.measure(qos === 0 ? packet : { ...packet, packetIdentifier: sentAs ?? 1 });
  const isMessage = type === "publish";
  switch (key.split("/")[0]) {
    case "out": {
      const isFitting = qos === 1 ? awaits === "puback" : qos === 2 && (awaits === "pubrec" || awaits === "pubcomp");
      return {
        // Beyond 2^53 the places of messages could not be told apart.
        key: /^out\/0\d{15}$/.test(key),
        packet: isMessage,
        awaits: awaits === undefined || (isFitting && sentAs !== undefined),
        released: isNumber(released),
        expiresAt: isNumber(expiresAt),
      };
    }
    case "in": {
      const own = `in/${packetIdentifier}`;
      return {
        key: isComplete ? key.startsWith(`${own}/`) && /\/\d{1,15}$/.test(key) : key === own,
        packetIdentifier: packetIdentifier !== undefined && isNumber(packetIdentifier, 0xffff),
        packet: packet === undefined ? !isComplete : isMessage,
        order: isNumber(order),
        isComplete: typeof isComplete === "boolean",
      };
    }
    case "sub": {
      const subscription = Object(record.subscription) as TopicSubscription;
      const properties = { subscriptionIdentifier: record.identifier };
      batch.measure({ type: "subscribe", packetIdentifier: 1, subscriptions: [subscription], properties });
      return { key: key === `sub/${subscription.topicFilter}`, subscription: true, identifier: true };
    }
    default:
      return { key: false };
  }
}

/** Whether it is a whole number from 1 on, or there is none. */
function isNumber(value: number | undefined, maximum = 1e15): boolean {
  return value === undefined || (Number.isInteger(value) && value > 0 && value <= maximum);
}
