import {
  encodedLength,
  ProtocolError,
  reasonCodes,
  type PacketProperties,
  type PubackPacket,
  type PubcompPacket,
  type PublishPacket,
  type PubrecPacket,
} from "@rivulet/codec";
import { QueueFullError, UnsupportedError, type MqttError } from "../errors.ts";
import { PublishQueue, type OutgoingExchange } from "./outgoing.ts";
import type { Outbox } from "./outbox.ts";
import type { PacketIdentifiers } from "./packet-identifiers.ts";
import type { Server } from "./server.ts";

// Theory of operation
//
// A message is sent at once when nothing is in its way: the server has accepted us, no other message waits, the batch
// has room, and, at QoS 1 and 2, there is quota. Otherwise it waits in one queue with all others, so that nothing
// overtakes; it gets its Packet Identifier only when it leaves, so that waiting uses none up.
//
//   QoS 1: queued -> published -> (PUBACK)
//   QoS 2: queued -> published -> (PUBREC) -> released -> (PUBCOMP); a PUBREC of 0x80 or above ends it
//
// Quota goes down with each PUBLISH and up with each PUBACK, PUBCOMP and refusing PUBREC (section 4.9).

/** Bounds of what may wait to be sent. */
export interface QueueLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Sends messages and sees their exchanges through. */
export class Publisher<Context> {
  // lives as long as the Session
  readonly #outbox: Outbox<Context>;
  readonly #identifiers: PacketIdentifiers;
  readonly #limits: QueueLimits;
  readonly #queue = new PublishQueue<Context>();
  readonly #outgoing = new Map<number, OutgoingExchange<Context>>();

  // lives as long as the Network Connection
  #server: Server | undefined;
  #quota = 0;

  constructor(outbox: Outbox<Context>, identifiers: PacketIdentifiers, limits: QueueLimits) {
    this.#outbox = outbox;
    this.#identifiers = identifiers;
    this.#limits = limits;
  }

