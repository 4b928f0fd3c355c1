import { setImmediate } from "node:timers";
import type { DatabaseOperation } from "./session-database.ts";

interface Waiting {
  readonly operations: readonly DatabaseOperation[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

// Theory of operation
//
// A sync costs the same whatever it covers. So what comes in one turn of the event loop goes into one batch, and what comes
// while a batch is under way goes into the next. After a failure nobody knows what the log ends with: nothing is written
// any more.

/** Gathers the writes of many into batches, one at a time. */
export class GroupCommit {
  readonly #commit: (operations: readonly DatabaseOperation[]) => Promise<void>;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `commit` writes a batch; what it rejects with, everybody in the batch and after it gets. */
  constructor(commit: (operations: readonly DatabaseOperation[]) => Promise<void>) {
    this.#commit = commit;
  }

  /** Resolves when the batch that these are in has been committed. */
  write(operations: readonly DatabaseOperation[]): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ operations, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure === undefined) await this.#commit(group.flatMap(({ operations }) => operations));
      } catch (error) {
        this.#failure = { error };
      }
      for (const { resolve, reject } of group) {
        if (this.#failure === undefined) resolve();
        else reject(this.#failure.error);
      }
    }
    this.#running = undefined;
  }
}
