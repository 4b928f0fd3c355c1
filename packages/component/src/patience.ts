import { toMQTTError } from "./errors/to-mqtt-error.ts";
import { MQTTError } from "./mqtt-error.ts";
import type { Settings } from "./settings/settings.ts";

/** How long something is waited for. */
export interface Patience {
  /** Seconds; 0: for ever. */
  readonly seconds: number;
  /** Whether the time counts from the beginning, and not from the last byte that was sent or came. */
  readonly isAbsolute: boolean;
  /** Bytes that have been sent and have come until now. */
  readonly activity: () => number;
  /** Has the operation stop, for this reason. */
  readonly giveUp: (reason: MQTTError) => void;
  /** It is over, and `giveUp` has not been called. */
  readonly done?: (() => void) | undefined;
}

/** The longest that a timer waits; longer times are waited for in parts. */
const maximumTimerDelayMs = 0x7fff_ffff;

/** A timer that is so much too late, in ms, has waited for more than its turn. */
const lateMs = 100;

/** How long an attempt to connect may take when nothing else is said, in seconds. */
const defaultConnectSeconds = 60;

/** How long an attempt to connect may take, in seconds: never for ever. */
export function connectSeconds({
  connectionTimeout,
  timeout,
}: Pick<Settings, "connectionTimeout" | "timeout">): number {
  return (connectionTimeout ?? timeout) || defaultConnectSeconds;
}

/** A method that waits. */
interface Waiter {
  readonly patience: Patience;
  /** When it began, in ms. */
  readonly since: number;
}

// Theory of operation
//
// One timer is for all that wait, and there is none while nobody does: most are done in the same turn. It fires more often
// than anything is due, since only so it is known, nearly, when the last byte came.

/** What methods wait for, until it is done, their time is over, or somebody interrupts them. */
export class Waiting {
  readonly #waiters = new Set<Waiter>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires, in ms. */
  #timerDue = Infinity;
  /** Bytes until the timer last looked, and when they had grown. */
  #seen = -1;
  #lastByteAt = 0;

  /** Settles when `done` does, rejects with what `interrupt` was given, or with 201 when the time is over. */
  until(done: Promise<unknown>, patience: Patience): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const { seconds, isAbsolute, activity } = patience;
      const giveUp = (reason: MQTTError): void => {
        reject(reason);
        patience.giveUp(reason);
      };
      const over = this.begin({ seconds, isAbsolute, activity, giveUp, done: patience.done });
      done.then(
        () => {
          over();
          resolve();
        },
        (error: unknown) => {
          over();
          reject(toMQTTError(error));
        },
      );
    });
  }

  /** Begins to wait, until what this returns is called; `giveUp` is told what `until` would reject with. */
  begin(patience: Patience): () => void {
    const waiter: Waiter = { patience, since: performance.now() };
    this.#waiters.add(waiter);
    this.#watch(waiter, waiter.since);
    return () => {
      if (this.#leave(waiter)) patience.done?.();
    };
  }

  /** Has all that wait reject. */
  interrupt(error: MQTTError): void {
    for (const waiter of [...this.#waiters]) this.#end(waiter, error);
  }

  #end(waiter: Waiter, error: MQTTError): void {
    this.#leave(waiter);
    waiter.patience.giveUp(error);
  }

  /** Whether it was still waiting. */
  #leave(waiter: Waiter): boolean {
    const wasWaiting = this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) {
      clearTimeout(this.#timer);
      this.#timerDue = Infinity;
      this.#seen = -1;
    }
    return wasWaiting;
  }

  /** Sees to it that the timer fires in time for a waiter. */
  #watch({ patience: { seconds, isAbsolute }, since }: Waiter, now: number): void {
    if (seconds === 0) return;
    const delayMs = isAbsolute ? since + seconds * 1000 - now : seconds * 100;
    this.#wakeIn(Math.min(Math.max(delayMs, 0), maximumTimerDelayMs), now);
  }

  #wakeIn(delayMs: number, now: number): void {
    const due = now + delayMs;
    if (due >= this.#timerDue) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => {
      this.#look();
    }, delayMs);
  }

  /** Whose time is over? */
  #look(): void {
    const now = performance.now();
    const isLate = now - this.#timerDue > lateMs;
    this.#timerDue = Infinity;
    const activity = [...this.#waiters][0]?.patience.activity() ?? 0;
    if (activity !== this.#seen) {
      // Before the first look nothing is known: what waits counts from its own beginning.
      if (this.#seen >= 0) this.#lastByteAt = now;
      this.#seen = activity;
    }
    for (const waiter of [...this.#waiters]) {
      const { seconds, isAbsolute } = waiter.patience;
      const from = isAbsolute ? waiter.since : Math.max(waiter.since, this.#lastByteAt);
      // A timer may fire a little early.
      const isOver = seconds > 0 && now - from >= seconds * 1000 - 1;
      // Everything has stood still: what has come meanwhile is still to be read.
      if (isOver && isLate && !isAbsolute) this.#wakeIn(lateMs / 2, now);
      else if (isOver) {
        const why = isAbsolute ? "in all" : "without any data";
        this.#end(waiter, new MQTTError(201, { detail: `${seconds} s have passed ${why}` }));
      } else this.#watch(waiter, now);
    }
  }
}
