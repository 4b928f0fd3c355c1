import { reasonCodes, type ProtocolVersion, type PublishPacket } from "@rivulet/codec";
import type { MqttError } from "../errors.ts";
import { inboundBytesLimit, routeCacheSize } from "../limits.ts";
import type { IncomingExchange } from "../session/exchanges.ts";
import { Delivery, type DeliveryHost } from "./delivery.ts";
import { FilterTrie } from "./filter-trie.ts";
import { sizeOf, type Inbox, type InboxHost } from "./inbox.ts";
import { Message } from "./message.ts";

/** What the consumers need of their client. */
export interface ConsumersHost extends DeliveryHost {
  /** Nobody was there for a message before the connection was lost. */
  forget(exchange: IncomingExchange): void;
  /** Whether a subscription of the Session has this identifier, also one that nobody here consumes. */
  isIdentifier(identifier: number): boolean;
  /** Messages wait, and nobody has begun to take them. */
  unconsumed(inbox: Inbox): void;
  /** There is room again. */
  roomMade(): void;
  /** A handler has failed. */
  handlerFailed(error: unknown): void;
  /** Nobody in these inboxes wants the messages of these filters any more. */
  left(filters: readonly string[]): Promise<void>;
  /** Whether somebody listens to every message. */
  hasListener(): boolean;
  /** Shows a message to those who listen to every message. */
  show(message: Message, inboxes: readonly Inbox[]): void;
}

/** Who shares a Topic Filter, and the Subscription Identifiers that the server knows it by. */
interface Sharers {
  readonly inboxes: Set<Inbox>;
  readonly identifiers: Set<number>;
}

/** Who may get the messages of a topic: by filter, and all of them. */
interface Route {
  readonly sharers: readonly Sharers[];
  readonly inboxes: readonly Inbox[];
}

/** A message that has had no consumer. */
interface Held {
  readonly packet: PublishPacket;
  readonly exchange: IncomingExchange;
  readonly version: ProtocolVersion;
  /** What it counts. */
  readonly bytes: number;
}

/** Hands messages to the inboxes that they are for, and keeps count of what waits in them. */
export class Consumers implements InboxHost {
  /** Whether messages that have no consumer wait for one; undefined until the first connection. */
  isHolding: boolean | undefined;
  readonly #host: ConsumersHost;
  // Not every client subscribes: these are made when they are needed.
  #trie: FilterTrie<Sharers> | undefined;
  #sharers: Map<string, Sharers> | undefined;
  /** Topics come again and again; forgotten whenever a subscription comes or goes. */
  #routes: Map<string, Route> | undefined;
  #full: Set<Inbox> | undefined;
  /**
   * In the order in which they came. What another process had acknowledged, and was not done with, waits here until the
   * connection is lost; it was ours to keep all along, and does not count as bytes that came.
   */
  readonly #held: Held[] = [];
  #bytes = 0;

  constructor(host: ConsumersHost) {
    this.#host = host;
  }

