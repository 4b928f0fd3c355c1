import {
  ProtocolError,
  reasonCodes,
  type PubackPacket,
  type PublishPacket,
  type PubrecPacket,
  type PubrelPacket,
} from "@rivulet/codec";
import { acknowledgementPatienceMs } from "../limits.ts";
import type { IncomingRecord } from "../session-store.ts";
import type { Acknowledgement, IncomingExchange, InflightMessage } from "./exchanges.ts";
import type { Outbox } from "./outbox.ts";

// Theory of operation
//
// A message at QoS 1 or 2 is handed over once and acknowledged when the application is done with it. Acknowledgements
// leave in the order in which the messages came, PUBACKs and PUBRECs each, whatever order the application finishes in
// [MQTT-4.6.0-2] [MQTT-4.6.0-3]. At QoS 2 the Packet Identifier is kept until PUBREL: while it is, the same identifier
// means the same message, and is answered but not handed over again [MQTT-4.3.3-10].
//
// With the connection goes what was to be acknowledged: the server sends it again, or has lost the Session. At QoS 2 the
// exchange stays: whether the application is done with it or still at it, the message sent again takes its place in the
// new order of acknowledgements, and no more. Written down is a QoS 2 message once it is to be acknowledged, before
// PUBREC leaves; without the record it is new, and that is what it is to a process that was ended before.

const success: Acknowledgement = {};

/** What we told the server that it may do. */
export interface ReceiveLimits {
  /** Messages that it may have under way to us. MQTT 3.1.1 has no such limit: then it is Infinity. */
  readonly receiveMaximum: number;
  readonly topicAliasMaximum: number;
}

/** One for all. */
const atMostOnce = /* @__PURE__ */ Object.freeze<never[]>([]) as never[];

/** While there is no connection. */
const none: ReceiveLimits = { receiveMaximum: Infinity, topicAliasMaximum: 0 };

/** Receives messages and acknowledges them. */
export class Receiver<Context> {
  // lives as long as the Session
  readonly #outbox: Outbox<Context>;
  // What an idle client does without is made when it is needed.
  /** QoS 2 messages up to their PUBCOMP. */
  #exactlyOnce: Map<number, IncomingExchange> | undefined;
  /** Those whose exchange is over, and whose consumers are not done. */
  #completed: Set<IncomingExchange> | undefined;
  /** Messages that were acknowledged on receipt by a process that was ended before its consumers were done. */
  readonly #undelivered: IncomingExchange[] = [];
  #lastOrder = 0;

  // lives as long as the Network Connection
  /** By QoS: messages without PUBACK, and without PUBREC, in the order in which they came. */
  readonly #unacknowledged: [never[], IncomingExchange[], IncomingExchange[]] = [atMostOnce, [], []];
  /** QoS 2 messages that were sent on it, up to their PUBCOMP. */
  #counted: Set<IncomingExchange> | undefined;
  #limits = none;
  /** Made with the first Topic Alias. */
  #topicNames: Map<number, string> | undefined;
  #isOverrunNoted = false;
  /** Nothing has been acknowledged on this connection, nor comes from another one: the server cannot have miscounted. */
  #isExact = false;
  /** The last message that was said of that nobody acknowledges it. */
  #complainedOf: IncomingExchange | undefined;

  constructor(outbox: Outbox<Context>) {
    this.#outbox = outbox;
  }

  /**
   * Whether the server has more messages under way than we told it to [MQTT-3.3.4-9]; before MQTT 5.0, where nobody
   * can tell it, any number is too many.
   */
  get isOverrun(): boolean {
    const { receiveMaximum } = this.#limits;
    return receiveMaximum === Infinity || this.#underWay > receiveMaximum; // [MQTT-3.3.4-9]
  }

