import type { PublishPacket } from "@rivulet/codec";
import { Fifo } from "../fifo.ts";

/** One message to the server, from `publish` to the end of its exchange (section 4.3). */
export interface OutgoingExchange<Context> {
  readonly packet: PublishPacket;
  /** What `publish` was given to tell its messages apart; undefined once nobody waits for the message any more. */
  context: Context | undefined;
  /** Bytes of the packet. */
  readonly size: number;
  /**
   * `"queued"`: waits to be sent, without a Packet Identifier. `"published"`: PUBLISH was sent, PUBACK or PUBREC has
   * not come. `"released"`: PUBREL was sent, PUBCOMP has not come.
   */
  stage: "queued" | "published" | "released";
}

/** Messages that wait to be sent: one order for all of them, whatever their QoS, and a bound. */
export class PublishQueue<Context> {
  readonly #waiting = new Fifo<OutgoingExchange<Context>>();
  #bytes = 0;

  get length(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  peek(): OutgoingExchange<Context> | undefined {
    return this.#waiting.peek();
  }

  push(exchange: OutgoingExchange<Context>): void {
    this.#waiting.push(exchange);
    this.#bytes += exchange.size;
  }

  shift(): OutgoingExchange<Context> | undefined {
    const exchange = this.#waiting.shift();
    if (exchange !== undefined) this.#bytes -= exchange.size;
    return exchange;
  }

  remove(exchange: OutgoingExchange<Context>): boolean {
    if (!this.#waiting.remove(exchange)) return false;
    this.#bytes -= exchange.size;
    return true;
  }

  [Symbol.iterator](): Generator<OutgoingExchange<Context>> {
    return this.#waiting[Symbol.iterator]();
  }
}