  /** Whether there is nothing to send and nothing unacknowledged. */
  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#outgoing.size === 0;
  }

  /** Bytes of the messages that wait to be sent. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Messages whose acknowledgement has not come, in the order of their PUBLISHes. */
  get outgoing(): Iterable<OutgoingExchange<Context>> {
    return this.#outgoing.values();
  }

  get outgoingSize(): number {
    return this.#outgoing.size;
  }

  /** The server has accepted us: messages may leave. */
  open(server: Server, maxInflight: number): void {
    this.#server = server;
    this.#quota = Math.min(server.receiveMaximum, maxInflight); // [MQTT-4.9.0-1]
  }

  /** The connection is gone. */
  close(): void {
    this.#server = undefined;
    this.#quota = 0;
  }

  /**
   * Sends a message, or queues it. Returns its exchange; undefined when it was sent at QoS 0, and is in the batch.
   *
   * @throws the errors of `encode`, UnsupportedError for what the server does not do, QueueFullError.
   */
  publish(packet: PublishPacket, context: Context): OutgoingExchange<Context> | undefined {
    const refusal = this.#refusal(packet);
    if (refusal !== undefined) throw refusal;
    if (this.#queue.length === 0 && this.#maySend(packet)) {
      if (packet.qos === 0) {
        this.#outbox.send(packet);
        return undefined;
      }
      const exchange: OutgoingExchange<Context> = { packet, context, size: 0, stage: "queued" };
      this.#send(exchange);
      return exchange;
    }
    // It has no Packet Identifier yet, and any will do to check and measure it.
    const measured = packet.qos === 0 ? packet : { ...packet, packetIdentifier: 1 };
    const size = encodedLength(measured, this.#outbox.version);
    const { maxMessages, maxBytes } = this.#limits;
    if (this.#queue.length >= maxMessages || this.#queue.bytes + size > maxBytes) {
      const { length, bytes } = this.#queue;
      throw new QueueFullError(
        `${length} messages with ${bytes} bytes wait to be sent, and ${maxMessages} with ${maxBytes} are the most`,
      );
    }
    const exchange: OutgoingExchange<Context> = { packet, context, size, stage: "queued" };
    this.#queue.push(exchange);
    return exchange;
  }

  /** Nobody waits for this message any more: it leaves the queue; once sent, only its context is forgotten. */
  cancel(exchange: OutgoingExchange<Context>): void {
    exchange.context = undefined;
    if (exchange.stage === "queued") this.#queue.remove(exchange);
  }

  /** Moves messages from the queue into the batch, as many as may be sent. */
  pump(): void {
    for (let head = this.#queue.peek(); head !== undefined && this.#maySend(head.packet); head = this.#queue.peek()) {
      this.#queue.shift();
      const refusal = this.#refusal(head.packet);
      if (refusal !== undefined) {
        this.#fail(head, refusal);
        continue;
      }
      try {
        this.#send(head);
      } catch (error) {
        // It was sound when it was queued: what is left is a packet larger than this server takes.
        this.#fail(head, error as MqttError);
      }
    }
  }

  puback(packet: PubackPacket): void {
    const exchange = this.#find(packet, 1);
    if (exchange === undefined) {
      this.#outbox.log("info", `A PUBACK for ${packet.packetIdentifier}, which nothing waits for, was ignored`);
      return;
    }
    this.#finish(exchange, packet.reasonCode, packet.properties);
  }

  pubrec(packet: PubrecPacket): void {
    const { packetIdentifier } = packet;
    const exchange = this.#find(packet, 2);
    if (exchange === undefined) {
      this.#outbox.log("info", `A PUBREC for ${packetIdentifier}, which nothing waits for, was answered`);
      const reasonCode = this.#outbox.version === 5 ? reasonCodes.packetIdentifierNotFound : reasonCodes.success;
      this.#outbox.send({ type: "pubrel", packetIdentifier, reasonCode });
      return;
    }
    if (packet.reasonCode >= 0x80) {
      this.#finish(exchange, packet.reasonCode, packet.properties);
      return;
    }
    // From here on the PUBLISH is never sent again [MQTT-4.3.3-6].
    exchange.stage = "released";
    this.#outbox.send({ type: "pubrel", packetIdentifier }); // [MQTT-4.3.3-4]
  }

  pubcomp(packet: PubcompPacket): void {
    const exchange = this.#find(packet, 2);
    if (exchange === undefined) {
      this.#outbox.log("info", `A PUBCOMP for ${packet.packetIdentifier}, which nothing waits for, was ignored`);
      return;
    }
    if (exchange.stage !== "released") {
      throw new ProtocolError(`A PUBCOMP for ${packet.packetIdentifier} came before its PUBREC`);
    }
    // 0x92 tells that the server no longer knew it: it has had the message, and is done with it.
    this.#finish(exchange, reasonCodes.success, packet.properties);
  }

  /** Gives up everything that waits or is under way. */
  abandon(error: MqttError): void {
    for (const exchange of [...this.#outgoing.values(), ...this.#queue]) {
      this.#forget(exchange);
      this.#queue.remove(exchange);
      this.#fail(exchange, error);
    }
  }

  #maySend(packet: PublishPacket): boolean {
    return this.#server !== undefined && this.#outbox.hasRoom && (packet.qos === 0 || this.#quota > 0);
  }

  #send(exchange: OutgoingExchange<Context>): void {
    const { packet } = exchange;
    if (packet.qos === 0) {
      this.#outbox.send(packet);
      if (exchange.context !== undefined) this.#outbox.emit({ type: "batched", context: exchange.context });
      return;
    }
    packet.packetIdentifier = this.#identifiers.take(); // [MQTT-2.2.1-3]
    try {
      this.#outbox.send(packet);
    } catch (error) {
      this.#identifiers.release(packet.packetIdentifier);
      throw error;
    }
    exchange.stage = "published";
    this.#outgoing.set(packet.packetIdentifier, exchange);
    this.#quota -= 1; // [MQTT-4.9.0-2]
  }

  /** Why this server, as far as we know it, would refuse the message. */
  #refusal(packet: PublishPacket): UnsupportedError | undefined {
    const [property] = Object.keys(packet.properties ?? {});
    if (this.#outbox.version < 5 && property !== undefined) {
      return new UnsupportedError(property, `Property ${property} needs MQTT 5.0, and the connection is of MQTT 3.1.1`);
    }
    const server = this.#server;
    if (server === undefined) return undefined;
    // [MQTT-3.2.2-11]
    if (packet.qos > server.maximumQoS) {
      return new UnsupportedError("qos", `QoS ${packet.qos} is above the server's Maximum QoS, ${server.maximumQoS}`);
    }
    // [MQTT-3.2.2-14]
    if (packet.retain && !server.retainAvailable) {
      return new UnsupportedError("retain", "The server does not retain messages");
    }
    return undefined;
  }

  /** @throws ProtocolError when the answer is one to a message of another QoS. */
  #find(answer: PubackPacket | PubrecPacket | PubcompPacket, qos: 1 | 2): OutgoingExchange<Context> | undefined {
    const exchange = this.#outgoing.get(answer.packetIdentifier);
    if (exchange !== undefined && exchange.packet.qos !== qos) {
      const name = answer.type.toUpperCase();
      throw new ProtocolError(`${name} came for ${answer.packetIdentifier}, a message at QoS ${exchange.packet.qos}`);
    }
    return exchange;
  }

  #finish(
    exchange: OutgoingExchange<Context>,
    reasonCode: number,
    properties: PacketProperties<"puback"> | undefined,
  ): void {
    const packetIdentifier = this.#forget(exchange);
    this.#quota += 1;
    const { context, packet } = exchange;
    if (context === undefined) return;
    const { topicName } = packet;
    this.#outbox.emit({ type: "published", context, topicName, packetIdentifier, reasonCode, properties });
  }

  #forget(exchange: OutgoingExchange<Context>): number {
    const { packetIdentifier = 0 } = exchange.packet;
    if (this.#outgoing.delete(packetIdentifier)) this.#identifiers.release(packetIdentifier);
    return packetIdentifier;
  }

  #fail(exchange: OutgoingExchange<Context>, error: MqttError): void {
    if (exchange.context !== undefined) this.#outbox.emit({ type: "failed", context: exchange.context, error });
  }
}
