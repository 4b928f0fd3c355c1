import { MemorySessionStore, type SessionChange, type SessionRecord, type SessionStore } from "@rivulet/engine";
import { gate } from "./client-harness.ts";

/** A store whose writes can be held up, made to fail, and looked at. */
export class SlowStore implements SessionStore {
  /** What has been written, each write as its changes in short, such as `"+out/1"` and `"-out/1"`. */
  readonly writes: string[][] = [];
  /** Sessions that were let go of. */
  readonly released: string[] = [];
  /** Why the next write fails. */
  failure: Error | undefined;
  readonly #memory: SessionStore;
  #held: ReturnType<typeof gate> | undefined;

  constructor(memory: SessionStore = new MemorySessionStore()) {
    this.#memory = memory;
  }

  /** From now on writes wait. */
  hold(): void {
    this.#held ??= gate();
  }

  /** The writes that wait go on, and those to come. */
  go(): void {
    this.#held?.open(undefined);
    this.#held = undefined;
  }

  load(session: string): Promise<readonly SessionRecord[]> {
    return this.#memory.load(session);
  }

  async write(session: string, changes: readonly SessionChange[]): Promise<void> {
    this.writes.push(
      changes.map(({ key, record }) => `${record === undefined ? "-" : "+"}${key.replace(/\/0+/, "/")}`),
    );
    await this.#held?.promise;
    if (this.failure !== undefined) throw this.failure;
    await this.#memory.write(session, changes);
  }

  release(session: string): Promise<void> {
    this.released.push(session);
    return Promise.resolve();
  }
}
