import { PacketIdExhaustedError } from "../errors.ts";

const last = 65_535;

/**
 * Hands out Packet Identifiers for PUBLISH, SUBSCRIBE and UNSUBSCRIBE alike, never one that is in use
 * [MQTT-2.2.1-3]. It goes round, so that an identifier that has become free rests as long as possible.
 */
export class PacketIdentifiers {
  readonly #inUse = new Set<number>();
  #next = 1;

  /** How many are in use. */
  get size(): number {
    return this.#inUse.size;
  }

  /** @throws PacketIdExhaustedError when all 65,535 are in use. */
  take(): number {
    if (this.#inUse.size === last) throw new PacketIdExhaustedError();
    while (this.#inUse.has(this.#next)) this.#advance();
    const identifier = this.#next;
    this.#inUse.add(identifier);
    this.#advance();
    return identifier;
  }

  release(identifier: number): void {
    this.#inUse.delete(identifier);
  }

  #advance(): void {
    this.#next = this.#next === last ? 1 : this.#next + 1;
  }
}
