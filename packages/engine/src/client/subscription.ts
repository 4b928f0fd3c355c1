import type { SubscribeResult } from "../errors.ts";
import type { Message } from "./message.ts";
import type { TopicParams } from "./topic-pattern.ts";

/** Where the messages of a subscription wait. */
export interface SubscriptionInbox {
  readonly filters: readonly string[];
  readonly results: readonly SubscribeResult[];
  readonly dropped: number;
  readonly length: number;
  next(): Promise<IteratorResult<Message, undefined>>;
  leave(): Promise<void>;
}

/**
 * A subscription, and the messages that come for it: loop over it, read its `readable`, or give `subscribe` a handler.
 *
 * Leaving a loop unsubscribes. It ends when it is unsubscribed and when the client is closed; when the connection is
 * lost for good it throws the reason, after the messages that had come before.
 */
export class Subscription<Params extends TopicParams = TopicParams>
  implements AsyncIterable<Message<Params>>, AsyncDisposable
{
  /** What the server said of each filter, in the order of the filters. */
  readonly results: readonly SubscribeResult[];
  readonly #inbox: SubscriptionInbox;
  #readable: ReadableStream<Message<Params>> | undefined;

  /** Made by `MqttClient.subscribe`. */
  constructor(inbox: SubscriptionInbox) {
    this.#inbox = inbox;
    this.results = inbox.results;
  }

  /** The Topic Filters that were asked for. */
  get filters(): readonly string[] {
    return this.#inbox.filters;
  }

  /** QoS 0 messages that were dropped because nobody took them in time, and what was left when it was unsubscribed. */
  get dropped(): number {
    return this.#inbox.dropped;
  }

  /** Messages that came and that nobody has taken yet. */
  get buffered(): number {
    return this.#inbox.length;
  }

  /** The messages as a stream. Asking it for a message says that the one before is done with. */
  get readable(): ReadableStream<Message<Params>> {
    this.#readable ??= new ReadableStream<Message<Params>>(
      {
        pull: async (controller) => {
          const result = await this.#next();
          if (result.done === true) controller.close();
          else controller.enqueue(result.value);
        },
        cancel: () => this.#inbox.leave(),
      },
      // Reading ahead would say of messages that they are done with when they are not.
      { highWaterMark: 0 },
    );
    return this.#readable;
  }

  /** Ends the subscription, and unsubscribes from each filter that no other subscription shares. */
  unsubscribe(): Promise<void> {
    return this.#inbox.leave();
  }

  /** The messages, one after the other. Leaving the loop unsubscribes. */
  [Symbol.asyncIterator](): AsyncIterator<Message<Params>, undefined> {
    return {
      next: () => this.#next(),
      return: async () => {
        await this.#inbox.leave();
        return { done: true, value: undefined };
      },
    };
  }

  /** `unsubscribe`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inbox.leave();
  }

  /** Messages that its pattern matches have its parameters. */
  #next(): Promise<IteratorResult<Message<Params>, undefined>> {
    return this.#inbox.next() as Promise<IteratorResult<Message<Params>, undefined>>;
  }
}
