import { toMQTTError } from "./errors/to-mqtt-error.ts";
import type { Patience, Waiting } from "./patience.ts";
import type { Settings } from "./settings/settings.ts";

/** How long something is waited for, whatever is done then. */
export type Endurance = Omit<Patience, "giveUp" | "done">;

// Theory of operation
//
// To wait for each message by itself would cost more than to publish it. Those of one turn begin at the same time, and so
// would be given up at the same time: they wait together. For those that are in one batch already, the client even has
// one promise. What is made for each is written out: an object that begins with what is spread costs several times as much.

/** Waits for messages that are published. */
export class Sending {
  readonly #waiting: Waiting;
  readonly #endurance: () => Endurance;
  /** Turns in which something was published, until now. */
  #turns = 0;
  #isInTurn = false;
  #batch: Batch | undefined;
  #group: Group | undefined;
  /** One that has stopped nothing is used again. */
  #spareStop: AbortController | undefined;

  /** `endurance` tells how long those are waited for that begin now. */
  constructor(waiting: Waiting, endurance: () => Endurance) {
    this.#waiting = waiting;
    this.#endurance = endurance;
  }

  /** Waits for a message that is in a batch, and cannot be called back any more. */
  batched(sent: Promise<unknown>, settings: Settings): Promise<void> {
    const known = this.#batch;
    if (known?.sent === sent && this.#isWaitedLike(known, settings)) return known.waited;
    const turn = this.#beginTurn();
    const { seconds, isAbsolute, activity } = this.#endurance();
    const waited = this.#waiting.until(sent, { seconds, isAbsolute, activity, giveUp: ignore });
    this.#batch = { seconds, isAbsolute, sent, waited, turn };
    return waited;
  }

  /** Those of this turn that may have to be called back. */
  group(settings: Settings): Group {
    const known = this.#group;
    if (known !== undefined && this.#isWaitedLike(known, settings) && !known.signal.aborted) return known;
    const turn = this.#beginTurn();
    const stop = this.#spareStop ?? new AbortController();
    this.#spareStop = undefined;
    const giveUp = (reason: unknown): void => {
      stop.abort(reason);
    };
    const done = (): void => {
      this.#spareStop = stop;
    };
    const { seconds, isAbsolute, activity } = this.#endurance();
    const over = this.#waiting.begin({ seconds, isAbsolute, activity, giveUp, done });
    return (this.#group = new Group(stop.signal, { seconds, isAbsolute, turn, over }));
  }

  #isWaitedLike({ turn, seconds, isAbsolute }: Kind, { timeout, socket }: Settings): boolean {
    return turn === this.#turns && seconds === timeout && isAbsolute === socket.absoluteTimeout;
  }

  #beginTurn(): number {
    if (!this.#isInTurn) {
      this.#isInTurn = true;
      void Promise.resolve().then(() => {
        this.#isInTurn = false;
        this.#turns += 1;
      });
    }
    return this.#turns;
  }
}

/** What those have in common that wait together. */
interface Kind {
  readonly turn: number;
  readonly seconds: number;
  readonly isAbsolute: boolean;
}

/** Messages that are in one batch. */
interface Batch extends Kind {
  /** Settles when the transport has taken it. */
  readonly sent: Promise<unknown>;
  readonly waited: Promise<void>;
}

/** Messages of one turn. */
export class Group implements Kind {
  /** Has them called back. */
  readonly signal: AbortSignal;
  readonly turn: number;
  readonly seconds: number;
  readonly isAbsolute: boolean;
  readonly #over: () => void;
  #count = 0;
  readonly #done = (): void => {
    this.#count -= 1;
    if (this.#count === 0) this.#over();
  };
  readonly #failed = (error: unknown): never => {
    this.#done();
    throw toMQTTError(error);
  };

  constructor(signal: AbortSignal, { turn, seconds, isAbsolute, over }: Kind & { readonly over: () => void }) {
    this.signal = signal;
    this.turn = turn;
    this.seconds = seconds;
    this.isAbsolute = isAbsolute;
    this.#over = over;
  }

  /** Waits for one more of them. */
  wait(sent: Promise<unknown>): Promise<void> {
    this.#count += 1;
    return sent.then(this.#done, this.#failed);
  }
}

function ignore(): void {
  // It is on its way.
}
