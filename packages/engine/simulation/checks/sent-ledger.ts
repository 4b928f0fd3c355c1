import { MqttError, type PublishPacket } from "@rivulet/codec";
import type { BrokerPlan, ClientPlan, MessagePlan } from "../scenario/plan.ts";
import { isSame, nameOf, payloadOf } from "./payload.ts";
import type { Verdict } from "./verdict.ts";

// Theory of operation
//
// What becomes of every message that a client publishes: what the application was told, and what the broker saw. The
// broker alone cannot tell whether a PUBLISH under a known identifier is the same message; the ledger can.

/** A message that was published. */
interface Sent {
  readonly name: string;
  readonly client: ClientPlan;
  /** Its place among the messages of its client. */
  readonly serial: number;
  readonly message: MessagePlan;
  readonly payload: Uint8Array;
  readonly at: number;
  /** How often the client's Session had been lost when it was published. */
  readonly losses: number;
  isSettled: boolean;
  received: number;
  /** In the Session with this number, and under which identifier. */
  lastSession: number;
  lastIdentifier: number | undefined;
  accepted: number;
  refusal: number | undefined;
  hadAlias: boolean;
  /** Since when nobody waits for it any more: its client was closed, or it was aborted. */
  givenUpAt: number | undefined;
  /** It was given up while there was no connection on which it could have been sent. */
  isWithdrawn: boolean;
  /** The store had it when nobody could wait for it any more; then, how often the Session had been lost. */
  storedSession: number | undefined;
}

/** What the ledger knows of a client's connection. */
interface Connection {
  /** Sessions that the client has had. */
  session: number;
  /** Those of them that the client takes for the one before. */
  unknownLosses: number;
  since: number;
  isResumed: boolean;
  /** The last message that came on it. */
  lastSerial: number;
}

/** Checks what clients send. */
export class SentLedger {
  readonly #verdict: Verdict;
  readonly #broker: BrokerPlan;
  readonly #now: () => number;
  readonly #sent = new Map<string, Sent>();
  readonly #serials = new Map<string, number>();
  readonly #connections = new Map<string, Connection>();

  constructor(verdict: Verdict, broker: BrokerPlan, now: () => number) {
    this.#verdict = verdict;
    this.#broker = broker;
    this.#now = now;
  }

  /** Whether every message that was published by a process that is alive has settled. */
  isSettled(isAlive: (name: string) => boolean): boolean {
    for (const { name, isSettled } of this.#sent.values()) if (!isSettled && isAlive(name)) return false;
    return true;
  }

  /** A client is about to publish a message: gives it its name. */
  publish(client: ClientPlan, message: MessagePlan): { readonly name: string; readonly payload: Uint8Array } {
    const serial = (this.#serials.get(client.name) ?? 0) + 1;
    this.#serials.set(client.name, serial);
    const name = `${client.name}-${serial}`;
    const payload = payloadOf(name, message.size);
    this.#sent.set(name, {
      ...{ name, client, serial, message, payload, at: this.#now(), losses: this.#connection(client.name).session },
      ...{ isSettled: false, received: 0, lastSession: -1, lastIdentifier: undefined, accepted: 0 },
      ...{ refusal: undefined, hadAlias: false, givenUpAt: undefined },
      ...{ isWithdrawn: false, storedSession: undefined },
    });
    return { name, payload };
  }

  connected(client: string, session: "new" | "present" | "unknown"): void {
    const connection = this.#connection(client);
    if (session === "new") connection.session += 1;
    if (session === "unknown") {
      this.#verdict.count("a Session is lost and the client does not hear of it");
      connection.unknownLosses += 1;
    }
    connection.since = this.#now();
    connection.isResumed = session !== "new";
    connection.lastSerial = 0;
  }

  /** Whether a client has ever taken a new Session for its old one. */
  isDeceived(client: string): boolean {
    return this.#connection(client).unknownLosses > 0;
  }

  /** A PUBLISH has come to the broker. */
  received(client: string, packet: PublishPacket): void {
    const sent = this.#sent.get(nameOf(packet.payload));
    if (sent?.client.name !== client) {
      this.#verdict.fail("nothing is invented", `${client} sent ${nameOf(packet.payload)}, which it never published`);
      return;
    }
    this.#checkContent(sent, packet);
    if (sent.isWithdrawn) this.#verdict.fail("what is given up in time is not sent", sent.name);
    const connection = this.#connection(client);
    this.#checkGivenUp(sent, connection);
    this.#checkExpiry(sent, packet, connection);
    if (packet.qos > 0) this.#checkDuplicate(sent, packet, connection);
    this.#checkOrder(sent, packet, connection);
    if (sent.received > 0 && sent.hadAlias) this.#verdict.count("a message that had an alias is sent again");
    if (sent.received > 0 && sent.lastSession !== connection.session)
      this.#verdict.count("a message is published anew in a new Session");
    if (sent.received === 0 && packet.duplicate) this.#verdict.count("a message arrives for the first time with DUP");
    sent.received += 1;
    sent.lastSession = connection.session;
    sent.lastIdentifier = packet.packetIdentifier;
    sent.hadAlias ||= packet.properties?.topicAlias !== undefined;
  }

  /** The broker has taken responsibility for a message. */
  accepted(packet: PublishPacket): void {
    const sent = this.#sent.get(nameOf(packet.payload));
    if (sent === undefined) return; // `received` has complained.
    sent.accepted += 1;
    const { name, client, message } = sent;
    const { qos } = message;
    const { session, unknownLosses } = this.#connection(client.name);
    const losses = client.sessionLost === "republish" ? session - Math.max(sent.losses, 1) : unknownLosses;
    const allowed = qos === 2 ? 1 + losses : 1;
    if (qos !== 1 && sent.accepted > allowed) {
      this.#verdict.fail(
        "QoS 2 exactly once, QoS 0 at most once",
        `The broker has accepted ${name} ${sent.accepted} times`,
      );
    }
    if (qos === 1 && sent.accepted === 2) this.#verdict.count("the broker takes a QoS 1 message twice");
  }

