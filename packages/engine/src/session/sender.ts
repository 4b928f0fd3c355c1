import { isSharedSubscription, ProtocolError, reasonCodes, type PublishPacket } from "@rivulet/codec";
import { PacketIdExhaustedError, QueueFullError, TimeoutError, UnsupportedError, type MqttError } from "../errors.ts";
import { defaultQueueBytes, defaultQueueMessages } from "../limits.ts";
import type { Answer, Exchange, Request } from "./exchanges.ts";
import type { Outbox } from "./outbox.ts";
import type { Server } from "./server.ts";

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

/** Bounds of what may wait to be sent. */
export interface QueueLimits {
  /** Default: 10,000. */
  readonly maxMessages?: number | undefined;
  /** Default: 16 MiB. */
  readonly maxBytes?: number | undefined;
}

/** Sends messages and requests, and sees their exchanges through. */
export class Sender<Context> {
  // lives as long as the Session
  readonly #outbox: Outbox<Context>;
  readonly #limits: QueueLimits;
  #queue: (Exchange<Context> & { readonly packet: PublishPacket })[] = [];
  #queuedBytes = 0;
  readonly #exchanges = new Map<number, Exchange<Context>>();
  #lastIdentifier = 0;

  // lives as long as the Network Connection
  /** SUBSCRIBEs and UNSUBSCRIBEs that somebody waits for: when they were sent, and their patience, in ms. */
  readonly #requests = new Map<Exchange<Context>, { readonly sentAt: number; readonly timeoutMs: number }>();
  #server: Server | undefined;
  #quota = 0;

  constructor(outbox: Outbox<Context>, limits: QueueLimits) {
    this.#outbox = outbox;
    this.#limits = limits;
  }

  /** Bytes of the messages that wait to be sent. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Messages that wait to be sent. */
  get queuedMessages(): number {
    return this.#queue.length;
  }

