import { reasonCodes, validateTopicFilter, type ProtocolVersion } from "@rivulet/codec";
import { Deferred, handled, ignore } from "../deferred.ts";
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
import type { Request } from "../session/exchanges.ts";
import type { Server } from "../session/server.ts";
import { Consumers } from "./consumers.ts";
import { disconnectPacket, type DisconnectOptions } from "./disconnect-options.ts";
import { Emitter, type Unsubscribe } from "./emitter.ts";
import type { ClientEvents } from "./events.ts";
import { Inbox, type MessageHandler } from "./inbox.ts";
import { Link } from "./link.ts";
import { giveUpWhen, Operation, type Patience } from "./operations.ts";
import { publishPacket, publishResult, type PublishOptions, type PublishResult } from "./publish-options.ts";
import { redact } from "./redact.ts";
import { subscribeRequest, type FilterList, type SubscribeOptions } from "./subscribe-options.ts";
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
  readonly #emitter: Emitter<ClientEvents>;
  #consumers: Consumers;
  readonly #subscriptions = new WeakMap<Inbox, Subscription>();
  #wasReadyToSend = true;
  #isReporting = false;
  /** Rejects those who wait for an event. */
  readonly #pendingOnce = new Set<(reason: MqttError) => void>();
  readonly #abort = (): void => {
    this.close();
  };
  /** The last batch that somebody waited for, and what they wait for: everything sent at QoS 0 in it shares it. */
  #taken: Promise<void> | undefined;
  #takenResult: Promise<PublishResult> | undefined;

  /**
   * Makes a client that is not connected.
   *
   * @throws InvalidOptionError, UnsupportedError, naming the option.
   */
  constructor(target: ConnectTarget, options: EngineOptions) {
    this.#options = resolveOptions(options);
    this.#emitter = new Emitter((error) => {
      this.#report(error);
    });
    this.#consumers = this.#newConsumers();
    this.#link = new Link(target, this.#options, {
      hasRoom: () => this.#consumers.hasRoom,
      isTracing: () => this.#emitter.has("packet"),
      makeRoom: () => {
        this.#makeRoom();
      },
      written: () => {
        this.#written();
      },
      handle: (event) => {
        this.#handle(event);
      },
      report: (status) => {
        this.#emitter.emit("connectionStatus", { status });
      },
      closed: (error, wasConnected) => {
        this.#closed(error, wasConnected);
      },
    });
    options.signal?.addEventListener("abort", this.#abort);
    if (options.signal?.aborted === true) this.close();
  }

  // What is

  /** Where the client stands; the events `connected` and `disconnected` tell of changes. */
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

  /** Whether the server had a Session for the client when it connected; undefined while not connected. */
  get sessionPresent(): boolean | undefined {
    return this.server?.sessionPresent;
  }

  /** What the server said in CONNACK, defaults filled in; undefined while not connected. */
  get server(): Server | undefined {
    const { state } = this.#link;
    return state.name === "connected" ? state.server : undefined;
  }

  /** The connection's two ends; undefined while there is none. */
  get connection(): ConnectionInfo | undefined {
    return this.#link.connection?.info;
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
    if (signal?.aborted === true) return handled(Promise.reject(signal.reason));
    signal?.addEventListener("abort", this.#abort);
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
  disconnect(options: DisconnectOptions = {}): Promise<void> {
    return handled(this.#disconnect(options));
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
   * @throws InvalidTopicError, MalformedPacketError, InvalidOptionError, UnsupportedError, PacketTooLargeError,
   * QueueFullError when nothing was sent; PublishError when the server did not take it; ClosedError, TransportError
   * when it is not known.
   */
  publish(topic: string, payload: Payload, options: PublishOptions = {}): Promise<PublishResult> {
    try {
      options.signal?.throwIfAborted();
      if (this.state === "closed" || this.state === "disconnecting") throw new ClosedError();
      const { session, connection } = this.#link;
      const packet = publishPacket(topic, payload, { options, version: this.protocolVersion });
      const operation = new Operation<PublishResult>((answer) => publishResult(topic, answer));
      const exchange = session.publish(packet, operation as Operation);
      connection?.wake();
      this.#wasReadyToSend &&= session.isReadyToSend;
      if (exchange === undefined) {
        if (options.signal === undefined && options.timeoutMs === undefined) return this.#batched();
        this.#batched().then(operation.resolve, operation.reject);
      }
      giveUpWhen({ ...options, what: "publish" }, operation.promise, this.#options.environment, (reason) => {
        if (exchange !== undefined) session.cancel(exchange);
        operation.reject(reason);
      });
      return operation.promise;
    } catch (error) {
      return handled(Promise.reject(error));
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
  subscribe(filters: FilterList, options?: SubscribeOptions, handler?: MessageHandler): Promise<Subscription>;
  /** The same without options. */
  subscribe(filters: FilterList, handler: MessageHandler): Promise<Subscription>;
  subscribe(
    filters: FilterList,
    options: SubscribeOptions | MessageHandler = {},
    handler?: MessageHandler,
  ): Promise<Subscription> {
    const subscribing =
      typeof options === "function"
        ? this.#subscribe(filters, {}, options)
        : this.#subscribe(filters, options, handler);
    return handled(subscribing);
  }

  /**
   * Unsubscribes from Topic Filters, whoever subscribed to them. A Subscription that has no filter left ends.
   *
   * @throws InvalidTopicError, InvalidOptionError, NotConnectedError, TimeoutError when the server did not answer.
   */
  unsubscribe(filters: string | readonly string[], options: Patience = {}): Promise<UnsubscribeResult[]> {
    return handled(this.#unsubscribeAll(filters, options));
  }

  // Events

  /** Calls a listener at each event of a name; returns a function that calls it off. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): Unsubscribe {
    return this.#emitter.on(name, listener);
  }

  /** Resolves at the next event of a name; rejects with ClosedError when the client is closed before. */
  once<Name extends keyof ClientEvents>(name: Name): Promise<ClientEvents[Name]> {
    const { promise, resolve, reject } = new Deferred<ClientEvents[Name]>();
    const off = this.on(name, resolve);
    this.#pendingOnce.add(reject);
    const cleanUp = (): void => {
      off();
      this.#pendingOnce.delete(reject);
    };
    promise.then(cleanUp, cleanUp);
    return promise;
  }

  async #disconnect(options: DisconnectOptions): Promise<void> {
    const { environment, sessionExpiryInterval = 0 } = this.#options;
    const packet = disconnectPacket(options, { version: this.protocolVersion, sessionExpiryInterval });
    const { signal, timeoutMs = defaultDisconnectTimeoutMs } = options;
    const done = this.#link.disconnect(packet, timeoutMs);
    giveUpWhen({ signal, what: "disconnect" }, done, environment, () => {
      this.close();
    });
    if (signal?.aborted === true) this.close();
    await done;
  }

  async #unsubscribeAll(filters: string | readonly string[], options: Patience): Promise<UnsubscribeResult[]> {
    const names = typeof filters === "string" ? [filters] : [...filters];
    if (names.length === 0) throw new InvalidOptionError("filter", "There is no topic filter to unsubscribe from");
    names.forEach(validateTopicFilter);
    await this.#whenConnected(options.signal);
    const consumers = this.#consumers;
    const results = await this.#unsubscribe(names, options);
    for (const name of names) consumers.removeAll(name);
    return results;
  }

  async #subscribe(
    filters: FilterList,
    options: SubscribeOptions,
    handler: MessageHandler | undefined,
  ): Promise<Subscription> {
    await this.#whenConnected(options.signal);
    const request = subscribeRequest(filters, options, this.protocolVersion);
    const names = request.subscriptions.map(({ topicFilter }) => topicFilter);
    const consumers = this.#consumers;
    const inbox = new Inbox(consumers, names, { options, handler });
    const results: SubscribeResult[] = [];
    const subscription = new Subscription(inbox, results);
    this.#subscriptions.set(inbox, subscription);
    // Before the answer, because messages may come before it.
    for (const name of names) consumers.add(name, inbox);
    try {
      const codes = await this.#request(request, options);
      for (const [index, filter] of names.entries()) {
        const reasonCode = codes[index] as number; // There is one for each filter: the Session has counted.
        results.push(reasonCode < 0x80 ? { filter, qos: reasonCode as 0 | 1 | 2, reasonCode } : { filter, reasonCode });
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
    if (!consumers.has(inbox)) {
      inbox.leave().catch(ignore); // Messages of other subscriptions may have come to it meanwhile.
      throw new SubscribeError(results);
    }
    this.#emitter.emit("subscribed", { subscription });
    return subscription;
  }

  #newConsumers(): Consumers {
    return new Consumers({
      hasListener: () => this.#emitter.has("message"),
      acknowledge: (exchange, acknowledgement) => {
        this.#link.session.acknowledge(exchange, acknowledgement);
        this.#link.connection?.wake();
      },
      roomMade: () => {
        this.#link.connection?.wake();
      },
      handlerFailed: (error) => {
        this.#report(error);
      },
      left: async (filters) => {
        if (this.state === "connected" && filters.length > 0) await this.#unsubscribe(filters, {});
      },
      show: (message, inboxes) => {
        const subscriptions = inboxes.flatMap((inbox) => this.#subscriptions.get(inbox) ?? []);
        this.#emitter.emit("message", { message, subscriptions });
      },
    });
  }

  #handle(event: SessionEvent<Operation>): void {
    switch (event.type) {
      case "message":
        this.#consumers.deliver(event.packet, event.exchange, this.protocolVersion);
        break;
      case "answered":
        event.context.answered(event.packet);
        break;
      case "failed":
        event.context.reject(event.error);
        break;
      case "batched": {
        const { context } = event;
        this.#batched().then(context.resolve, context.reject);
        break;
      }
      case "connected":
        this.#emitter.emit("connected", { sessionPresent: event.server.sessionPresent, server: event.server });
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
    this.#emitter.emit("readyToSend", { bufferedBytes: this.bufferedBytes });
  }

  /** Settles when the transport has taken the batch that gathers now. */
  #batched(): Promise<PublishResult> {
    const taken = this.#link.connection?.taken();
    if (taken !== this.#taken || this.#takenResult === undefined) {
      this.#taken = taken;
      this.#takenResult = Promise.resolve(taken).then(() => publishResult("", undefined));
      this.#takenResult.catch(ignore);
    }
    return this.#takenResult;
  }

  /** Rejects when the signal is aborted before. */
  #whenConnected(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = new Deferred<void>();
    giveUpWhen({ signal, what: "connect" }, promise, this.#options.environment, reject);
    this.#link.whenConnected().then(resolve, reject);
    return promise;
  }

  /** Sends a SUBSCRIBE or UNSUBSCRIBE; resolves to the Reason Codes of the answer. */
  #request(
    request: Request,
    { signal, timeoutMs = this.#options.operationTimeoutMs }: Patience,
  ): Promise<readonly number[]> {
    // It may have been lost since there was one.
    if (this.state !== "connected") throw new ClosedError();
    const operation = new Operation((answer) =>
      answer !== undefined && "reasonCodes" in answer ? answer.reasonCodes : [],
    );
    const { session, connection } = this.#link;
    const { environment } = this.#options;
    const exchange = session.request(request, operation as Operation, { sentAt: environment.now(), timeoutMs });
    connection?.wake();
    giveUpWhen({ signal, what: request.type }, operation.promise, environment, (reason) => {
      session.cancel(exchange);
      operation.reject(reason);
    });
    return operation.promise;
  }

  async #unsubscribe(filters: readonly string[], patience: Patience): Promise<UnsubscribeResult[]> {
    const codes = await this.#request({ type: "unsubscribe", topicFilters: [...filters] }, patience);
    this.#emitter.emit("unsubscribed", { filters });
    return filters.map((filter, index) => ({ filter, reasonCode: codes[index] ?? 0 }));
  }

  #makeRoom(): void {
    const { session } = this.#link;
    if (this.#consumers.makeRoom() || !session.isOverrun) return;
    // Nothing else can stop the server from filling our memory.
    const reasonCode = reasonCodes.receiveMaximumExceeded;
    session.fail(new QueueFullError("More messages wait for their consumers than may be held", { reasonCode }));
  }

  #closed(error: MqttError | undefined, wasConnected: boolean): void {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    for (const inbox of this.#consumers.inboxes) inbox.finish(error);
    if (wasConnected) {
      const { reasonCode, reasonString } = error ?? {};
      this.#emitter.emit("disconnected", { reasonCode, reasonString, error, willReconnect: false });
    }
    for (const reject of this.#pendingOnce) reject(new ClosedError(undefined, { cause: error }));
  }

  /** An error that belongs to no call. One that comes of a listener for errors has nowhere to go. */
  #report(error: unknown): void {
    if (this.#isReporting) return;
    this.#isReporting = true;
    this.#emitter.emit("error", { error });
    this.#isReporting = false;
  }
}
