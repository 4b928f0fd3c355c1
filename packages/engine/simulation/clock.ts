import type { Chance } from "./chance.ts";

// Theory of operation
//
// Time is a heap of events and jumps from one to the next. After each event everything that is ready to run does so:
// Node empties the queue of microtasks before it comes to the next `process.nextTick`, which costs a fraction of a
// microsecond, where a turn of the event loop costs several. Nothing here waits for real time.
//
// Events that are due at the same ms run in an order that chance decides, except timers of one owner, which every
// platform runs in the order in which they were set.

/** Something that will happen; cancelled by setting `callback` to undefined. */
export interface Due {
  readonly at: number;
  readonly rank: number;
  readonly serial: number;
  callback: (() => void) | undefined;
}

/** Time that passes only from one event to the next, in whole ms, as timers see it. */
export class Clock {
  #now = 1_000_000;
  #serial = 0;
  /** Events that have happened. */
  steps = 0;
  readonly #chance: Chance;
  readonly #heap: Due[] = [];

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  now(): number {
    return this.#now;
  }

  /** Calls back after a delay, before or after whatever else is due in the same ms. */
  after(delayMs: number, callback: () => void): Due {
    return this.#add(delayMs, this.#chance.uint32(), callback);
  }

  /** The same, but timers that are due in the same ms run in the order in which they were set. */
  timer(delayMs: number, callback: () => void): Due {
    return this.#add(delayMs, 2 ** 31, callback);
  }

  /** Runs what is due next; false when nothing is, or nothing before `end`. */
  async step(end = Infinity): Promise<boolean> {
    for (;;) {
      const [next] = this.#heap;
      if (next === undefined || next.at > end) return false;
      this.#pop();
      if (next.callback === undefined) continue;
      this.#now = Math.max(this.#now, next.at);
      this.steps += 1;
      next.callback();
      await drained();
      return true;
    }
  }

  /** Lets time pass until `end`, or until something holds. */
  async runUntil(end: number, isEnough: () => boolean = () => false): Promise<void> {
    await drained();
    while (!isEnough() && (await this.step(end)));
    if (!isEnough()) this.#now = Math.max(this.#now, end);
  }

  #add(delayMs: number, rank: number, callback: () => void): Due {
    this.#serial += 1;
    const due: Due = { at: this.#now + Math.max(0, Math.ceil(delayMs)), rank, serial: this.#serial, callback };
    const heap = this.#heap;
    let index = heap.push(due) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Due;
      if (isBefore(above, due)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = due;
    return due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child += 1;
      if (isBefore(last, heap[child] as Due)) break;
      heap[index] = heap[child] as Due;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.at - other.at < 0 || (one.at === other.at && orderOf(one, other) < 0);
}

function orderOf(one: Due, other: Due): number {
  return one.rank - other.rank || one.serial - other.serial;
}

/** Resolves when every microtask has run that is ready, and those that these make ready. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
