import { decode, encode } from "@msgpack/msgpack";
import {
  InvalidOptionError,
  StoreError,
  type SessionChange,
  type SessionRecord,
  type SessionStore,
} from "@rivulet/engine";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { GroupCommit } from "./group-commit.ts";
import { openLevelDatabase } from "./level-database.ts";
import { makeDirectory } from "./make-directory.ts";
import { replaceFile } from "./replace-file.ts";
import type { DatabaseOperation, SessionDatabase } from "./session-database.ts";
import { SessionSeal } from "./session-seal.ts";

// Theory of operation
//
// The database has three kinds of entries, whose keys begin with a letter: `v` is the version of all this; `s` and the
// session, its seal; `r`, the session and the record's own key, a record as MessagePack. The session stands there as JSON,
// which says itself where it ends, so that no session's keys lie among those of another.
//
// A session that was loaded is held until it is released, and only what is held is written. Between processes the lock
// of the database does the same.

/** What may be lost when the power fails; nothing is when the process is killed. */
export type Durability = "strict" | "relaxed";

/** Where sessions are kept, and how safely. */
export interface DiskSessionStoreOptions {
  /** A directory of its own, which is made where there is none. One process at a time can have it open. */
  readonly directory: string;
  /**
   * `"strict"`: a write is over when it would outlive a power failure; nothing that was stored is lost. `"relaxed"`: when
   * the operating system has it, which is many times as fast; it outlives the process, and a power failure may take the
   * last seconds with it, or, seldom, leave something that cannot be read any more. Default: `"strict"`.
   */
  readonly durability?: Durability | undefined;
  /** Opens what the sessions are kept in. Default: a LevelDB, with the package classic-level. */
  readonly openDatabase?: ((directory: string) => Promise<SessionDatabase>) | undefined;
}

const formatKey = "v";
const formatVersion = 1;

/** A file that is there once a store was made: if the database is empty then, what was in it is lost. */
const markerName = "RIVULET";

/**
 * Opens a store that keeps the sessions of any number of clients in a directory, on Node, Bun and Deno. Needs the package
 * classic-level.
 *
 * @throws (as a rejection) StoreError when the directory cannot be used: it is in use by another process, damaged, or of
 * something else; UnsupportedError without classic-level; InvalidOptionError.
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { connect } from "rivulet";
 * import { diskSessionStore } from "rivulet/disk-store";
 *
 * const directory = await mkdtemp(join(tmpdir(), "sessions-"));
 * await using session = await diskSessionStore({ directory });
 * const options = { clientId: "kitchen", session, sessionExpiryInterval: 3600 };
 * const client = await connect("mqtt://127.0.0.1:1883", options);
 * await client.publish("home/kitchen/door", "open", { qos: 1, until: "stored" });
 * // From here on the message arrives, whatever happens to this process.
 * await client.disconnect();
 * ```
 */
export async function diskSessionStore(options: DiskSessionStoreOptions): Promise<DiskSessionStore> {
  const { directory, durability = "strict" } = options;
  const { openDatabase = openLevelDatabase } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new InvalidOptionError("directory", "The disk store needs the path of a directory");
  }
  if (durability !== "strict" && durability !== "relaxed") {
    throw new InvalidOptionError("durability", `durability is "${String(durability)}", not "strict" or "relaxed"`);
  }
  await makeDirectory(directory);
  const isOurs = await exists(join(directory, markerName));
  const database = await openDatabase(directory);
  try {
    await checkFormat(database, directory, isOurs);
    if (!isOurs) await replaceFile(join(directory, markerName), encode(formatVersion));
  } catch (error) {
    await database.close();
    throw error;
  }
  return new DiskSessionStore(database, directory, durability);
}

/** Keeps sessions on disk. `diskSessionStore` makes one. */
export class DiskSessionStore implements SessionStore, AsyncDisposable {
  readonly directory: string;
  readonly durability: Durability;
  readonly #database: SessionDatabase;
  readonly #commits: GroupCommit;
  /** The sessions that were loaded and not released; undefined while one is being loaded. */
  readonly #held = new Map<string, SessionSeal | undefined>();
  #closed: Promise<void> | undefined;

  constructor(database: SessionDatabase, directory: string, durability: Durability) {
    this.directory = directory;
    this.durability = durability;
    this.#database = database;
    this.#commits = new GroupCommit((operations) => this.#commit(operations));
  }

