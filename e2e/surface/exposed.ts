/** An object whose methods a check may call; what it has to tell at once stands in `fields`. */
export abstract class Exposed {
  /** Goes to the check with the object. */
  fields: object = {};

  /** Called when the check is over, if it was not closed before. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The names of an object's methods. */
export function methodsOf(object: Exposed): string[] {
  const names: string[] = [];
  let prototype = Object.getPrototypeOf(object) as object;
  for (; prototype !== Exposed.prototype; prototype = Object.getPrototypeOf(prototype) as object) {
    names.push(...Object.getOwnPropertyNames(prototype));
  }
  return [...new Set(names)].filter((name) => name !== "constructor");
}

/** Those who wait for something to be there; they ask again whenever it may be. */
export class Waiting {
  readonly #waiting = new Set<() => void>();
  #failure: Error | undefined;

  /** Something has changed. */
  notify(): void {
    for (const ask of [...this.#waiting]) ask();
  }

  /** Nothing more will come: who waits is told why, unless what it waits for is there. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.notify();
  }

  /** Resolves with the first value that is not undefined. */
  for<Value>(take: () => Value | undefined): Promise<Value> {
    return new Promise((resolve, reject) => {
      const ask = (): void => {
        const value = take();
        if (value === undefined && this.#failure === undefined) return;
        this.#waiting.delete(ask);
        if (value === undefined) reject(this.#failure ?? new Error("unreachable"));
        else resolve(value);
      };
      this.#waiting.add(ask);
      ask();
    });
  }
}
