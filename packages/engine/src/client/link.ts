import type { DisconnectPacket, ProtocolVersion } from "@rivulet/codec";
import { Connection, type ConnectionHost } from "../connection.ts";
import { Deferred, ignore } from "../deferred.ts";
import type { Environment } from "../environment.ts";
import {
  AuthenticationError,
  ClosedError,
  MqttError,
  NotConnectedError,
  TimeoutError,
  TransportError,
  UnsupportedError,
} from "../errors.ts";
import { closeGraceMs } from "../limits.ts";
import type { ConnectTarget } from "../options.ts";
import type { ResolvedOptions } from "../resolve-options.ts";
import type { SessionEvent } from "../session/events.ts";
import type { JournalEntry } from "../session/journal.ts";
import type { Server } from "../session/server.ts";
import { Session } from "../session/session.ts";
import { newStatistics, type Statistics } from "../statistics.ts";
import type { ParsedTarget } from "../target.ts";
import type { ServerAuthentication } from "../tls.ts";
import type { Milestone } from "../transport.ts";
import { Addresses } from "./addresses.ts";
import { Authenticating } from "./authentication.ts";
import { mayBeVersion, openTransport } from "./connector.ts";
import type { Log } from "./log.ts";
import { giveUpWhen, type Operation } from "./operations.ts";
import { Persister } from "./persister.ts";
import { ReconnectPolicy, type Retry } from "./reconnect-policy.ts";

// Theory of operation
//
//                 connect       accepted     failed          lost            disconnect      over
//   idle          connecting                                                 closed
//   connecting    (joins)       connected    reconnecting 1                  closed
//   connected     (nothing)                                  reconnecting 2  disconnecting
//   reconnecting  (at once)     connected    reconnecting                    closed
//   disconnecting (refused)                                  closed          (joins)         closed
//   closed        connecting                                                 (nothing)
//
// 1 with `retryInitial`, 2 unless `reconnect` is false: the ReconnectPolicy says when, or that it is closed instead.
// `close` leads to closed from everywhere. The link is reconnecting while it waits for an attempt and while it makes
// it. An attempt asks for the addresses and tries each with each protocol version, one after the other, and those that
// servers send it to. The Session goes on from one connection to the next, and serves one at a time. When the link is
// closed, whoever waits for something hears so; what the server may know of too goes on with the next `connect`.
//
// The file is long because every transition of the table is here, side by side; what they call stands elsewhere.

/** The states of a client's connection. */
export type LinkState =
  | { readonly name: "idle" | "closed" }
  | Trying
  | { readonly name: "connected"; readonly server: Server }
  | { readonly name: "disconnecting"; readonly done: Promise<void> };

/** There is no connection, and there is to be one. */
interface Trying {
  readonly name: "connecting" | "reconnecting";
  /** Whether there was one since `connect`. */
  readonly wasConnected: boolean;
  readonly done: Promise<void>;
  readonly giveUp: (reason: MqttError) => void;
  /** Ends the wait for the next attempt, if there is one. */
  readonly hasten: () => void;
}

/** What a link tells its client. */
export interface LinkHost {
  /** Where messages go. */
  readonly subscriber: { readonly consumers: { readonly hasRoom: boolean }; makeRoom(): void };
  /** Where they come from: it hears what the transport has taken, and the store. */
  readonly publisher: { written(): void; stored(entries: readonly JournalEntry[]): void };
  /** Whether packets are to be shown as events. */
  isTracing(): boolean;
  /** Something happened in the Session. */
  handle(event: SessionEvent<Operation>): void;
  /** An attempt has got so far, or another one is to follow. */
  tell(status: string, about?: "reconnect" | "tls", reached?: Milestone): void;
  /** Shows the server's certificate, and returns whether to go on. */
  verify(authentication: ServerAuthentication): boolean;
  readonly log: Log;
  /** There is no connection any more. */
  disconnected(error: MqttError | undefined, willReconnect: boolean): void;
  /** An attempt to connect is to be made. */
  reconnecting(retry: Retry): void;
  /** The link has been closed; `error` is why, unless the client wanted it. */
  closed(error: MqttError | undefined, wasConnected: boolean): void;
}

/** One for all: what is left out has its default. */
const none = {};

