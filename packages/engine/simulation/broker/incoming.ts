import { reasonCodes, type PublishPacket, type PubrelPacket } from "@rivulet/codec";
import type { BrokerObserver } from "./observer.ts";
import type { Line } from "./line.ts";
import type { BrokerSettings } from "./settings.ts";

// Theory of operation
//
// What a client sends, it sends under Packet Identifiers, one namespace for PUBLISH, SUBSCRIBE and UNSUBSCRIBE
// [MQTT-2.2.1-3]. One is in use from its packet to the *sending* of the answer that ends the exchange: the broker
// thinks before it answers, and whatever a client does too early falls into that time.
//
// A QoS 2 exchange is in the table until PUBREL; what was released is remembered, because a PUBREL that comes again
// after its PUBCOMP was lost is right, and one whose PUBREC was never sent is wrong.

interface Exchange {
  readonly kind: "qos 1" | "qos 2" | "request";
  readonly packet: PublishPacket | undefined;
  /** Why the message is refused. */
  readonly refusal: number | undefined;
  /** The answer is on its way: PUBACK, PUBREC, SUBACK or UNSUBACK. */
  isAnswered: boolean;
}

/** What the half needs of its broker. */
export interface IncomingHost {
  readonly settings: BrokerSettings;
  readonly observer: BrokerObserver;
  /** The Packet Identifier of a packet of the client: where it sends from. */
  readonly clientIdentifier: string;
  /** Whether the client knows that the Session is this one. */
  isKnown(): boolean;
  /** Takes responsibility for a message, and returns whether anybody is subscribed to it. */
  publish(packet: PublishPacket): boolean;
}

/** The half of a broker's Session that receives: what the client began. */
export class Incoming {
  readonly #host: IncomingHost;
  // lives as long as the Session
  readonly #exchanges = new Map<number, Exchange>();
  /** Identifiers that had PUBREC once and are free again. */
  readonly #released = new Set<number>();

  // lives as long as the Network Connection
  /** PUBLISHes at QoS 1 and 2 of this connection whose exchange is not over. */
  readonly #outstanding = new Set<number>();
  /** PUBRECs that were sent on this connection and whose PUBREL has not come, in order. */
  readonly #awaitsPubrel: number[] = [];
  /** PUBRELs whose PUBCOMP has not been sent: their identifiers are in use. */
  readonly #awaitsPubcomp = new Set<number>();

  constructor(host: IncomingHost) {
    this.#host = host;
  }

  /** Exchanges that are not over. */
  get size(): number {
    return this.#exchanges.size;
  }

