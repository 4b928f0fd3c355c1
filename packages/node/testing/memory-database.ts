import type { DatabaseOperation, SessionDatabase } from "../src/store/session-database.ts";

/** A database in memory, whose writes can be held up, made to fail, and looked at. */
export class MemoryDatabase implements SessionDatabase {
  readonly entries: Map<string, Uint8Array>;
  readonly writes: { readonly operations: readonly DatabaseOperation[]; readonly sync: boolean }[] = [];
  /** Why writes fail. */
  failure: Error | undefined;
  isClosed = false;
  #gate: Promise<void> | undefined;
  #open: (() => void) | undefined;
  #arrived: (() => void) | undefined;

  constructor(entries: Map<string, Uint8Array> = new Map()) {
    this.entries = entries;
  }

  /** From now on writes wait. */
  hold(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  /** Resolves when a write waits. */
  held(): Promise<void> {
    return new Promise((resolve) => (this.#arrived = resolve));
  }

  go(): void {
    this.#open?.();
    this.#gate = undefined;
  }

  read(from: string, to: string): Promise<readonly (readonly [string, Uint8Array])[]> {
    return Promise.resolve([...this.entries].filter(([key]) => key >= from && key < to));
  }

  async write(operations: readonly DatabaseOperation[], sync: boolean): Promise<void> {
    this.#arrived?.();
    await this.#gate;
    if (this.failure !== undefined) throw this.failure;
    this.writes.push({ operations, sync });
    for (const { key, value } of operations) {
      if (value === undefined) this.entries.delete(key);
      else this.entries.set(key, value);
    }
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}
