import type { DisconnectPacket, ProtocolVersion } from "@rivulet/codec";
import { Connection } from "../connection.ts";
import { Deferred } from "../deferred.ts";
import type { Duplex } from "../duplex.ts";
import { ClosedError, NotConnectedError, TimeoutError, type MqttError } from "../errors.ts";
import { closeGraceMs } from "../limits.ts";
import type { ConnectTarget } from "../options.ts";
import type { ResolvedOptions } from "../resolve-options.ts";
import type { SessionEvent } from "../session/events.ts";
import type { Server } from "../session/server.ts";
import { Session } from "../session/session.ts";
import type { ParsedTarget } from "../target.ts";
import { mayBeVersion, openTransport, resolveTargets } from "./connector.ts";
import { giveUpWhen, type Operation } from "./operations.ts";

// Theory of operation
//
//   idle --connect--> connecting --CONNACK--> connected --disconnect--> disconnecting --> closed
//
// `close`, a refusal and the loss of the connection lead to closed from wherever the link is; from closed, `connect`
// begins anew. An attempt to connect tries each address with each protocol version, one after the other. The Session
// belongs to one round: what is under way when the link is closed fails, and nothing of it goes into the next round.

/** The states of a client's connection. */
export type LinkState =
  | { readonly name: "idle" | "closed" }
  | { readonly name: "connecting"; readonly done: Promise<void>; readonly giveUp: (reason: MqttError) => void }
  | { readonly name: "connected"; readonly server: Server }
  | { readonly name: "disconnecting"; readonly done: Promise<void> };

/** What a link tells its client. */
export interface LinkHost {
  /** Whether more messages may be read. */
  readonly hasRoom: () => boolean;
  readonly makeRoom: () => void;
  /** Whether packets are to be shown as events. */
  readonly isTracing: () => boolean;
  /** The transport has taken a batch. */
  readonly written: () => void;
  /** Something happened in the Session. */
  readonly handle: (event: SessionEvent<Operation>) => void;
  /** An attempt has got so far. */
  readonly report: (status: string) => void;
  /** The link has been closed; `error` is why, unless the client wanted it. */
  readonly closed: (error: MqttError | undefined, wasConnected: boolean) => void;
}

/** Makes the connection of one client, and ends it. */
export class Link {
  session: Session<Operation>;
  /** The connection that is there, or that waits for CONNACK. */
  connection: Connection<Operation> | undefined;
  /** The identifier that the server knows us by. */
  clientId: string;
  state: LinkState = { name: "idle" };
  readonly #target: ConnectTarget;
  readonly #options: ResolvedOptions;
  readonly #host: LinkHost;
  /** The version that a server has accepted before: the next attempt begins with it. */
  #version: ProtocolVersion | undefined;

  constructor(target: ConnectTarget, options: ResolvedOptions, host: LinkHost) {
    this.#target = target;
    this.#options = options;
    this.#host = host;
    this.clientId = options.clientId;
    this.session = this.#newSession();
  }

