/** `@rivulet/websocket/indexed-db`: sessions in the database of a browser. */
import {
  InvalidOptionError,
  StoreError,
  UnsupportedError,
  type OutgoingRecord,
  type SessionChange,
  type SessionRecord,
  type SessionStore,
} from "@rivulet/engine";
import { openDatabase, type Database } from "./indexed-db-database.ts";
import { leaseSession, lockSession, type LeaseClock, type Ownership } from "./indexed-db-ownership.ts";

/** Where sessions are kept, and how safely. */
export interface IndexedDbSessionStoreOptions {
  /** The name of the database. Default: `"rivulet"`. */
  readonly name?: string | undefined;
  /**
   * `"strict"`: a write is over when the browser has it on disk. `"relaxed"`: when the operating system has it, which is
   * faster; it outlives the page and the browser, and a power failure may take the last seconds with it. Default: `"strict"`.
   */
  readonly durability?: "strict" | "relaxed" | undefined;
  /** The clock of leases, for tests. */
  readonly clock?: LeaseClock | undefined;
}

const platformClock: LeaseClock = {
  wallNow: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as number),
};

/**
 * Opens a store that keeps the sessions of any number of clients in IndexedDB, in pages and workers. A session belongs to
 * one client at a time, whatever tab it is in: `load`, and so `connect`, of another one waits for a second and is refused
 * then. A Web Lock sees to that; a tab that is closed or crashes gives it back. Where there are none, which is where
 * pages come by plain http:, a tab that crashes gives its sessions back after a minute and a half.
 *
 * The browser may delete what a site has stored when it runs short of space; `navigator.storage.persist()` keeps it from that.
 *
 * @throws (as a rejection) StoreError when the database cannot be opened, as in some private windows; UnsupportedError
 * where there is no IndexedDB; InvalidOptionError.
 *
 * @example
 * ```ts no-run
 * import { connect } from "rivulet";
 * import { indexedDbSessionStore } from "rivulet/indexed-db";
 *
 * const session = await indexedDbSessionStore({ name: "dashboard" });
 * const client = await connect("wss://broker.example", { clientId: "kitchen", session, sessionExpiryInterval: 3600 });
 * await client.publish("home/kitchen/door", "open", { qos: 1, until: "stored" });
 * ```
 */
export async function indexedDbSessionStore(
  options: IndexedDbSessionStoreOptions = {},
): Promise<IndexedDbSessionStore> {
  const { name = "rivulet", durability = "strict", clock = platformClock } = options;
  if (durability !== "strict" && durability !== "relaxed") {
    throw new InvalidOptionError("durability", `durability is "${String(durability)}", not "strict" or "relaxed"`);
  }
  if (globalThis.indexedDB === undefined) {
    throw new UnsupportedError("indexedDB", "This platform has no IndexedDB");
  }
  const database = await openDatabase(name, durability);
  const locks: LockManager | undefined = globalThis.navigator?.locks;
  return new DatabaseSessionStore(database, (session) =>
    locks === undefined ? leaseSession(database, session, clock) : lockSession(locks, `rivulet:${name}`, session),
  );
}

/** Keeps sessions in IndexedDB. `indexedDbSessionStore` makes one. */
export interface IndexedDbSessionStore extends SessionStore {
  /** Lets another client have a session. */
  release(session: string): Promise<void>;
  /** Closes the store when what is being written has been, and lets go of its sessions. Disconnect its clients before. */
  close(): Promise<void>;
}

class DatabaseSessionStore implements IndexedDbSessionStore {
  readonly #database: Database;
  readonly #own: (session: string) => Promise<Ownership>;
  /** The sessions that were loaded and not released; undefined while one is being loaded. */
  readonly #held = new Map<string, Ownership | undefined>();

  constructor(database: Database, own: (session: string) => Promise<Ownership>) {
    this.#database = database;
    this.#own = own;
  }

  /**
   * All records of a session, which belongs to the caller from here on.
   *
   * @throws (as a rejection) StoreError, also when another client has it.
   */
  async load(session: string): Promise<readonly SessionRecord[]> {
    if (this.#held.has(session))
      throw new StoreError(`The session ${session} is in use by another client of this page`);
    this.#held.set(session, undefined);
    let ownership: Ownership | undefined;
    try {
      ownership = await this.#own(session);
      // An array comes after each string.
      const range = IDBKeyRange.bound([session], [session, []]);
      const records = await this.#database.transact("readonly", (store) => store.getAll(range));
      this.#held.set(session, ownership);
      return records as SessionRecord[];
    } catch (error) {
      ownership?.release();
      this.#held.delete(session);
      throw error;
    }
  }

  /**
   * Makes changes durable, all or none, in one transaction.
   *
   * @throws (as a rejection) StoreError, such as when the site has used up its space, or the session has gone to another page.
   */
  async write(session: string, changes: readonly SessionChange[]): Promise<void> {
    const ownership = this.#held.get(session);
    if (ownership === undefined) throw new StoreError(`The session ${session} has not been loaded, or was released`);
    await this.#database.transact("readwrite", (records, leases, fail) => {
      ownership.check?.(leases, fail);
      for (const { key, record } of changes) {
        if (record === undefined) records.delete([session, key]);
        else records.put(compact(record), [session, key]);
      }
      return undefined;
    });
  }

  /** Lets another client have a session. */
  release(session: string): Promise<void> {
    this.#held.get(session)?.release();
    this.#held.delete(session);
    return Promise.resolve();
  }

  /** Closes the store when what is being written has been, and lets go of its sessions. Disconnect its clients before. */
  async close(): Promise<void> {
    for (const session of this.#held.keys()) await this.release(session);
    this.#database.close("The session store is closed");
  }
}

/** A record without the buffers that its bytes are views of, which would be stored as a whole. */
function compact(record: SessionRecord): SessionRecord {
  if (!("packet" in record) || record.packet === undefined) return record;
  const { payload, properties } = record.packet;
  const packet: OutgoingRecord["packet"] = { ...record.packet, payload: payload.slice() };
  const { correlationData } = properties ?? {};
  if (correlationData !== undefined) {
    packet.properties = { ...properties, correlationData: correlationData.slice() };
  }
  return { ...record, packet };
}
