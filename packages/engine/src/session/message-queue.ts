import { QueueFullError, type MqttError } from "../errors.ts";
import { defaultQueueBytes, defaultQueueMessages } from "../limits.ts";
import type { Outgoing } from "./exchanges.ts";

/** Bounds of what may wait to be sent. */
export interface QueueLimits {
  /** Default: 10,000. */
  readonly maxMessages?: number | undefined;
  /** Default: 16 MiB. */
  readonly maxBytes?: number | undefined;
  /** What happens beyond: the new message is refused, or those that wait longest are given up. Default: `"reject"`. */
  readonly overflow?: "reject" | "drop-oldest" | "drop-newest" | undefined;
}

/** Messages that wait to be sent, in the order in which they will be. */
export class MessageQueue<Context> {
  readonly #limits: QueueLimits;
  #entries: Outgoing<Context>[] = [];
  /** Where they begin: to move all others up for each that leaves takes long where many wait. */
  #start = 0;
  #bytes = 0;
  /** How many of them have been sent before. */
  #again = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#entries.length - this.#start;
  }

  /** Bytes of those that wait for the first time. */
  get bytes(): number {
    return this.#bytes;
  }

  get head(): Outgoing<Context> | undefined {
    return this.#entries[this.#start];
  }

  /** Those that have never been sent. */
  get unsent(): Outgoing<Context>[] {
    return this.#rest.filter(({ awaits }) => awaits === undefined);
  }

  push(exchange: Outgoing<Context>): void {
    this.#entries.push(exchange);
    this.#bytes += exchange.size;
  }

  /** Puts messages before all others. */
  prepend(exchanges: readonly Outgoing<Context>[]): void {
    if (exchanges.length > 0) this.#reset([...exchanges, ...this.#rest]);
    this.#again += exchanges.filter(({ awaits }) => awaits !== undefined).length;
  }

  shift(): void {
    this.#taken(this.head);
    this.#start = Math.min(this.#start + 1, this.#entries.length);
    if (this.#start * 2 >= this.#entries.length) this.#reset(this.#rest);
  }

  /** Takes one out; says whether it was there. */
  remove(exchange: Outgoing<Context>): boolean {
    const index = this.#entries.indexOf(exchange, this.#start);
    if (index >= 0) this.#taken(...this.#entries.splice(index, 1));
    return index >= 0;
  }

  /** Takes all out. */
  clear(): Outgoing<Context>[] {
    const rest = this.#rest;
    this.#reset([]);
    this.#bytes = 0;
    this.#again = 0;
    return rest;
  }

  /** Forgets those that have been sent before: they are in another table too. */
  keepUnsent(): void {
    this.#reset(this.unsent);
    this.#again = 0;
  }

  /**
   * Gives up what has to be given up so that a message of so many bytes may wait.
   *
   * @throws QueueFullError when there is no room for it, and none may be made.
   */
  makeRoom(size: number, giveUp: (exchange: Outgoing<Context>, error: MqttError) => void): void {
    const { maxMessages = defaultQueueMessages, maxBytes = defaultQueueBytes, overflow } = this.#limits;
    // Those that are to be sent again have been taken long ago.
    const isFull = (): boolean => this.length - this.#again >= maxMessages || this.#bytes + size > maxBytes;
    while (isFull()) {
      const message = `${this.length} messages with ${this.#bytes} bytes wait to be sent: no more are taken`;
      const error = new QueueFullError(message);
      const mayDrop = overflow === "drop-oldest" && size <= maxBytes;
      const oldest = mayDrop
        ? this.#entries.find(({ awaits }, index) => index >= this.#start && awaits === undefined)
        : undefined;
      if (oldest === undefined) throw error;
      giveUp(oldest, error);
      this.remove(oldest);
    }
  }

  get #rest(): Outgoing<Context>[] {
    return this.#entries.slice(this.#start);
  }

  #reset(entries: Outgoing<Context>[]): void {
    this.#entries = entries;
    this.#start = 0;
  }

  #taken(exchange?: Outgoing<Context>): void {
    if (exchange === undefined) return;
    if (exchange.awaits !== undefined) this.#again -= 1;
    this.#bytes -= exchange.size;
    exchange.size = 0;
  }
}
