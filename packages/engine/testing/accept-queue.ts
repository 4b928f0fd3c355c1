/** Connections that were made, and those who wait for one. */
export class AcceptQueue<T> {
  readonly #ready: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  push(item: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#ready.push(item);
    else waiting(item);
  }

  next(): Promise<T> {
    const item = this.#ready.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