/** Makes the connection of one client, and ends it. */
export class Link implements ConnectionHost<Operation> {
  session: Session<Operation>;
  /** The connection that is there, or that waits for CONNACK. */
  connection: Connection<Operation> | undefined;
  /** The identifier that the server knows us by. */
  clientId: string;
  /** Enhanced authentication on that connection. */
  authenticating: Authenticating | undefined;
  state: LinkState = { name: "idle" };
  /** Whether the first CONNECT asks for an empty Session. */
  cleanStart: boolean;
  /** Of all connections. */
  readonly statistics: Statistics = newStatistics();
  readonly #addresses: Addresses;
  readonly #options: ResolvedOptions;
  readonly #host: LinkHost;
  /** The version that a server has accepted before: the next attempt begins with it. */
  #version: ProtocolVersion | undefined;
  #hasBeenConnected = false;
  /** Settles with CONNACK or the end of the connection; undefined after CONNACK. */
  #handshake: Deferred<void> | undefined;
  /** Why the connection has ended. */
  #failure: MqttError | undefined;
  #policy!: ReconnectPolicy; // Made by `connect`.
  #stopListening: (() => void) | undefined;
  /** Writes the Session down, where there is a store; undefined until it has been read. */
  #persister: Persister | undefined;
  /** Settles when what the link had at its end is durable, and the store may be read again; never rejects. */
  #written: Promise<unknown> | undefined;

  constructor(target: ConnectTarget, options: ResolvedOptions, host: LinkHost) {
    this.#addresses = new Addresses(target, options);
    this.#options = options;
    this.#host = host;
    this.clientId = options.clientId;
    this.cleanStart = options.cleanStart;
    this.session = this.#newSession();
  }

