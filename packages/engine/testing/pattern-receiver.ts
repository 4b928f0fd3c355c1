import { isPattern } from "./pattern.ts";

/** Checks what a scripted server receives against the pattern, and tells when so much of it has come. */
export class PatternReceiver {
  #count = 0;
  #failure: Error | undefined;
  #waiting: { readonly total: number; resolve(): void; reject(error: Error): void }[] = [];

  push(bytes: Uint8Array): void {
    if (!isPattern(bytes, this.#count)) this.#failure ??= new Error(`Wrong bytes were received from ${this.#count} on`);
    this.#count += bytes.byteLength;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) this.#settle(one);
  }

  /** Settles when exactly `total` bytes have come; more, or others, are an error. */
  until(total: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle({ total, resolve, reject });
    });
  }

  #settle(one: { readonly total: number; resolve(): void; reject(error: Error): void }): void {
    if (this.#failure !== undefined) one.reject(this.#failure);
    else if (this.#count > one.total) one.reject(new Error(`${this.#count} bytes were received, not ${one.total}`));
    else if (this.#count === one.total) one.resolve();
    else this.#waiting.push(one);
  }
}
