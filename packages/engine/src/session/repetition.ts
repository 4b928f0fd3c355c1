import type { Exchange, Outgoing } from "./exchanges.ts";

// Theory of operation
//
// Before MQTT 5.0 a message without an answer may be sent again on the same connection. Its time counts from when its
// packet has left, not from when it was put into the batch, so that a transport that stalls is not given more and more:
// an exchange is noted with the batch that gathers, goes with it when it is taken, and is stamped when that has left.

/** When messages are to be sent again that have had no answer, on one connection. */
export class Repetition<Context> {
  /** In ms. */
  readonly #intervalMs: number;
  /** Sent with the batch that gathers, and with the one that is on its way. */
  #gathering: Exchange<Context>[] = [];
  #leaving: Exchange<Context>[] = [];
  /** When the first message is due, or earlier: nothing is looked through when one is answered. */
  deadline: number = Infinity;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** A packet of an exchange is in the batch. */
  sent(exchange: Exchange<Context>): void {
    exchange.sentAt = Infinity;
    this.#gathering.push(exchange);
  }

  /** The batch is on its way. */
  batchTaken(): void {
    if (this.#gathering.length > 0) this.#leaving = [...this.#leaving, ...this.#gathering.splice(0)];
  }

  /** It has left. */
  written(now: number): void {
    if (this.#leaving.length === 0) return;
    for (const exchange of this.#leaving.splice(0)) exchange.sentAt = now;
    this.deadline = Math.min(this.deadline, now + this.#intervalMs);
  }

  /** Those that are due, of all that have had no answer. */
  due(messages: readonly Outgoing<Context>[], now: number): Outgoing<Context>[] {
    this.deadline = Infinity;
    return messages.filter(({ sentAt = Infinity }) => {
      const dueAt = sentAt + this.#intervalMs;
      if (dueAt > now) this.deadline = Math.min(this.deadline, dueAt);
      return dueAt <= now;
    });
  }
}