  /**
   * All records of a session, which belongs to the caller from here on.
   *
   * @throws (as a rejection) StoreError when another client has it, it is damaged, or the store is closed.
   */
  async load(session: string): Promise<readonly SessionRecord[]> {
    this.#checkOpen();
    if (this.#held.has(session)) {
      throw new StoreError(`The session ${session} is in use by another client of the store in ${this.directory}`);
    }
    this.#held.set(session, undefined);
    try {
      const seal = new SessionSeal();
      const records = await this.#read(session, seal);
      this.#held.set(session, seal);
      return records;
    } catch (error) {
      this.#held.delete(session);
      throw error;
    }
  }

  /**
   * Makes changes durable, all or none: with the writes of other sessions, and one sync for all of them.
   *
   * @throws (as a rejection) StoreError when it could not be done, such as for want of space. The store then takes no
   * more; another one may be opened.
   */
  async write(session: string, changes: readonly SessionChange[]): Promise<void> {
    this.#checkOpen();
    const seal = this.#held.get(session);
    if (seal === undefined) throw new StoreError(`The session ${session} has not been loaded, or was released`);
    const operations = changes.map(({ key, record }): DatabaseOperation => {
      const name = recordPrefix(session) + key;
      return record === undefined ? { key: name } : { key: name, value: encoded(record, session) };
    });
    for (const { key, value } of operations) {
      if (value === undefined) seal.delete(key);
      else seal.put(key, value);
    }
    await this.#commits.write([...operations, { key: sealKey(session), value: seal.encode() }]);
  }

  /** Lets another client have a session. */
  release(session: string): Promise<void> {
    this.#held.delete(session);
    return Promise.resolve();
  }

  /** Closes the store when what is being written has been. Disconnect its clients before. */
  close(): Promise<void> {
    this.#closed ??= this.#commits.idle().then(() => this.#database.close());
    return this.#closed;
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(session: string, seal: SessionSeal): Promise<SessionRecord[]> {
    const prefix = recordPrefix(session);
    try {
      const entries = await this.#database.read(prefix, endOf(prefix));
      for (const [key, value] of entries) seal.put(key, value);
      const key = sealKey(session);
      const [[, sealed] = []] = await this.#database.read(key, endOf(key));
      if (!seal.fits(sealed)) throw new StoreError("the records are not those that were written");
      return entries.map(([, value]) => decode(value) as SessionRecord);
    } catch (cause) {
      throw new StoreError(`The session ${session} in ${this.directory} is damaged: ${messageOf(cause)}`, { cause });
    }
  }

  async #commit(operations: readonly DatabaseOperation[]): Promise<void> {
    try {
      await this.#database.write(operations, this.durability === "strict");
    } catch (cause) {
      const message = messageOf(cause);
      const why = /no space left|ENOSPC/i.test(message) ? "the disk is full" : message;
      throw new StoreError(`The session store in ${this.directory} cannot be written to: ${why}`, { cause });
    }
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new StoreError(`The session store in ${this.directory} is closed`);
  }
}

/** Sees that the database is one of ours; makes it one when it is empty. */
async function checkFormat(database: SessionDatabase, directory: string, isOurs: boolean): Promise<void> {
  const version = await versionOf(database, directory, isOurs);
  if (version === undefined && isOurs)
    throw new StoreError(`The session store in ${directory} is damaged: its version is lost`);
  if (version === undefined) throw new StoreError(`What is in ${directory} is no session store`);
  if (version !== formatVersion) {
    throw new StoreError(
      `The session store in ${directory} is of version ${JSON.stringify(version)}, not ${formatVersion}`,
    );
  }
}

async function versionOf(database: SessionDatabase, directory: string, isOurs: boolean): Promise<unknown> {
  try {
    const [[, value] = []] = await database.read(formatKey, `${formatKey}\0`);
    if (value !== undefined) return decode(value);
    if (isOurs || (await database.read("", "\u{10ffff}")).length > 0) return undefined;
    await database.write([{ key: formatKey, value: encode(formatVersion) }], true);
    return formatVersion;
  } catch (cause) {
    throw new StoreError(`The session store in ${directory} is damaged: ${messageOf(cause)}`, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function encoded(record: SessionRecord, session: string): Uint8Array {
  try {
    return encode(record, { ignoreUndefined: true });
  } catch (cause) {
    throw new StoreError(`A record of the session ${session} cannot be written: ${messageOf(cause)}`, { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sealKey(session: string): string {
  return `s${JSON.stringify(session)}`;
}

function recordPrefix(session: string): string {
  return `r${JSON.stringify(session)}`;
}

/** The least key that is greater than all that begin with this one, which ends with a quotation mark. */
function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}#`;
}
