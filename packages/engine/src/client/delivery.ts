import type { Acknowledgement } from "../session/exchanges.ts";

/**
 * One received message on its way through the application: it is acknowledged when all its consumers are done with
 * it, or when one of them says so itself, whichever comes first; and only once.
 */
export interface Delivery {
  /** Consumers that are not done with it. */
  consumers: number;
  acknowledge(acknowledgement?: Acknowledgement): void;
}

/** A consumer is done with a message. */
export function done(delivery: Delivery | undefined): void {
  if (delivery === undefined) return;
  delivery.consumers -= 1;
  if (delivery.consumers === 0) delivery.acknowledge();
}
