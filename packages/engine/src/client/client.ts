import { reasonCodes, validateTopicFilter, type DisconnectPacket, type ProtocolVersion } from "@rivulet/codec";
import type { Connection } from "../connection.ts";
import type { ConnectionInfo } from "../duplex.ts";
import {
  ClosedError,
  InvalidOptionError,
  QueueFullError,
  SubscribeError,
  type MqttError,
  type SubscribeResult,
} from "../errors.ts";
import { defaultDisconnectTimeoutMs } from "../limits.ts";
import type { ConnectTarget, EngineOptions, Payload } from "../options.ts";
import { resolveOptions, type ResolvedOptions } from "../resolve-options.ts";
import type { SessionEvent } from "../session/events.ts";
import type { Acknowledgement, IncomingExchange } from "../session/incoming.ts";
import type { SubscribeRequest, UnsubscribeRequest } from "../session/requests.ts";
import type { Server } from "../session/server.ts";
import { Consumers } from "./consumers.ts";
import { disconnectPacket, type DisconnectOptions } from "./disconnect-options.ts";
import { Emitter, type Unsubscribe } from "./emitter.ts";
import type { ClientEvents } from "./events.ts";
import { Inbox, type MessageHandler } from "./inbox.ts";
import { Link } from "./link.ts";
import type { Message } from "./message.ts";
import { giveUpWhen, PublishOperation, RequestOperation, type Operation, type Patience } from "./operations.ts";
import { publishedAtMostOnce, publishPacket, type PublishOptions, type PublishResult } from "./publish-options.ts";
import { redact } from "./redact.ts";
import { inboxSettings, subscribeRequest, type FilterList, type SubscribeOptions } from "./subscribe-options.ts";
import { Subscription } from "./subscription.ts";

/** Where a client stands. */
export type ClientState = "idle" | "connecting" | "connected" | "disconnecting" | "closed";

/** What the server said of one Topic Filter of an UNSUBSCRIBE. */
export interface UnsubscribeResult {
  readonly filter: string;
  /** 0x00, or 0x11 when there was no such subscription; always 0x00 before MQTT 5.0. */
  readonly reasonCode: number;
}

// Theory of operation
//
// The client delegates. Its Link makes and ends the connection and has the Session; its Consumers hand messages to
// those who want them. What remains here is to turn calls into commands of the Session, and what the Session reports
// into promises that settle and events.

/**
 * An MQTT client. `connect` of the package `rivulet` makes one that is connected.
 *
 * Every promise that it returns settles: with what the server said, with an error that says why not, or, when the
 * client is closed first, with ClosedError. None of them counts as an unhandled rejection.
 */
