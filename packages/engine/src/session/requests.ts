import {
  ProtocolError,
  type SubackPacket,
  type SubscribePacket,
  type UnsubackPacket,
  type UnsubscribePacket,
} from "@rivulet/codec";
import { TimeoutError, type MqttError } from "../errors.ts";
import type { Outbox } from "./outbox.ts";
import type { PacketIdentifiers } from "./packet-identifiers.ts";

/** A SUBSCRIBE without the Packet Identifier that the Session gives it. */
export type SubscribeRequest = Omit<SubscribePacket, "packetIdentifier">;
/** An UNSUBSCRIBE without the Packet Identifier that the Session gives it. */
export type UnsubscribeRequest = Omit<UnsubscribePacket, "packetIdentifier">;

interface PendingRequest<Context> {
  readonly type: "subscribe" | "unsubscribe";
  readonly filterCount: number;
  readonly sentAt: number;
  readonly timeoutMs: number;
  /** Undefined once nobody waits for the answer any more; the Packet Identifier stays in use until it comes. */
  context: Context | undefined;
}

/** SUBSCRIBEs and UNSUBSCRIBEs that wait for their answers, which may come in any order. */
export class Requests<Context> {
  readonly #outbox: Outbox<Context>;
  readonly #identifiers: PacketIdentifiers;
  readonly #pending = new Map<number, PendingRequest<Context>>();

  constructor(outbox: Outbox<Context>, identifiers: PacketIdentifiers) {
    this.#outbox = outbox;
    this.#identifiers = identifiers;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** When the first of them will have waited too long. */
  get deadline(): number {
    let deadline = Infinity;
    for (const request of this.#pending.values()) {
      if (request.context !== undefined) deadline = Math.min(deadline, request.sentAt + request.timeoutMs);
    }
    return deadline;
  }

  /** @throws the errors of `encode`, PacketIdExhaustedError. */
  send(
    request: SubscribeRequest | UnsubscribeRequest,
    context: Context,
    time: { readonly now: number; readonly timeoutMs: number },
  ): void {
    const packetIdentifier = this.#identifiers.take();
    try {
      this.#outbox.send({ ...request, packetIdentifier });
    } catch (error) {
      this.#identifiers.release(packetIdentifier);
      throw error;
    }
    const { type } = request;
    const filterCount = type === "subscribe" ? request.subscriptions.length : request.topicFilters.length;
    const pending = { type, filterCount, sentAt: time.now, timeoutMs: time.timeoutMs, context };
    this.#pending.set(packetIdentifier, pending);
  }

  /** @throws ProtocolError when the answer does not fit its question. */
  answer(packet: SubackPacket | UnsubackPacket): void {
    const { packetIdentifier } = packet;
    const request = this.#pending.get(packetIdentifier);
    const name = packet.type.toUpperCase();
    if (request === undefined) {
      this.#outbox.log("info", `${name} for ${packetIdentifier}, which nothing waits for, was ignored`);
      return;
    }
    // [MQTT-3.8.4-2] [MQTT-3.10.4-5]
    if ((packet.type === "suback") !== (request.type === "subscribe")) {
      throw new ProtocolError(`${name} came for ${packetIdentifier}, a ${request.type.toUpperCase()}`);
    }
    // [MQTT-3.8.4-6]; the UNSUBACK of MQTT 3.1.1 has no Reason Codes.
    const hasReasonCodes = packet.type === "suback" || this.#outbox.version === 5;
    if (hasReasonCodes && packet.reasonCodes.length !== request.filterCount) {
      const { length } = packet.reasonCodes;
      throw new ProtocolError(`${name} has ${length} reason codes for ${request.filterCount} topic filters`);
    }
    this.#pending.delete(packetIdentifier);
    this.#identifiers.release(packetIdentifier);
    if (request.context !== undefined) this.#outbox.emit({ type: "answered", context: request.context, packet });
  }

  /** Nobody waits for this answer any more. */
  cancel(context: Context): void {
    for (const request of this.#pending.values()) if (request.context === context) request.context = undefined;
  }

  handleTimeout(now: number): void {
    for (const request of this.#pending.values()) {
      const { context, type, timeoutMs } = request;
      if (context === undefined || now < request.sentAt + timeoutMs) continue;
      request.context = undefined;
      this.#outbox.emit({ type: "failed", context, error: new TimeoutError(`The answer to ${type}`, timeoutMs) });
    }
  }

  /** The connection is gone, and with it the answers. */
  abandon(error: MqttError): void {
    for (const [packetIdentifier, { context }] of this.#pending) {
      this.#identifiers.release(packetIdentifier);
      if (context !== undefined) this.#outbox.emit({ type: "failed", context, error });
    }
    this.#pending.clear();
  }
}
