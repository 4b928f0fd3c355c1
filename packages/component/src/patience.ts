import { MQTTError } from "./mqtt-error.ts";

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
}

/** The longest that a timer waits; longer times are waited for in parts. */
const maximumTimerDelayMs = 0x7fff_ffff;

/** What methods wait for, until it is done, their time is over, or somebody interrupts them. */
export class Waiting {
  readonly #interrupts = new Set<(error: MQTTError) => void>();

  /** Settles as `done` does, or rejects with what `interrupt` was given, or with 201 when the time is over. */
  async until<T>(done: Promise<T>, patience: Patience): Promise<T> {
    done.catch(() => undefined); // Whoever gives up does not hear of it any more.
    let stop: () => void = () => undefined;
    const givenUp = new Promise<never>((_resolve, reject) => {
      const end = (error: MQTTError): void => {
        reject(error);
        patience.giveUp(error);
      };
      const stopTimer = startTimer(patience, () => {
        const why = patience.isAbsolute ? "in all" : "without any data";
        end(new MQTTError(201, { detail: `${patience.seconds} s have passed ${why}` }));
      });
      this.#interrupts.add(end);
      stop = () => {
        stopTimer();
        this.#interrupts.delete(end);
      };
    });
    givenUp.catch(() => undefined);
    try {
      return await Promise.race([done, givenUp]);
    } finally {
      stop();
    }
  }

  /** Has all that wait reject. */
  interrupt(error: MQTTError): void {
    for (const end of [...this.#interrupts]) end(error);
  }
}

/** Calls `over` when the time is over; returns a function that stops it. */
function startTimer({ seconds, isAbsolute, activity }: Patience, over: () => void): () => void {
  if (seconds === 0) return () => undefined;
  let timer: ReturnType<typeof setTimeout>;
  let seen = activity();
  let since = performance.now();
  const wait = (): void => {
    const now = performance.now();
    const seenNow = activity();
    if (!isAbsolute && seenNow !== seen) {
      seen = seenNow;
      since = now;
    }
    const leftMs = since + seconds * 1000 - now;
    if (leftMs <= 0) over();
    // Looks again in between: only so it is known, nearly, when the last byte came.
    else timer = setTimeout(wait, Math.min(leftMs, isAbsolute ? maximumTimerDelayMs : seconds * 100));
  };
  wait();
  return () => {
    clearTimeout(timer);
  };
}
