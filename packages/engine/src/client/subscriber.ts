import { reasonCodes, validateTopicFilter, type PublishPacket } from "@rivulet/codec";
import { Deferred, handled, ignore } from "../deferred.ts";
import {
  ClosedError,
  InvalidOptionError,
  QueueFullError,
  SubscribeError,
  TransportError,
  type MqttError,
  type SubscribeResult,
} from "../errors.ts";
import { firstConsumerPatienceMs } from "../limits.ts";
import type { ResolvedOptions } from "../resolve-options.ts";
import type { Acknowledgement, IncomingExchange, Request } from "../session/exchanges.ts";
import type { Subscribe } from "../session/subscriptions.ts";
import { Consumers, type ConsumersHost } from "./consumers.ts";
import type { Emitter } from "./emitter.ts";
import type { ClientEvents } from "./events.ts";
import { Inbox, type MessageHandler } from "./inbox.ts";
import type { Link } from "./link.ts";
import type { Log } from "./log.ts";
import type { Message } from "./message.ts";
import { giveUpWhen, Operation, type Patience } from "./operations.ts";
import { patternsOf, subscribeRequest, type FilterList, type SubscribeOptions } from "./subscribe-options.ts";
import type { Subscription } from "./subscription.ts";
import { filterOf, type TopicPattern } from "./topic-pattern.ts";

/** What the server said of one Topic Filter of an UNSUBSCRIBE. */
export interface UnsubscribeResult {
  readonly filter: string;
  /** 0x00, or 0x11 when there was no such subscription; always 0x00 before MQTT 5.0. */
  readonly reasonCode: number;
}

/** What a Subscriber shares with its client. */
export interface SubscriberParts {
  readonly emitter: Emitter<ClientEvents>;
  readonly options: ResolvedOptions;
  readonly log: Log;
  /** Tells of an error that belongs to no call. */
  readonly report: (error: unknown) => void;
}

/** Subscribes and unsubscribes for one client, and has those who consume its messages. */
export class Subscriber implements ConsumersHost {
  /** Those of this round: a client that is connected anew begins without any. */
  consumers: Consumers = new Consumers(this);
  readonly #link: Link;
  readonly #parts: SubscriberParts;
  /** Until when messages wait for their first consumer. */
  #patience: unknown;

  constructor(link: Link, parts: SubscriberParts) {
    this.#link = link;
    this.#parts = parts;
  }

  /** Begins a new round. */
  reset(): void {
    this.consumers = new Consumers(this);
  }

