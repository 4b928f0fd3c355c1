import type { PublishPacket, TopicSubscription } from "@rivulet/codec";

// Theory of operation
//
// What a Session must not forget (section 4.1) is a set of records, each under a key of its own: one for each message
// under way to the server or waiting to be sent, one for each QoS 2 Packet Identifier of the server, one for each
// subscription. A change puts one record or deletes one. Changes are written in the order in which they happened, and
// what they cover is sent only when they have been; so that whatever moment a process ends at, the records tell the
// truth. A snapshot is all records at one moment.

/** A message under way to the server, or one that waits to be sent. */
export interface OutgoingRecord {
  /** `"out/"` and its place in the order of all messages. */
  readonly key: string;
  /** With its Packet Identifier once it has been sent. */
  readonly packet: PublishPacket;
  /** What it awaits; undefined while it waits to be sent. */
  readonly awaits?: "puback" | "pubrec" | "pubcomp";
  /** The place of its PUBREL in the order of all of them [MQTT-4.6.0-4]. */
  readonly released?: number;
  /** When it expires while it waits to be sent: ms since 1970. */
  readonly expiresAt?: number;
}

/** A QoS 2 message of the server that PUBREC has been sent for, or will be. */
export interface IncomingRecord {
  /** `"in/"` and the Packet Identifier. */
  readonly key: string;
  readonly packetIdentifier: number;
  /** The message, while a consumer that had it acknowledged on receipt is not done with it. */
  readonly packet?: PublishPacket;
  /** Its place in the order in which messages came, where there is the message. */
  readonly order?: number;
  /** Whether the exchange is over, and only the consumer's part is left. */
  readonly isComplete?: boolean;
}

/** A subscription. */
export interface SubscriptionRecord {
  /** `"sub/"` and the Topic Filter. */
  readonly key: string;
  readonly subscription: TopicSubscription;
  readonly identifier?: number;
}

/** Something that a Session must not forget: a plain object, which structured clone and MessagePack can take. */
export type SessionRecord = OutgoingRecord | IncomingRecord | SubscriptionRecord;

/** Puts a record in the place of the one with the same key; without a record, deletes that one. */
export interface SessionChange {
  readonly key: string;
  readonly record?: SessionRecord | undefined;
}

/** Everything that a Session must not forget, at one moment. */
export interface SessionSnapshot {
  /** The version of this format. */
  readonly version: 1;
  readonly clientId: string;
  readonly records: readonly SessionRecord[];
}

/** Keeps Sessions where they outlive a connection, a page or a process. */
export interface SessionStore {
  /** All records of a Session, in any order; none when there is no such Session. */
  load(session: string): Promise<readonly SessionRecord[]>;
  /** Makes changes durable, all or none. Not called again for the same Session before it has settled. */
  write(session: string, changes: readonly SessionChange[]): Promise<void>;
  /**
   * Lets go of a Session, so that another client may have it. Called after the last `write` when the client is closed,
   * once for each `load` that has resolved; one that rejects is to hold on to nothing. What was loaded by one client, no
   * other one gets before.
   */
  release?(session: string): Promise<void>;
}

/** Keeps Sessions in memory: for clients of one process that follow each other, and for tests. */
export class MemorySessionStore implements SessionStore {
  readonly #sessions = new Map<string, Map<string, SessionRecord>>();

  load(session: string): Promise<readonly SessionRecord[]> {
    return Promise.resolve([...(this.#sessions.get(session)?.values() ?? [])]);
  }

  write(session: string, changes: readonly SessionChange[]): Promise<void> {
    const records = this.#sessions.get(session) ?? new Map<string, SessionRecord>();
    this.#sessions.set(session, records);
    for (const { key, record } of changes) {
      if (record === undefined) records.delete(key);
      else records.set(key, record);
    }
    return Promise.resolve();
  }
}
