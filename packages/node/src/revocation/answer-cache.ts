import { cacheBytesLimit, cachedAnswerMs } from "./limits.ts";

/** Answers that have been checked, for as long as they hold: at most an hour each, and 32 MiB together. */
export class AnswerCache {
  readonly #answers = new Map<string, { readonly bytes: Uint8Array; readonly until: number }>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor({ maxBytes = cacheBytesLimit }: { readonly maxBytes?: number } = {}) {
    this.#maxBytes = maxBytes;
  }

  get(key: string, now: number): Uint8Array | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined || answer.until > now) return answer?.bytes;
    this.#remove(key);
    return undefined;
  }

  /** `now` and `validUntil` are in ms since 1970. */
  set(key: string, bytes: Uint8Array, { now, validUntil }: { now: number; validUntil: number }): void {
    this.#remove(key);
    if (bytes.length > this.#maxBytes) return;
    this.#answers.set(key, { bytes, until: Math.min(validUntil, now + cachedAnswerMs) });
    this.#bytes += bytes.length;
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    this.#bytes -= this.#answers.get(key)?.bytes.length ?? 0;
    this.#answers.delete(key);
  }
}
