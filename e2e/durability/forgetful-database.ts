import type { DatabaseOperation, SessionDatabase } from "rivulet/disk-store";

/**
 * A database as a machine has it whose power fails: what is written is in a cache, and on the disk once it was synced.
 */
export class ForgetfulDatabase implements SessionDatabase {
  readonly #disk: Map<string, Uint8Array>;
  readonly #cache: Map<string, Uint8Array>;
  #isDead = false;

  constructor(disk: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#disk = new Map(disk);
    this.#cache = new Map(disk);
  }

  async read(from: string, to: string): Promise<readonly (readonly [string, Uint8Array])[]> {
    await this.#alive();
    return [...this.#cache].filter(([key]) => key >= from && key < to);
  }

  async write(operations: readonly DatabaseOperation[], sync: boolean): Promise<void> {
    await this.#alive();
    for (const { key, value } of operations) {
      if (value === undefined) this.#cache.delete(key);
      else this.#cache.set(key, value);
    }
    if (!sync) return;
    this.#disk.clear();
    for (const [key, value] of this.#cache) this.#disk.set(key, value);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The power fails: returns what is there when it comes back. This one answers nobody any more. */
  crash(): ForgetfulDatabase {
    this.#isDead = true;
    return new ForgetfulDatabase(this.#disk);
  }

  async #alive(): Promise<void> {
    if (this.#isDead) await new Promise(() => undefined);
  }
}
