import { ProtocolError, reasonCodes, type PublishPacket, type PubrelPacket } from "@rivulet/codec";
import { PacketTooLargeError } from "../errors.ts";
import { IncomingExchanges, type Acknowledgement, type IncomingExchange } from "./incoming.ts";
import type { Outbox } from "./outbox.ts";
import { InboundTopicAliases } from "./topic-aliases.ts";

// Theory of operation
//
// A message at QoS 1 or 2 is handed over once and acknowledged when the application is done with it. At QoS 2 its
// Packet Identifier is kept until PUBREL: while it is, the same identifier means the same message, and is answered but
// not handed over again [MQTT-4.3.3-10]. The server may have as many messages under way as our Receive Maximum.

/** Receives messages and acknowledges them. */
export class Receiver<Context> {
  // lives as long as the Session
  readonly #outbox: Outbox<Context>;
  readonly #incoming = new IncomingExchanges();

  // lives as long as the Network Connection
  #isOpen = false;
  #receiveMaximum = Infinity;
  #aliases = new InboundTopicAliases(0);

  constructor(outbox: Outbox<Context>) {
    this.#outbox = outbox;
  }

  /** Messages that the application has, or whose exchange is not over. */
  get incoming(): Iterable<IncomingExchange> {
    return this.#incoming;
  }

  /** The server has accepted us. MQTT 3.1.1 has no Receive Maximum: then it is Infinity. */
  open(limits: { readonly receiveMaximum: number; readonly topicAliasMaximum: number }): void {
    this.#isOpen = true;
    this.#receiveMaximum = limits.receiveMaximum;
    this.#aliases = new InboundTopicAliases(limits.topicAliasMaximum);
  }

  /** The connection is gone: acknowledgements have nowhere to go. */
  close(): void {
    this.#isOpen = false;
  }

  publish(packet: PublishPacket): void {
    this.#aliases.resolve(packet);
    const { qos, packetIdentifier = 0 } = packet;
    if (qos === 0) {
      this.#outbox.emit({ type: "message", packet, exchange: undefined });
      return;
    }
    const known = qos === 2 ? this.#incoming.find(packetIdentifier) : undefined;
    if (known !== undefined) {
      if (known.stage === "acknowledged") this.#outbox.send({ type: "pubrec", packetIdentifier });
      return;
    }
    // [MQTT-3.3.4-9]
    if (this.#incoming.size >= this.#receiveMaximum) {
      throw new ProtocolError(`The server has more than ${this.#receiveMaximum} messages under way`, {
        reasonCode: reasonCodes.receiveMaximumExceeded,
      });
    }
    this.#outbox.emit({ type: "message", packet, exchange: this.#incoming.begin(packetIdentifier, qos) });
  }

  pubrel(packet: PubrelPacket): void {
    const { packetIdentifier } = packet;
    const exchange = this.#incoming.find(packetIdentifier);
    if (exchange !== undefined && exchange.stage !== "acknowledged") {
      throw new ProtocolError(`A PUBREL for ${packetIdentifier} came before its PUBREC`);
    }
    this.#incoming.release(packetIdentifier);
    const isUnknown = exchange === undefined && this.#outbox.version === 5;
    const reasonCode = isUnknown ? reasonCodes.packetIdentifierNotFound : reasonCodes.success;
    this.#outbox.send({ type: "pubcomp", packetIdentifier, reasonCode }); // [MQTT-4.3.3-11]
  }

  /** The application is done with a message. */
  acknowledge(exchange: IncomingExchange, acknowledgement?: Acknowledgement): void {
    for (const ready of this.#incoming.finish(exchange, acknowledgement)) {
      if (!this.#isOpen) continue;
      this.#send(ready);
      this.#outbox.emit({ type: "acknowledged", exchange: ready });
    }
  }

  #send(exchange: IncomingExchange): void {
    const { packetIdentifier, acknowledgement } = exchange;
    const { reasonCode, properties } = acknowledgement;
    const type = exchange.qos === 1 ? "puback" : "pubrec";
    try {
      this.#outbox.send({ type, packetIdentifier, reasonCode, ...(properties === undefined ? {} : { properties }) });
    } catch (error) {
      if (!(error instanceof PacketTooLargeError)) throw error;
      // [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3]
      this.#outbox.send({ type, packetIdentifier, reasonCode });
    }
  }
}
