import {
  ProtocolError,
  reasonCodes,
  type PubackPacket,
  type PublishPacket,
  type PubrecPacket,
  type PubrelPacket,
} from "@rivulet/codec";
import type { Acknowledgement, IncomingExchange } from "./exchanges.ts";
import type { Outbox } from "./outbox.ts";

// Theory of operation
//
// A message at QoS 1 or 2 is handed over once and acknowledged when the application is done with it. Acknowledgements
// leave in the order in which the messages came, PUBACKs and PUBRECs each, whatever order the application finishes in
// [MQTT-4.6.0-2] [MQTT-4.6.0-3]. At QoS 2 the Packet Identifier is kept until PUBREL: while it is, the same identifier
// means the same message, and is answered but not handed over again [MQTT-4.3.3-10].

const success: Acknowledgement = {};

/** What we told the server that it may do. */
export interface ReceiveLimits {
  /** Messages that it may have under way to us. MQTT 3.1.1 has no such limit: then it is Infinity. */
  readonly receiveMaximum: number;
  readonly topicAliasMaximum: number;
}

/** Receives messages and acknowledges them. */
export class Receiver<Context> {
  // lives as long as the Session
  readonly #outbox: Outbox<Context>;
  /** Messages without PUBACK, and without PUBREC, in the order in which they came. */
  readonly #unacknowledged: Record<1 | 2, IncomingExchange[]> = { 1: [], 2: [] };
  /** QoS 2 messages up to their PUBCOMP. */
  readonly #exactlyOnce = new Map<number, IncomingExchange>();

  // lives as long as the Network Connection
  /** Undefined while there is none: acknowledgements have nowhere to go. */
  #limits: ReceiveLimits | undefined;
  readonly #topicNames = new Map<number, string>();
  #isOverrunNoted = false;

  constructor(outbox: Outbox<Context>) {
    this.#outbox = outbox;
  }

  /**
   * Whether the server has more messages under way than we told it to [MQTT-3.3.4-9]; before MQTT 5.0, where nobody
   * can tell it, any number is too many.
   */
  get isOverrun(): boolean {
    const { receiveMaximum = Infinity } = this.#limits ?? {};
    return receiveMaximum === Infinity || this.#unacknowledged[1].length + this.#exactlyOnce.size > receiveMaximum;
  }

  /** The server has accepted us; or, with undefined, the connection is gone. */
  connected(limits: ReceiveLimits | undefined): void {
    this.#limits = limits;
    this.#topicNames.clear(); // [MQTT-3.3.2-7]
    this.#isOverrunNoted = false;
  }

  publish(packet: PublishPacket): void {
    this.#resolveAlias(packet);
    const { qos, packetIdentifier = 0 } = packet;
    if (qos === 0) {
      this.#outbox.emit({ type: "message", packet, exchange: undefined });
      return;
    }
    const known = qos === 2 ? this.#exactlyOnce.get(packetIdentifier) : undefined;
    if (known !== undefined) {
      if (known.isAcknowledged) this.#outbox.send({ type: "pubrec", packetIdentifier });
      return;
    }
    this.#noteOverrun();
    const exchange: IncomingExchange = { packetIdentifier, qos, acknowledgement: undefined, isAcknowledged: false };
    this.#unacknowledged[qos].push(exchange);
    if (qos === 2) this.#exactlyOnce.set(packetIdentifier, exchange);
    this.#outbox.emit({ type: "message", packet, exchange });
  }

  pubrel({ packetIdentifier }: PubrelPacket): void {
    const exchange = this.#exactlyOnce.get(packetIdentifier);
    if (exchange?.isAcknowledged === false) {
      throw new ProtocolError(`PUBREL came for ${packetIdentifier}, which has had no PUBREC`);
    }
    const isUnknown = !this.#exactlyOnce.delete(packetIdentifier) && this.#outbox.batch.version === 5;
    const reasonCode = isUnknown ? reasonCodes.packetIdentifierNotFound : reasonCodes.success;
    this.#outbox.send({ type: "pubcomp", packetIdentifier, reasonCode }); // [MQTT-4.3.3-11]
  }

  /**
   * The application is done with a message: it is acknowledged when those before it have been.
   *
   * @throws the errors of `encode`; nothing has changed then.
   */
  acknowledge(exchange: IncomingExchange, acknowledgement: Acknowledgement = success): void {
    // Now, and not when those before it are acknowledged by somebody else.
    if (acknowledgement !== success) this.#outbox.check(answerTo(exchange, acknowledgement));
    exchange.acknowledgement ??= acknowledgement;
    const queue = this.#unacknowledged[exchange.qos];
    for (let [head] = queue; head?.acknowledgement !== undefined; [head] = queue) {
      queue.shift();
      head.isAcknowledged = true;
      const packet = answerTo(head, head.acknowledgement);
      // A PUBREC that refuses ends the exchange; the identifier is free for a new message [MQTT-4.3.3-9].
      if (packet.type === "pubrec" && packet.reasonCode >= 0x80) this.#exactlyOnce.delete(packet.packetIdentifier);
      if (this.#limits === undefined) continue;
      this.#outbox.sendTrimmed(packet);
      this.#outbox.emit({ type: "acknowledged", exchange: head });
    }
  }

  /**
   * Says once that the server does not heed Receive Maximum. It is not cut off for that alone: mosquitto 2.0 does so
   * whenever a consumer is slow, and would be cut off again and again. Memory is what the limit protects; whoever runs
   * the Session watches that, and ends the connection when it has to (`isOverrun`).
   */
  #noteOverrun(): void {
    const { receiveMaximum = Infinity } = this.#limits ?? {};
    if (this.#isOverrunNoted || this.#unacknowledged[1].length + this.#exactlyOnce.size < receiveMaximum) return;
    this.#isOverrunNoted = true;
    const message = `The server has more messages under way than our Receive Maximum, ${receiveMaximum}, allows`;
    this.#outbox.emit({ type: "log", level: "info", message });
  }

  /** Gives a packet with an alias its Topic Name, before anything else sees it (section 3.3.2.3.4). */
  #resolveAlias(packet: PublishPacket): void {
    const alias = packet.properties?.topicAlias;
    if (alias === undefined) return;
    const { topicAliasMaximum = 0 } = this.#limits ?? {};
    // [MQTT-3.3.2-10]
    if (packet.topicName === "") packet.topicName = this.#topicNames.get(alias) ?? "";
    // [MQTT-3.1.2-26] [MQTT-3.1.2-27] [MQTT-3.3.2-11]
    if (alias > topicAliasMaximum || packet.topicName === "") {
      const reasonCode = alias > topicAliasMaximum ? reasonCodes.topicAliasInvalid : reasonCodes.protocolError;
      throw new ProtocolError(`Topic alias ${alias} stands for no topic, or exceeds ${topicAliasMaximum}`, {
        reasonCode,
      });
    }
    this.#topicNames.set(alias, packet.topicName);
  }
}

/** The PUBACK or PUBREC of a message. */
function answerTo(exchange: IncomingExchange, acknowledgement: Acknowledgement): PubackPacket | PubrecPacket {
  const { packetIdentifier, qos } = exchange;
  return { type: qos === 1 ? "puback" : "pubrec", packetIdentifier, reasonCode: 0, ...acknowledgement };
}
