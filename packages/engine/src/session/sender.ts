import { ProtocolError, reasonCodes, type PublishPacket } from "@rivulet/codec";
import { PacketTooLargeError, PublishError, SessionLostError, TimeoutError, type MqttError } from "../errors.ts";
import type { OutgoingRecord } from "../session-store.ts";
import { ExchangeTable, isMessage } from "./exchange-table.ts";
import type { Answer, Exchange, InflightMessage, Outgoing, Request } from "./exchanges.ts";
import { MessageQueue, type QueueLimits } from "./message-queue.ts";
import type { Outbox } from "./outbox.ts";
import { inflightMessage, keyOf, recordOf, restoredExchanges } from "./outgoing-records.ts";
import { Repetition } from "./repetition.ts";
import { hasAllCodes, Requests, type Waiter } from "./requests.ts";
import { checkMessage, type Server } from "./server.ts";
import type { SendTerms, SessionLost } from "./session-options.ts";
import { TopicAliases } from "./topic-aliases.ts";

// Theory of operation
//
// Everything that the server answers is an exchange, in one table by its Packet Identifier, so that an identifier is
// never in use twice [MQTT-2.2.1-3]. What an exchange awaits tells its stage: PUBACK at QoS 1; at QoS 2 PUBREC and then,
// when PUBREL has been sent, PUBCOMP; SUBACK; UNSUBACK. A PUBREC of 0x80 or above ends the exchange.
//
// A message is sent at once when nothing is in its way: the server has accepted us, no other message waits, the batch
// has room, and, at QoS 1 and 2, there is quota. Otherwise it waits in one queue with all others, so that nothing
// overtakes; it gets its Packet Identifier only when it leaves, so that waiting uses none up. Quota goes down with each
// PUBLISH and up with the end of each of their exchanges (section 4.9). Requests do not wait for messages.
//
// The table keeps messages in the order of their PUBLISH, and those that await PUBCOMP in the order of their PUBREC.
// When a connection finds its Session again, PUBRELs and requests are sent again at once; PUBLISHes go to the front of
// the queue, and from there as far as the new quota lets them. When it does not, `sessionLost` says what becomes of them.

/** What a Sender is made with. */
export interface SenderOptions {
  readonly queue: QueueLimits;
  readonly hasAutomaticAliases: boolean;
  /** Ms since 1970. */
  readonly wallNow: () => number;
}

/** Sends messages and requests, and sees their exchanges through. */
export class Sender<Context> {
  // lives as long as the Session
  readonly #outbox: Outbox<Context>;
  readonly #options: SenderOptions;
  readonly #queue: MessageQueue<Context>;
  readonly #exchanges = new ExchangeTable<Context>();
  #requests: Requests<Context> | undefined;
  #lastOrder = 0;

  // lives as long as the Network Connection
  readonly #aliases: TopicAliases;
  #server: Server | undefined;
  #quota = 0;
  /** Undefined where nothing is sent again while connected. */
  repetition: Repetition<Context> | undefined;

  constructor(outbox: Outbox<Context>, options: SenderOptions) {
    this.#outbox = outbox;
    this.#options = options;
    this.#queue = new MessageQueue(options.queue);
    this.#aliases = new TopicAliases(options.hasAutomaticAliases);
  }

