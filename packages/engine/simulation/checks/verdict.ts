import type { SituationName } from "./situations.ts";

/** An invariant that did not hold. */
export interface Failure {
  /** When, in ms from the beginning. */
  readonly at: number;
  /** Which: a clause of the specification, or a few words. */
  readonly invariant: string;
  readonly what: string;
}

/** Gathers what a run shows: what did not hold, and what has happened. */
export class Verdict {
  readonly failures: Failure[] = [];
  readonly counts: Map<SituationName, number> = new Map();
  readonly #now: () => number;

  /** `now` counts from the beginning. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get elapsed(): number {
    return this.#now();
  }

  fail(invariant: string, what: string): void {
    this.failures.push({ at: this.#now(), invariant, what });
  }

  count(name: SituationName): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
