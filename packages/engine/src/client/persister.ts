import { handled, ignore } from "../deferred.ts";
import { StoreError } from "../errors.ts";
import type { SessionStore } from "../session-store.ts";
import type { JournalEntry } from "../session/journal.ts";
import type { Session } from "../session/session.ts";

/** Where a Persister writes, and whom it tells. */
export interface PersisterParts {
  readonly store: SessionStore;
  /** What the Session is called there. */
  readonly key: string;
  /** These changes are durable. */
  readonly stored: (entries: readonly JournalEntry[]) => void;
  /** The store has failed: from here on nothing can be promised. Called once for the writes, and once for the end. */
  readonly failed: (error: StoreError) => void;
}

// Theory of operation
//
// One write is under way at a time. What changes meanwhile gathers, and goes into the next one as a whole; whoever waits
// for a change waits for the write that has it. After a failure nothing is written any more.

/** Writes the changes of a Session down. */
export class Persister {
  readonly #session: Session<unknown>;
  readonly #parts: PersisterParts;
  #gathered: JournalEntry[] = [];
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: StoreError | undefined;
  /** Whether the store has let us have the Session. */
  #isLoaded = false;

  constructor(session: Session<unknown>, parts: PersisterParts) {
    this.#session = session;
    this.#parts = parts;
  }

  /**
   * Takes up what the store has; returns how many records that are.
   *
   * @throws StoreError
   */
  async load(): Promise<number> {
    const { store, key } = this.#parts;
    try {
      const records = await store.load(key);
      this.#isLoaded = true;
      this.#session.restore(records, true);
      return records.length;
    } catch (cause) {
      throw asStoreError(cause);
    }
  }

  /** Lets go of what it has loaded, after the last write; never rejects. */
  async release(): Promise<void> {
    const { store, key, failed } = this.#parts;
    await this.flush()?.catch(ignore); // Whoever waits for it has heard.
    try {
      if (this.#isLoaded) await store.release?.(key);
    } catch (cause) {
      failed(asStoreError(cause));
    }
  }

  /** Settles when all that has changed is durable; undefined when it is already. Rejects with StoreError. */
  readonly flush = (): Promise<void> | undefined => {
    for (const entry of this.#session.changes()) this.#gathered.push(entry);
    if (this.#gathered.length === 0) return this.#writing;
    this.#next ??= handled(this.#write(this.#writing));
    return this.#next;
  };

  async #write(before: Promise<void> | undefined): Promise<void> {
    const { store, key } = this.#parts;
    try {
      await before;
      if (this.#failure !== undefined) throw this.#failure;
      const entries = this.#gathered;
      this.#gathered = [];
      this.#writing = this.#next;
      this.#next = undefined;
      await store.write(key, entries);
      this.#parts.stored(entries);
    } catch (cause) {
      if (this.#failure === undefined) {
        this.#failure = asStoreError(cause);
        this.#parts.failed(this.#failure);
      }
      throw this.#failure;
    } finally {
      if (this.#next === undefined) this.#writing = undefined;
    }
  }
}

function asStoreError(cause: unknown): StoreError {
  return cause instanceof StoreError ? cause : new StoreError("The session store failed", { cause });
}
