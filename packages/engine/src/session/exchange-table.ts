import { PacketIdExhaustedError } from "../errors.ts";
import type { Exchange, Outgoing } from "./exchanges.ts";

/** As many Packet Identifiers as there are. */
const identifiers = 0xffff;

// Theory of operation
//
// An exchange is in the slot that the last bits of its identifier name. Identifiers are given out in turn, and there are
// at least twice as many slots as exchanges, so that hardly ever two want the same; then the second is among the others.
// Nothing is allocated for one more: a Map, whose entries are new each time, would be rebuilt again and again.

/**
 * The exchanges that we began, by Packet Identifier: one allocator for PUBLISH, SUBSCRIBE and UNSUBSCRIBE, so that no
 * identifier is in use twice [MQTT-2.2.1-3] [MQTT-2.2.1-4].
 */
export class ExchangeTable<Context> {
  /** A power of two, once there is any. */
  #slots: (Exchange<Context> | undefined)[] = [];
  /** Those whose slot was taken. */
  #others: Map<number, Exchange<Context>> | undefined;
  #size = 0;
  #lastIdentifier = 0;
  #lastPlace = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** Whether all identifiers are in use. */
  get isFull(): boolean {
    return this.#size === identifiers;
  }

  /** All exchanges, in their order in the table. */
  get all(): Exchange<Context>[] {
    const all = [...this.#slots, ...(this.#others?.values() ?? [])];
    return all.filter((exchange) => exchange !== undefined).sort((one, other) => one.place - other.place);
  }

  /** Those of messages. */
  get messages(): Outgoing<Context>[] {
    return this.all.filter(isMessage);
  }

  /** Whether the end of one is waited for: of any that nobody has given up. */
  get isAwaited(): boolean {
    return this.#size > 0 && this.all.some(({ isGivenUp }) => isGivenUp !== true);
  }

  get(packetIdentifier: number): Exchange<Context> | undefined {
    const exchange = this.#slots[this.#slotOf(packetIdentifier)];
    if (exchange !== undefined && identifierOf(exchange) === packetIdentifier) return exchange;
    return this.#others?.get(packetIdentifier);
  }

  /**
   * An identifier that is not in use. They go round, so that one that has become free rests for long.
   *
   * @throws PacketIdExhaustedError
   */
  nextIdentifier(): number {
    if (this.isFull) throw new PacketIdExhaustedError();
    // [MQTT-2.2.1-3] [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT311-2.3.1-2]
    do this.#lastIdentifier = (this.#lastIdentifier % identifiers) + 1;
    while (this.get(this.#lastIdentifier) !== undefined);
    return this.#lastIdentifier;
  }

  /** Puts an exchange behind all others, also one that is there already. */
  put(packetIdentifier: number, exchange: Exchange<Context>): void {
    const known = this.get(packetIdentifier);
    if (known !== undefined) this.delete(known);
    this.#size += 1;
    if (this.#slots.length < Math.min(2 * this.#size, identifiers)) this.#grow();
    const slot = this.#slotOf(packetIdentifier);
    if (this.#slots[slot] === undefined) this.#slots[slot] = exchange;
    else (this.#others ??= new Map<number, Exchange<Context>>()).set(packetIdentifier, exchange);
    this.#lastPlace += 1;
    exchange.place = this.#lastPlace;
  }

  /** Takes an exchange out; says whether it was there. */
  delete(exchange: Exchange<Context>): boolean {
    if (!this.has(exchange)) return false;
    const packetIdentifier = identifierOf(exchange);
    if (this.#others?.delete(packetIdentifier) !== true) this.#slots[this.#slotOf(packetIdentifier)] = undefined;
    this.#size -= 1;
    return true;
  }

  /** Whether an exchange is there. */
  has(exchange: Exchange<Context>): boolean {
    return this.get(identifierOf(exchange)) === exchange;
  }

  #slotOf(packetIdentifier: number): number {
    return packetIdentifier & (this.#slots.length - 1);
  }

  #grow(): void {
    const exchanges = this.#slots;
    this.#slots = new Array<undefined>(Math.max(2 * exchanges.length, 16)).fill(undefined);
    for (const exchange of exchanges) {
      // Two that have not shared a slot do not share one of twice as many.
      if (exchange !== undefined) this.#slots[this.#slotOf(identifierOf(exchange))] = exchange;
    }
  }
}

/** Whether an exchange is that of a message. */
export function isMessage<Context>(exchange: Exchange<Context>): exchange is Outgoing<Context> {
  return exchange.packet.type === "publish";
}

/** 0, which none has, before it is given one. */
function identifierOf<Context>({ packet }: Exchange<Context>): number {
  return (packet as { readonly packetIdentifier?: number }).packetIdentifier ?? 0;
}
