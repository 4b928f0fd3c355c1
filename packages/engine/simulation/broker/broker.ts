import { topicMatches, type PacketProperties, type PublishPacket, type Will } from "@rivulet/codec";
import { BrokerSession, type BrokerSubscription } from "./broker-session.ts";
import { BrokerConnection, type BrokerCore } from "./connection.ts";
import type { BrokerMessage, BrokerObserver, BrokerTime, Wire } from "./observer.ts";
import type { BrokerSettings } from "./settings.ts";
import { Subscriptions } from "./subscriptions.ts";

// Theory of operation
//
// A server of MQTT 3.1.1 and 5.0, written from the two specifications and nothing else, without I/O: bytes come in by
// `BrokerConnection.receive` and leave by a `Wire`; time is injected. It holds Sessions, retained messages and wills.
// It judges its clients: whatever they do that the specification forbids is told to the observer, and ends the
// connection as the specification says. To be a fair judge it takes no liberty that a client could not expect.

/** A server as the specification describes it, in memory. */
export class Broker implements BrokerCore {
  readonly settings: BrokerSettings;
  readonly observer: BrokerObserver;
  readonly time: BrokerTime;
  readonly #sessions = new Map<string, BrokerSession>();
  readonly #retained = new Map<string, BrokerMessage>();
  readonly #wills = new Map<string, { readonly callOff: () => void; readonly publish: () => void }>();
  readonly #connections = new Map<string, BrokerConnection>();
  readonly #subscriptions = new Subscriptions();
  #assigned = 0;

  constructor(settings: BrokerSettings, observer: BrokerObserver, time: BrokerTime) {
    this.settings = settings;
    this.observer = observer;
    this.time = time;
  }

