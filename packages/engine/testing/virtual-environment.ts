import type { Environment } from "@rivulet/engine";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** Lets everything that is ready to run do so: one turn of the event loop, with all its microtasks. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets things come to rest. Nothing in these tests needs more turns than this to react to anything. */
export async function settle(turns = 8): Promise<void> {
  for (let count = 0; count < turns; count += 1) await turn();
}

/** Waits, turn by turn, until something holds; fails when it does not come about. */
export async function until(condition: () => boolean, turns = 20_000): Promise<void> {
  for (let count = 0; !condition(); count += 1) {
    if (count === turns) throw new Error(`This has not come about: ${String(condition)}`);
    await turn();
  }
}

/** Time that passes only when a test says so, and chance that is always the same. */
export class VirtualEnvironment implements Environment {
  #now = 1000;
  readonly #timers = new Set<Timer>();
  readonly #wakers = new Set<() => void>();

  now(): number {
    return this.#now;
  }

  /** A timer without a delay waits for no time to pass, only for its turn. */
  setTimeout(callback: () => void, delayMs: number): Timer {
    // Real timers take no longer delay: they would fire at once.
    if (!(delayMs >= 0 && delayMs < 2 ** 31)) throw new RangeError(`A timer cannot wait for ${delayMs} ms`);
    const timer = { due: this.#now + delayMs, callback };
    this.#timers.add(timer);
    if (delayMs === 0) setImmediate(() => this.#fire(timer));
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  wallNow(): number {
    return this.now();
  }

  getRandomValues(bytes: Uint8Array): Uint8Array {
    return bytes.map((_, index) => index * 7 + 3);
  }

  onWake(callback: () => void): () => void {
    this.#wakers.add(callback);
    return () => this.#wakers.delete(callback);
  }

  /** Tells those who want to know that timers may have been late. */
  wakeUp(): void {
    for (const callback of this.#wakers) callback();
  }

  /** Those who want to know when to wake. */
  get pendingWakers(): number {
    return this.#wakers.size;
  }

  /** Timers that have been set and have neither fired nor been called off. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Lets time pass, from one timer that is due to the next. */
  async advance(delayMs: number): Promise<void> {
    const end = this.#now + delayMs;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].sort((one, other) => one.due - other.due);
      if (next === undefined || next.due > end) break;
      this.#now = Math.max(this.#now, next.due);
      this.#fire(next);
      await settle();
    }
    this.#now = end;
  }

  /** Jumps ahead as a laptop does that has slept: all timers that have become due fire late. */
  async sleep(delayMs: number): Promise<void> {
    this.#now += delayMs;
    await this.advance(0);
  }

  /** Jumps ahead, and the timers that have become due do not fire until time passes again. */
  oversleep(delayMs: number): void {
    this.#now += delayMs;
  }

  #fire(timer: Timer): void {
    if (this.#timers.delete(timer)) timer.callback();
  }
}