  /** Made when it is needed: not every client subscribes. */
  get requests(): Requests<Context> {
    return (this.#requests ??= new Requests(this.#outbox, this.#exchanges));
  }

  /** Bytes of the messages that wait to be sent. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Messages that wait to be sent. */
  get queuedMessages(): number {
    return this.#queue.length;
  }

  /** Whether Packet Identifiers are in use. */
  get isInUse(): boolean {
    return !this.#exchanges.isEmpty;
  }

  /** Whether the server owes an answer that somebody waits for. */
  get isAwaited(): boolean {
    return this.#exchanges.isAwaited || (this.#queue.length > 0 && this.#quota === 0);
  }

  /** Messages that have been sent, and whose exchanges are not over. */
  get inflight(): InflightMessage[] {
    return this.#exchanges.messages.map((exchange) => inflightMessage(exchange, this.#server !== undefined));
  }

  /** When the first request will have waited too long, or the first message is to be sent again; it may be earlier. */
  get deadline(): number {
    return Math.min(this.#requests?.deadline ?? Infinity, this.repetition?.deadline ?? Infinity);
  }

  /** What a Session must not forget of the messages. */
  get records(): OutgoingRecord[] {
    return [...this.#exchanges.messages, ...this.#queue.unsent].map(recordOf);
  }

  /** The connection is gone. */
  disconnected(): void {
    this.#server = undefined;
    this.#quota = 0;
    this.repetition = undefined;
    this.#aliases.reset();
    for (const exchange of this.#exchanges.all) {
      exchange.sentAt = Infinity; // Time counts again from when it is sent again.
      // An answer that nobody waits for will not come any more.
      if (!isMessage(exchange) && this.#requests?.awaited.has(exchange) !== true) this.#exchanges.delete(exchange);
    }
    // What was to be sent again is sent again next time, from the table.
    this.#queue.keepUnsent();
  }

  /** The server has accepted us, and messages may leave: first of all those that were under way. */
  connected(server: Server, terms: SendTerms): void {
    this.#server = server;
    this.#quota = Math.min(server.receiveMaximum, terms.maxInflight); // [MQTT-4.9.0-1] [MQTT-3.3.4-7]
    const { republishMs = 0 } = terms;
    if (republishMs > 0) this.repetition = new Repetition(republishMs);
    this.#aliases.maximum = server.topicAliasMaximum;
    // [MQTT-4.4.0-1] [MQTT311-4.4.0-1] [MQTT-4.6.0-1] [MQTT311-4.6.0-1] [MQTT-4.6.0-4] [MQTT311-4.6.0-4] [MQTT-3.2.2-5]
    // [MQTT311-3.2.2-3] [MQTT-3.1.2-4] [MQTT311-3.1.2-6] [MQTT-3.1.2-23] [MQTT311-3.1.2-4] [MQTT-4.1.0-1]
    // [MQTT311-4.1.0-1] [MQTT311-4.1.0-2]
    if (terms.hasSession) this.#resume();
    else this.#lose(terms.sessionLost ?? "republish-qos1");
  }

  /** Sends again what was under way [MQTT-4.4.0-1] [MQTT311-4.4.0-1], in order [MQTT-4.6.0-1] [MQTT-4.6.0-4]. */
  #resume(): void {
    const again: Outgoing<Context>[] = [];
    for (const exchange of this.#exchanges.messages) {
      exchange.hasQuota = false;
      if (exchange.awaits === "pubcomp") this.#release(exchange);
      else again.push(exchange);
    }
    this.#queue.prepend(again);
  }

  /**
   * Takes up what has been written down of a Session: by another one, or, when it `isStored`, in this one's own store.
   */
  restore(records: readonly OutgoingRecord[], isStored: boolean): void {
    const later = this.#queue.clear();
    if (!isStored) for (const exchange of later) this.#erase(exchange);
    for (const exchange of restoredExchanges<Context>(records)) {
      this.#lastOrder = Math.max(this.#lastOrder, exchange.order, exchange.released ?? 0);
      if (exchange.awaits === undefined) this.#queue.push(exchange);
      else this.#exchanges.put(exchange.packet.packetIdentifier as number, exchange);
      if (!isStored) this.#note(exchange);
    }
    // What was queued before comes after it.
    for (const exchange of later) {
      exchange.order = this.#nextOrder();
      this.#queue.push(exchange);
      this.#note(exchange, true);
    }
  }

  /**
   * Sends a message, or queues it. Returns its exchange; undefined when it was sent at QoS 0, and is in the batch.
   *
   * @throws the errors of `encode`, UnsupportedError for what the server does not do, InvalidTopicError for an alias
   * that stands for no topic, QueueFullError.
   */
  publish(message: PublishPacket, context?: Context): Outgoing<Context> | undefined {
    const packet = this.#aliases.resolve(message);
    const exchange = this.#take(packet, context);
    this.#aliases.asked(message, packet.topicName);
    return exchange;
  }

  #take(packet: PublishPacket, context: Context | undefined): Outgoing<Context> | undefined {
    this.#check(packet);
    // [MQTT-3.1.2-30] [MQTT-3.1.4-6] [MQTT311-3.1.4-5]
    const mayLeave = this.#queue.length === 0 && this.#server !== undefined && this.#outbox.hasRoom;
    // [MQTT-4.3.1-1] [MQTT311-4.3.1-1]
    if (mayLeave && packet.qos === 0) {
      this.#transmit(packet);
      return undefined;
    }
    const order = this.#nextOrder();
    const exchange = { packet, context, order, place: 0, size: 0, awaits: undefined, hasQuota: false };
    const interval = packet.properties?.messageExpiryInterval;
    if (interval !== undefined) Object.assign(exchange, { expiresAt: this.#options.wallNow() + interval * 1000 });
    if (mayLeave && this.#quota > 0) {
      this.#begin(exchange, true);
      return exchange;
    }
    // Until it has a Packet Identifier of its own, any will do to check and measure it.
    exchange.size = this.#outbox.batch.measure(packet.qos === 0 ? packet : { ...packet, packetIdentifier: 1 });
    this.#queue.makeRoom(exchange.size, (oldest, error) => {
      this.#erase(oldest);
      this.#outbox.fail(oldest, error);
    });
    this.#queue.push(exchange);
    this.#note(exchange, true);
    return exchange;
  }

  /**
   * Sends a SUBSCRIBE or UNSUBSCRIBE. One that somebody waits for is sent again on the next connection.
   *
   * @throws the errors of `encode`, UnsupportedError for what the server does not do, PacketIdExhaustedError.
   */
  request(packet: Request, by?: Waiter<Context>): Exchange<Context> {
    return this.requests.send(packet, this.#server, by);
  }

  /** Nobody waits for this any more: a message leaves the queue; what was sent is seen through, and nobody hears of it. */
  cancel(exchange: Exchange<Context>): void {
    exchange.context = undefined;
    exchange.isGivenUp = true;
    this.#requests?.awaited.delete(exchange);
    if (exchange.awaits === undefined && this.#queue.remove(exchange as Outgoing<Context>)) {
      this.#erase(exchange as Outgoing<Context>);
    }
  }

  /** Sends the requests again that somebody waits for. */
  repeatRequests(server: Server, now: number): void {
    this.#requests?.repeat(server, now);
  }

  /** Moves messages from the queue into the batch, as many as may be sent. */
  pump(): void {
    for (let head = this.#queue.head; head !== undefined && this.#maySend(head); head = this.#queue.head) {
      const isAgain = head.awaits !== undefined;
      this.#queue.shift();
      if (!isAgain) this.#erase(head);
      const { context, packet } = head;
      try {
        // It may have been answered while it waited to be sent again.
        if (isAgain && (head.awaits === "pubcomp" || !this.#exchanges.has(head))) continue;
        if (!isAgain) this.#checkExpiry(head); // [MQTT-4.3.3-7]
        this.#check(packet);
        if (packet.qos > 0) this.#begin(head, false);
        else this.#transmit(packet);
        if (context !== undefined && (packet.qos === 0 || head.tellsSent === true)) {
          this.#outbox.emit({ type: "batched", context });
        }
      } catch (error) {
        // It was sound when it was queued: what is left is what this server, or this version, does not take.
        this.#forget(head);
        this.#outbox.fail(head, error as MqttError);
      }
    }
  }

  /**
   * The server has answered. Returns the exchange when it is over.
   *
   * @throws ProtocolError for an answer that does not fit its question.
   */
  answered(packet: Answer): Exchange<Context> | undefined {
    const { type, packetIdentifier } = packet;
    const exchange = this.#exchanges.get(packetIdentifier); // [MQTT-2.2.1-6] [MQTT311-2.3.1-7]
    const isVersion5 = this.#outbox.batch.version === 5;
    if (exchange === undefined) {
      this.#outbox.emit({ type: "log", level: "info", message: `${came(packet)}, which nothing waits for` });
      const reasonCode = isVersion5 ? reasonCodes.packetIdentifierNotFound : reasonCodes.success;
      if (type === "pubrec") this.#outbox.send({ type: "pubrel", packetIdentifier, reasonCode });
      return undefined;
    }
    const isPubrecAgain = type === "pubrec" && exchange.awaits === "pubcomp";
    // [MQTT-3.8.4-2] [MQTT-3.10.4-5] [MQTT-3.8.4-6]
    // [MQTT-3.8.4-5] [MQTT-3.11.3-1] [MQTT311-3.8.4-2] [MQTT311-3.8.4-4] [MQTT311-3.8.4-5] [MQTT311-3.10.4-4]
    if ((type !== exchange.awaits && !isPubrecAgain) || !hasAllCodes(packet, exchange.packet, isVersion5)) {
      throw new ProtocolError(`${came(packet)}, a ${exchange.packet.type.toUpperCase()} that awaits another answer`);
    }
    // [MQTT-4.4.0-2]
    if (type === "pubrec" && packet.reasonCode < 0x80) {
      // From here on the PUBLISH is never sent again [MQTT-4.3.3-6]; its PUBREL takes its place behind the others.
      if (!isPubrecAgain) {
        exchange.awaits = "pubcomp"; // [MQTT-4.3.3-5] [MQTT-4.3.3-6] [MQTT311-4.3.3-1]
        exchange.released = this.#nextOrder();
        this.#exchanges.put(packetIdentifier, exchange);
        this.#note(exchange as Outgoing<Context>);
      }
      this.#release(exchange as Outgoing<Context>);
      return undefined;
    }
    this.#forget(exchange);
    if (exchange.hasQuota) this.#quota += 1; // [MQTT-4.9.0-2]
    const { context } = exchange;
    if (context !== undefined) this.#outbox.emit({ type: "answered", context, packet });
    else if (isMessage(exchange) && type !== "pubcomp" && "reasonCode" in packet && packet.reasonCode >= 0x80) {
      const reasonString = packet.properties?.reasonString;
      this.#outbox.fail(exchange, new PublishError(exchange.packet.topicName, packet.reasonCode, { reasonString }));
    }
    return exchange;
  }

  handleTimeout(now: number): void {
    for (const exchange of this.#requests?.expired(now) ?? []) this.cancel(exchange);
    if (this.repetition === undefined || now < this.repetition.deadline) return;
    for (const exchange of this.repetition.due(this.#exchanges.messages, now)) {
      if (exchange.awaits === "pubcomp") this.#release(exchange);
      else this.#repeat(exchange);
    }
  }

  /**
   * Nobody waits for anything any more. Messages that have been sent stay in the table: as long as the server may know of
   * them their Packet Identifiers are in use. What is kept elsewhere stays there.
   */
  abandon(error: MqttError): void {
    for (const exchange of new Set([...this.#exchanges.all, ...this.#queue.clear()])) {
      if (exchange.context !== undefined) this.#outbox.fail(exchange, error);
      exchange.context = undefined;
      exchange.isGivenUp = true;
      if (!isMessage(exchange)) this.#exchanges.delete(exchange);
    }
    this.#requests?.awaited.clear();
  }

  /** The server has lost the Session: what was under way begins anew, or fails. */
  #lose(sessionLost: SessionLost): void {
    const again: Outgoing<Context>[] = [];
    for (const exchange of this.#exchanges.messages) {
      const { packet, awaits } = exchange;
      this.#forget(exchange);
      if (exchange.isGivenUp === true) continue;
      if (sessionLost === "fail" || (packet.qos === 2 && sessionLost !== "republish")) {
        this.#outbox.fail(exchange, new SessionLostError(awaits as "puback" | "pubrec" | "pubcomp"));
        continue;
      }
      delete packet.packetIdentifier;
      delete exchange.released;
      packet.duplicate = false;
      exchange.awaits = undefined;
      exchange.hasQuota = false;
      again.push(exchange);
      this.#note(exchange);
    }
    again.sort((one, other) => one.order - other.order);
    this.#queue.prepend(again);
  }

  #maySend({ packet, awaits }: Outgoing<Context>): boolean {
    if (this.#server === undefined || !this.#outbox.hasRoom) return false;
    // One that is sent again has its Packet Identifier.
    // [MQTT-4.9.0-2] [MQTT-3.3.4-7]
    return packet.qos === 0 || (this.#quota > 0 && (awaits !== undefined || !this.#exchanges.isFull));
  }

  /** Sends the PUBLISH of an exchange, the first one or, when the connection is a new one, once more. */
  #begin(exchange: Outgoing<Context>, isNew: boolean): void {
    if (exchange.awaits === undefined) {
      const { packet } = exchange;
      packet.packetIdentifier = this.#exchanges.nextIdentifier();
      this.#transmit(packet);
      // An alias dies with the connection [MQTT-3.3.2-7]: what may be sent again has none.
      if (packet.properties?.topicAlias !== undefined) delete (packet.properties = { ...packet.properties }).topicAlias;
      exchange.awaits = packet.qos === 1 ? "puback" : "pubrec";
      // [MQTT-4.3.2-3] [MQTT-4.3.3-3] [MQTT311-4.3.2-1] [MQTT311-4.3.3-1] [MQTT311-2.3.1-3]
      this.#exchanges.put(packet.packetIdentifier, exchange);
      this.#note(exchange, isNew);
      this.repetition?.sent(exchange);
    } else {
      this.#repeat(exchange);
    }
    exchange.hasQuota = true;
    this.#quota -= 1; // [MQTT-4.9.0-2] [MQTT-3.3.4-7]
  }

  /** Sends a PUBLISH again: the stored packet with DUP [MQTT-3.3.1-1] [MQTT-4.3.3-7]. */
  #repeat(exchange: Outgoing<Context>): void {
    this.#outbox.send({ ...exchange.packet, duplicate: true }); // [MQTT-3.3.1-1] [MQTT311-3.3.1-1]
    this.repetition?.sent(exchange);
  }

  #release(exchange: Outgoing<Context>): void {
    // [MQTT-4.3.3-4]
    // [MQTT-2.2.1-5] [MQTT311-4.3.3-1] [MQTT311-2.3.1-6]
    this.#outbox.send({ type: "pubrel", packetIdentifier: exchange.packet.packetIdentifier as number });
    this.repetition?.sent(exchange);
  }

  /** Puts a PUBLISH into the batch for the first time, with an alias where it has one. */
  #transmit(packet: PublishPacket): void {
    const aliased = this.#aliases.apply(packet);
    try {
      this.#outbox.send(aliased);
      const alias = aliased.properties?.topicAlias;
      if (alias !== undefined) this.#aliases.sent(packet, alias);
    } catch (error) {
      // An alias that nobody asked for must not make a message too large.
      if (!(error instanceof PacketTooLargeError) || packet.properties?.topicAlias !== undefined) throw error;
      this.#outbox.send(packet);
    }
    this.#outbox.statistics.messagesSent += 1;
  }

  #nextOrder(): number {
    this.#lastOrder += 1;
    return this.#lastOrder;
  }

  /**
   * Takes what a message has waited off its life (section 3.3.2.3.3).
   *
   * @throws TimeoutError when nothing is left.
   */
  #checkExpiry({ packet, expiresAt }: Outgoing<Context>): void {
    const interval = packet.properties?.messageExpiryInterval;
    if (expiresAt === undefined || interval === undefined) return;
    const leftMs = expiresAt - this.#options.wallNow();
    if (leftMs <= 0) throw new TimeoutError("Waiting to be sent", interval * 1000);
    packet.properties = { ...packet.properties, messageExpiryInterval: Math.ceil(leftMs / 1000) };
  }

  #check(packet: PublishPacket): void {
    checkMessage(packet, this.#server, this.#outbox.batch.version);
  }

  /** An exchange is over, or never was one. */
  #forget(exchange: Exchange<Context>): void {
    this.#requests?.awaited.delete(exchange);
    if (this.#exchanges.delete(exchange) && isMessage(exchange)) this.#erase(exchange);
  }

  /** Has it written down, where somebody writes it down. */
  #note(exchange: Outgoing<Context>, isNew = false): void {
    const { journal } = this.#outbox;
    if (journal.isKept) journal.put(recordOf(exchange), isNew);
  }

  #erase(exchange: Outgoing<Context>): void {
    const { journal } = this.#outbox;
    if (journal.isKept) journal.delete(keyOf(exchange));
  }
}

function came({ type, packetIdentifier }: Answer): string {
  return `${type.toUpperCase()} came for ${packetIdentifier}`;
}
