import { Random } from "../../codec/testing/random.ts";

/** A seeded source of chance with the few ways in which the simulation asks it. */
export class Chance extends Random {
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in so many of a hundred cases. */
  percent(probability: number): boolean {
    return this.below(100) < probability;
  }

  /** A source of its own, so that what is drawn from one does not change what the other gives. */
  fork(): Chance {
    return new Chance(this.uint32());
  }
}
