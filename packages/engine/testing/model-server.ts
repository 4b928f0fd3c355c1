/** A server of a few lines that knows what a client may do, and throws when it does something else. */

import type { ControlPacket, ControlPacketInput, ProtocolVersion, PublishPacket } from "@rivulet/codec";
import { inShort } from "./session-driver.ts";

/** What the server of the tests keeps of one connection that it has accepted. */
export class ModelServer {
  readonly #version: ProtocolVersion;
  readonly #receiveMaximum: number;
  /** What the client has sent and is owed an answer for, by its identifier. */
  readonly #owed = new Map<number, ControlPacket>();
  /** Its own messages without PUBACK, and without PUBREC, in order. */
  readonly #unacknowledged: Record<1 | 2, number[]> = { 1: [], 2: [] };
  /** Its own QoS 2 messages that have had PUBREC. */
  readonly #received: number[] = [];
  #released: number[] = [];
  #identifier = 0;
  /** The topics of the client's messages, in the order in which they came. */
  readonly topics: string[] = [];

  constructor(version: ProtocolVersion, receiveMaximum: number) {
    this.#version = version;
    this.#receiveMaximum = receiveMaximum;
  }

  /** The client's messages at QoS 1 and 2 that are not finished. */
  get inFlight(): number {
    return [...this.#owed.values()].filter(({ type }) => type === "publish" || type === "pubrel").length;
  }

  /** Identifiers of requests and messages that are owed an answer. */
  get owed(): readonly number[] {
    return [...this.#owed.keys()];
  }

  /** Takes what the client has sent. */
  take(packet: ControlPacket): void {
    switch (packet.type) {
      case "publish":
        this.topics.push(packet.topicName);
        if (packet.qos === 0) break;
        this.#owe(packet.packetIdentifier ?? 0, packet);
        if (this.inFlight > this.#receiveMaximum) throw new Error(`More than ${this.#receiveMaximum} are under way`);
        break;
      case "subscribe":
      case "unsubscribe":
        this.#owe(packet.packetIdentifier, packet);
        break;
      case "pubrel":
        if (packet.reasonCode === 0 && this.#owed.get(packet.packetIdentifier)?.type !== "pubrec")
          throw unexpected(packet);
        if (packet.reasonCode === 0) this.#owed.set(packet.packetIdentifier, packet);
        break;
      case "puback":
      case "pubrec":
        this.#acknowledged(packet.type === "puback" ? 1 : 2, packet);
        if (packet.type === "pubrec" && packet.reasonCode < 0x80) this.#received.push(packet.packetIdentifier);
        break;
      case "pubcomp":
        if (this.#released.shift() !== packet.packetIdentifier) throw unexpected(packet);
        break;
      case "pingreq":
        break;
      default:
        throw unexpected(packet);
    }
  }

  /** The answer to what has this identifier; undefined when nothing is owed there now. */
  answer(packetIdentifier: number, isRefusal = false): ControlPacketInput | undefined {
    const packet = this.#owed.get(packetIdentifier);
    if (packet === undefined || packet.type === "pubrec") return undefined;
    const reasonCode = isRefusal ? 0x80 : 0;
    if (packet.type === "publish" && packet.qos === 2 && !isRefusal) {
      // It has got PUBREC, and is to send PUBREL.
      this.#owed.set(packetIdentifier, { type: "pubrec", packetIdentifier, reasonCode });
      return { type: "pubrec", packetIdentifier };
    }
    this.#owed.delete(packetIdentifier);
    if (packet.type === "pubrel") return { type: "pubcomp", packetIdentifier };
    if (packet.type === "publish")
      return { type: packet.qos === 1 ? "puback" : "pubrec", packetIdentifier, reasonCode };
    if (packet.type === "subscribe") return { type: "suback", packetIdentifier, reasonCodes: [reasonCode] };
    return { type: "unsuback", packetIdentifier, reasonCodes: this.#version === 5 ? [reasonCode] : [] };
  }

  /** A message of its own. */
  message(qos: 0 | 1 | 2): ControlPacketInput & Pick<PublishPacket, "topicName"> {
    const packet = { type: "publish", topicName: "from/server", payload: new Uint8Array(0), qos } as const;
    if (qos === 0) return packet;
    this.#identifier += 1;
    this.#unacknowledged[qos].push(this.#identifier);
    return { ...packet, packetIdentifier: this.#identifier };
  }

  /** PUBREL for its oldest QoS 2 message that has had PUBREC. */
  release(): ControlPacketInput | undefined {
    const packetIdentifier = this.#received.shift();
    if (packetIdentifier === undefined) return undefined;
    this.#released.push(packetIdentifier);
    return { type: "pubrel", packetIdentifier };
  }

  #owe(packetIdentifier: number, packet: ControlPacket): void {
    if (packetIdentifier === 0 || this.#owed.has(packetIdentifier)) throw unexpected(packet);
    this.#owed.set(packetIdentifier, packet);
  }

  /** [MQTT-4.6.0-2] [MQTT-4.6.0-3] */
  #acknowledged(qos: 1 | 2, packet: ControlPacket & { readonly packetIdentifier: number }): void {
    if (this.#unacknowledged[qos].shift() !== packet.packetIdentifier) throw unexpected(packet);
  }
}

function unexpected(packet: ControlPacket): Error {
  return new Error(`The client sent ${inShort(packet)}, which it may not now`);
}
