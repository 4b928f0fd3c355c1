import type { PacketProperties } from "@rivulet/codec";
import { Fifo } from "../fifo.ts";

/** One message from the server at QoS 1 or 2, from its PUBLISH to the end of its acknowledgement (section 4.3). */
export interface IncomingExchange {
  readonly packetIdentifier: number;
  readonly qos: 1 | 2;
  /**
   * `"received"`: the application has it. `"done"`: the application is done with it, and its acknowledgement waits for
   * those before it. `"acknowledged"`: PUBACK or PUBREC has been sent.
   */
  stage: "received" | "done" | "acknowledged";
  acknowledgement: Acknowledgement;
}

/** What PUBACK or PUBREC is to say. */
export interface Acknowledgement {
  readonly reasonCode: number;
  readonly properties?: PacketProperties<"puback"> | undefined;
}

const success: Acknowledgement = { reasonCode: 0 };

/**
 * The messages under way from the server. Acknowledgements leave in the order in which the messages came, PUBACKs and
 * PUBRECs each, whatever order the application finishes in [MQTT-4.6.0-2] [MQTT-4.6.0-3].
 */
export class IncomingExchanges {
  /** QoS 1 messages without PUBACK, and QoS 2 messages without PUBREC, in the order in which they came. */
  readonly #unacknowledged = { 1: new Fifo<IncomingExchange>(), 2: new Fifo<IncomingExchange>() };
  /** QoS 2 messages up to their PUBCOMP: what makes that a message is delivered once [MQTT-4.3.3-10]. */
  readonly #exactlyOnce = new Map<number, IncomingExchange>();

  /** Messages that count against the Receive Maximum that we gave the server. */
  get size(): number {
    return this.#unacknowledged[1].length + this.#exactlyOnce.size;
  }

  /** The QoS 2 message with this Packet Identifier that has not come to its PUBCOMP. */
  find(packetIdentifier: number): IncomingExchange | undefined {
    return this.#exactlyOnce.get(packetIdentifier);
  }

  begin(packetIdentifier: number, qos: 1 | 2): IncomingExchange {
    const exchange: IncomingExchange = { packetIdentifier, qos, stage: "received", acknowledgement: success };
    this.#unacknowledged[qos].push(exchange);
    if (qos === 2) this.#exactlyOnce.set(packetIdentifier, exchange);
    return exchange;
  }

  /** The application is done with a message; returns the exchanges whose acknowledgements may now leave, in order. */
  finish(exchange: IncomingExchange, acknowledgement: Acknowledgement = success): IncomingExchange[] {
    if (exchange.stage !== "received") return [];
    exchange.stage = "done";
    exchange.acknowledgement = acknowledgement;
    const queue = this.#unacknowledged[exchange.qos];
    const ready: IncomingExchange[] = [];
    for (let head = queue.peek(); head?.stage === "done"; head = queue.peek()) {
      queue.shift();
      head.stage = "acknowledged";
      // A PUBREC that refuses ends the exchange; the identifier is free for a new message [MQTT-4.3.3-9].
      if (head.qos === 2 && head.acknowledgement.reasonCode >= 0x80) this.#exactlyOnce.delete(head.packetIdentifier);
      ready.push(head);
    }
    return ready;
  }

  /** PUBREL came for a message: its exchange is over. Says whether there was one. */
  release(packetIdentifier: number): boolean {
    return this.#exactlyOnce.delete(packetIdentifier);
  }

  *[Symbol.iterator](): Generator<IncomingExchange> {
    yield* this.#unacknowledged[1];
    yield* this.#exactlyOnce.values();
  }
}
