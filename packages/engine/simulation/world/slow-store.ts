import { MemorySessionStore, type SessionChange, type SessionRecord, type SessionStore } from "@rivulet/engine";
import type { Chance } from "../chance.ts";
import type { Verdict } from "../checks/verdict.ts";
import type { Clock } from "../clock.ts";

/** The parts of a store that a process sees. */
export interface StoreParts {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly verdict: Verdict;
  /** What outlives the process. */
  readonly disk: MemorySessionStore;
  readonly isAlive: () => boolean;
}

/**
 * A durable store whose writes take time. What was written is there from some moment within it, whether or not the
 * process lives to hear of it; what it holds are copies, as on a disk.
 */
export class SlowStore implements SessionStore {
  readonly #parts: StoreParts;
  /** Whether something is being written, or has been and nobody has heard of it. */
  stage: "storing" | "stored" | undefined;
  /** Whether the client has the Session; of another process it is not asked. */
  #isHeld = false;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  async load(session: string): Promise<readonly SessionRecord[]> {
    this.#expect(false, "loads the session");
    this.#isHeld = true;
    await this.#pause();
    return structuredClone(await this.#parts.disk.load(session));
  }

  async write(session: string, changes: readonly SessionChange[]): Promise<void> {
    const { disk, isAlive, verdict } = this.#parts;
    const copies = structuredClone(changes);
    this.#expect(true, "writes");
    this.stage = "storing";
    await this.#pause();
    if (!isAlive()) {
      verdict.count("a process ends before what it wrote is stored");
      return new Promise(() => undefined);
    }
    await disk.write(session, copies);
    this.stage = "stored";
    await this.#pause();
    if (!isAlive()) {
      verdict.count("a process ends before it hears that something is stored");
      return new Promise(() => undefined);
    }
    this.stage = undefined;
  }

  async release(): Promise<void> {
    this.#expect(true, "lets go of the session");
    await this.#pause();
    this.#isHeld = false;
  }

  /** Only who has a Session may write it down, one write at a time, and let go of it after the last. */
  #expect(isHeld: boolean, what: string): void {
    if (this.#isHeld === isHeld && this.stage === undefined) return;
    this.#parts.verdict.fail(
      "a session in a store is one client's",
      `it ${what} while it is ${this.stage ?? "not its own"}`,
    );
  }

  #pause(): Promise<void> {
    const { clock, chance } = this.#parts;
    return new Promise((resolve) => {
      clock.after(chance.between(0, 30), resolve);
    });
  }
}
