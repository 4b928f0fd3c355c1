import { sliceMs } from "./limits.ts";

/**
 * Spreads bytes evenly over time: a slice may go as soon as the time is over that those before it take at the rate. Time
 * that went by unused is lost, but for that of one slice, which makes up for timers that are late. So in any time no more
 * goes than the rate allows and two slices.
 */
export class Pacer {
  /** The most that may go at once. */
  readonly sliceBytes: number;
  readonly #bytesPerMs: number;
  /** When the next slice may go. */
  #readyAt = -Infinity;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.sliceBytes = Math.max(1, Math.floor(this.#bytesPerMs * sliceMs));
  }

  /** How long the next slice has to wait, in ms. */
  waitMs(now: number): number {
    return Math.max(0, this.#readyAt - now);
  }

  /** So many bytes have gone. */
  spend(bytes: number, now: number): void {
    this.#readyAt = Math.max(this.#readyAt, now - sliceMs) + bytes / this.#bytesPerMs;
  }
}
