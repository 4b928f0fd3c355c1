import type { Acknowledgement } from "../session/exchanges.ts";

/**
 * One received message on its way through the application: it is acknowledged when all its consumers are done with
 * it, or when one of them says so itself, whichever comes first; and only once.
 */
export interface Delivery {
  /** Consumers that are not done with it. */
  consumers: number;
  /** Consumers that had it acknowledged on receipt, and are not done with it. */
  holders: number;
  acknowledge(acknowledgement?: Acknowledgement): void;
  /** No consumer is left that holds it. */
  release(): void;
  /** The server is to send it again. */
  redeliver(): void;
}

/** A consumer is done with a message. */
export function done(delivery: Delivery | undefined): void {
  if (delivery === undefined) return;
  delivery.consumers -= 1;
  if (delivery.consumers === 0) delivery.acknowledge();
}

/** A consumer that had a message acknowledged on receipt is done with it. */
export function released(delivery: Delivery | undefined): void {
  if (delivery === undefined) return;
  delivery.holders -= 1;
  if (delivery.holders === 0) delivery.release();
}
