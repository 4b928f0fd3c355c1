import { ClosedError, type MqttError } from "../errors.ts";
import type { ConnectTarget, EngineOptions } from "../options.ts";
import { resolveOptions, type ResolvedOptions } from "../resolve-options.ts";
import type { SessionEvent } from "../session/events.ts";
import type { ServerAuthentication } from "../tls.ts";
import type { Milestone } from "../transport.ts";
import { Emitter } from "./emitter.ts";
import type { ClientEvents } from "./events.ts";
import { Link, type LinkHost } from "./link.ts";
import { Log } from "./log.ts";
import type { Operation } from "./operations.ts";
import { Publisher } from "./publisher.ts";
import type { Retry } from "./reconnect-policy.ts";
import { redact } from "./redact.ts";
import type { Requester } from "./requester.ts";
import { Subscriber } from "./subscriber.ts";

/**
 * The parts of one client, and where what the Link and the Session tell is handed on to the one that it concerns. What
 * few clients need is made when it is needed: a process may have many that are idle.
 */
export class Hub implements LinkHost {
  readonly options: ResolvedOptions;
  readonly emitter: Emitter<ClientEvents>;
  readonly log: Log;
  readonly link: Link;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  /** Undefined until the first request. */
  requester: Requester | undefined;
  /** Those who wait for an event: each rejects one; undefined until there was one. */
  pendingOnce: Set<(reason: MqttError) => void> | undefined;
  /** Closes the client when its signal is aborted; undefined where it has none. */
  #abort: (() => void) | undefined;
  #isReporting = false;

  /** @throws InvalidOptionError, UnsupportedError, naming the option. */
  constructor(target: ConnectTarget, given: EngineOptions) {
    this.options = resolveOptions(given);
    const report = (error: unknown): void => {
      this.report(error);
    };
    this.emitter = new Emitter(report);
    this.log = new Log(this.emitter, given, report);
    this.link = new Link(target, this.options, this);
    this.publisher = new Publisher(this.link, this);
    this.subscriber = new Subscriber(this.link, this);
    this.listenToSignal();
  }

  /** Heeds the signal, where there is one, until the client is closed. */
  listenToSignal(): void {
    const { signal } = this.options;
    if (signal === undefined) return;
    this.#abort ??= () => {
      this.link.close(new ClosedError());
    };
    signal.addEventListener("abort", this.#abort);
    if (signal.aborted) this.#abort();
  }

  /** Tells of an error that belongs to no call. One that comes of a listener for errors has nowhere to go. */
  report(error: unknown): void {
    if (this.#isReporting) return;
    this.#isReporting = true;
    this.emitter.emit("error", { error });
    this.#isReporting = false;
  }

  // As `LinkHost`

  isTracing(): boolean {
    return this.emitter.has("packet") || this.log.has("debug");
  }

  tell(status: string, about?: "reconnect" | "tls", reached?: Milestone): void {
    this.log.write(about === "reconnect" ? "info" : "verbose", about ?? "info", () => status);
    if (about === "tls") this.emitter.emit("tlsStatus", { message: status });
    else this.emitter.emit("connectionStatus", { status, reached });
  }

  verify(authentication: ServerAuthentication): boolean {
    // A listener that fails has not accepted anything.
    return this.emitter.emit("tlsServerAuthentication", authentication) && authentication.accept;
  }

  disconnected(error: MqttError | undefined, willReconnect: boolean): void {
    const { reasonCode, reasonString } = error ?? {};
    this.log.disconnected(error);
    this.emitter.emit("disconnected", { reasonCode, reasonString, error, willReconnect });
  }

  reconnecting(retry: Retry): void {
    this.emitter.emit("reconnecting", retry);
  }

  closed(error: MqttError | undefined, wasConnected: boolean): void {
    if (this.#abort !== undefined) this.options.signal?.removeEventListener("abort", this.#abort);
    for (const inbox of this.subscriber.consumers.inboxes) inbox.finish(error);
    this.requester?.closed(error);
    if (wasConnected) this.disconnected(error, false);
    for (const reject of this.pendingOnce ?? []) reject(new ClosedError(undefined, { cause: error }));
  }

  handle(event: SessionEvent<Operation>): void {
    switch (event.type) {
      case "message":
        this.subscriber.consumers.deliver(event.packet, event.exchange, this.link.session.version);
        break;
      case "answered":
        event.context.answered(event.packet);
        break;
      case "failed":
        if (event.context === undefined) this.report(event.error);
        else event.context.reject(event.error);
        break;
      case "batched":
        this.publisher.batched(event.context);
        break;
      case "connected": {
        const { server } = event;
        this.subscriber.connected(server.sessionPresent);
        this.log.connected(server);
        this.emitter.emit("connected", { sessionPresent: server.sessionPresent, server });
        break;
      }
      case "acknowledged": {
        const { packetIdentifier, qos } = event.exchange;
        this.emitter.emit("messageAcknowledged", { packetId: packetIdentifier, qos });
        break;
      }
      case "packet": {
        const { direction, packet, byteLength } = event;
        this.emitter.emit("packet", { direction, packet: redact(packet), bytes: byteLength });
        this.log.packet(event);
        break;
      }
      case "log":
        this.log.write(event.level, "session", () => event.message);
        break;
      case "subscriptionsLost":
        this.subscriber.lost(event.topicFilters, event.error);
        this.requester?.forget(event.topicFilters);
        break;
      case "ended":
        this.subscriber.ended();
        break;
      case "auth":
        break;
    }
  }
}
