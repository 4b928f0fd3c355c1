import type { PublishPacket } from "@rivulet/codec";
import type { Acknowledgement, IncomingExchange } from "../session/exchanges.ts";

/** Whom a Delivery tells. */
export interface DeliveryHost {
  /** With a packet, there are consumers who hold it, and are not done with it. */
  acknowledge(exchange: IncomingExchange, acknowledgement?: Acknowledgement, held?: PublishPacket): void;
  /** Nobody holds the message any more. */
  release(exchange: IncomingExchange): void;
  /** The server is to send a message again. */
  redeliver(exchange: IncomingExchange): void;
}

/**
 * One received message on its way through the application: it is acknowledged when all its consumers are done with
 * it, or when one of them says so itself, whichever comes first; and only once.
 */
export class Delivery {
  /** Consumers that are not done with it: itself is one while it is handed out, so that it cannot end half-way. */
  consumers = 1;
  /** Consumers that had it acknowledged on receipt, and are not done with it. */
  holders = 0;
  readonly #host: DeliveryHost;
  readonly #exchange: IncomingExchange;
  readonly #packet: PublishPacket;
  #isAcknowledged = false;

  constructor(host: DeliveryHost, exchange: IncomingExchange, packet: PublishPacket) {
    this.#host = host;
    this.#exchange = exchange;
    this.#packet = packet;
  }

  /** A consumer is done with it. */
  done(): void {
    this.consumers -= 1;
    if (this.consumers === 0) this.acknowledge();
  }

  /** A consumer that had it acknowledged on receipt is done with it. */
  released(): void {
    this.holders -= 1;
    if (this.holders === 0) this.#host.release(this.#exchange);
  }

  acknowledge(acknowledgement?: Acknowledgement): void {
    const held = this.holders > 0 ? this.#packet : undefined;
    if (!this.#isAcknowledged) this.#host.acknowledge(this.#exchange, acknowledgement, held);
    this.#isAcknowledged = true;
  }

  /** The server is to send it again. */
  redeliver(): void {
    if (!this.#isAcknowledged) this.#host.redeliver(this.#exchange);
    this.#isAcknowledged = true;
  }
}
