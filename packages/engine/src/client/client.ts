import type { ProtocolVersion } from "@rivulet/codec";
import { Deferred, handled } from "../deferred.ts";
import type { ConnectionInfo } from "../duplex.ts";
import { ClosedError, NotConnectedError } from "../errors.ts";
import { defaultDisconnectTimeoutMs } from "../limits.ts";
import { payloadBytes } from "../message-options.ts";
import { unknownName } from "../option-rules.ts";
import type { BlobPayload, ConnectTarget, EngineOptions, Payload } from "../options.ts";
import type { SessionSnapshot } from "../session-store.ts";
import type { InflightMessage } from "../session/exchanges.ts";
import type { Server } from "../session/server.ts";
import type { Statistics } from "../statistics.ts";
import { disconnectPacket, type DisconnectOptions } from "./disconnect-options.ts";
import type { Unsubscribe } from "./emitter.ts";
import { eventNames, type ClientEvents } from "./events.ts";
import { Hub } from "./hub.ts";
import type { MessageHandler } from "./inbox.ts";
import type { Link } from "./link.ts";
import { messageSink, type OutgoingMessage } from "./message-sink.ts";
import type { Message } from "./message.ts";
import { giveUpWhen, type Patience } from "./operations.ts";
import type { PublishOptions, PublishResult } from "./publish-options.ts";
import { Requester, type RequestOptions } from "./requester.ts";
import { responder, type RequestHandler } from "./responder.ts";
import { exportSnapshot, importSnapshot } from "./snapshot.ts";
import type { FilterList, SubscribeOptions } from "./subscribe-options.ts";
import type { UnsubscribeResult } from "./subscriber.ts";
import type { Subscription } from "./subscription.ts";
import type { TopicParams, TopicPattern } from "./topic-pattern.ts";

/** Where a client stands. */
export type ClientState = "idle" | "connecting" | "connected" | "reconnecting" | "disconnecting" | "closed";

// Theory of operation
//
// The client delegates. Its Link makes and ends the connection and has the Session; its Publisher publishes, its
// Subscriber subscribes, and its Consumers hand messages to those who want them. Its Hub has these parts, and turns what
// the Session reports into promises that settle and events. What remains here is what users see. The file is long because
// they read it: more than half of it says what each method does.

/**
 * An MQTT client. `connect` of the package `rivulet` makes one that is connected.
 *
 * Every promise that it returns settles: with what the server said, with an error that says why not, or, when the
 * client is closed first, with ClosedError. None of them counts as an unhandled rejection.
 */
export class MqttClient implements AsyncDisposable {
  readonly #given: EngineOptions;
  readonly #hub: Hub;
  readonly #link: Link;
  #writable: WritableStream<OutgoingMessage> | undefined;

  /**
   * Makes a client that is not connected.
   *
   * @throws InvalidOptionError, UnsupportedError, naming the option.
   */
  constructor(target: ConnectTarget, options: EngineOptions) {
    this.#given = options;
    this.#hub = new Hub(target, options);
    this.#link = this.#hub.link;
  }

  // What is

