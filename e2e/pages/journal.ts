/** Something that happened in a page. */
export interface Happening {
  readonly name: string;
  /** On the page's own clock. */
  readonly atMs: number;
  readonly details: Readonly<Record<string, string | number | boolean | undefined>>;
}

interface Waiter {
  readonly name: string;
  readonly count: number;
  readonly resolve: (happening: Happening) => void;
}

/** What has happened in a page, in order; whoever waits for more is told. */
export class Journal {
  readonly #happenings: Happening[] = [];
  #waiters: Waiter[] = [];

  add(happening: Happening): void {
    this.#happenings.push(happening);
    const count = this.count(happening.name);
    this.#waiters = this.#waiters.filter((waiter) => {
      const isMet = waiter.name === happening.name && waiter.count === count;
      if (isMet) waiter.resolve(happening);
      return !isMet;
    });
  }

  /** How often it has happened until now. */
  count(name: string): number {
    return this.#happenings.filter((each) => each.name === name).length;
  }

  /** Resolves once it has happened so many times, to the last of these. */
  until(name: string, count: number): Promise<Happening> {
    const known = this.#happenings.filter((each) => each.name === name)[count - 1];
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiters.push({ name, count, resolve }));
  }

  toString(): string {
    return this.#happenings
      .map(({ name, atMs, details }) => `${Math.round(atMs)} ${name} ${JSON.stringify(details)}`)
      .join("\n");
  }
}
