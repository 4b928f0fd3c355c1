import { Deferred } from "../deferred.ts";
import { InvalidOptionError, type MqttError, type SubscribeResult } from "../errors.ts";
import { defaultHighWaterMark, messageOverheadBytes } from "../limits.ts";
import type { Delivery } from "./delivery.ts";
import type { Message } from "./message.ts";
import { Subscription } from "./subscription.ts";
import type { TopicParams, TopicPattern } from "./topic-pattern.ts";

/** What is done with QoS 0 messages that a subscription has no room for. */
export type Overflow = "pause" | "drop-oldest" | "drop-newest";

/** When a message is acknowledged: see `SubscribeOptions.ack`. */
export type AckMode = "processed" | "on-receipt" | "manual";

/** What becomes of a message whose handler has failed: see `SubscribeOptions.onHandlerError`. */
export type HandlerErrorPolicy = "acknowledge" | "reject" | "redeliver";

/** Takes a message. When it returns a promise, the message counts as processed when that has settled. */
export type MessageHandler<Params extends TopicParams = TopicParams> = (message: Message<Params>) => unknown;

/** The options of `subscribe` that concern the consumer. */
export interface InboxOptions {
  readonly ack?: AckMode | undefined;
  readonly highWaterMark?: number | undefined;
  readonly overflow?: Overflow | undefined;
  readonly onHandlerError?: HandlerErrorPolicy | undefined;
}

/** What an inbox needs of its client. */
export interface InboxHost {
  /** About so many bytes were put into the inbox or, negative, taken out. */
  buffered(inbox: Inbox, bytes: number): void;
  /** A handler has failed. */
  handlerFailed(error: unknown, inbox: Inbox, delivery: Delivery | undefined): void;
  /** The consumer has left: nobody wants these messages any more. */
  left(inbox: Inbox): Promise<void>;
}

interface Entry {
  readonly message: Message;
  readonly delivery: Delivery | undefined;
}

/** Somebody who has asked for the next message. */
type Waiting = Deferred<IteratorResult<Message, undefined>>;

// Theory of operation
//
// Messages come in by `deliver` and wait in one queue. A handler, an iterator or a reader takes them out; which of the
// three it is makes no difference to the queue. A handler is called with each message in turn, without waiting for the
// one before, but with no more unsettled calls than the high-water mark. With "processed", a message is done when its
// handler has settled, or when the next one is asked for.

/** The messages of one subscription, between the client and the consumer. */
export class Inbox {
  /** The Topic Filters that were asked for. */
  readonly filters: readonly string[];
  /** Messages that may wait before there are too many. */
  readonly highWaterMark: number;
  /** What the server said of each filter, in their order. */
  readonly results: SubscribeResult[] = [];
  /** What the application has of it. */
  readonly subscription: Subscription = new Subscription(this);
  /** QoS 0 messages that were dropped because nobody took them in time, and what was left when the consumer left. */
  dropped = 0;
  /** Whether somebody has begun to take messages. */
  hasStarted: boolean;
  /** Whether the log has said that nobody does. */
  isComplainedOf = false;
  readonly #host: InboxHost;
  readonly #options: InboxOptions;
  readonly #handler: MessageHandler | undefined;
  readonly #patterns: readonly TopicPattern[];
  readonly #queue: Entry[] = [];
  readonly #waiting: Waiting[] = [];
  /** Handler calls that have not settled. */
  #running = 0;
  /** Handed out: the first is done with when the next one is asked for. Several, when several are asked for at once. */
  readonly #inHand: Entry[] = [];
  #end: { readonly error: MqttError | undefined } | undefined;

  constructor(
    host: InboxHost,
    filters: readonly string[],
    consumer: {
      readonly options: InboxOptions;
      readonly handler: MessageHandler | undefined;
      readonly patterns: readonly TopicPattern[];
    },
  ) {
    this.#host = host;
    this.filters = filters;
    this.#options = consumer.options;
    this.#handler = consumer.handler;
    this.#patterns = consumer.patterns;
    this.highWaterMark = consumer.options.highWaterMark ?? defaultHighWaterMark;
    this.hasStarted = consumer.handler !== undefined;
  }

  /** Messages that came and that nobody has taken yet. */
  get length(): number {
    return this.#queue.length;
  }

  /** What becomes of a message whose handler has failed. */
  get onHandlerError(): HandlerErrorPolicy {
    return this.#options.onHandlerError ?? "acknowledge";
  }