  /** Whether the server owes an answer that somebody waits for. */
  get isAwaited(): boolean {
    for (const { context } of this.#exchanges.values()) if (context !== undefined) return true;
    return this.#queue.length > 0 && this.#quota === 0;
  }

  /** When the first request will have waited too long. */
  get deadline(): number {
    let deadline = Infinity;
    for (const { sentAt, timeoutMs } of this.#requests.values()) deadline = Math.min(deadline, sentAt + timeoutMs);
    return deadline;
  }

  /** The server has accepted us, and messages may leave; or, with undefined, the connection is gone. */
  connected(server: Server | undefined, maxInflight: number): void {
    this.#server = server;
    this.#quota = Math.min(server?.receiveMaximum ?? 0, maxInflight); // [MQTT-4.9.0-1]
  }

  /**
   * Sends a message, or queues it. Returns its exchange; undefined when it was sent at QoS 0, and is in the batch.
   *
   * @throws the errors of `encode`, UnsupportedError for what the server does not do, QueueFullError.
   */
  publish(packet: PublishPacket, context: Context): Exchange<Context> | undefined {
    this.#checkServer(packet);
    const exchange = { packet, context, size: 0, awaits: undefined };
    if (this.#queue.length === 0 && this.#maySend(packet)) {
      this.#sendMessage(exchange);
      return packet.qos === 0 ? undefined : exchange;
    }
    // Until it has a Packet Identifier of its own, any will do to check and measure it.
    exchange.size = this.#outbox.batch.measure(packet.qos === 0 ? packet : { ...packet, packetIdentifier: 1 });
    const { maxMessages = defaultQueueMessages, maxBytes = defaultQueueBytes } = this.#limits;
    const { length } = this.#queue;
    if (length >= maxMessages || this.#queuedBytes + exchange.size > maxBytes) {
      throw new QueueFullError(`${length} messages with ${this.#queuedBytes} bytes wait to be sent: no more are taken`);
    }
    this.#queue.push(exchange);
    this.#queuedBytes += exchange.size;
    return exchange;
  }

  /** @throws the errors of `encode`, UnsupportedError for what the server does not do, PacketIdExhaustedError. */
  request(
    packet: Request,
    context: Context,
    patience: { readonly sentAt: number; readonly timeoutMs: number },
  ): Exchange<Context> {
    if (packet.type === "subscribe") this.#checkSubscriptions(packet);
    const exchange: Exchange<Context> = { packet, context, size: 0, awaits: undefined };
    this.#send(exchange, packet.type === "subscribe" ? "suback" : "unsuback");
    this.#requests.set(exchange, patience);
    return exchange;
  }

  /** Nobody waits for this any more: a message leaves the queue; what was sent is seen through, and nobody hears of it. */
  cancel(exchange: Exchange<Context>): void {
    exchange.context = undefined;
    this.#requests.delete(exchange);
    const index = this.#queue.indexOf(exchange as never);
    if (index >= 0) this.#queuedBytes -= this.#queue.splice(index, 1)[0]?.size ?? 0;
  }

  /** Moves messages from the queue into the batch, as many as may be sent. */
  pump(): void {
    for (let [head] = this.#queue; head !== undefined && this.#maySend(head.packet); [head] = this.#queue) {
      this.#queue.shift();
      this.#queuedBytes -= head.size;
      const { context } = head;
      try {
        this.#checkServer(head.packet);
        this.#sendMessage(head);
        if (head.packet.qos === 0 && context !== undefined) this.#outbox.emit({ type: "batched", context });
      } catch (error) {
        // It was sound when it was queued: what is left is what this server, or this version, does not take.
        this.#fail(head, error as MqttError);
      }
    }
  }

  /** @throws ProtocolError for an answer that does not fit its question. */
  answered(packet: Answer): void {
    const { type, packetIdentifier } = packet;
    const exchange = this.#exchanges.get(packetIdentifier);
    const isVersion5 = this.#outbox.batch.version === 5;
    if (exchange === undefined) {
      this.#outbox.emit({ type: "log", level: "info", message: `${came(packet)}, which nothing waits for` });
      const reasonCode = isVersion5 ? reasonCodes.packetIdentifierNotFound : reasonCodes.success;
      if (type === "pubrec") this.#outbox.send({ type: "pubrel", packetIdentifier, reasonCode });
      return;
    }
    const isPubrecAgain = type === "pubrec" && exchange.awaits === "pubcomp";
    // [MQTT-3.8.4-2] [MQTT-3.10.4-5] [MQTT-3.8.4-6]
    if ((type !== exchange.awaits && !isPubrecAgain) || !hasAllCodes(packet, exchange.packet, isVersion5)) {
      throw new ProtocolError(`${came(packet)}, a ${exchange.packet.type.toUpperCase()} that awaits another answer`);
    }
    if (type === "pubrec" && packet.reasonCode < 0x80) {
      // From here on the PUBLISH is never sent again [MQTT-4.3.3-6].
      exchange.awaits = "pubcomp";
      this.#outbox.send({ type: "pubrel", packetIdentifier }); // [MQTT-4.3.3-4]
      return;
    }
    this.#exchanges.delete(packetIdentifier);
    this.#requests.delete(exchange);
    if (exchange.packet.type === "publish") this.#quota += 1;
    const { context } = exchange;
    if (context !== undefined) this.#outbox.emit({ type: "answered", context, packet });
  }

  handleTimeout(now: number): void {
    for (const [exchange, { sentAt, timeoutMs }] of this.#requests) {
      if (now < sentAt + timeoutMs) continue;
      this.#fail(exchange, new TimeoutError(`The answer to ${exchange.packet.type}`, timeoutMs));
      this.cancel(exchange);
    }
  }

  /** Gives up everything that waits or is under way; or only the requests, whose answers went with the connection. */
  abandon(error: MqttError, onlyRequests = false): void {
    for (const [packetIdentifier, exchange] of this.#exchanges) {
      if (onlyRequests && exchange.packet.type === "publish") continue;
      this.#exchanges.delete(packetIdentifier);
      this.#fail(exchange, error);
    }
    this.#requests.clear();
    if (onlyRequests) return;
    for (const exchange of this.#queue) this.#fail(exchange, error);
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #maySend(packet: PublishPacket): boolean {
    return this.#server !== undefined && this.#outbox.hasRoom && (packet.qos === 0 || this.#quota > 0);
  }

  #sendMessage(exchange: Exchange<Context> & { readonly packet: PublishPacket }): void {
    const { packet } = exchange;
    if (packet.qos === 0) {
      this.#outbox.send(packet);
      return;
    }
    this.#send(exchange, packet.qos === 1 ? "puback" : "pubrec");
    this.#quota -= 1; // [MQTT-4.9.0-2]
  }

  /** Gives an exchange its Packet Identifier. They go round, so that one that has become free rests for long. */
  #send(exchange: Exchange<Context>, awaits: Answer["type"]): void {
    if (this.#exchanges.size === 0xffff) throw new PacketIdExhaustedError();
    do this.#lastIdentifier = (this.#lastIdentifier % 0xffff) + 1;
    while (this.#exchanges.has(this.#lastIdentifier));
    const packetIdentifier = this.#lastIdentifier;
    this.#outbox.send(Object.assign(exchange.packet, { packetIdentifier }));
    exchange.awaits = awaits;
    this.#exchanges.set(packetIdentifier, exchange);
  }

  /** @throws UnsupportedError when this server, as far as we know it, would refuse the message. */
  #checkServer({ qos, retain, properties }: PublishPacket): void {
    const { maximumQoS = 2, retainAvailable = true } = this.#server ?? {};
    // [MQTT-3.2.2-11] [MQTT-3.2.2-14]
    if (qos > maximumQoS) throw new UnsupportedError("qos", `The server takes QoS ${maximumQoS} at most, not ${qos}`);
    if (retain && !retainAvailable) throw new UnsupportedError("retain", "The server does not retain messages");
    if (properties !== undefined && this.#outbox.batch.version < 5) {
      const names = Object.keys(properties).join(", ");
      throw new UnsupportedError(names, `Of a message, ${names} need MQTT 5.0`);
    }
  }

  /** @throws UnsupportedError when this server would end the connection over such a SUBSCRIBE. */
  #checkSubscriptions({ subscriptions, properties }: Extract<Request, { type: "subscribe" }>): void {
    const server = this.#server;
    const filters = subscriptions.map(({ topicFilter }) => topicFilter);
    const refusals: readonly (readonly [feature: string, isAsked: boolean, isAvailable: boolean | undefined])[] = [
      ["wildcards", filters.some((filter) => /[+#]/.test(filter)), server?.wildcardSubscriptionAvailable],
      ["shared subscriptions", filters.some(isSharedSubscription), server?.sharedSubscriptionAvailable],
      ["identifier", properties?.subscriptionIdentifier !== undefined, server?.subscriptionIdentifierAvailable],
    ];
    for (const [feature, isAsked, isAvailable] of refusals) {
      if (isAsked && isAvailable === false)
        throw new UnsupportedError(feature, `The server does not support ${feature}`);
    }
  }

  #fail({ context }: Exchange<Context>, error: MqttError): void {
    if (context !== undefined) this.#outbox.emit({ type: "failed", context, error });
  }
}

function came({ type, packetIdentifier }: Answer): string {
  return `${type.toUpperCase()} came for ${packetIdentifier}`;
}

/** Whether an answer has a Reason Code for each Topic Filter; the UNSUBACK of MQTT 3.1.1 has none at all. */
function hasAllCodes(answer: Answer, asked: PublishPacket | Request, isVersion5: boolean): boolean {
  if (asked.type === "publish" || !("reasonCodes" in answer)) return true;
  const filters = asked.type === "subscribe" ? asked.subscriptions : asked.topicFilters;
  return answer.reasonCodes.length === filters.length || (asked.type === "unsubscribe" && !isVersion5);
}
