import { Deferred } from "../deferred.ts";
import type { Environment } from "../environment.ts";
import { TimeoutError } from "../errors.ts";
import { maximumTimerDelayMs } from "../limits.ts";
import type { Answer } from "../session/exchanges.ts";

/** Something that was asked of the Session, and that somebody waits for. */
export class Operation<Result = unknown> extends Deferred<Result> {
  /** Told that the transport has the message, where somebody waits for that. */
  sent?: () => void;
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

/** Whom a signal stops, and its one listener: a program may have one signal for thousands. */
interface Stopper {
  readonly all: Set<(reason: unknown) => void>;
  readonly listener: () => void;
}

const stoppers = /* @__PURE__ */ new WeakMap<AbortSignal, Stopper>();

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
  const ignoreSignal = signal && giveUpOnAbort(signal, giveUp);
  const timer =
    timeoutMs === undefined || timeoutMs > maximumTimerDelayMs
      ? undefined
      : environment.setTimeout(() => {
          giveUp(new TimeoutError(what, timeoutMs));
        }, timeoutMs);
  const cleanUp = (): void => {
    environment.clearTimeout(timer);
    ignoreSignal?.();
  };
  promise.then(cleanUp, cleanUp);
}

function giveUpOnAbort(signal: AbortSignal, giveUp: (reason: unknown) => void): () => void {
  let stopper = stoppers.get(signal);
  if (stopper === undefined) {
    const all: Stopper["all"] = new Set();
    const listener = (): void => {
      for (const each of all) each(signal.reason);
    };
    signal.addEventListener("abort", listener);
    stoppers.set(signal, (stopper = { all, listener }));
  }
  const { all, listener } = stopper;
  all.add(giveUp);
  return () => {
    all.delete(giveUp);
    if (all.size > 0) return;
    signal.removeEventListener("abort", listener);
    stoppers.delete(signal);
  };
}
