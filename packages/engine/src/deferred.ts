/** A promise with its two ends. What nobody waits for never counts as an unhandled rejection. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (reason: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = (reason) => {
        // A message that is published and forgotten must not end the process when the connection is lost.
        void handled(this.promise);
        reject(reason);
      };
    });
  }
}

/** Marks a promise so that, when nobody waits for it, its rejection does not end the process. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

/** Takes a rejection that somebody else sees, or that nobody needs to. */
export function ignore(): void {
  // That is all.
}
