import type { DisconnectPacket, ProtocolVersion } from "@rivulet/codec";
import { Connection } from "../connection.ts";
import { Deferred } from "../deferred.ts";
import type { Duplex } from "../duplex.ts";
import { ClosedError, NotConnectedError, TransportError, type MqttError } from "../errors.ts";
import type { ConnectTarget } from "../options.ts";
import type { ResolvedOptions } from "../resolve-options.ts";
import type { SessionEvent } from "../session/events.ts";
import type { Server } from "../session/server.ts";
import { Session } from "../session/session.ts";
import type { ParsedTarget } from "../target.ts";
import { mayBeVersion, openTransport, resolveTargets } from "./connector.ts";
import type { Operation } from "./operations.ts";

// Theory of operation
//
//   idle --connect--> connecting --CONNACK--> connected --disconnect--> disconnecting --> closed
//
// `close`, a refusal and the loss of the connection lead to closed from wherever the link is; from closed, `connect`
// begins anew. An attempt to connect tries each address with each protocol version, one after the other. The Session
// belongs to one round: what is under way when the link is closed fails, and nothing of it goes into the next round.

/** The states of a client's connection. */
export type LinkState =
  | { readonly name: "idle" }
  | { readonly name: "connecting"; readonly done: Promise<void>; readonly controller: AbortController }
  | { readonly name: "connected"; readonly connection: Connection<Operation>; readonly server: Server }
  | { readonly name: "disconnecting"; readonly connection: Connection<Operation>; readonly done: Promise<void> }
  | { readonly name: "closed"; readonly error: MqttError | undefined };

/** What a link tells its client. */
export interface LinkHost {
  readonly hasRoom: boolean;
  readonly isTracing: boolean;
  makeRoom(): void;
  /** The transport has taken a batch. */
  written(): void;
  /** Something happened in the Session. */
  handle(event: SessionEvent<Operation>): void;
  /** An attempt has got so far. */
  report(status: string): void;
  /** The link has been closed; `error` is why, unless the client wanted it. */
  closed(error: MqttError | undefined, wasConnected: boolean): void;
}

/** Makes the connection of one client, and ends it. */
export class Link {
  session: Session<Operation>;
  /** The connection that is there, or that waits for CONNACK. */
  connection: Connection<Operation> | undefined;
  /** The identifier that the server knows us by. */
  clientId: string;
  readonly #target: ConnectTarget;
  readonly #options: ResolvedOptions;
  readonly #host: LinkHost;
  #state: LinkState = { name: "idle" };
  /** The version that a server has accepted before: the next attempt begins with it. */
  #version: ProtocolVersion | undefined;

  constructor(target: ConnectTarget, options: ResolvedOptions, host: LinkHost) {
    this.#target = target;
    this.#options = options;
    this.#host = host;
    this.clientId = options.clientId;
    this.session = this.#newSession();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Connects, unless that is done or under way. */
  connect(): Promise<void> {
    const state = this.#state;
    if (state.name === "connecting") return state.done;
    if (state.name === "connected") return Promise.resolve();
    if (state.name === "disconnecting") return Promise.reject(new ClosedError("The client is being disconnected"));
    if (state.name === "closed") this.session = this.#newSession();
    const controller = new AbortController();
    const deferred = new Deferred<void>();
    this.#state = { name: "connecting", done: deferred.promise, controller };
    this.#connect(controller.signal).then(
      () => {
        deferred.resolve();
      },
      (error: unknown) => {
        // When it was closed meanwhile, that is what its caller is told.
        if (!controller.signal.aborted) this.#close(error as MqttError);
        deferred.reject(controller.signal.aborted ? controller.signal.reason : error);
      },
    );
    return deferred.promise;
  }

  /** Resolves when there is a connection; rejects when there is none and none is being made. */
  async whenConnected(): Promise<void> {
    const state = this.#state;
    if (state.name === "connecting") await state.done;
    else if (state.name !== "connected") throw this.notConnected();
  }

  /** What to say to somebody who needs a connection. */
  notConnected(): MqttError {
    const { name } = this.#state;
    return name === "closed" || name === "disconnecting" ? new ClosedError() : new NotConnectedError();
  }

