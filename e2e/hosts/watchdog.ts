/** How long a host may say nothing: longer than any scenario may take. */
export const silenceTimeoutMs = 75_000;

/** Notices when something that should be heard of again and again is not. */
export class Watchdog {
  /** Rejects after the silence; it never causes an unhandled rejection. */
  readonly bark: Promise<never>;
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    let reject: (error: Error) => void;
    this.bark = new Promise<never>((_resolve, rejectBark) => (reject = rejectBark));
    this.bark.catch(() => undefined);
    this.#timer = setTimeout(() => reject(new Error(`Nothing was heard for ${timeoutMs} ms`)), timeoutMs);
  }

  feed(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