  refused(packet: PublishPacket, reasonCode: number): void {
    const sent = this.#sent.get(nameOf(packet.payload));
    if (sent !== undefined) sent.refusal = reasonCode;
  }

  /** The application was told that a message is acknowledged; at QoS 0, that it was sent. */
  resolved(name: string): void {
    const sent = this.#settle(name);
    // What was under way in a Session that is gone is answered as if it were done.
    if (sent.message.qos > 0 && sent.accepted === 0 && !this.isDeceived(sent.client.name)) {
      this.#verdict.fail("acknowledged is accepted", `${name} was acknowledged, and the broker has not accepted it`);
    }
    if (sent.refusal !== undefined && sent.accepted === 0) {
      this.#verdict.fail("a refusal rejects", `${name} was refused with ${sent.refusal} and counts as published`);
    }
  }

  /** The application was told that a message is stored. */
  stored(name: string): void {
    this.#verdict.count("a publish waits until its message is stored");
    const sent = this.#settle(name);
    sent.storedSession ??= this.#connection(sent.client.name).session;
  }

  /** A process has ended, and the store has these messages of its client. */
  crashed(client: string, stored: readonly string[]): void {
    for (const sent of this.#sent.values()) if (sent.client.name === client) sent.isWithdrawn = false;
    for (const name of stored) {
      const sent = this.#sent.get(name);
      if (sent === undefined || sent.message.qos === 0) continue;
      this.#verdict.count("a message was stored when its process ended");
      sent.storedSession ??= this.#connection(client).session;
    }
  }

  /** The application gave a message up before there was a connection on which it could have been sent. */
  withdrawn(name: string): void {
    const sent = this.#sent.get(name);
    if (sent !== undefined) sent.isWithdrawn = true;
  }

  /** What the store had and the broker has not accepted, as messages say. */
  undelivered(): string[] {
    const missing: string[] = [];
    for (const sent of this.#sent.values()) {
      const { name, message, client, storedSession, accepted } = sent;
      if (storedSession === undefined || accepted > 0 || sent.refusal !== undefined || message.qos === 0) continue;
      const isLost = this.#connection(client.name).session > storedSession;
      // Its failure is told by an event, which says nothing that could be checked here.
      const mayFail =
        this.#exceeds(message) ||
        this.isDeceived(client.name) ||
        sent.givenUpAt !== undefined ||
        message.expiry !== undefined ||
        this.#broker.maximumPacketSize < Infinity ||
        client.queueOverflow === "drop-oldest" ||
        (isLost && (client.sessionLost === "fail" || (message.qos === 2 && client.sessionLost !== "republish")));
      if (!mayFail) missing.push(`${name} was stored, and the broker has not accepted it`);
    }
    return missing;
  }

  /** The application was told that a message failed; `wasClosed` when its client was closed meanwhile. */
  rejected(name: string, error: unknown, wasClosed: boolean): void {
    const sent = this.#settle(name);
    const { code = "", name: errorName, message: text } = error as Partial<MqttError>;
    const { message, client, received } = sent;
    const { maximumPacketSize } = this.#broker;
    if (wasClosed || errorName === "AbortError" || code === "ERR_TIMEOUT") sent.givenUpAt = this.#now();
    this.#countRejection(sent, errorName, wasClosed);
    const isLost = this.#connection(client.name).session > sent.losses;
    const reasons: Record<string, boolean> = {
      ERR_PUBLISH: sent.refusal !== undefined,
      ERR_SESSION_LOST:
        isLost && (client.sessionLost === "fail" || (message.qos === 2 && client.sessionLost !== "republish")),
      ERR_TIMEOUT: message.timeoutMs !== undefined || message.expiry !== undefined,
      ERR_QUEUE_FULL: client.queueMessages !== undefined && (received === 0 || isLost),
      ERR_PACKET_TOO_LARGE: maximumPacketSize < Infinity && received === 0,
      ERR_UNSUPPORTED: this.#exceeds(message) && received === 0,
      // It may have left, and may not have.
      ERR_TRANSPORT: message.qos === 0,
    };
    if (reasons[code] === true || wasClosed || (errorName === "AbortError" && message.abortMs !== undefined)) return;
    this.#verdict.fail("a rejection has a reason", `${name} at QoS ${message.qos} was rejected: ${code} ${text}`);
  }

  /** Everything is over: what was published by a process that is alive has settled. */
  finish(isAlive: (name: string) => boolean): void {
    for (const { name, isSettled } of this.#sent.values()) {
      if (!isSettled && isAlive(name)) this.#verdict.fail("every promise settles", `publish of ${name} is pending`);
    }
  }

  #countRejection({ message, received }: Sent, errorName: string | undefined, wasClosed: boolean): void {
    if (errorName === "AbortError") {
      this.#verdict.count(
        received > 0 ? "a publish was aborted after it was sent" : "a publish was aborted before it was sent",
      );
    } else if (errorName === "TimeoutError") {
      const isExpired = message.timeoutMs === undefined && message.expiry !== undefined;
      this.#verdict.count(isExpired ? "a message expires in the client" : "a publish took too long");
    } else if (errorName === "QueueFullError") this.#verdict.count("the client's queue is full");
    else if (wasClosed && received > 0) this.#verdict.count("the client was closed with messages under way");
  }

  /** Whether the broker has said that it does not take a message. */
  #exceeds({ qos, retain, alias = 0 }: MessagePlan): boolean {
    const { maximumQoS, retainAvailable, topicAliasMaximum } = this.#broker;
    return qos > maximumQoS || (retain && !retainAvailable) || alias > topicAliasMaximum;
  }

  #settle(name: string): Sent {
    const sent = this.#sent.get(name) as Sent; // It was published.
    if (sent.isSettled) this.#verdict.fail("every promise settles once", name);
    sent.isSettled = true;
    return sent;
  }

  #checkContent(sent: Sent, packet: PublishPacket): void {
    const { topic, qos, retain } = sent.message;
    if (packet.topicName === topic && packet.qos === qos && packet.retain === retain) {
      if (isSame(packet.payload, sent.payload)) return;
    }
    this.#verdict.fail("nothing is changed", `${sent.name} came as ${packet.topicName}, QoS ${packet.qos}`);
  }

  /** What nobody waits for is seen through, and not begun anew; but a store has forgotten that nobody waits. */
  #checkGivenUp({ name, client, givenUpAt = Infinity, received, lastSession }: Sent, connection: Connection): void {
    if (received === 0 || givenUpAt >= connection.since) return;
    this.#verdict.count("a message that was given up is seen through");
    const isNew = lastSession !== connection.session && connection.unknownLosses === 0;
    if (client.store === "none" && isNew) this.#verdict.fail("what is given up is not begun anew", name);
  }

  /** [MQTT-3.3.2-6] At the latest when the connection had come about, a message that waited had waited so long. */
  #checkExpiry({ name, message, at }: Sent, { properties, duplicate }: PublishPacket, { since }: Connection): void {
    const { messageExpiryInterval } = properties ?? {};
    const { expiry } = message;
    // One that is sent again is what it was [MQTT-4.3.3-7].
    if (duplicate || expiry === undefined || messageExpiryInterval === undefined) return;
    const most = Math.ceil((at + expiry * 1000 - Math.max(at, since)) / 1000);
    if (messageExpiryInterval > most)
      this.#verdict.fail("MQTT-3.3.2-6", `${name} expires in ${messageExpiryInterval} s, which can be ${most} at most`);
  }

  /** [MQTT-3.3.1-1] [MQTT-4.3.2-2] [MQTT-4.3.3-2] */
  #checkDuplicate(sent: Sent, { duplicate, packetIdentifier }: PublishPacket, connection: Connection): void {
    const isKnown = sent.lastSession === connection.session;
    if (isKnown && !duplicate) this.#verdict.fail("MQTT-3.3.1-1", `${sent.name} was sent again without DUP`);
    if (isKnown && sent.lastIdentifier !== packetIdentifier) {
      this.#verdict.fail("MQTT-2.2.1-3", `${sent.name} was sent under ${sent.lastIdentifier} and ${packetIdentifier}`);
    }
    if (isKnown || !duplicate || (connection.isResumed && sent.at <= connection.since)) return;
    this.#verdict.fail("MQTT-4.3.2-2", `${sent.name} was sent for the first time with DUP`);
  }

  /** One order for everything; what is sent again comes in its old place [MQTT-4.6.0-1]. */
  #checkOrder(sent: Sent, { duplicate }: PublishPacket, connection: Connection): void {
    const isRepublished = duplicate && sent.client.republishInterval !== undefined;
    if (sent.serial <= connection.lastSerial && !isRepublished) {
      const what = `${sent.name} came after ${sent.client.name}-${connection.lastSerial} on one connection`;
      this.#verdict.fail("MQTT-4.6.0-1", what);
    }
    connection.lastSerial = Math.max(connection.lastSerial, sent.serial);
  }

  #connection(client: string): Connection {
    let connection = this.#connections.get(client);
    if (connection === undefined) {
      connection = { session: 0, unknownLosses: 0, since: 0, isResumed: false, lastSerial: 0 };
      this.#connections.set(client, connection);
    }
    return connection;
  }
}