  /** Ends the connection when nothing is under way any more, or after `timeoutMs`. */
  disconnect(farewell: DisconnectPacket, timeoutMs: number): Promise<void> {
    const state = this.#state;
    if (state.name === "disconnecting") return state.done;
    if (state.name !== "connected") {
      this.close(new ClosedError());
      return Promise.resolve();
    }
    const { connection } = state;
    const done = connection.closed;
    this.#state = { name: "disconnecting", connection, done };
    this.session.disconnect(farewell, this.#options.environment.now() + timeoutMs);
    connection.wake();
    return done;
  }

  /** Ends everything at once. */
  close(reason: MqttError): void {
    const state = this.#state;
    if (state.name === "closed") return;
    this.#close(undefined, reason);
    if (state.name === "connecting") state.controller.abort(reason);
    this.connection?.abort(reason);
    this.connection = undefined;
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const targets = await resolveTargets(this.#target);
    let failure: unknown = new TransportError("There is no address to connect to");
    for (const target of targets) {
      if (signal.aborted) throw signal.reason as Error;
      try {
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
    const versions = this.#version === undefined ? this.#options.versions : [this.#version];
    for (const [index, version] of versions.entries()) {
      const { duplex, request } = await openTransport(target, this.#options, {
        version,
        clientId: this.clientId,
        signal,
        report: (status) => {
          this.#host.report(status);
        },
      });
      if (signal.aborted) {
        duplex.abort(signal.reason);
        throw signal.reason as Error;
      }
      const handshake = new Deferred<void>();
      const connection = this.#newConnection(duplex, handshake);
      this.connection = connection;
      connection.start(request);
      try {
        await handshake.promise;
        this.#version = version;
        return;
      } catch (error) {
        const isLast = index === versions.length - 1;
        if (isLast || signal.aborted || !mayBeVersion(error as MqttError)) throw error;
        this.#host.report(`The server may not know this version of the protocol: trying ${versions[index + 1]}`);
      }
    }
  }

  #newConnection(duplex: Duplex, handshake: Deferred<void>): Connection<Operation> {
    const { environment, maximumPacketSize } = this.#options;
    let failure: MqttError | undefined;
    const host = this.#host;
    const connection: Connection<Operation> = new Connection<Operation>({
      duplex,
      session: this.session,
      environment,
      maximumPacketSize,
      host: {
        get hasRoom() {
          return host.hasRoom;
        },
        makeRoom: () => {
          host.makeRoom();
        },
        written: () => {
          host.written();
        },
        handle: (events) => {
          for (const event of events) {
            if (event.type === "connected") {
              this.#connected(event.server, connection);
              handshake.resolve();
            } else if (event.type === "ended") {
              failure = event.error;
              this.#ended(event.error, connection);
            }
            host.handle(event);
          }
        },
        closed: () => {
          handshake.reject(failure ?? new ClosedError());
          const state = this.#state;
          if (state.name === "disconnecting" && state.connection === connection) this.#close(undefined);
        },
      },
    });
    return connection;
  }

  #connected(server: Server, connection: Connection<Operation>): void {
    if (this.#state.name !== "connecting") return;
    this.#state = { name: "connected", connection, server };
    this.clientId = server.assignedClientIdentifier ?? this.clientId; // [MQTT-3.1.3-7] [MQTT-3.2.2-16]
  }

  /** The protocol is over on a connection; while it was being made, that is for the attempt to deal with. */
  #ended(error: MqttError | undefined, connection: Connection<Operation>): void {
    const state = this.#state;
    const isOurs = (state.name === "connected" || state.name === "disconnecting") && state.connection === connection;
    if (isOurs && error !== undefined) this.#close(error);
  }

  #close(error: MqttError | undefined, reason: MqttError = error ?? new ClosedError()): void {
    const { name } = this.#state;
    if (name === "closed") return;
    this.#state = { name: "closed", error };
    this.session.abandon(reason);
    for (const event of this.session.events()) this.#host.handle(event);
    this.#host.closed(error, name === "connected" || name === "disconnecting");
  }

  #newSession(): Session<Operation> {
    const session = new Session<Operation>({ version: this.#options.versions[0], queue: this.#options.queue });
    session.tracing = this.#host.isTracing;
    return session;
  }
}