  /** Connects, unless that is done or under way; does not wait for the time of the next attempt. */
  connect(): Promise<void> {
    const { state } = this;
    if ("hasten" in state) {
      state.hasten();
      return state.done;
    }
    if (state.name === "connected") return Promise.resolve(); // [MQTT-3.1.0-2] [MQTT311-3.1.0-2]
    if (state.name === "disconnecting") return Promise.reject(new ClosedError());
    // What the server may still know of goes on where it was, or is read from the store.
    if (state.name === "closed" && this.#options.session !== undefined) this.session = this.#newSession();
    const { environment, reconnect, credentials } = this.#options;
    this.#policy = new ReconnectPolicy(reconnect || none, credentials !== undefined);
    this.#stopListening = environment.onWake?.(() => {
      this.#wake();
    });
    return this.#try();
  }

  /** Resolves when there is a connection; rejects when there is none and none is being made. */
  async whenConnected(): Promise<void> {
    // It may be lost before whoever waits hears of it.
    while ("hasten" in this.state) await this.state.done;
    const { name } = this.state;
    if (name === "idle") throw new NotConnectedError();
    if (name !== "connected") throw new ClosedError();
  }

  /**
   * Ends the connection when nothing is under way any more, or after `timeoutMs`. Without a connection nobody is there
   * to finish anything with: ends everything at once. Either way the store is waited for.
   */
  disconnect(farewell: DisconnectPacket, timeoutMs: number): Promise<void> {
    const { state, connection } = this;
    if (state.name === "disconnecting") return state.done;
    const { environment } = this.#options;
    const { promise: done, resolve } = new Deferred<void>();
    if (state.name === "connected" && connection !== undefined) {
      this.session.disconnect(farewell, environment.now() + timeoutMs);
      this.state = { name: "disconnecting", done };
      connection.wake();
    } else {
      this.close(new ClosedError());
    }
    const finish = async (): Promise<void> => {
      await connection?.closed;
      await this.#written;
      resolve();
    };
    void finish();
    // Also when the transport takes nothing, not even the farewell, or the store does not answer.
    const patience = { timeoutMs: timeoutMs + closeGraceMs, what: "disconnect" };
    giveUpWhen(patience, done, environment, () => {
      connection?.abort(new ClosedError());
      resolve();
    });
    return done;
  }

  /** Ends everything at once. */
  close(reason: MqttError): void {
    const { state, connection } = this;
    this.#close(undefined, reason);
    if ("giveUp" in state) state.giveUp(reason);
    connection?.abort(reason);
  }

  /** As `MqttClient.reauthenticate`. */
  async reauthenticate(): Promise<void> {
    const { authenticating, session, state } = this;
    if (session.version < 5) throw new UnsupportedError("reauthenticate", "Enhanced authentication needs MQTT 5.0");
    // [MQTT-4.12.0-7]
    if (this.#options.authenticator === undefined) throw new AuthenticationError("There is no authenticator");
    if (state.name !== "connected" || authenticating === undefined) throw new NotConnectedError();
    await authenticating.reauthenticate();
  }

  /** Closes the link for a reason that no attempt can help; of one that comes after its end, tells at least. */
  fail(error: MqttError): void {
    const { state, connection } = this;
    if (state.name === "closed") this.#host.handle({ type: "failed", context: undefined, error });
    this.#close(error);
    if ("giveUp" in state) state.giveUp(error);
    connection?.abort(error);
  }

  /** So many records of a Session have been taken up. */
  restored(count: number): void {
    this.#host.log.write("verbose", "session", () => `${count} records of a session have been taken up`);
  }

  /** Something was commanded: sees to it within this turn. */
  flush(): void {
    if (this.connection === undefined) void this.#persister?.flush();
    else this.connection.wake();
  }

  /** Timers may have been late, or the network was away. */
  #wake(): void {
    if ("hasten" in this.state) this.state.hasten();
    this.session.doubt();
    this.connection?.wake();
  }

  /** Makes a connection; after a loss, not before its time. */
  #try(loss?: { readonly error: MqttError; readonly retry: Retry }): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    const { promise, resolve, reject } = new Deferred<void>();
    const giveUp = (reason: MqttError): void => {
      reject(reason); // At once, whatever the attempt may be waiting for.
      controller.abort(reason);
    };
    this.state = { name: "connecting", wasConnected: loss !== undefined, done: promise, giveUp, hasten: ignore };
    // The Session serves one connection at a time, and an old one may still say goodbye.
    const waiting = loss ? this.#wait(loss.retry, signal, loss.error) : this.connection?.closed;
    this.#attempts(signal, waiting).then(resolve, (error: unknown) => {
      if (!signal.aborted) this.#close(error as MqttError);
      reject(error);
    });
    return promise;
  }

  /** Attempts, one after the other, until one succeeds or there are to be no more. */
  async #attempts(signal: AbortSignal, waiting: Promise<void> | undefined): Promise<void> {
    for (;;) {
      await waiting;
      try {
        await this.#load(signal);
        await this.#addresses.try(async (target) => {
          signal.throwIfAborted();
          await this.#connectTo(target, signal);
        });
        return;
      } catch (error) {
        signal.throwIfAborted();
        const retry = this.#retry(error, false);
        if (retry === undefined) throw error;
        waiting = this.#wait(retry, signal);
      }
    }
  }

  /** What the policy says to a failure. */
  #retry(error: unknown, isRedirected: boolean): Retry | undefined {
    const { state } = this;
    const { environment, reconnect = {} } = this.#options;
    const isInitial = "wasConnected" in state && !state.wasConnected;
    if (reconnect === false || (isInitial && reconnect.retryInitial !== true)) return undefined;
    let random = 0;
    for (const byte of environment.getRandomValues(new Uint8Array(4))) random = (random + byte) / 256;
    const wasConnected = state.name === "connected";
    const retry = this.#policy.next({ error, now: environment.now(), random, wasConnected, isRedirected });
    if (retry !== undefined) {
      // What is not ours may hold secrets.
      const reason = error instanceof MqttError ? error.message : "The attempt failed";
      this.#host.tell(`${reason}: attempt ${retry.attempt} follows in ${retry.delayMs} ms`, "reconnect");
    }
    return retry;
  }

  /** Waits until it is time for an attempt, or somebody asks for it, and the old connection is out of the way. */
  async #wait({ attempt, delayMs }: Retry, signal: AbortSignal, lost?: MqttError): Promise<void> {
    const { promise, resolve } = new Deferred<void>();
    const { environment } = this.#options;
    this.state = { ...(this.state as Trying), name: "reconnecting", hasten: resolve };
    giveUpWhen({ signal, timeoutMs: delayMs, what: "waiting" }, promise, environment, () => {
      resolve();
    });
    if (lost !== undefined) this.#host.disconnected(lost, true);
    if (!signal.aborted) this.#host.reconnecting({ attempt, delayMs });
    await promise;
    await this.connection?.closed;
  }

  /** The connection is gone: makes another one, unless that is not wanted or of no use. */
  #lost(error: MqttError): void {
    try {
      const isRedirected = this.#addresses.lost(error, this.#policy.isStable(this.#options.environment.now()));
      const retry = this.#retry(error, isRedirected);
      if (retry === undefined) this.#close(error);
      else void this.#try({ error, retry });
    } catch (thrown) {
      this.#close(thrown as MqttError); // By `allow` or `retry`.
    }
  }

  /** Tries one address, with one protocol version after the other as long as that may help. */
  async #connectTo(target: ParsedTarget, signal: AbortSignal): Promise<void> {
    const host = this.#host;
    const { clientId } = this;
    const hasBeenConnected = this.#hasBeenConnected;
    const isKnown = this.#version !== undefined;
    const [...versions] = new Set([this.#version ?? this.#options.versions[0], ...this.#options.versions]);
    for (let version = versions.shift(); version !== undefined; version = versions.shift()) {
      const authenticating = this.#authenticate();
      const authentication = await authenticating?.begin();
      const attempt = { version, clientId, hasBeenConnected, authentication, signal, host };
      const options = { ...this.#options, cleanStart: this.cleanStart };
      const number = version;
      host.log.write("info", "info", () => `Connecting to ${target.target.address} with protocol version ${number}`);
      const { duplex, request } = await openTransport(target, options, attempt);
      // Closed while the transport was being opened, with nothing there yet that `close` could have closed.
      if (signal.aborted) {
        duplex.abort(signal.reason);
        throw signal.reason;
      }
      this.#failure = undefined;
      this.#handshake = new Deferred();
      const { promise } = this.#handshake;
      this.connection = new Connection(duplex, this.session, this);
      this.authenticating = authenticating;
      this.connection.start(request);
      try {
        await promise;
        this.#version = version;
        return;
      } catch (error) {
        const isLast = versions.length === 0;
        if (isLast || signal.aborted || !mayBeVersion(error as MqttError, isKnown)) throw error;
        host.tell(`The server may not know protocol version ${version}: trying the next`);
      }
    }
  }

  // As `ConnectionHost`, for the one connection that there is

  get environment(): Environment {
    return this.#options.environment;
  }

  get maximumPacketSize(): number | undefined {
    return this.#options.maximumPacketSize;
  }

  get persist(): ConnectionHost<Operation>["persist"] {
    return this.#persister?.flush;
  }

  hasRoom(): boolean {
    return this.#host.subscriber.consumers.hasRoom;
  }

  makeRoom(): void {
    this.#host.subscriber.makeRoom();
  }

  written(): void {
    this.#host.publisher.written();
  }

  handle(event: SessionEvent<Operation>): void {
    const { connection } = this;
    if (event.type === "connected") {
      if (connection === undefined) return; // Whoever saw the CONNACK has closed us.
      this.#hasBeenConnected = true;
      if ("wasConnected" in this.state && this.state.wasConnected) this.statistics.reconnects += 1;
      this.#policy.connected(this.#options.environment.now());
      this.state = { name: "connected", server: event.server };
      this.clientId = event.server.assignedClientIdentifier ?? this.clientId; // [MQTT-3.1.3-7] [MQTT-3.2.2-16]
      this.#handshake?.resolve();
      this.#handshake = undefined;
    } else if (event.type === "auth") {
      this.authenticating?.received(event.packet);
    } else if (event.type === "ended") {
      const { error } = event;
      this.#failure = error;
      this.authenticating?.ended(error ?? new ClosedError());
      // While the connection was being made, its end is for the attempt to deal with.
      if (connection !== undefined && error !== undefined) {
        if (this.state.name === "connected") this.#lost(error);
        else if (this.state.name === "disconnecting") this.#close(error);
      }
      // A server that has been silent for too long is not waited for once more.
      if (error instanceof TimeoutError || error instanceof TransportError) connection?.abort(error);
    }
    this.#host.handle(event);
  }

  closed(): void {
    this.#handshake?.reject(this.#failure ?? new ClosedError());
    this.connection = undefined;
    if (this.state.name === "disconnecting") this.#close(undefined);
  }

  /** Enhanced authentication for one connection, where it is asked for. */
  #authenticate(): Authenticating | undefined {
    const { authenticator } = this.#options;
    return authenticator && new Authenticating(authenticator, this.#options, this);
  }

  #close(error: MqttError | undefined, reason: MqttError = error ?? new ClosedError()): void {
    const { state } = this;
    if (state.name === "closed") return;
    this.state = { name: "closed" };
    this.#stopListening?.();
    this.#written = this.#persister?.release() ?? this.#written;
    this.#persister = undefined;
    this.session.abandon(reason);
    for (const event of this.session.events()) this.#host.handle(event);
    const { wasConnected = state.name !== "idle" } = state as Partial<Trying>;
    this.#host.closed(error, wasConnected);
  }

  /** Takes up what the store has of the Session, once. */
  async #load(signal: AbortSignal): Promise<void> {
    const { session: store, sessionNamespace = "rivulet" } = this.#options;
    if (store === undefined || this.#persister !== undefined) return;
    await this.#written;
    signal.throwIfAborted(); // The Session may be that of another attempt by now.
    const persister = new Persister(this.session, {
      ...{ store, key: `${sessionNamespace}/${this.clientId}` }, // [MQTT-3.1.3-2] [MQTT311-3.1.3-2]
      stored: (entries) => {
        this.#host.publisher.stored(entries);
      },
      failed: (error) => {
        this.fail(error);
      },
    });
    const { promise, resolve } = new Deferred<unknown>();
    this.#written = promise;
    try {
      this.restored(await persister.load());
      signal.throwIfAborted();
      this.#persister = persister;
    } finally {
      resolve(this.#persister ?? persister.release());
    }
  }

  #newSession(): Session<Operation> {
    const { versions, offlineQueue, environment, session, topicAliases } = this.#options;
    return new Session<Operation>({
      version: versions[0],
      queue: offlineQueue || none,
      isTracing: () => this.#host.isTracing(),
      isKept: session !== undefined,
      hasAutomaticAliases: topicAliases === "auto",
      wallNow: () => environment.wallNow(),
      statistics: this.statistics,
    });
  }
}
