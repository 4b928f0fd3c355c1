import type { ProtocolVersion, PublishPacket } from "@rivulet/codec";
import { inboundBytesLimit } from "../limits.ts";
import type { Acknowledgement, IncomingExchange } from "../session/incoming.ts";
import { Delivery } from "./delivery.ts";
import type { Inbox, InboxHost } from "./inbox.ts";
import { Message } from "./message.ts";
import { Router } from "./router.ts";

/** What the consumers need of their client. */
export interface ConsumersHost {
  /** All consumers of a message are done with it. */
  acknowledge(exchange: IncomingExchange, acknowledgement: Acknowledgement | undefined): void;
  /** There is room again. */
  roomMade(): void;
  /** A handler has failed. */
  handlerFailed(error: unknown): void;
  /** The consumer of an inbox has left. */
  left(inbox: Inbox): Promise<void>;
  /** Whether somebody listens to every message. */
  readonly hasListener: boolean;
  /** Shows a message to those who listen to every message. */
  show(message: Message, inboxes: readonly Inbox[]): void;
}

/** Hands messages to the inboxes that they are for, and keeps count of what waits in them. */
export class Consumers implements InboxHost {
  readonly router: Router = new Router();
  readonly #host: ConsumersHost;
  readonly #full = new Set<Inbox>();
  #bytes = 0;

  constructor(host: ConsumersHost) {
    this.#host = host;
  }

  /** Whether more messages may be read. */
  get hasRoom(): boolean {
    return this.#full.size === 0 && this.#bytes < inboundBytesLimit;
  }

  /** Whether more is held than may be, and none of it may be dropped. */
  get isOverfull(): boolean {
    return this.#bytes >= inboundBytesLimit;
  }

  deliver(packet: PublishPacket, exchange: IncomingExchange | undefined, version: ProtocolVersion): void {
    const inboxes = this.router.match(packet.topicName);
    const delivery =
      exchange === undefined
        ? undefined
        : new Delivery((acknowledgement) => {
            this.#host.acknowledge(exchange, acknowledgement);
          });
    const message = new Message(packet, delivery, version);
    const { hasListener } = this.#host;
    for (const inbox of inboxes) {
      // Until somebody has begun to take its messages, a listener to all messages is the consumer.
      if (inbox.hasStarted || !hasListener) inbox.deliver(message, delivery);
    }
    if (hasListener) this.#host.show(message, inboxes);
    delivery?.done(); // With no consumer at all that acknowledges it at once [MQTT-4.5.0-2].
  }

  /** Drops QoS 0 messages above the bounds, the oldest first. */
  makeRoom(): void {
    for (const inbox of this.#full) inbox.makeRoom();
    if (this.isOverfull) for (const inbox of this.router.inboxes) inbox.makeRoom(0);
  }

  buffered(inbox: Inbox, bytes: number): void {
    const hadRoom = this.hasRoom;
    this.#bytes += bytes;
    if (bytes >= 0 && inbox.isFull) this.#full.add(inbox);
    else if (inbox.hasRoom) this.#full.delete(inbox);
    if (!hadRoom && this.hasRoom) this.#host.roomMade();
  }

  handlerFailed(error: unknown, inbox: Inbox, delivery: Delivery | undefined): void {
    if (inbox.settings.onHandlerError === "reject") delivery?.acknowledge({ reasonCode: 0x80 });
    this.#host.handlerFailed(error);
  }

  left(inbox: Inbox): Promise<void> {
    return this.#host.left(inbox);
  }
}
