import type { ProtocolVersion } from "@rivulet/codec";
import { Deferred, handled, ignore } from "../deferred.ts";
import type { ConnectionInfo } from "../duplex.ts";
import { ClosedError, type MqttError } from "../errors.ts";
import { defaultDisconnectTimeoutMs } from "../limits.ts";
import type { ConnectTarget, EngineOptions, Payload } from "../options.ts";
import { resolveOptions, type ResolvedOptions } from "../resolve-options.ts";
import type { SessionEvent } from "../session/events.ts";
import type { Server } from "../session/server.ts";
import { disconnectPacket, type DisconnectOptions } from "./disconnect-options.ts";
import { Emitter, type Unsubscribe } from "./emitter.ts";
import type { ClientEvents } from "./events.ts";
import type { MessageHandler } from "./inbox.ts";
import { Link } from "./link.ts";
import { giveUpWhen, Operation, type Patience } from "./operations.ts";
import { publishPacket, publishResult, type PublishOptions, type PublishResult } from "./publish-options.ts";
import { redact } from "./redact.ts";
import type { FilterList, SubscribeOptions } from "./subscribe-options.ts";
import { Subscriber, type UnsubscribeResult } from "./subscriber.ts";
import type { Subscription } from "./subscription.ts";

/** Where a client stands. */
export type ClientState = "idle" | "connecting" | "connected" | "disconnecting" | "closed";

// Theory of operation
//
// The client delegates. Its Link makes and ends the connection and has the Session; its Subscriber subscribes, and its
// Consumers hand messages to those who want them. What remains here is to publish, and to turn what the Session reports
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
  readonly #subscriber: Subscriber;
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
    const report = (error: unknown): void => {
      this.#report(error);
    };
    this.#emitter = new Emitter(report);
    this.#link = new Link(target, this.#options, {
      hasRoom: () => this.#subscriber.consumers.hasRoom,
      isTracing: () => this.#emitter.has("packet"),
      makeRoom: () => {
        this.#subscriber.makeRoom();
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
    this.#subscriber = new Subscriber(this.#link, { emitter: this.#emitter, options: this.#options, report });
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
    if (this.state === "closed") this.#subscriber.reset();
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
        ? this.#subscriber.subscribe(filters, {}, options)
        : this.#subscriber.subscribe(filters, options, handler);
    return handled(subscribing);
  }

  /**
   * Unsubscribes from Topic Filters, whoever subscribed to them. A Subscription that has no filter left ends.
   *
   * @throws InvalidTopicError, InvalidOptionError, NotConnectedError, TimeoutError when the server did not answer.
   */
  unsubscribe(filters: string | readonly string[], options: Patience = {}): Promise<UnsubscribeResult[]> {
    return handled(this.#subscriber.unsubscribe(filters, options));
  }

  // Events

  /** Calls a listener at each event of a name; returns a function that calls it off. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): Unsubscribe {
    return this.#emitter.on(name, listener);
  }

  /**
   * Resolves at the next event of a name; rejects with ClosedError when the client is closed before. On a client that
   * is idle or closed already it waits for what `connect` brings.
   */
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

  #handle(event: SessionEvent<Operation>): void {
    switch (event.type) {
      case "message":
        this.#subscriber.consumers.deliver(event.packet, event.exchange, this.protocolVersion);
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

  #closed(error: MqttError | undefined, wasConnected: boolean): void {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    for (const inbox of this.#subscriber.consumers.inboxes) inbox.finish(error);
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