  /** The Sessions that there are. */
  get sessions(): readonly BrokerSession[] {
    return [...this.#sessions.values()];
  }

  /** A network connection has come about. */
  accept(wire: Wire): BrokerConnection {
    return new BrokerConnection(this, wire);
  }

  /** Stops and starts again: every connection is lost, and perhaps everything that was known. */
  restart({ keepsSessions }: { readonly keepsSessions: boolean }): void {
    for (const connection of [...this.#connections.values()]) connection.abort();
    if (keepsSessions) return;
    for (const will of this.#wills.values()) will.callOff();
    this.#wills.clear();
    this.#retained.clear();
    for (const session of this.sessions) this.endSession(session);
  }

  /** A Client Identifier for a client that has none of its own. */
  assignIdentifier(): string {
    this.#assigned += 1;
    return `assigned-${this.#assigned}`;
  }

  /** A client was accepted: gives it its Session, and ends the connection that had it [MQTT-3.1.4-3]. */
  open(
    connection: BrokerConnection,
    clientIdentifier: string,
    cleanStart: boolean,
  ): { readonly session: BrokerSession; readonly sessionPresent: boolean } {
    this.#connections.get(clientIdentifier)?.takeOver();
    const present = this.#sessions.get(clientIdentifier);
    if (present !== undefined && cleanStart) this.endSession(present); // [MQTT-3.1.2-4]
    // A will that was delayed is called off when the Session goes on [MQTT-3.1.3-9].
    const will = this.#wills.get(clientIdentifier);
    if (will !== undefined && !cleanStart) {
      this.observer.situation("a delayed will is called off by a new connection");
      will.callOff();
      this.#wills.delete(clientIdentifier);
    }
    this.#connections.set(clientIdentifier, connection);
    // Not before: the Session may have ended with the other connection.
    const kept = this.#sessions.get(clientIdentifier);
    return { session: kept ?? this.#newSession(clientIdentifier), sessionPresent: kept !== undefined };
  }

  /** A connection is over. `will` is to be published, perhaps later. */
  closed(connection: BrokerConnection, session: BrokerSession, will: Will | undefined): void {
    const { clientIdentifier, expiryMs } = session;
    if (this.#connections.get(clientIdentifier) !== connection) return;
    this.#connections.delete(clientIdentifier);
    session.disconnected();
    if (will !== undefined) this.#setWill(session, will);
    if (expiryMs === 0) this.endSession(session);
    else if (expiryMs !== Infinity) {
      session.keep = this.time.after(expiryMs, () => {
        this.observer.situation("a Session expires in the broker");
        this.endSession(session);
      });
    }
  }

  endSession(session: BrokerSession): void {
    const { clientIdentifier } = session;
    if (this.#sessions.get(clientIdentifier) !== session) return;
    session.keep?.();
    this.#sessions.delete(clientIdentifier);
    session.outgoing.end();
    this.observer.sessionOver(clientIdentifier);
    // [MQTT-3.1.3-9] The end of the Session does not wait for the delay of a will.
    const will = this.#wills.get(clientIdentifier);
    will?.callOff();
    will?.publish();
  }

  /** Passes a message on; says whether anybody was subscribed. */
  publish(
    packet: Pick<PublishPacket, "topicName" | "payload" | "qos" | "retain"> & { properties?: object },
    publisher: string,
  ): boolean {
    const message = this.#message(packet, publisher);
    if (packet.retain) this.#retain(message);
    const matches = this.#subscriptions.match(this.#sessions.values(), message.topic, publisher);
    for (const { session, subscriptions } of matches) {
      const isSplit = this.settings.overlapping === "each";
      if (subscriptions.length > 1) this.observer.situation("overlapping subscriptions match one message");
      for (const group of isSplit ? subscriptions.map((one) => [one]) : [subscriptions]) {
        this.#route(session, message, group, false);
      }
    }
    return matches.length > 0;
  }

  /** Sends a new subscription what is retained for it (section 3.3.1.3). */
  sendRetained(session: BrokerSession, subscription: BrokerSubscription): void {
    for (const message of this.#retained.values()) {
      if (message.expiresAt <= this.time.now()) this.#retained.delete(message.topic);
      else if (topicMatches(subscription.topicFilter, message.topic))
        this.#route(session, message, [subscription], true);
    }
  }

  #route(
    session: BrokerSession,
    message: BrokerMessage,
    subscriptions: readonly BrokerSubscription[],
    isRetained: boolean,
  ): void {
    const granted = subscriptions.map(({ qos }) => qos);
    session.outgoing.add({
      message,
      qos: Math.min(message.qos, Math.max(...granted)) as 0 | 1 | 2, // [MQTT-3.8.4-8]
      // [MQTT-3.3.1-9] [MQTT-3.3.1-12] [MQTT-3.3.1-13]
      retain: isRetained || (message.retain && subscriptions.some(({ retainAsPublished }) => retainAsPublished)),
      subscriptionIdentifiers: subscriptions.flatMap(({ identifier }) => identifier ?? []),
      filters: subscriptions.map(({ topicFilter }) => topicFilter),
      packetIdentifier: undefined,
      stage: "queued",
      sends: 0,
    });
  }

  #retain(message: BrokerMessage): void {
    this.#retained.delete(message.topic);
    if (message.payload.length > 0) this.#retained.set(message.topic, message); // [MQTT-3.3.1-6]
  }

  #setWill(session: BrokerSession, will: Will): void {
    const { clientIdentifier, expiryMs } = session;
    const { willDelayInterval = 0, ...properties } = will.properties ?? {};
    const publish = (): void => {
      this.#wills.delete(clientIdentifier);
      this.observer.situation("a will is published");
      const packet = { topicName: will.topic, payload: will.payload, qos: will.qos, retain: will.retain, properties };
      this.observer.will(clientIdentifier, this.#message(packet, clientIdentifier));
      this.publish(packet, clientIdentifier);
    };
    if (willDelayInterval === 0 || expiryMs === 0) {
      publish();
      return;
    }
    const callOff = this.time.after(Math.min(willDelayInterval * 1000, expiryMs), publish);
    this.#wills.set(clientIdentifier, { callOff, publish });
  }

  #message(
    { topicName, payload, qos, retain, properties: all = {} }: Parameters<Broker["publish"]>[0],
    publisher: string,
  ): BrokerMessage {
    const { messageExpiryInterval, topicAlias: _, ...properties } = all as PacketProperties<"publish">;
    const expiresAt = messageExpiryInterval === undefined ? Infinity : this.time.now() + messageExpiryInterval * 1000;
    return { topic: topicName, payload, qos, retain, properties, expiresAt, publisher };
  }

  #newSession(clientIdentifier: string): BrokerSession {
    const { settings, observer, time } = this;
    const session = new BrokerSession(clientIdentifier, {
      settings,
      observer,
      time,
      publish: (packet, publisher) => this.publish(packet, publisher),
    });
    this.#sessions.set(clientIdentifier, session);
    return session;
  }
}