  /** Whether reading from the server should pause until somebody takes messages. */
  get isFull(): boolean {
    return (this.#options.overflow ?? "pause") === "pause" && this.length >= this.highWaterMark;
  }

  /** What the first pattern that a topic matches calls its levels; undefined when there is none. */
  paramsOf(topicName: string): TopicParams | undefined {
    for (const pattern of this.#patterns) {
      const params = pattern.match(topicName);
      if (params !== undefined) return params;
    }
    return undefined;
  }

  /** Takes a message that came. */
  deliver(message: Message, delivery: Delivery | undefined): void {
    if (this.#end !== undefined) return;
    const { ack, overflow = "pause" } = this.#options;
    if (message.qos === 0 && this.length >= this.highWaterMark && overflow !== "pause") {
      if (overflow === "drop-newest" || !this.#dropOldest()) {
        this.dropped += 1;
        return;
      }
    }
    // What is acknowledged on receipt does not wait for this consumer; by hand, it waits for the hand.
    if (delivery !== undefined) delivery[ack === "on-receipt" ? "holders" : "consumers"] += 1;
    this.#queue.push({ message, delivery });
    this.#host.buffered(this, sizeOf(message));
    this.#serve();
  }

  /** Drops QoS 0 messages, the oldest first, until that is enough or there are none. */
  makeRoom(isEnough: () => boolean): void {
    while (!isEnough() && this.#dropOldest());
  }

  /** No more messages will come. */
  finish(error: MqttError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting);
  }

  /** The consumer leaves: what it has in hand is done with, and what waits for it is dropped and acknowledged. */
  async leave(): Promise<void> {
    for (const entry of this.#inHand.splice(0)) this.#processed(entry);
    const isOver = this.#end !== undefined;
    this.finish(undefined);
    for (let entry = this.#take(); entry !== undefined; entry = this.#take()) {
      this.dropped += 1;
      this.#gone(entry);
    }
    if (!isOver) await this.#host.left(this);
  }

  /** The next message; says that the one before is done with. */
  next(): Promise<IteratorResult<Message, undefined>> {
    if (this.#handler !== undefined) {
      return Promise.reject(
        new InvalidOptionError("handler", "The subscription has a handler, which takes its messages"),
      );
    }
    this.hasStarted = true;
    this.#processed(this.#inHand.shift());
    const waiting: Waiting = new Deferred();
    const entry = this.#take();
    if (entry !== undefined) this.#hand(entry, waiting);
    else if (this.#end !== undefined) this.#settle(waiting);
    else this.#waiting.push(waiting);
    return waiting.promise;
  }

  #hand(entry: Entry, to: Waiting): void {
    this.#inHand.push(entry);
    to.resolve({ done: false, value: entry.message });
  }

  #settle(waiting: Waiting): void {
    const error = this.#end?.error;
    if (error === undefined) waiting.resolve({ done: true, value: undefined });
    else waiting.reject(error);
  }

  /** Gives messages to whoever waits for them. */
  #serve(): void {
    const handler = this.#handler;
    if (handler === undefined) {
      const waiting = this.#waiting.shift();
      const entry = waiting === undefined ? undefined : this.#take();
      if (waiting !== undefined && entry !== undefined) this.#hand(entry, waiting);
      return;
    }
    while (this.#running < this.highWaterMark) {
      const entry = this.#take();
      if (entry === undefined) return;
      this.#handle(handler, entry);
    }
  }

  #handle(handler: MessageHandler, entry: Entry): void {
    const failed = (error: unknown): void => {
      this.#host.handlerFailed(error, this, entry.delivery);
      this.#processed(entry);
    };
    try {
      const result = handler(entry.message);
      if (!isThenable(result)) {
        this.#processed(entry);
        return;
      }
      this.#running += 1;
      const settled = (): void => {
        this.#running -= 1;
        this.#serve();
      };
      void Promise.resolve(result)
        .then(() => {
          this.#processed(entry);
        }, failed)
        .then(settled);
    } catch (error) {
      failed(error);
    }
  }

  /** The consumer is done with a message. By hand, that is not what acknowledges it. */
  #processed(entry: Entry | undefined): void {
    if (this.#options.ack !== "manual") this.#gone(entry);
  }

  #gone(entry: Entry | undefined): void {
    if (this.#options.ack === "on-receipt") entry?.delivery?.released();
    else entry?.delivery?.done(); // [MQTT-3.10.4-3] [MQTT311-3.10.4-3]
  }

  #take(): Entry | undefined {
    const entry = this.#queue.shift();
    if (entry !== undefined) this.#host.buffered(this, -sizeOf(entry.message));
    return entry;
  }

  #dropOldest(): boolean {
    const index = this.#queue.findIndex(({ message }) => message.qos === 0);
    const [entry] = index < 0 ? [] : this.#queue.splice(index, 1);
    if (entry === undefined) return false;
    this.#host.buffered(this, -sizeOf(entry.message));
    this.dropped += 1;
    return true;
  }
}

/** About what a message takes in memory, in bytes: also one without a payload takes something. */
export function sizeOf({ payload, topic }: Pick<Message, "payload" | "topic">): number {
  return payload.length + 2 * topic.length + messageOverheadBytes;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}