  /** Whether Packet Identifiers at QoS 2 are in use. */
  get isInUse(): boolean {
    return (this.#exactlyOnce?.size ?? 0) > 0;
  }

  /** Messages whose exchanges are not over. */
  get inflight(): InflightMessage[] {
    const all = new Set([...this.#unacknowledged[1], ...this.#atQoS2]);
    return [...all].map(({ packetIdentifier: packetId, qos, topicName: topic, isAcknowledged }) => ({
      ...{ topic, packetId, qos },
      stage: isAcknowledged ? "awaiting-pubrel" : qos === 1 ? "sending-puback" : "sending-pubrec",
    }));
  }

  /** What a Session must not forget of the messages. */
  get records(): IncomingRecord[] {
    const done = this.#atQoS2.filter(isDone);
    return [...done, ...(this.#completed ?? [])].map(recordOf);
  }

  /** When a message that others wait behind will have waited too long for the application. */
  get deadline(): number {
    const oldest = this.#oldest;
    return oldest === undefined || oldest === this.#complainedOf ? Infinity : oldest.since + acknowledgementPatienceMs;
  }

  /** The connection is gone. */
  disconnected(): void {
    this.#limits = none;
    this.#topicNames = undefined; // [MQTT-3.3.2-7]
    this.#unacknowledged[1] = [];
    this.#unacknowledged[2] = [];
    this.#counted = undefined;
  }

  /** The server has accepted us; `hasSession` tells whether it knows of messages under way. */
  connected(limits: ReceiveLimits, hasSession: boolean): void {
    this.#limits = limits;
    this.#isOverrunNoted = false;
    this.#isExact = !hasSession;
    if (!hasSession) this.#lose();
    this.redeliver();
  }

  /** Takes up what has been written down. */
  restore(records: readonly IncomingRecord[]): void {
    for (const record of records) {
      const { packetIdentifier, packet: held, isComplete = false, order = 0, key } = record;
      this.#outbox.journal.put(record);
      const exchange = newExchange({ packetIdentifier, qos: 2, topicName: held?.topicName ?? "", order }, 0);
      // Whether PUBREC has left is not known: the server will say by what it sends.
      Object.assign(exchange, { acknowledgement: success, isAcknowledged: true, held });
      this.#lastOrder = Math.max(this.#lastOrder, order);
      if (isComplete) (this.#completed ??= new Set()).add(Object.assign(exchange, { key }));
      else (this.#exactlyOnce ??= new Map<number, IncomingExchange>()).set(packetIdentifier, exchange);
      if (held !== undefined) this.#undelivered.push(exchange);
    }
    this.#undelivered.sort((one, other) => one.order - other.order);
  }

  /** Hands over what a process before this one had acknowledged, and had not been done with. */
  redeliver(): void {
    for (const exchange of this.#undelivered.splice(0)) {
      const { held } = exchange;
      if (held !== undefined) this.#outbox.emit({ type: "message", packet: { ...held, duplicate: true }, exchange });
    }
  }

  /** Says once of a message that others wait behind that nobody acknowledges it. */
  handleTimeout(now: number): void {
    const oldest = this.#oldest;
    if (oldest === undefined || now < this.deadline) return;
    this.#complainedOf = oldest;
    const message = `A message to ${oldest.topicName} has not been acknowledged for ${acknowledgementPatienceMs} ms`;
    this.#outbox.emit({ type: "log", level: "info", message: `${message}: those behind it wait` });
  }

  publish(packet: PublishPacket, now: number): void {
    this.#resolveAlias(packet);
    const { qos, packetIdentifier = 0, topicName } = packet;
    // [MQTT-3.3.4-1] [MQTT311-3.3.4-1]
    if (qos === 0) {
      this.#handOver(packet);
      return;
    }
    const known = qos === 2 ? this.#exactlyOnce?.get(packetIdentifier) : undefined;
    const queue = this.#unacknowledged[qos];
    // [MQTT-4.3.3-10] [MQTT311-4.3.3-2]
    if (known !== undefined) {
      if (queue.includes(known)) return;
      queue.push(known);
      (this.#counted ??= new Set()).add(known);
      this.#flush(queue);
      return;
    }
    this.#noteOverrun();
    this.#lastOrder += 1;
    const exchange = newExchange({ packetIdentifier, qos, topicName, order: this.#lastOrder }, now);
    queue.push(exchange); // [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT311-4.6.0-2] [MQTT311-4.6.0-3]
    if (qos === 2) {
      (this.#exactlyOnce ??= new Map<number, IncomingExchange>()).set(packetIdentifier, exchange);
      (this.#counted ??= new Set()).add(exchange);
    }
    this.#handOver(packet, exchange);
  }

  pubrel({ packetIdentifier }: PubrelPacket): void {
    const exchange = this.#exactlyOnce?.get(packetIdentifier);
    if (exchange?.isAcknowledged === false) {
      throw new ProtocolError(`PUBREL came for ${packetIdentifier}, which has had no PUBREC`);
    }
    if (exchange !== undefined) this.#complete(exchange); // [MQTT-4.3.3-12] [MQTT311-4.3.3-2]
    const isUnknown = exchange === undefined && this.#outbox.batch.version === 5;
    const reasonCode = isUnknown ? reasonCodes.packetIdentifierNotFound : reasonCodes.success;
    // [MQTT-4.3.3-13] [MQTT-2.2.1-5] [MQTT311-2.3.1-6] [MQTT311-4.3.3-2]
    this.#outbox.send({ type: "pubcomp", packetIdentifier, reasonCode }); // [MQTT-4.3.3-11]
  }

  /**
   * The application is done with a message: it is acknowledged when those before it have been. With `held`, it wants to
   * be, and is not done with this packet yet.
   *
   * @throws the errors of `encode`; nothing has changed then.
   */
  acknowledge(exchange: IncomingExchange, acknowledgement: Acknowledgement = success, held?: PublishPacket): void {
    // Now, and not when those before it are acknowledged by somebody else.
    if (acknowledgement !== success) this.#outbox.check(answerTo(exchange, acknowledgement));
    if (exchange.acknowledgement === undefined) {
      exchange.acknowledgement = acknowledgement;
      exchange.held = held;
      const { journal } = this.#outbox;
      if (journal.isKept && isDone(exchange) && this.#isKnown(exchange)) journal.put(recordOf(exchange));
    } else if (held === undefined) {
      this.release(exchange); // Of another process, which had it acknowledged on receipt.
    }
    this.#flush(this.#unacknowledged[exchange.qos]);
  }

  /** The consumers of a message that was held are done with it. */
  release(exchange: IncomingExchange): void {
    if (exchange.held === undefined) return;
    exchange.held = undefined;
    if (this.#isKnown(exchange)) this.#outbox.journal.put(recordOf(exchange));
    else if (this.#completed?.delete(exchange) === true) this.#outbox.journal.delete(keyOf(exchange));
  }

  /** There are no consumers any more: what they were not done with is new when the server sends it again. */
  abandon(): void {
    for (const exchange of this.#atQoS2) {
      if (exchange.acknowledgement === undefined) this.forget(exchange);
    }
  }

  /**
   * The application wants a message once more: when the server sends it again, it is a new one. The server does not
   * know better of one that is held: it is there for the next `redeliver`.
   */
  forget(exchange: IncomingExchange): void {
    if (exchange.held !== undefined) this.#undelivered.push(exchange);
    else if (this.#isKnown(exchange)) this.#exactlyOnce?.delete(exchange.packetIdentifier);
  }

  get #atQoS2(): IncomingExchange[] {
    return [...(this.#exactlyOnce?.values() ?? [])];
  }

  #isKnown(exchange: IncomingExchange): boolean {
    return this.#exactlyOnce?.get(exchange.packetIdentifier) === exchange;
  }

  #handOver(packet: PublishPacket, exchange?: IncomingExchange): void {
    this.#outbox.statistics.messagesReceived += 1;
    // [MQTT-4.3.2-5] [MQTT-4.3.3-12] [MQTT311-4.3.2-2] [MQTT311-4.3.3-2]
    this.#outbox.emit({ type: "message", packet, exchange });
  }

  /** Sends the acknowledgements that nothing stands before. */
  #flush(queue: IncomingExchange[]): void {
    for (let head = queue[0]; head?.acknowledgement !== undefined; head = queue[0]) {
      queue.shift();
      this.#isExact = false;
      const isAgain = head.isAcknowledged;
      head.isAcknowledged = true;
      // A PUBREC that refuses ends the exchange; the identifier is free for a new message [MQTT-4.3.3-9].
      if (isRefusal(head.acknowledgement)) this.#complete(head);
      // [MQTT-3.3.4-1] [MQTT-4.3.2-4] [MQTT-4.3.3-8] [MQTT-4.3.3-13] [MQTT311-3.3.4-1] [MQTT311-4.3.2-2]
      // [MQTT311-4.3.3-2]
      this.#outbox.sendTrimmed(answerTo(head, head.acknowledgement));
      if (!isAgain) this.#outbox.emit({ type: "acknowledged", exchange: head });
    }
  }

  /** The exchange of a QoS 2 message is over; that of a QoS 1 message ends by itself. */
  #complete(exchange: IncomingExchange): void {
    if (!this.#isKnown(exchange)) return;
    this.#counted?.delete(exchange);
    this.#exactlyOnce?.delete(exchange.packetIdentifier);
    const { journal } = this.#outbox;
    journal.delete(keyOf(exchange));
    if (exchange.held === undefined) return;
    // Its Packet Identifier may be used again before the consumers are done.
    exchange.key = `${keyOf(exchange)}/${exchange.order}`;
    (this.#completed ??= new Set()).add(exchange);
    journal.put(recordOf(exchange));
  }

  /** The server has lost the Session: its Packet Identifiers mean nothing any more. */
  #lose(): void {
    for (const exchange of this.#atQoS2) this.#complete(exchange);
  }

  /**
   * Cuts a server off that does not heed our Receive Maximum from the beginning. Later it is not enforced by count, but
   * said once: mosquitto 2.0 counts acknowledgements wrongly when several come at once, and would be cut off again and
   * again. There memory is what the limit protects; whoever runs the Session watches that, and ends the connection when
   * it has to (`isOverrun`).
   */
  #noteOverrun(): void {
    const { receiveMaximum } = this.#limits;
    if (this.#isOverrunNoted || this.#underWay < receiveMaximum) return;
    this.#isOverrunNoted = true;
    const message = `The server has more messages under way than our Receive Maximum, ${receiveMaximum}, allows`;
    // [MQTT-3.3.4-9]
    if (this.#isExact) throw new ProtocolError(message, { reasonCode: reasonCodes.receiveMaximumExceeded });
    this.#outbox.emit({ type: "log", level: "info", message });
  }

  /** Of the messages that stand first in line, the one that has waited longer. */
  get #oldest(): IncomingExchange | undefined {
    const first = this.#unacknowledged[1][0];
    const second = this.#unacknowledged[2][0];
    return (first?.since ?? Infinity) <= (second?.since ?? Infinity) ? first : second;
  }

  /** Messages that count against our Receive Maximum: what another connection has left at PUBREL does not. */
  get #underWay(): number {
    return this.#unacknowledged[1].length + (this.#counted?.size ?? 0);
  }

  /** Gives a packet with an alias its Topic Name, before anything else sees it (section 3.3.2.3.4). */
  #resolveAlias(packet: PublishPacket): void {
    const alias = packet.properties?.topicAlias;
    if (alias === undefined) return;
    const { topicAliasMaximum } = this.#limits;
    // [MQTT-3.3.2-10]
    if (packet.topicName === "") packet.topicName = this.#topicNames?.get(alias) ?? "";
    // [MQTT-3.1.2-26] [MQTT-3.1.2-27] [MQTT-3.3.2-11]
    if (alias > topicAliasMaximum || packet.topicName === "") {
      const reasonCode = alias > topicAliasMaximum ? reasonCodes.topicAliasInvalid : reasonCodes.protocolError;
      throw new ProtocolError(`Topic alias ${alias} stands for no topic, or exceeds ${topicAliasMaximum}`, {
        reasonCode,
      });
    }
    (this.#topicNames ??= new Map()).set(alias, packet.topicName);
  }
}

function newExchange(
  {
    packetIdentifier,
    qos,
    topicName,
    order,
  }: Pick<IncomingExchange, "packetIdentifier" | "qos" | "topicName" | "order">,
  since: number,
): IncomingExchange {
  // Field by field: there is one for each message, and one that is spread costs several times as much.
  return {
    packetIdentifier,
    qos,
    topicName,
    order,
    since,
    acknowledgement: undefined,
    isAcknowledged: false,
    held: undefined,
  };
}

function keyOf({ key, packetIdentifier }: IncomingExchange): string {
  return key ?? `in/${packetIdentifier}`;
}

function recordOf(exchange: IncomingExchange): IncomingRecord {
  const { packetIdentifier, held, order, key } = exchange;
  const packet = held === undefined ? {} : { packet: held, ...(order > 0 ? { order } : {}) };
  return { key: keyOf(exchange), packetIdentifier, ...packet, ...(key === undefined ? {} : { isComplete: true }) };
}

/** Whether the application has taken a message. */
function isDone({ acknowledgement }: IncomingExchange): boolean {
  return acknowledgement !== undefined && !isRefusal(acknowledgement);
}

function isRefusal(acknowledgement: Acknowledgement | undefined): boolean {
  return (acknowledgement?.reasonCode ?? 0) >= 0x80;
}

/** The PUBACK or PUBREC of a message. */
function answerTo(exchange: IncomingExchange, acknowledgement: Acknowledgement): PubackPacket | PubrecPacket {
  const { packetIdentifier, qos } = exchange;
  // [MQTT-2.2.1-5] [MQTT311-2.3.1-6]
  return { type: qos === 1 ? "puback" : "pubrec", packetIdentifier, reasonCode: 0, ...acknowledgement };
}
