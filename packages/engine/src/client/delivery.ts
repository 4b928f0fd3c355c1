import type { Acknowledgement } from "../session/incoming.ts";

/**
 * One received message on its way through the application: it is acknowledged when all its consumers are done with
 * it, or when one of them says so itself, whichever comes first; and only once.
 */
export class Delivery {
  #consumers = 1;
  #acknowledge: ((acknowledgement?: Acknowledgement) => void) | undefined;

  /** It counts its maker as a consumer, so that handing it out cannot end it half-way; `done` ends that. */
  constructor(acknowledge: (acknowledgement?: Acknowledgement) => void) {
    this.#acknowledge = acknowledge;
  }

  /** Another consumer has it. */
  retain(): void {
    this.#consumers += 1;
  }

  /** A consumer is done with it. */
  done(): void {
    this.#consumers -= 1;
    if (this.#consumers === 0) this.acknowledge();
  }

  acknowledge(acknowledgement?: Acknowledgement): void {
    const acknowledge = this.#acknowledge;
    this.#acknowledge = undefined;
    acknowledge?.(acknowledgement);
  }
}
