import {
  clientWriters,
  PacketBatch,
  validateTopicFilter,
  type MqttError,
  type PublishPacket,
  type TopicSubscription,
} from "@rivulet/codec";
import { ClosedError, StoreError } from "../errors.ts";
import { boolean, positive, readOptions, twoBytes, type Rules } from "../option-rules.ts";
import type { ConnectOptions } from "../options.ts";
import type { IncomingRecord, OutgoingRecord, SessionSnapshot, SubscriptionRecord } from "../session-store.ts";
import type { Link } from "./link.ts";

// Theory of operation
//
// A snapshot comes from outside, and may be anything. It is looked at as a whole before any of it is taken up: records
// by the tables of their fields, messages also by the codec, which refuses what no packet can say.

type AnyRecord = Partial<OutgoingRecord & IncomingRecord & SubscriptionRecord>;

/** One kind of record. */
interface Kind {
  readonly rules: object;
  /** What the tables cannot tell: whether the fields fit each other. */
  readonly isSound: (record: AnyRecord, key: string) => boolean;
}

const object = { is: "object" } as const;
const packetIdentifier = { min: 1, ...twoBytes };
const qos = { max: 2 };

const packetRules: Rules<PublishPacket> = {
  type: { of: ["publish"] },
  topicName: {},
  payload: {},
  qos,
  retain: boolean,
  duplicate: boolean,
  packetIdentifier,
  properties: object,
};
const subscriptionRules: Rules<TopicSubscription> = {
  topicFilter: {},
  qos,
  noLocal: boolean,
  retainAsPublished: boolean,
  retainHandling: qos,
};
const outgoingRules: Rules<OutgoingRecord> = {
  key: {},
  packet: object,
  awaits: { of: ["puback", "pubrec", "pubcomp"] },
  released: positive,
  expiresAt: positive,
};
const incomingRules: Rules<IncomingRecord> = { key: {}, packetIdentifier, packet: object, isComplete: boolean };
const subscribedRules: Rules<SubscriptionRecord> = {
  key: {},
  subscription: object,
  identifier: { min: 1, max: 268_435_455 },
};

/** What may be missing in a table above, or is looked for elsewhere. */
const optional = "packetIdentifier properties packet awaits released expiresAt isComplete identifier".split(" ");

/** The kinds of records, by the first part of their keys. */
const kinds = new Map<string, Kind>([
  [
    "out",
    {
      rules: outgoingRules,
      // Beyond 2^53 the places of the messages that follow could not be told apart.
      isSound: ({ packet, awaits, released = 1 }, key) =>
        /^out\/0\d{15}$/.test(key) &&
        released < 1e15 &&
        packet !== undefined &&
        (awaits === undefined || (packet.qos === (awaits === "puback" ? 1 : 2) && packet.packetIdentifier !== undefined)),
    },
  ],
  [
    "in",
    {
      rules: incomingRules,
      isSound: (record, key) => {
        const own = `in/${record.packetIdentifier}`;
        if (record.isComplete !== true) return key === own;
        return record.packet !== undefined && key.startsWith(own) && /^in\/\d+\/\d{1,15}$/.test(key);
      },
    },
  ],
  ["sub", { rules: subscribedRules, isSound: ({ subscription }, key) => key === `sub/${subscription?.topicFilter}` }],
]);

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
  const isIdle = state.name === "idle";
  if (state.name === "closed" || state.name === "disconnecting") throw new ClosedError();
  if (clientId !== link.clientId && (!isIdle || given.clientId)) {
    throw new StoreError(`The snapshot is of the client "${clientId}", not of "${link.clientId}"`);
  }
  if (given.session !== undefined && session.state !== "connected") {
    throw new StoreError("Until there is a connection, the session is the one of the store");
  }
  if (session.incoming.length > 0) throw new StoreError("Messages of the server are under way");
  session.restore(records, false);
  link.clientId = clientId;
  if (isIdle) link.cleanStart = given.cleanStart ?? false;
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
    const path = `records[${index}]`;
    try {
      const record = checkRecord(value, path, batch);
      for (const unique of [record.key, record.awaits && record.packet?.packetIdentifier]) {
        if (seen.has(unique)) throw new StoreError(`${path} repeats ${unique}`);
        if (unique !== undefined) seen.add(unique);
      }
    } catch (cause) {
      throw new StoreError(`The snapshot cannot be taken up: ${(cause as MqttError).message}`, { cause });
    }
  }
}

function checkRecord(value: unknown, path: string, batch: PacketBatch): AnyRecord {
  const { key } = Object(value) as AnyRecord;
  const kind = kinds.get(String(key).split("/")[0] as string); // There is always a first part.
  if (kind === undefined) throw new StoreError(`${path}.key is ${String(key)}`);
  checkFields(value, kind.rules, path);
  const record = value as AnyRecord;
  const { packet, subscription } = record;
  if (packet !== undefined) {
    checkFields(packet, packetRules, `${path}.packet`);
    // One that waits to be sent has no Packet Identifier yet.
    batch.measure(packet.qos === 0 ? packet : { ...packet, packetIdentifier: packet.packetIdentifier ?? 1 });
  }
  if (subscription !== undefined) {
    checkFields(subscription, subscriptionRules, `${path}.subscription`);
    validateTopicFilter(subscription.topicFilter);
  }
  if (!kind.isSound(record, String(key))) throw new StoreError(`${path} contradicts itself`);
  return record;
}

function checkFields(value: unknown, rules: object, path: string): void {
  const fields = Object(value) as Record<string, unknown>;
  readOptions(fields, rules as Rules<typeof fields>, { path: `${path}.` });
  for (const name in rules) {
    if (fields[name] === undefined && !optional.includes(name)) throw new StoreError(`${path}.${name} is missing`);
  }
}