export class MqttClient implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #link: Link;
  readonly #emitter: Emitter<ClientEvents> = new Emitter<ClientEvents>((error) => {
    this.#report(error);
  });
  #consumers: Consumers;
  readonly #subscriptions = new WeakMap<Inbox, Subscription>();
  #wasReadyToSend = true;
  #isReporting = false;
  /** The last batch that somebody waited for, and what they wait for: everything sent at QoS 0 in it shares it. */
  #lastTaken: Promise<void> | undefined;
  #lastResult: Promise<PublishResult> = Promise.resolve(publishedAtMostOnce);

  /**
   * Makes a client that is not connected.
   *
   * @throws InvalidOptionError, UnsupportedError, naming the option.
   */
  constructor(target: ConnectTarget, options: EngineOptions) {
    this.#options = resolveOptions(options);
    this.#consumers = this.#newConsumers();
    const client = this;
    this.#link = new Link(target, this.#options, {
      get hasRoom() {
        return client.#consumers.hasRoom;
      },
      get isTracing() {
        return client.#emitter.has("packet");
      },
      makeRoom: () => {
        this.#makeRoom();
      },
      handle: (event) => {
        this.#handle(event);
      },
      written: () => {
        this.#written();
      },
      report: (status) => {
        this.#emitter.emit("connectionStatus", { status });
      },
      closed: (error, wasConnected) => {
        this.#closed(error, wasConnected);
      },
    });
    const { signal } = this.#options;
    signal?.addEventListener("abort", () => {
      this.close();
    });
  }

  // What is

  get state(): ClientState {
    return this.#link.state.name;
  }

  /** The identifier that the server knows the client by: the one asked for, or the one that the server assigned. */
  get clientId(): string {
    return this.#link.clientId;
  }

  /** The protocol version in use; before the first connection, the one that will be tried first. */
  get protocolVersion(): ProtocolVersion {
    return this.#link.session.version;
  }

  /** What the server said in CONNACK, defaults filled in; undefined while not connected. */
  get server(): Server | undefined {
    const { state } = this.#link;
    return state.name === "connected" ? state.server : undefined;
  }

  /** The connection's two ends; undefined while there is none. */
  get connection(): ConnectionInfo | undefined {
    return this.#activeConnection?.info;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#link.session.bufferedBytes;
  }

  /** Whether a message published now would leave without waiting for others. */
  get readyToSend(): boolean {
    return this.state === "connected" && this.#link.session.isReadyToSend;
  }

  // Connection

  /**
   * Connects; does nothing when the client is connected or about to be.
   *
   * @throws ConnectionRefusedError, TransportError, TimeoutError, UnsupportedError for a URL that no transport here
   * opens, ClosedError when the client is closed meanwhile.
   */
  connect(): Promise<void> {
    const { signal } = this.#options;
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.state === "closed") this.#consumers = this.#newConsumers();
    return this.#link.connect();
  }

  /**
   * Ends the connection with a DISCONNECT, after what waits and what is under way, for which it waits `timeoutMs`;
   * what is not done by then rejects with ClosedError. The server does not publish the will, unless `reasonCode` is
   * 0x04. Settles in any case.
   *
   * @throws InvalidOptionError, UnsupportedError for an option that needs MQTT 5.0.
   */
  async disconnect(options: DisconnectOptions = {}): Promise<void> {
    const packet: DisconnectPacket = disconnectPacket(options, {
      version: this.protocolVersion,
      sessionExpiryInterval: this.#options.sessionExpiryInterval ?? 0,
    });
    const { signal, timeoutMs = defaultDisconnectTimeoutMs } = options;
    const done = this.#link.disconnect(packet, timeoutMs);
    giveUpWhen({ signal, what: "disconnect" }, done, this.#options.environment, () => {
      this.close();
    });
    if (signal?.aborted === true) this.close();
    await done;
  }

  /**
   * Ends everything at once and without a word to the server, which then publishes the will. What waits or is under
   * way rejects with ClosedError.
   */
  close(): void {
    this.#link.close(new ClosedError());
  }

  /** `disconnect`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  // Messages

  /**
   * Publishes a message. Before the client is connected it waits, in order with all others.
   *
   * Resolves at QoS 0 when the transport has taken it, at QoS 1 when the server has, at QoS 2 when the exchange is over.
   * The bytes of the payload must not be changed before.
   *
   * @throws InvalidTopicError, InvalidOptionError, UnsupportedError, PacketTooLargeError, QueueFullError when nothing
   * was sent; PublishError when the server did not take it; ClosedError, TransportError when it is not known.
   */
  publish(topic: string, payload: Payload, options: PublishOptions = {}): Promise<PublishResult> {
    try {
      options.signal?.throwIfAborted();
      if (this.state === "closed") throw new ClosedError();
      const packet = publishPacket(topic, payload, options);
      const operation = new PublishOperation(() => this.#taken());
      const exchange = this.#link.session.publish(packet, operation);
      this.#activeConnection?.wake();
      this.#wasReadyToSend &&= this.#link.session.isReadyToSend;
      if (exchange === undefined) {
        if (options.signal === undefined && options.timeoutMs === undefined) return this.#takenResult();
        operation.batched();
      }
      giveUpWhen({ ...options, what: "publish" }, operation.promise, this.#options.environment, (reason) => {
        if (exchange !== undefined) this.#link.session.cancelPublish(exchange);
        operation.reject(reason);
      });
      return operation.promise;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /**
   * Subscribes to one or more Topic Filters. With a handler, each message is given to it; without, they wait for
   * whoever loops over the Subscription or reads its `readable`.
   *
   * Resolves when the server has answered; when it refused some of several filters, `results` says which.
   *
   * @throws InvalidTopicError, InvalidOptionError, UnsupportedError, NotConnectedError; SubscribeError when the server
   * refused every filter; TimeoutError when it did not answer.
   */
  async subscribe(
    filters: FilterList,
    options: SubscribeOptions = {},
    handler?: MessageHandler,
  ): Promise<Subscription> {
    options.signal?.throwIfAborted();
    await this.#link.whenConnected();
    const request = subscribeRequest(filters, options, this.protocolVersion);
    const names = request.subscriptions.map(({ topicFilter }) => topicFilter);
    const consumers = this.#consumers;
    const inbox = new Inbox(consumers, inboxSettings(names, options, handler));
    const results: SubscribeResult[] = [];
    const subscription = new Subscription(inbox, results);
    this.#subscriptions.set(inbox, subscription);
    // Before the answer, because messages may come before it.
    for (const name of names) consumers.router.add(name, inbox);
    try {
      const reasonCodes = await this.#request(request, options);
      for (const [index, filter] of names.entries()) results.push(subscribeResult(filter, reasonCodes[index] ?? 0));
    } catch (error) {
      this.#giveUpSubscribing(inbox, names);
      throw error;
    }
    for (const { filter, qos } of results) if (qos === undefined) consumers.router.remove(filter, inbox);
    if (!consumers.router.has(inbox)) {
      inbox.finish(undefined);
      throw new SubscribeError(results);
    }
    this.#emitter.emit("subscribed", { subscription });
    return subscription;
  }

  /**
   * Unsubscribes from Topic Filters, whoever subscribed to them. A Subscription that has no filter left ends.
   *
   * @throws InvalidTopicError, NotConnectedError, TimeoutError when the server did not answer.
   */
  async unsubscribe(filters: string | readonly string[], options: Patience = {}): Promise<UnsubscribeResult[]> {
    const names = typeof filters === "string" ? [filters] : [...filters];
    if (names.length === 0) throw new InvalidOptionError("filter", "There is no topic filter to unsubscribe from");
    for (const name of names) validateTopicFilter(name);
    options.signal?.throwIfAborted();
    await this.#link.whenConnected();
    const { router } = this.#consumers;
    for (const name of names) {
      for (const inbox of router.sharers(name)) {
        router.remove(name, inbox);
        if (!router.has(inbox)) inbox.finish(undefined);
      }
    }
    return this.#unsubscribe(names, options);
  }

  // Events

  /** Calls a listener at each event of a name; returns a function that calls it off. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): Unsubscribe {
    const off = this.#emitter.on(name, listener);
    this.#trace();
    return () => {
      off();
      this.#trace();
    };
  }

  /** Resolves at the next event of a name. */
  async once<Name extends keyof ClientEvents>(name: Name): Promise<ClientEvents[Name]> {
    const event = this.#emitter.once(name);
    this.#trace();
    return event;
  }

  get #activeConnection(): Connection<Operation> | undefined {
    const { state } = this.#link;
    return state.name === "connected" || state.name === "disconnecting" ? state.connection : undefined;
  }

  #newConsumers(): Consumers {
    const client = this;
    return new Consumers({
      get hasListener() {
        return client.#emitter.has("message");
      },
      acknowledge: (exchange, acknowledgement) => {
        this.#acknowledge(exchange, acknowledgement);
      },
      roomMade: () => {
        this.#activeConnection?.wake();
      },
      handlerFailed: (error) => {
        this.#report(error);
      },
      left: (inbox) => this.#left(inbox),
      show: (message, inboxes) => {
        this.#show(message, inboxes);
      },
    });
  }

  #handle(event: SessionEvent<Operation>): void {
    switch (event.type) {
      case "message":
        this.#consumers.deliver(event.packet, event.exchange, this.protocolVersion);
        break;
      case "batched":
      case "published":
      case "answered":
      case "failed":
        event.context.settle(event);
        break;
      case "connected":
        this.#emitter.emit("connected", { sessionPresent: event.connack.sessionPresent, server: event.server });
        break;
      case "acknowledged": {
        const { packetIdentifier, qos } = event.exchange;
        this.#emitter.emit("messageAcknowledged", { packetId: packetIdentifier, qos });
        break;
      }
      case "packet": {
        const { direction, packet, byteLength } = event;
        this.#emitter.emit("packet", { direction, packet: redact(packet), bytes: byteLength });
        break;
      }
      case "log":
        this.#emitter.emit("log", { level: event.level, type: "session", message: event.message });
        break;
      case "ended":
        break;
    }
  }

  /** The transport has taken a batch. */
  #written(): void {
    if (this.#wasReadyToSend || !this.readyToSend) return;
    this.#wasReadyToSend = true;
    this.#emitter.emit("readyToSend", {});
  }

  /** Settles when the transport has taken the batch that gathers now. */
  #taken(): Promise<void> {
    return this.#activeConnection?.taken() ?? Promise.reject(new ClosedError());
  }

  #takenResult(): Promise<PublishResult> {
    const taken = this.#taken();
    if (taken !== this.#lastTaken) {
      this.#lastTaken = taken;
      this.#lastResult = taken.then(() => publishedAtMostOnce);
      this.#lastResult.catch(ignore);
    }
    return this.#lastResult;
  }

  /** Sends a SUBSCRIBE or UNSUBSCRIBE; resolves to the Reason Codes of the answer. */
  async #request(request: SubscribeRequest | UnsubscribeRequest, patience: Patience): Promise<readonly number[]> {
    const operation = new RequestOperation();
    const { session } = this.#link;
    const { environment, operationTimeoutMs } = this.#options;
    const timeoutMs = patience.timeoutMs ?? operationTimeoutMs;
    session.request(request, operation, { now: environment.now(), timeoutMs });
    this.#activeConnection?.wake();
    giveUpWhen({ signal: patience.signal, what: request.type }, operation.promise, environment, (reason) => {
      session.cancelRequest(operation);
      operation.reject(reason);
    });
    const answer = await operation.promise;
    return answer.reasonCodes;
  }

  async #unsubscribe(filters: readonly string[], patience: Patience): Promise<UnsubscribeResult[]> {
    const codes = await this.#request({ type: "unsubscribe", topicFilters: [...filters] }, patience);
    this.#emitter.emit("unsubscribed", { filters });
    return filters.map((filter, index) => ({ filter, reasonCode: codes[index] ?? 0 }));
  }

  /** Nobody waits for the answer to a SUBSCRIBE any more: what the server may have granted is given back. */
  #giveUpSubscribing(inbox: Inbox, filters: readonly string[]): void {
    const { router } = this.#consumers;
    const unshared = filters.filter((filter) => router.remove(filter, inbox));
    inbox.finish(undefined);
    if (this.state === "connected" && unshared.length > 0) this.#unsubscribe(unshared, {}).catch(ignore);
  }

  /** A consumer has left its subscription. */
  async #left(inbox: Inbox): Promise<void> {
    const { router } = this.#consumers;
    const unshared = inbox.settings.filters.filter((filter) => router.remove(filter, inbox));
    if (this.state === "connected" && unshared.length > 0) await this.#unsubscribe(unshared, {});
  }

  #acknowledge(exchange: IncomingExchange, acknowledgement: Acknowledgement | undefined): void {
    this.#link.session.acknowledge(exchange, acknowledgement);
    this.#activeConnection?.wake();
  }

  #show(message: Message, inboxes: readonly Inbox[]): void {
    const subscriptions = inboxes.flatMap((inbox) => this.#subscriptions.get(inbox) ?? []);
    this.#emitter.emit("message", { message, subscriptions });
  }

  #makeRoom(): void {
    this.#consumers.makeRoom();
    if (!this.#consumers.isOverfull || this.protocolVersion === 5) return;
    // MQTT 3.1.1 has no Receive Maximum: nothing else can stop the server from filling our memory.
    this.#link.session.fail(new QueueFullError("More messages wait for their consumers than may be held"));
  }

  #closed(error: MqttError | undefined, wasConnected: boolean): void {
    for (const inbox of this.#consumers.router.inboxes) inbox.finish(error);
    if (!wasConnected) return;
    const { reasonCode, reasonString } = error ?? {};
    this.#emitter.emit("disconnected", { reasonCode, reasonString, error, willReconnect: false });
  }

  /** An error that belongs to no call. One that comes of a listener for errors has nowhere to go. */
  #report(error: unknown): void {
    if (this.#isReporting) return;
    this.#isReporting = true;
    this.#emitter.emit("error", { error });
    this.#isReporting = false;
  }

  #trace(): void {
    this.#link.session.tracing = this.#emitter.has("packet");
  }
}

function subscribeResult(filter: string, reasonCode: number): SubscribeResult {
  if (reasonCode >= reasonCodes.unspecifiedError) return { filter, reasonCode };
  return { filter, qos: reasonCode as 0 | 1 | 2, reasonCode };
}

function ignore(): void {
  // Whoever waits for the promise sees the rejection.
}