  /** Where the client stands; the events `connected`, `disconnected` and `reconnecting` tell of changes. */
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
    return this.#hub.publisher.isReadyToSend;
  }

  /** What has been counted since the client was made: a copy. */
  get stats(): Readonly<Statistics> {
    return { ...this.#link.statistics };
  }

  /**
   * The messages at QoS 1 and 2 that are under way, in order, each with the stage of its exchange. To the server:
   * `awaiting-puback` (QoS 1); `awaiting-pubrec`, then `sending-pubrel` while there is no connection to send it on, or
   * `awaiting-pubcomp` (QoS 2). From the server: `sending-puback` (QoS 1) or `sending-pubrec` (QoS 2) until the consumers
   * are done and those before it are acknowledged, then `awaiting-pubrel` (QoS 2). What has ended is not there:
   * `sending-pubcomp`, `completed` and `acknowledged` come with the packet that ends it.
   */
  get inflight(): { readonly outgoing: InflightMessage[]; readonly incoming: InflightMessage[] } {
    const { outgoing, incoming } = this.#link.session;
    return { outgoing, incoming };
  }

  // Connection

  /**
   * Connects; does nothing when the client is connected or about to be. While it waits to connect again, it waits no
   * longer. Rejects when the first attempt fails, unless `reconnect` has `retryInitial`.
   *
   * @throws ConnectionRefusedError, TransportError, TimeoutError, UnsupportedError for a URL that no transport here
   * opens, ClosedError when the client is closed meanwhile.
   */
  connect(): Promise<void> {
    const { options, subscriber, link } = this.#hub;
    if (options.signal?.aborted === true) return handled(Promise.reject(options.signal.reason));
    this.#hub.listenToSignal();
    if (this.state === "closed") subscriber.reset();
    return link.connect();
  }

  /**
   * Ends the connection with a DISCONNECT, after what waits and what is under way, for which it waits `timeoutMs`;
   * what is not done by then rejects with ClosedError. The server does not publish the will, unless `reasonCode` is
   * 0x04. Settles in any case. Without a connection the client is closed at once, and only the store is waited for.
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

  /**
   * Authenticates once more on the connection that is there, with the `authenticator` (section 4.12.1). Resolves when
   * the server is content; while one is under way, it is the same.
   *
   * @throws UnsupportedError before MQTT 5.0, NotConnectedError, AuthenticationError, also without an `authenticator`; it
   * ends the connection, as ServerDisconnectError does when the server is not content.
   */
  reauthenticate(): Promise<void> {
    return handled(this.#link.reauthenticate());
  }

  /** `disconnect`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  // Messages

  /**
   * Publishes a message. While the client is not connected it waits, in order with all others, unless `offlineQueue`
   * says otherwise.
   *
   * Resolves at QoS 0 when the transport has taken it, at QoS 1 when the server has, at QoS 2 when the exchange is over.
   * The bytes of the payload must not be changed before; with a session store, which has a copy, they may be at once. A
   * `Blob` is read first, and takes its place in the order when that is done.
   *
   * @throws InvalidTopicError, MalformedPacketError, InvalidOptionError, UnsupportedError, PacketTooLargeError,
   * QueueFullError, NotConnectedError when nothing was sent; PublishError when the server did not take it; ClosedError,
   * TransportError when it is not known.
   */
  publish(topic: string, payload: Payload | BlobPayload, options: PublishOptions = {}): Promise<PublishResult> {
    return this.#hub.publisher.publish(topic, payload, options);
  }

  /**
   * Subscribes to one or more Topic Filters. With a handler, each message is given to it; without, they wait for
   * whoever loops over the Subscription or reads its `readable`.
   *
   * Where the server has resumed the Session of an earlier process, messages at QoS 1 and 2 that waited in it come to the
   * first that subscribes to them. For 10 s after the client has connected they wait for that, unacknowledged, and those
   * behind them too; then they are lost, as the log says.
   *
   * Resolves when the server has answered; when it refused some of several filters, `results` says which.
   *
   * @throws InvalidTopicError, InvalidOptionError, UnsupportedError, NotConnectedError; SubscribeError when the server
   * refused every filter; TimeoutError when it did not answer.
   */
  subscribe<Params extends TopicParams = TopicParams>(
    filters: FilterList<Params>,
    options?: SubscribeOptions,
    handler?: MessageHandler<Params>,
  ): Promise<Subscription<Params>>;
  /** The same without options. */
  subscribe<Params extends TopicParams = TopicParams>(
    filters: FilterList<Params>,
    handler: MessageHandler<Params>,
  ): Promise<Subscription<Params>>;
  subscribe(
    filters: FilterList,
    options: SubscribeOptions | MessageHandler = {},
    handler?: MessageHandler,
  ): Promise<Subscription> {
    const subscribing =
      typeof options === "function"
        ? this.#hub.subscriber.subscribe(filters, {}, options)
        : this.#hub.subscriber.subscribe(filters, options, handler);
    return handled(subscribing);
  }

  /**
   * Unsubscribes from Topic Filters, whoever subscribed to them. A Subscription that has no filter left ends.
   *
   * @throws InvalidTopicError, InvalidOptionError, NotConnectedError, TimeoutError when the server did not answer.
   */
  unsubscribe(
    filters: string | TopicPattern | readonly (string | TopicPattern)[],
    options: Patience = {},
  ): Promise<UnsubscribeResult[]> {
    return handled(this.#hub.subscriber.unsubscribe(filters, options));
  }

  /**
   * Sends a request, and resolves to the response: a message to the request's Response Topic with its Correlation Data
   * (section 4.10). Any number may be under way at a time. MQTT 5.0 only.
   *
   * @throws TimeoutError when no response has come in time, UnsupportedError before MQTT 5.0; the errors of `publish`,
   * and of `subscribe` to the Response Topic.
   *
   * @example
   * ```ts
   * import { connect } from "rivulet";
   *
   * await using client = await connect("mqtt://127.0.0.1:1883");
   * await client.respond("sums", (request) => {
   *   const [one, other] = request.json<[number, number]>();
   *   return JSON.stringify(one + other);
   * });
   *
   * const response = await client.request("sums", JSON.stringify([2, 3]), { timeoutMs: 5_000 });
   * console.log(response.json()); // => 5
   * ```
   */
  request(topic: string, payload: Payload | BlobPayload, options: RequestOptions = {}): Promise<Message> {
    return handled(this.#requester.request(topic, payload, options));
  }

  /**
   * Subscribes to requests, and answers each with what the handler returns: a payload, or `{ payload, ...options }` with
   * options of `publish`. Messages without a Response Topic come to it too, and are not answered. A request is done
   * with when its response has been published; where the handler or that fails, `onHandlerError` says what happens.
   * MQTT 5.0 only.
   *
   * @throws UnsupportedError before MQTT 5.0, the errors of `subscribe`.
   */
  respond<Params extends TopicParams = TopicParams>(
    filters: FilterList<Params>,
    handler: RequestHandler<Params>,
    options: SubscribeOptions = {},
  ): Promise<Subscription<Params>> {
    const ready = this.#requester.whenReady(options.signal);
    return handled(ready.then(() => this.subscribe(filters, options, responder(this, handler))));
  }

  /**
   * Publishes what is written to it, in order. A message at QoS 0 counts as written when the transport has taken it; at
   * QoS 1 and 2 when the next one need not wait, so that as many are under way as the server takes. Closing it waits for
   * the acknowledgements of all. What `publish` rejects with errors the stream; what was written before is seen through.
   *
   * When it has been closed, aborted or errored, the client has a new one.
   *
   * @example
   * ```ts
   * import { connect, type OutgoingMessage } from "rivulet";
   *
   * await using client = await connect("mqtt://127.0.0.1:1883");
   * const readings = new ReadableStream<OutgoingMessage>({
   *   start: (controller) => {
   *     for (const payload of ["20.9", "21.5"]) controller.enqueue({ topic: "home/kitchen", payload, qos: 1 });
   *     controller.close();
   *   },
   * });
   * await readings.pipeTo(client.writable);
   * console.log(client.bufferedBytes); // => 0
   * ```
   */
  get writable(): WritableStream<OutgoingMessage> {
    if (this.#writable !== undefined) return this.#writable;
    const writable = messageSink(this, () => {
      if (this.#writable === writable) this.#writable = undefined;
    });
    return (this.#writable = writable);
  }

  /**
   * Sends bytes as they are, between two packets; for debugging. Nobody keeps track of them: what the server answers
   * may end the connection. Resolves when the transport has taken them.
   *
   * @throws NotConnectedError, TransportError.
   */
  sendRaw(bytes: Uint8Array): Promise<void> {
    return handled(this.#sendRaw(bytes));
  }

  // Session

  /**
   * Everything that must not be lost of the Session, at this moment: messages under way or waiting, subscriptions. It
   * shares the bytes of payloads with the client. `saveSession` of `rivulet/session` makes bytes of it.
   */
  exportSession(): SessionSnapshot {
    return exportSnapshot(this.#link);
  }

  /**
   * Takes up what another client with the same `clientId` had exported: what was queued here comes after it. Its
   * subscriptions have no consumers here: their messages come to whoever subscribes next, or to the listener of
   * `message`.
   *
   * Without a connection, it makes CONNECT ask the server for the Session, unless the option `cleanStart` is true: then
   * what was under way is lost, as `sessionLost` says. A client that was given no `clientId`, and has not begun to
   * connect, takes that of the snapshot. Otherwise the place for it is a listener of `connected`: nothing has been sent
   * then.
   *
   * @throws StoreError when it is no sound snapshot, is that of another client, or comes too late, because messages are
   * under way; without a connection also when the option `session` has a store. ClosedError while the client
   * disconnects. Nothing has changed then.
   */
  importSession(snapshot: SessionSnapshot): void {
    importSnapshot(snapshot, this.#link, this.#given);
    this.#link.restored(snapshot.records.length);
  }

  // Events

  /**
   * Calls a listener at each event of a name; returns a function that calls it off.
   *
   * @throws InvalidOptionError for a name that no event has.
   */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): Unsubscribe {
    if (!Object.hasOwn(eventNames, name)) throw unknownName(name, eventNames, { what: "event" });
    const off = this.#hub.emitter.on(name, listener);
    // Not before whoever listens has what this returns.
    if (name === "message") void Promise.resolve().then(() => this.#hub.subscriber.consumers.redeliver());
    return off;
  }

  /**
   * Resolves at the next event of a name; rejects with ClosedError when the client is closed before. On a client that
   * is idle or closed already it waits for what `connect` brings.
   *
   * @throws InvalidOptionError for a name that no event has.
   */
  once<Name extends keyof ClientEvents>(name: Name): Promise<ClientEvents[Name]> {
    const { promise, resolve, reject } = new Deferred<ClientEvents[Name]>();
    let off: Unsubscribe;
    try {
      off = this.on(name, resolve);
    } catch (error) {
      reject(error);
      return promise;
    }
    const pending = (this.#hub.pendingOnce ??= new Set());
    pending.add(reject);
    const cleanUp = (): void => {
      off();
      pending.delete(reject);
    };
    promise.then(cleanUp, cleanUp);
    return promise;
  }

  get #requester(): Requester {
    return (this.#hub.requester ??= new Requester(this, this.#hub));
  }

  async #sendRaw(bytes: Uint8Array): Promise<void> {
    const { session, connection } = this.#link;
    if (session.state !== "connected" || connection === undefined) throw new NotConnectedError();
    const raw = payloadBytes(bytes, "bytes");
    if (raw.length === 0) return; // No batch would ever have them.
    session.sendRaw(raw);
    const taken = connection.taken();
    connection.wake();
    await taken;
  }

  async #disconnect(options: DisconnectOptions): Promise<void> {
    const { environment, sessionExpiryInterval = 0 } = this.#hub.options;
    const packet = disconnectPacket(options, { version: this.protocolVersion, sessionExpiryInterval });
    const { signal, timeoutMs = defaultDisconnectTimeoutMs } = options;
    const done = this.#link.disconnect(packet, timeoutMs);
    giveUpWhen({ signal, what: "disconnect" }, done, environment, () => {
      this.close();
    });
    if (signal?.aborted === true) this.close();
    await done;
  }
}
