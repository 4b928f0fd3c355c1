import type { PublishPacket } from "@rivulet/codec";
import { TimeoutError, type MqttError } from "../errors.ts";
import type { ExchangeTable } from "./exchange-table.ts";
import type { Answer, Exchange, Request } from "./exchanges.ts";
import type { Outbox } from "./outbox.ts";
import { checkRequest, type Server } from "./server.ts";

/** Who waits for the answer to a request, since when, and for how long, in ms. */
export interface Waiter<Context> {
  readonly context: Context;
  readonly sentAt: number;
  readonly timeoutMs: number;
}

/** Sends SUBSCRIBEs and UNSUBSCRIBEs. Those that somebody waits for outlive the connection. */
export class Requests<Context> {
  readonly #outbox: Outbox<Context>;
  readonly #exchanges: ExchangeTable<Context>;
  /** Those that somebody waits for. */
  readonly awaited: Set<Exchange<Context>> = new Set();
  /** When the first of them will have waited too long, or earlier: nothing is looked through when one is answered. */
  #deadline = Infinity;

  constructor(outbox: Outbox<Context>, exchanges: ExchangeTable<Context>) {
    this.#outbox = outbox;
    this.#exchanges = exchanges;
  }

  /** When to look for those that have waited too long: not later than the first of them has. */
  get deadline(): number {
    return this.awaited.size > 0 ? this.#deadline : Infinity;
  }

  /** Whether a SUBSCRIBE to a Topic Filter is under way. */
  isRequested(topicFilter: string): boolean {
    return this.#exchanges.all.some(
      ({ packet }) =>
        packet.type === "subscribe" && packet.subscriptions.some((one) => one.topicFilter === topicFilter),
    );
  }

  /** As `Sender.request`. */
  send(packet: Request, server: Server | undefined, by?: Waiter<Context>): Exchange<Context> {
    checkRequest(packet, server, this.#outbox.batch.version);
    const exchange: Exchange<Context> = {
      packet,
      context: undefined,
      ...by,
      order: 0,
      place: 0,
      size: 0,
      awaits: packet.type === "subscribe" ? "suback" : "unsuback",
      hasQuota: false,
    };
    const packetIdentifier = this.#exchanges.nextIdentifier();
    const identified = Object.assign(packet, { packetIdentifier });
    // Without a connection, `repeat` sends it for the first time.
    if (server === undefined) {
      this.#outbox.batch.measure(identified);
      exchange.sentAt = Infinity;
    } else {
      this.#outbox.send(identified); // [MQTT-4.9.0-3] [MQTT-3.3.4-8]
    }
    this.#exchanges.put(packetIdentifier, exchange);
    if (by !== undefined) {
      this.awaited.add(exchange);
      this.#await(exchange);
    }
    return exchange;
  }

  /** Sends those again that somebody waits for. */
  repeat(server: Server, now: number): void {
    for (const exchange of this.awaited) {
      exchange.sentAt = now;
      this.#await(exchange);
      const { packet } = exchange;
      try {
        // A server without identifiers does without them.
        if (packet.type === "subscribe" && !server.subscriptionIdentifierAvailable) {
          delete packet.properties?.subscriptionIdentifier;
        }
        checkRequest(packet as Request, server, this.#outbox.batch.version);
        this.#outbox.send(packet as never); // It has its Packet Identifier from the first time.
      } catch (error) {
        this.awaited.delete(exchange);
        this.#exchanges.delete(exchange);
        this.#outbox.fail(exchange, error as MqttError);
      }
    }
  }

  /** Those that have waited too long, which have been told so. */
  expired(now: number): Exchange<Context>[] {
    if (now < this.#deadline) return [];
    this.#deadline = Infinity;
    const expired: Exchange<Context>[] = [];
    for (const exchange of this.awaited) {
      if (deadlineOf(exchange) <= now) expired.push(exchange);
      else this.#await(exchange);
    }
    for (const exchange of expired) {
      // [MQTT-3.8.4-1] [MQTT-3.10.4-4] [MQTT311-3.8.4-1] [MQTT311-3.10.4-5]
      this.#outbox.fail(exchange, new TimeoutError(`The answer to ${exchange.packet.type}`, exchange.timeoutMs ?? 0));
    }
    return expired;
  }

  #await(exchange: Exchange<Context>): void {
    this.#deadline = Math.min(this.#deadline, deadlineOf(exchange));
  }
}

/** When somebody will have waited too long. */
function deadlineOf<Context>({ sentAt = 0, timeoutMs = 0 }: Exchange<Context>): number {
  return sentAt + timeoutMs;
}

/** Whether an answer has a Reason Code for each Topic Filter; the UNSUBACK of MQTT 3.1.1 has none at all. */
export function hasAllCodes(answer: Answer, asked: PublishPacket | Request, isVersion5: boolean): boolean {
  if (asked.type === "publish" || !("reasonCodes" in answer)) return true;
  const filters = asked.type === "subscribe" ? asked.subscriptions : asked.topicFilters;
  // [MQTT-3.8.4-6] [MQTT311-3.10.4-6]
  return answer.reasonCodes.length === filters.length || (asked.type === "unsubscribe" && !isVersion5);
}