  /** Connects, unless that is done or under way. */
  connect(): Promise<void> {
    const { state } = this;
    if (state.name === "connecting") return state.done;
    if (state.name === "connected") return Promise.resolve();
    if (state.name === "disconnecting") return Promise.reject(new ClosedError());
    if (state.name === "closed") this.session = this.#newSession();
    const controller = new AbortController();
    const { promise, resolve, reject } = new Deferred<void>();
    const giveUp = (reason: MqttError): void => {
      reject(reason); // At once, whatever the attempt may be waiting for.
      controller.abort(reason);
    };
    this.state = { name: "connecting", done: promise, giveUp };
    this.#connect(controller.signal).then(resolve, (error: unknown) => {
      if (!controller.signal.aborted) this.#close(error as MqttError);
      reject(error);
    });
    return promise;
  }

  /** Resolves when there is a connection; rejects when there is none and none is being made. */
  async whenConnected(): Promise<void> {
    const { state } = this;
    if (state.name === "connecting") await state.done;
    else if (state.name === "idle") throw new NotConnectedError();
    else if (state.name !== "connected") throw new ClosedError();
  }

  /** Ends the connection when nothing is under way any more, or after `timeoutMs`. */
  disconnect(farewell: DisconnectPacket, timeoutMs: number): Promise<void> {
    const { state, connection } = this;
    if (state.name === "disconnecting") return state.done;
    if (state.name !== "connected" || connection === undefined) {
      this.close(new ClosedError());
      return Promise.resolve();
    }
    const { environment } = this.#options;
    this.session.disconnect(farewell, environment.now() + timeoutMs);
    this.state = { name: "disconnecting", done: connection.closed };
    connection.wake();
    // Also when the transport takes nothing, not even the farewell.
    const patience = { timeoutMs: timeoutMs + closeGraceMs, what: "disconnect" };
    giveUpWhen(patience, connection.closed, environment, () => {
      connection.abort(new ClosedError());
    });
    return connection.closed;
  }

  /** Ends everything at once. */
  close(reason: MqttError): void {
    const { state, connection } = this;
    this.#close(undefined, reason);
    if (state.name === "connecting") state.giveUp(reason);
    connection?.abort(reason);
  }

  async #connect(signal: AbortSignal): Promise<void> {
    let failure: unknown;
    for (const target of await resolveTargets(this.#target)) {
      try {
        signal.throwIfAborted();
        await this.#connectTo(target, signal);
        return;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** Tries one address, with one protocol version after the other as long as that may help. */
  async #connectTo(target: ParsedTarget, signal: AbortSignal): Promise<void> {
    const { report } = this.#host;
    const { clientId } = this;
    const [...versions] = new Set([this.#version ?? this.#options.versions[0], ...this.#options.versions]);
    for (let version = versions.shift(); version !== undefined; version = versions.shift()) {
      const { duplex, request } = await openTransport(target, this.#options, { version, clientId, signal, report });
      // Closed while the transport was being opened, with nothing there yet that `close` could have closed.
      if (signal.aborted) {
        duplex.abort(signal.reason);
        throw signal.reason;
      }
      const handshake = new Deferred<void>();
      const connection = this.#newConnection(duplex, handshake);
      connection.start(request);
      try {
        await handshake.promise;
        this.#version = version;
        return;
      } catch (error) {
        const isLast = versions.length === 0;
        if (isLast || signal.aborted || !mayBeVersion(error as MqttError)) throw error;
        report(`The server may not know protocol version ${version}: trying the next`);
      }
    }
  }

  #newConnection(duplex: Duplex, handshake: Deferred<void>): Connection<Operation> {
    let failure: MqttError | undefined;
    const connection: Connection<Operation> = new Connection<Operation>(duplex, this.session, {
      ...this.#host,
      ...this.#options,
      handle: (event) => {
        if (event.type === "connected") {
          this.state = { name: "connected", server: event.server };
          this.clientId = event.server.assignedClientIdentifier ?? this.clientId; // [MQTT-3.1.3-7] [MQTT-3.2.2-16]
          handshake.resolve();
        } else if (event.type === "ended") {
          failure = event.error;
          // While the connection was being made, its end is for the attempt to deal with.
          if (failure !== undefined && this.state.name !== "connecting") this.#close(failure);
          // A server that has not answered in time is not waited for once more.
          if (failure instanceof TimeoutError) connection.abort(failure);
        }
        this.#host.handle(event);
      },
      closed: () => {
        handshake.reject(failure ?? new ClosedError());
        if (this.connection !== connection) return;
        this.connection = undefined;
        if (this.state.name === "disconnecting") this.#close(undefined);
      },
    });
    this.connection = connection;
    return connection;
  }

  #close(error: MqttError | undefined, reason: MqttError = error ?? new ClosedError()): void {
    const { name } = this.state;
    if (name === "closed") return;
    this.state = { name: "closed" };
    this.session.abandon(reason);
    for (const event of this.session.events()) this.#host.handle(event);
    this.#host.closed(error, name === "connected" || name === "disconnecting");
  }

  #newSession(): Session<Operation> {
    const { versions, offlineQueue: queue } = this.#options;
    return new Session<Operation>({ version: versions[0], queue, isTracing: this.#host.isTracing });
  }
}
