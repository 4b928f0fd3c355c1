import { PacketIdExhaustedError } from "../errors.ts";
import type { Exchange, Outgoing } from "./exchanges.ts";

/** As many Packet Identifiers as there are. */
const identifiers = 0xffff;

/**
 * The exchanges that we began, by Packet Identifier: one allocator for PUBLISH, SUBSCRIBE and UNSUBSCRIBE, so that no
 * identifier is in use twice [MQTT-2.2.1-3] [MQTT-2.2.1-4].
 */
export class ExchangeTable<Context> {
  readonly #exchanges = new Map<number, Exchange<Context>>();
  #last = 0;

  get isEmpty(): boolean {
    return this.#exchanges.size === 0;
  }

  /** Whether all identifiers are in use. */
  get isFull(): boolean {
    return this.#exchanges.size === identifiers;
  }

  /** All exchanges, in their order in the table. */
  get all(): Exchange<Context>[] {
    return [...this.#exchanges.values()];
  }

  /** Those of messages. */
  get messages(): Outgoing<Context>[] {
    return this.all.filter(isMessage);
  }

  /** Whether the end of one is waited for: of any that nobody has given up. */
  get isAwaited(): boolean {
    for (const { isGivenUp } of this.#exchanges.values()) if (isGivenUp !== true) return true;
    return false;
  }

  get(packetIdentifier: number): Exchange<Context> | undefined {
    return this.#exchanges.get(packetIdentifier);
  }

  /**
   * An identifier that is not in use. They go round, so that one that has become free rests for long.
   *
   * @throws PacketIdExhaustedError
   */
  nextIdentifier(): number {
    if (this.isFull) throw new PacketIdExhaustedError();
    // [MQTT-2.2.1-3] [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT311-2.3.1-2]
    do this.#last = (this.#last % identifiers) + 1;
    while (this.#exchanges.has(this.#last));
    return this.#last;
  }

  /** Puts an exchange behind all others, also one that is there already. */
  put(packetIdentifier: number, exchange: Exchange<Context>): void {
    this.#exchanges.delete(packetIdentifier);
    this.#exchanges.set(packetIdentifier, exchange);
  }

  /** Takes an exchange out; says whether it was there. */
  delete(exchange: Exchange<Context>): boolean {
    const { packetIdentifier = 0 } = exchange.packet as { readonly packetIdentifier?: number };
    return this.#exchanges.get(packetIdentifier) === exchange && this.#exchanges.delete(packetIdentifier);
  }

  /** Whether an exchange is there. */
  has(exchange: Exchange<Context>): boolean {
    const { packetIdentifier = 0 } = exchange.packet as { readonly packetIdentifier?: number };
    return this.#exchanges.get(packetIdentifier) === exchange;
  }
}

/** Whether an exchange is that of a message. */
export function isMessage<Context>(exchange: Exchange<Context>): exchange is Outgoing<Context> {
  return exchange.packet.type === "publish";
}
