import { Deferred } from "../deferred.ts";
import type { Environment } from "../environment.ts";
import { TimeoutError } from "../errors.ts";
import { maximumTimerDelayMs } from "../limits.ts";
import type { Answer } from "../session/exchanges.ts";

/** Something that was asked of the Session, and that somebody waits for. */
export class Operation<Result = unknown> extends Deferred<Result> {
  readonly #read: (topic: string, answer: Answer | undefined) => Result;
  readonly #topic: string;

  /**
   * `read` makes the result of the topic and the server's answer, of undefined where there is none; what it throws is the
   * result too.
   */
  constructor(read: (topic: string, answer: Answer | undefined) => Result, topic = "") {
    super();
    this.#read = read;
    this.#topic = topic;
  }

  answered(answer?: Answer): void {
    try {
      this.resolve(this.#read(this.#topic, answer));
    } catch (error) {
      this.reject(error);
    }
  }
}

/** Limits of an operation's patience. */
export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** In ms. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Calls `giveUp` with the reason when the signal is aborted or the time is over, unless `promise` settles before;
 * then nothing is left of it. A time that no timer can hold is never over.
 */
export function giveUpWhen(
  { signal, timeoutMs, what }: Patience & { readonly what: string },
  promise: Promise<unknown>,
  environment: Environment,
  giveUp: (reason: unknown) => void,
): void {
  if (signal === undefined && timeoutMs === undefined) return;
  const onAbort = (): void => {
    giveUp(signal?.reason);
  };
  signal?.addEventListener("abort", onAbort);
  const timer =
    timeoutMs === undefined || timeoutMs > maximumTimerDelayMs
      ? undefined
      : environment.setTimeout(() => {
          giveUp(new TimeoutError(what, timeoutMs));
        }, timeoutMs);
  const cleanUp = (): void => {
    environment.clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  promise.then(cleanUp, cleanUp);
}