  /** There is a connection. On the first of a round, what waited at the server comes before anybody can subscribe. */
  connected(sessionPresent: boolean): void {
    const { consumers } = this;
    consumers.isHolding ??= sessionPresent;
    if (!consumers.isHolding) return;
    this.#patience = this.#parts.options.environment.setTimeout(() => {
      const held = consumers.redeliver();
      consumers.isHolding = false;
      const count = held - consumers.redeliver();
      if (count === 0) return;
      const remedy = `subscribe, or listen, within ${firstConsumerPatienceMs} ms of connecting`;
      this.#parts.log.write("info", "session", () => `Nobody consumes ${count} messages: ${remedy}`);
    }, firstConsumerPatienceMs);
  }

  /** The connection is gone. */
  ended(): void {
    this.#parts.options.environment.clearTimeout(this.#patience);
    this.consumers.ended();
  }

  /** Reading goes on although there is no room: drops what may be dropped, and ends the connection where that is not enough. */
  makeRoom(): void {
    const { session } = this.#link;
    if (this.consumers.makeRoom() || !session.isOverrun) return;
    // Nothing else can stop the server from filling our memory.
    const reasonCode = reasonCodes.receiveMaximumExceeded;
    session.fail(new QueueFullError("More messages wait for their consumers than may be held", { reasonCode }));
  }

  /** As `MqttClient.subscribe`. */
  async subscribe(
    filters: FilterList,
    options: SubscribeOptions,
    handler: MessageHandler | undefined,
  ): Promise<Subscription> {
    await this.whenConnected(options.signal);
    const request = subscribeRequest(filters, options, this.#link.session.version);
    const names = request.subscriptions.map(({ topicFilter }) => topicFilter);
    const { consumers } = this;
    const identifier = this.#identify(request, names, options);
    const inbox = new Inbox(consumers, names, { options, handler, patterns: patternsOf(filters) });
    const { results, subscription } = inbox;
    // Before the answer, because messages may come before it.
    for (const name of names) consumers.add(name, inbox, identifier);
    consumers.redeliver();
    try {
      const codes = await this.#request(request, options);
      for (const [index, filter] of names.entries()) {
        // [MQTT-3.9.3-1] [MQTT-3.8.4-7] [MQTT311-3.9.3-1] [MQTT311-3.8.4-5] [MQTT311-3.8.4-6]
        const reasonCode = codes[index] as number; // There is one for each filter: the Session has counted.
        const result =
          reasonCode < 0x80 ? { filter, qos: reasonCode as 0 | 1 | 2, reasonCode } : { filter, reasonCode };
        results.push(result);
        if (reasonCode < 0x80) this.#share(result);
      }
    } catch (error) {
      // What the server may have granted all the same is given back.
      inbox.leave().catch(ignore);
      throw error;
    }
    consumers.remove(
      results.filter(({ qos }) => qos === undefined).map(({ filter }) => filter),
      inbox,
    );
    // [MQTT-3.8.4-7] [MQTT311-3.8.3-2]
    if (!consumers.has(inbox)) {
      inbox.leave().catch(ignore); // Messages of other subscriptions may have come to it meanwhile.
      throw new SubscribeError(results);
    }
    this.#parts.log.subscribed(subscription.filters);
    this.#parts.emitter.emit("subscribed", { subscription });
    return subscription;
  }

  /** As `MqttClient.unsubscribe`. */
  async unsubscribe(
    filters: string | TopicPattern | readonly (string | TopicPattern)[],
    options: Patience,
  ): Promise<UnsubscribeResult[]> {
    const names = [filters].flat().map(filterOf);
    if (names.length === 0) throw new InvalidOptionError("filter", "There is no topic filter to unsubscribe from");
    names.forEach(validateTopicFilter);
    options.signal?.throwIfAborted();
    // A connection that is lost comes again: what is not wanted then is better known before.
    if (this.#link.state.name !== "reconnecting") await this.whenConnected(options.signal);
    const { consumers } = this;
    const results = await this.#unsubscribe(names, options);
    for (const name of names) consumers.removeAll(name);
    return results;
  }

  /** Resolves when there is a connection; rejects when there will be none, or the signal is aborted before. */
  whenConnected(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = new Deferred<void>();
    giveUpWhen({ signal, what: "connect" }, promise, this.#parts.options.environment, reject);
    this.#link.whenConnected().then(resolve, reject);
    return promise;
  }

  /** The server has lost subscriptions, and does not grant them again. */
  lost(topicFilters: readonly string[], error: MqttError): void {
    for (const topicFilter of topicFilters) this.consumers.lost(topicFilter, error);
    this.#parts.log.write(
      "info",
      "session",
      () => `Lost the subscriptions to ${JSON.stringify(topicFilters)}: ${error.message}`,
    );
    this.#parts.report(error);
  }

  // As `ConsumersHost`

  acknowledge(exchange: IncomingExchange, acknowledgement?: Acknowledgement, held?: PublishPacket): void {
    this.#link.session.acknowledge(exchange, acknowledgement, held);
    this.#link.flush();
  }

  release(exchange: IncomingExchange): void {
    this.#link.session.release(exchange);
    this.#link.flush();
  }

  forget(exchange: IncomingExchange): void {
    this.#link.session.forget(exchange);
  }

  redeliver(exchange: IncomingExchange): void {
    this.forget(exchange);
    this.#link.connection?.abort(new TransportError("The connection was dropped for a message to be sent again"));
  }

  isIdentifier(identifier: number): boolean {
    return this.#link.session.subscriptions.isIdentifier(identifier);
  }

  unconsumed({ filters }: Inbox): void {
    this.#parts.log.write("info", "info", () => `Nobody consumes the subscription to ${filters.join(", ")}`);
  }

  roomMade(): void {
    this.#link.flush();
  }

  handlerFailed(error: unknown): void {
    this.#parts.report(error);
  }

  async left(filters: readonly string[]): Promise<void> {
    if (filters.length === 0 || !this.#isOpen) return;
    const done = handled(this.#unsubscribe(filters, {}));
    // Who leaves a loop without a connection is not kept until there is one.
    if (this.#link.state.name === "connected") await done;
  }

  hasListener(): boolean {
    return this.#parts.emitter.has("message");
  }

  show(message: Message, inboxes: readonly Inbox[]): void {
    const subscriptions = inboxes.map(({ subscription }) => subscription);
    this.#parts.emitter.emit("message", { message, subscriptions });
  }

  get #isOpen(): boolean {
    const { name } = this.#link.state;
    return name === "connected" || name === "reconnecting";
  }

  /** Has the server tell which messages are for the subscription, where it can. */
  #identify(
    request: Subscribe,
    names: readonly string[],
    { identifier: given, identify }: SubscribeOptions,
  ): number | undefined {
    const { state, session } = this.#link;
    const mayHave = state.name === "connected" && state.server.subscriptionIdentifierAvailable;
    if (given !== undefined || identify === false || !mayHave) return given;
    const subscriptionIdentifier = this.consumers.identifierOf(names) ?? session.subscriptions.identifierFor(names);
    request.properties = { ...request.properties, subscriptionIdentifier };
    return subscriptionIdentifier;
  }

  /** Options belong to the filter: what the server says of it is true for all who share it. */
  #share(result: SubscribeResult): void {
    for (const { results } of this.consumers.sharersOf(result.filter)) {
      const index = results.findIndex(({ filter }) => filter === result.filter);
      if (index >= 0) results[index] = result;
    }
  }

  /** Sends a SUBSCRIBE or UNSUBSCRIBE; resolves to the Reason Codes of the answer. */
  #request(
    request: Request,
    { signal, timeoutMs = this.#parts.options.operationTimeoutMs }: Patience,
  ): Promise<readonly number[]> {
    // It may have been closed since there was a connection; one that is lost comes again, and the request with it.
    if (!this.#isOpen) throw new ClosedError();
    const operation = new Operation((_topic, answer) =>
      answer !== undefined && "reasonCodes" in answer ? answer.reasonCodes : [],
    );
    const { session } = this.#link;
    const { environment } = this.#parts.options;
    const exchange = session.request(request, operation as Operation, { sentAt: environment.now(), timeoutMs });
    this.#link.flush();
    giveUpWhen({ signal, what: request.type }, operation.promise, environment, (reason) => {
      session.cancel(exchange);
      operation.reject(reason);
    });
    return operation.promise;
  }

  async #unsubscribe(filters: readonly string[], patience: Patience): Promise<UnsubscribeResult[]> {
    // [MQTT311-3.10.4-1] [MQTT311-3.10.4-6]
    const codes = await this.#request({ type: "unsubscribe", topicFilters: [...filters] }, patience);
    this.#parts.log.unsubscribed(filters);
    this.#parts.emitter.emit("unsubscribed", { filters });
    // [MQTT-3.11.3-1] [MQTT-3.10.4-6]
    return filters.map((filter, index) => ({ filter, reasonCode: codes[index] ?? 0 }));
  }
}