  /** Whether more messages may be read. */
  get hasRoom(): boolean {
    return (this.#full?.size ?? 0) === 0 && this.#bytes < inboundBytesLimit;
  }

  /** All inboxes, each once. */
  get inboxes(): Set<Inbox> {
    return new Set([...(this.#sharers?.values() ?? [])].flatMap(({ inboxes }) => [...inboxes]));
  }

  /** Who shares a filter. */
  sharersOf(topicFilter: string): Iterable<Inbox> {
    return this.#sharers?.get(topicFilter)?.inboxes ?? [];
  }

  /** The identifier that all these filters have; undefined when there is no such. */
  identifierOf(topicFilters: readonly string[]): number | undefined {
    const [first, ...others] = topicFilters.map((filter) =>
      [...(this.#sharers?.get(filter)?.identifiers ?? [])].at(-1),
    );
    return others.every((other) => other === first) ? first : undefined;
  }

  add(topicFilter: string, inbox: Inbox, identifier?: number): void {
    this.#routes = undefined;
    const all = (this.#sharers ??= new Map<string, Sharers>());
    let sharers = all.get(topicFilter);
    if (sharers === undefined) {
      sharers = { inboxes: new Set(), identifiers: new Set() };
      all.set(topicFilter, sharers);
      (this.#trie ??= new FilterTrie()).add(topicFilter, sharers);
    }
    sharers.inboxes.add(inbox);
    // Those before it stay: messages with them may be on their way.
    if (identifier !== undefined) sharers.identifiers.add(identifier);
  }

  /** Removes an inbox from filters, and returns those that nobody shares any more. */
  remove(topicFilters: readonly string[], inbox: Inbox): string[] {
    this.#routes = undefined;
    return topicFilters.filter((topicFilter) => {
      const sharers = this.#sharers?.get(topicFilter);
      if (sharers?.inboxes.delete(inbox) !== true || sharers.inboxes.size > 0) return false;
      this.#sharers?.delete(topicFilter);
      this.#trie?.delete(topicFilter, sharers);
      return true;
    });
  }

  /** Removes everybody from a filter; an inbox that has no filter left ends, and what waits in it is dropped. */
  removeAll(topicFilter: string): void {
    for (const inbox of this.sharersOf(topicFilter)) {
      this.remove([topicFilter], inbox);
      if (!this.has(inbox)) void inbox.leave();
    }
  }

  /** The same when the server has lost a subscription: what waits in the inbox may still be taken. */
  lost(topicFilter: string, error: MqttError): void {
    for (const inbox of this.sharersOf(topicFilter)) {
      this.remove([topicFilter], inbox);
      if (!this.has(inbox)) inbox.finish(error);
    }
  }

  /** Whether an inbox has a filter left. */
  has(inbox: Inbox): boolean {
    return inbox.filters.some((topicFilter) => this.#sharers?.get(topicFilter)?.inboxes.has(inbox) === true);
  }

  /** With `again`, it was held, and is for these. */
  deliver(
    packet: PublishPacket,
    exchange: IncomingExchange | undefined,
    version: ProtocolVersion,
    again?: readonly Inbox[],
  ): void {
    const hasListener = this.#host.hasListener();
    if (hasListener && again === undefined) this.redeliver(); // What came before comes first.
    const inboxes = again ?? this.#match(packet);
    const delivery = exchange && new Delivery(this.#host, exchange, packet);
    const message = new Message(packet, delivery, version);
    if (exchange !== undefined && inboxes.length === 0 && !hasListener) {
      const { held } = exchange;
      if (this.isHolding === true || held !== undefined) {
        const bytes = held === undefined ? sizeOf(message) : 0;
        this.#held.push({ packet, exchange, version, bytes });
        this.#bytes += bytes;
        return;
      }
    }
    for (const inbox of inboxes) {
      // Until somebody has begun to take its messages, a listener to all messages is the consumer.
      if (!inbox.hasStarted && hasListener) continue;
      const params = inbox.paramsOf(packet.topicName);
      // [MQTT311-3.3.5-1]
      inbox.deliver(params === undefined ? message : new Message(packet, delivery, version, params), delivery);
    }
    if (hasListener) this.#host.show(message, inboxes);
    // [MQTT-3.3.2-3] [MQTT311-4.5.0-2] [MQTT311-3.3.2-3]
    delivery?.done(); // With no consumer at all that acknowledges it at once [MQTT-4.5.0-2].
  }

  /**
   * Hands over what has had no consumer; returns how many messages still have none. Now filters alone count:
   * Subscription Identifiers are those of subscriptions that were there before any of ours.
   */
  redeliver(): number {
    this.#takeHeld(({ packet, exchange, version }) => {
      this.deliver(packet, exchange, version, this.#route(packet.topicName).inboxes);
    });
    return this.#held.length;
  }

  /** The connection is gone: the server sends again what is held, or it is handed over again with the next. */
  ended(): void {
    this.isHolding &&= false;
    this.#takeHeld(({ exchange }) => {
      this.#host.forget(exchange);
    });
  }

  /** Drops QoS 0 messages above the bounds, the oldest first; says whether that was enough. */
  makeRoom(): boolean {
    for (const inbox of this.#full ?? []) inbox.makeRoom(() => inbox.length <= inbox.highWaterMark);
    const isEnough = (): boolean => this.#bytes < inboundBytesLimit;
    if (!isEnough()) for (const inbox of this.inboxes) inbox.makeRoom(isEnough);
    return isEnough();
  }

  /** Bytes of payload were put into an inbox or, negative, taken out. */
  buffered(inbox: Inbox, bytes: number): void {
    const hadRoom = this.hasRoom;
    this.#bytes += bytes;
    if (inbox.isFull) {
      (this.#full ??= new Set()).add(inbox);
      if (!inbox.hasStarted && !inbox.isComplainedOf) {
        inbox.isComplainedOf = true;
        this.#host.unconsumed(inbox);
      }
    }
    // Half of it must be free again, so that reading does not stop and go with each message.
    else if (inbox.length <= inbox.highWaterMark / 2) this.#full?.delete(inbox);
    if (!hadRoom && this.hasRoom) this.#host.roomMade();
  }

  handlerFailed(error: unknown, inbox: Inbox, delivery: Delivery | undefined): void {
    this.#host.handlerFailed(error);
    if (inbox.onHandlerError === "reject") delivery?.acknowledge({ reasonCode: reasonCodes.unspecifiedError });
    else if (inbox.onHandlerError === "redeliver") delivery?.redeliver();
  }

  /** The consumer of an inbox has left. */
  left(inbox: Inbox): Promise<void> {
    return this.#host.left(this.remove(inbox.filters, inbox));
  }

  /** Empties what is held; what still has no consumer goes to the end, in order. */
  #takeHeld(use: (held: Held) => void): void {
    for (let { length } = this.#held; length > 0; length -= 1) {
      const held = this.#held.shift();
      if (held === undefined) return; // A consumer has ended the connection.
      this.#bytes -= held.bytes;
      use(held);
    }
  }

  /**
   * Those whom one copy of a message is for: with Subscription Identifiers, those of its subscriptions; the server sends
   * copies of their own to the others, or has told all their identifiers (section 3.3.4).
   */
  #match({ topicName, properties }: PublishPacket): readonly Inbox[] {
    const { sharers, inboxes } = this.#route(topicName);
    const identifiers = properties?.subscriptionIdentifiers;
    if (identifiers === undefined) return inboxes;
    const meant = sharers.filter((each) => identifiers.some((identifier) => each.identifiers.has(identifier)));
    if (meant.length === sharers.length) return inboxes;
    if (meant.length > 0) return union(meant); // [MQTT-3.3.4-3] [MQTT-3.3.4-5]
    // It is for a subscription that nobody here consumes; or for one that we know nothing of.
    return identifiers.some((identifier) => this.#host.isIdentifier(identifier)) ? [] : inboxes;
  }

  #route(topicName: string): Route {
    const routes = (this.#routes ??= new Map<string, Route>());
    let route = routes.get(topicName);
    if (route === undefined) {
      const sharers = this.#trie?.match(topicName) ?? [];
      route = { sharers, inboxes: union(sharers) };
      if (routes.size >= routeCacheSize) routes.clear();
      routes.set(topicName, route);
    }
    return route;
  }
}

function union(sharers: readonly Sharers[]): readonly Inbox[] {
  return [...new Set(sharers.flatMap(({ inboxes }) => [...inboxes]))];
}
