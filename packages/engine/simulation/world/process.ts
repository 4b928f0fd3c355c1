import { MqttClient, type Environment, type SessionStore } from "@rivulet/engine";
import type { Chance } from "../chance.ts";
import type { Clock, Due } from "../clock.ts";
import type { ClientPlan } from "../scenario/plan.ts";
import { clientOptions } from "./client-options.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

/** What a process needs of the world around it. */
export interface ProcessParts {
  readonly plan: ClientPlan;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly network: SimulatedNetwork;
  /** Where the Session is kept; undefined: in the memory of the process. */
  readonly store: ((isAlive: () => boolean) => SessionStore) | undefined;
}

// Theory of operation
//
// A process has a client and everything that dies with it. When it ends, its timers never fire, its links are gone and
// what it waits for never comes: nothing that it left behind can do anything any more.

/** A process of the application, with one client in it. */
export class Process implements Environment {
  readonly client: MqttClient;
  /** How many of its client's kind came before it. */
  readonly number: number;
  /** Where its Session is kept; undefined: in its memory. */
  readonly store: SessionStore | undefined;
  isAlive = true;
  /** Whether it listens to all messages. */
  isListening = false;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #network: SimulatedNetwork;
  readonly #timers = new Set<Due>();

  constructor(number: number, { plan, clock, chance, network, store }: ProcessParts) {
    this.number = number;
    this.#clock = clock;
    this.#chance = chance;
    this.#network = network;
    this.store = store?.(() => this.isAlive);
    this.client = new MqttClient("sim://broker", {
      ...clientOptions(plan, number % 2 === 0, this.store),
      transports: [{ schemes: ["sim:"], open: (_target, _options, { signal }) => network.open(this, signal) }],
      environment: this,
    });
  }

  /** Timers that have been set and have neither fired nor been called off. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#clock.now();
  }

  wallNow(): number {
    return 1_700_000_000_000 + this.#clock.now();
  }

  setTimeout(callback: () => void, delayMs: number): Due {
    // Real timers take no longer delay: they would fire at once.
    if (!(delayMs >= 0 && delayMs < 2 ** 31)) throw new RangeError(`A timer cannot wait for ${delayMs} ms`);
    const due = this.#clock.timer(delayMs, () => {
      this.#timers.delete(due);
      if (this.isAlive) callback();
    });
    this.#timers.add(due);
    return due;
  }

  clearTimeout(timer: unknown): void {
    const due = timer as Due | undefined;
    if (due === undefined || !this.#timers.delete(due)) return;
    due.callback = undefined;
  }

  getRandomValues(bytes: Uint8Array): Uint8Array {
    return bytes.map(() => this.#chance.below(256));
  }

  /** Waits as the application does; for ever, when the process ends before. */
  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.timer(delayMs, () => {
        if (this.isAlive) resolve();
      });
    });
  }

  /** Ends it, at whatever point it is. */
  kill(): void {
    this.isAlive = false;
    for (const due of this.#timers) due.callback = undefined;
    this.#timers.clear();
    this.#network.kill(this);
  }
}