  disconnected(): void {
    this.#outstanding.clear();
    this.#awaitsPubrel.length = 0;
    this.#awaitsPubcomp.clear();
    for (const [identifier, { kind }] of this.#exchanges) if (kind === "request") this.#exchanges.delete(identifier);
  }

  publish(packet: PublishPacket, line: Line): void {
    const { qos, packetIdentifier: identifier = 0 } = packet;
    if (qos === 0) {
      this.#host.publish(packet);
      return;
    }
    const known = this.#exchanges.get(identifier);
    if (known !== undefined && !isAgain(known, packet)) {
      line.violate("MQTT-2.2.1-3", `PUBLISH under ${identifier}, which is in use`);
      return;
    }
    if (this.#awaitsPubcomp.has(identifier)) {
      line.violate("MQTT-2.2.1-3", `PUBLISH under ${identifier}, which awaits PUBCOMP`);
      return;
    }
    if (known !== undefined && this.#outstanding.has(identifier) && line.version === 5) {
      line.note("MQTT-4.4.0-1", `PUBLISH under ${identifier} again on the same connection`);
    }
    this.#outstanding.add(identifier);
    if (line.version === 5 && this.#outstanding.size > this.#host.settings.receiveMaximum) {
      const what = `${this.#outstanding.size} messages under way, and ${this.#host.settings.receiveMaximum} allowed`;
      line.violate("MQTT-3.3.4-7", what, reasonCodes.receiveMaximumExceeded);
      return;
    }
    if (line.version === 5 && this.#outstanding.size === this.#host.settings.receiveMaximum)
      this.#host.observer.situation("the broker's Receive Maximum is used up");
    if (qos === 1) this.#atLeastOnce(packet, identifier, line);
    else this.#exactlyOnce(packet, identifier, line);
  }

  #atLeastOnce(packet: PublishPacket, identifier: number, line: Line): void {
    const { observer } = this.#host;
    const refusal = this.#refusal(packet, line);
    const exchange: Exchange = { kind: "qos 1", packet, refusal, isAnswered: false };
    this.#exchanges.set(identifier, exchange);
    const reasonCode = refusal ?? this.#accept(packet, line);
    line.later(() => {
      exchange.isAnswered = true;
      this.#exchanges.delete(identifier);
      this.#outstanding.delete(identifier);
      if (refusal !== undefined) observer.situation("a PUBACK refuses a message");
      line.send({ type: "puback", packetIdentifier: identifier, reasonCode }); // [MQTT-4.3.2-4]
    });
  }

  #exactlyOnce(packet: PublishPacket, identifier: number, line: Line): void {
    const { observer, settings } = this.#host;
    const known = this.#exchanges.get(identifier);
    const exchange = known ?? { kind: "qos 2", packet, refusal: this.#refusal(packet, line), isAnswered: false };
    const { refusal } = exchange;
    if (known !== undefined) observer.situation("a QoS 2 message comes again before its PUBREL");
    this.#exchanges.set(identifier, exchange);
    let reasonCode = refusal ?? 0;
    // [MQTT-4.3.3-10]
    if (refusal === undefined && known === undefined && settings.deliversAt === "publish") {
      reasonCode = this.#accept(packet, line);
    }
    line.later(() => {
      exchange.isAnswered = true;
      if (refusal === undefined) this.#awaitsPubrel.push(identifier);
      else {
        observer.situation("a PUBREC refuses a message");
        this.#exchanges.delete(identifier);
        this.#outstanding.delete(identifier);
      }
      line.send({ type: "pubrec", packetIdentifier: identifier, reasonCode });
    });
  }

  pubrel({ packetIdentifier: identifier, reasonCode }: PubrelPacket, line: Line): void {
    const { observer, settings } = this.#host;
    const exchange = this.#exchanges.get(identifier);
    const place = this.#awaitsPubrel.indexOf(identifier);
    if (exchange !== undefined && (exchange.kind !== "qos 2" || !exchange.isAnswered)) {
      line.violate("MQTT-4.3.3-4", `PUBREL for ${identifier}, whose PUBREC has not been sent`);
    } else if (place > 0) {
      line.violate("MQTT-4.6.0-4", `PUBREL for ${identifier} before that for ${this.#awaitsPubrel.join(", ")}`);
    } else {
      // A client that has not heard of its Session's end resumes what was in it.
      if (exchange === undefined && !this.#released.has(identifier) && reasonCode === 0 && this.#host.isKnown()) {
        line.note("MQTT-4.3.3-4", `PUBREL for ${identifier}, which never had PUBREC`);
      }
      if (this.#awaitsPubcomp.has(identifier) && line.version === 5) {
        line.note("MQTT-4.4.0-1", `PUBREL for ${identifier} again on the same connection`);
      }
      if (place === 0) this.#awaitsPubrel.shift();
      else if (exchange !== undefined) observer.situation("the connection was cut between PUBREC and PUBREL");
      else if (reasonCode === 0) observer.situation("PUBREL comes again after its PUBCOMP was lost");
      const { packet } = exchange ?? {};
      // [MQTT-4.3.3-12] It is the PUBLISH that counts where it was passed on at once.
      if (packet !== undefined && settings.deliversAt === "release") this.#accept(packet, line);
      this.#exchanges.delete(identifier);
      this.#released.add(identifier);
      this.#awaitsPubcomp.add(identifier);
      const isUnknown = exchange === undefined && line.version === 5;
      line.later(() => {
        this.#awaitsPubcomp.delete(identifier);
        this.#outstanding.delete(identifier);
        const code = isUnknown ? reasonCodes.packetIdentifierNotFound : reasonCodes.success;
        line.send({ type: "pubcomp", packetIdentifier: identifier, reasonCode: code }); // [MQTT-4.3.3-11]
      });
    }
  }

  /** A SUBSCRIBE or UNSUBSCRIBE uses an identifier until `answer` has been sent. */
  request(identifier: number, answer: () => void, line: Line): void {
    if (this.#exchanges.has(identifier) || this.#awaitsPubcomp.has(identifier)) {
      line.violate("MQTT-2.2.1-3", `A request under ${identifier}, which is in use`);
      return;
    }
    this.#exchanges.set(identifier, { kind: "request", packet: undefined, refusal: undefined, isAnswered: false });
    line.later(() => {
      this.#exchanges.delete(identifier);
      answer();
    });
  }

  #accept(packet: PublishPacket, line: Line): number {
    const hasSubscribers = this.#host.publish(packet);
    const { tellsNoSubscribers } = this.#host.settings;
    return !hasSubscribers && tellsNoSubscribers && line.version === 5 ? reasonCodes.noMatchingSubscribers : 0;
  }

  #refusal(packet: PublishPacket, line: Line): number | undefined {
    const reasonCode = line.version === 5 ? this.#host.settings.refuses(packet) : undefined;
    if (reasonCode !== undefined) this.#host.observer.refused(this.#host.clientIdentifier, packet, reasonCode);
    return reasonCode;
  }
}

/** Whether a PUBLISH is one that came before, sent again [MQTT-3.3.1-1]. */
function isAgain(known: Exchange, packet: PublishPacket): boolean {
  if (known.packet === undefined || !packet.duplicate) return false;
  const { topicName, payload, qos } = known.packet;
  return topicName === packet.topicName && qos === packet.qos && isEqual(payload, packet.payload);
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
