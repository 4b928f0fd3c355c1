import { reasonCodes, type ProtocolVersion, type PublishPacket } from "@rivulet/codec";
import { inboundBytesLimit, routeCacheSize } from "../limits.ts";
import type { Acknowledgement, IncomingExchange } from "../session/exchanges.ts";
import { done, type Delivery } from "./delivery.ts";
import { FilterTrie } from "./filter-trie.ts";
import type { Inbox, InboxHost } from "./inbox.ts";
import { Message } from "./message.ts";

/** What the consumers need of their client. */
export interface ConsumersHost {
  acknowledge(exchange: IncomingExchange, acknowledgement: Acknowledgement | undefined): void;
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

/** Hands messages to the inboxes that they are for, and keeps count of what waits in them. */
export class Consumers implements InboxHost {
  readonly #host: ConsumersHost;
  readonly #trie = new FilterTrie<Set<Inbox>>();
  /** Who shares a Topic Filter. */
  readonly #sharers = new Map<string, Set<Inbox>>();
  /** Topics come again and again; forgotten whenever a subscription comes or goes. */
  readonly #routes = new Map<string, readonly Inbox[]>();
  readonly #full = new Set<Inbox>();
  #bytes = 0;

  constructor(host: ConsumersHost) {
    this.#host = host;
  }

  /** Whether more messages may be read. */
  get hasRoom(): boolean {
    return this.#full.size === 0 && this.#bytes < inboundBytesLimit;
  }

  /** All inboxes, each once. */
  get inboxes(): Set<Inbox> {
    return new Set([...this.#sharers.values()].flatMap((sharers) => [...sharers]));
  }

  add(topicFilter: string, inbox: Inbox): void {
    this.#routes.clear();
    let sharers = this.#sharers.get(topicFilter);
    if (sharers === undefined) {
      sharers = new Set();
      this.#sharers.set(topicFilter, sharers);
      this.#trie.add(topicFilter, sharers);
    }
    sharers.add(inbox);
  }

  /** Removes an inbox from filters, and returns those that nobody shares any more. */
  remove(topicFilters: readonly string[], inbox: Inbox): string[] {
    this.#routes.clear();
    return topicFilters.filter((topicFilter) => {
      const sharers = this.#sharers.get(topicFilter);
      if (sharers?.delete(inbox) !== true || sharers.size > 0) return false;
      this.#sharers.delete(topicFilter);
      this.#trie.delete(topicFilter, sharers);
      return true;
    });
  }

  /** Removes everybody from a filter; an inbox that has no filter left ends, and what waits in it is dropped. */
  removeAll(topicFilter: string): void {
    for (const inbox of this.#sharers.get(topicFilter) ?? []) {
      this.remove([topicFilter], inbox);
      if (!this.has(inbox)) void inbox.leave();
    }
  }

  /** Whether an inbox has a filter left. */
  has(inbox: Inbox): boolean {
    return inbox.filters.some((topicFilter) => this.#sharers.get(topicFilter)?.has(inbox) === true);
  }

  deliver(packet: PublishPacket, exchange: IncomingExchange | undefined, version: ProtocolVersion): void {
    const inboxes = this.#match(packet.topicName);
    const delivery = exchange === undefined ? undefined : this.#delivery(exchange);
    const message = new Message(packet, delivery, version);
    const hasListener = this.#host.hasListener();
    for (const inbox of inboxes) {
      // Until somebody has begun to take its messages, a listener to all messages is the consumer.
      if (inbox.hasStarted || !hasListener) inbox.deliver(message, delivery);
    }
    if (hasListener) this.#host.show(message, inboxes);
    done(delivery); // With no consumer at all that acknowledges it at once [MQTT-4.5.0-2].
  }

  /** Drops QoS 0 messages above the bounds, the oldest first; says whether that was enough. */
  makeRoom(): boolean {
    for (const inbox of this.#full) inbox.makeRoom(() => inbox.length <= inbox.highWaterMark);
    const isEnough = (): boolean => this.#bytes < inboundBytesLimit;
    if (!isEnough()) for (const inbox of this.inboxes) inbox.makeRoom(isEnough);
    return isEnough();
  }

  /** Bytes of payload were put into an inbox or, negative, taken out. */
  buffered(inbox: Inbox, bytes: number): void {
    const hadRoom = this.hasRoom;
    this.#bytes += bytes;
    if (inbox.isFull) this.#full.add(inbox);
    // Half of it must be free again, so that reading does not stop and go with each message.
    else if (inbox.length <= inbox.highWaterMark / 2) this.#full.delete(inbox);
    if (!hadRoom && this.hasRoom) this.#host.roomMade();
  }

  handlerFailed(error: unknown, inbox: Inbox, delivery: Delivery | undefined): void {
    if (inbox.rejects) delivery?.acknowledge({ reasonCode: reasonCodes.unspecifiedError });
    this.#host.handlerFailed(error);
  }

  /** The consumer of an inbox has left. */
  left(inbox: Inbox): Promise<void> {
    return this.#host.left(this.remove(inbox.filters, inbox));
  }

  /** It counts as a consumer itself while it is handed out, so that it cannot end half-way. */
  #delivery(exchange: IncomingExchange): Delivery {
    let isAcknowledged = false;
    return {
      consumers: 1,
      acknowledge: (acknowledgement) => {
        if (!isAcknowledged) this.#host.acknowledge(exchange, acknowledgement);
        isAcknowledged = true;
      },
    };
  }

  #match(topicName: string): readonly Inbox[] {
    let inboxes = this.#routes.get(topicName);
    if (inboxes === undefined) {
      inboxes = [...new Set(this.#trie.match(topicName).flatMap((sharers) => [...sharers]))];
      if (this.#routes.size >= routeCacheSize) this.#routes.clear();
      this.#routes.set(topicName, inboxes);
    }
    return inboxes;
  }
}
