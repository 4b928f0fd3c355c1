import {
  clientWriters,
  PacketBatch,
  type ControlPacket,
  type ControlPacketInput,
  type DisconnectPacket,
  type PubackPacket,
  type PubrecPacket,
} from "@rivulet/codec";
import { PacketTooLargeError, type MqttError } from "../errors.ts";
import { batchBytesLimit } from "../limits.ts";
import { newStatistics, type Statistics } from "../statistics.ts";
import type { SessionEvent } from "./events.ts";
import type { Exchange } from "./exchanges.ts";
import { Journal } from "./journal.ts";

/**
 * Where packets go that are to be sent, in the order in which they will leave: encoded at once, into one batch, which
 * leaves in one chunk. What happens goes beside it, into the events.
 */
export class Outbox<Context> {
  readonly batch: PacketBatch = new PacketBatch(clientWriters);
  /** What has happened, in order. */
  events: SessionEvent<Context>[] = [];
  /** Whether packets are shown as events. */
  readonly isTracing: () => boolean;
  /** What is to be written down before the batch leaves. */
  readonly journal: Journal;
  readonly statistics: Statistics;

  constructor(isTracing: () => boolean, isKept: boolean, statistics: Statistics = newStatistics()) {
    this.batch.leastOwnPiece = batchBytesLimit;
    this.isTracing = isTracing;
    this.statistics = statistics;
    this.journal = new Journal(isKept);
  }

  /** Whether a PUBLISH may still join the batch. Other packets always may. */
  get hasRoom(): boolean {
    return this.batch.byteLength < batchBytesLimit;
  }

  /**
   * Puts a packet into the batch.
   *
   * @throws the errors of `BatchWriter.add`; the batch is unchanged then.
   */
  send(packet: ControlPacketInput): void {
    const byteLength = this.batch.add(packet);
    this.statistics.packetsSent += 1;
    if (this.isTracing()) this.emit({ type: "packet", direction: "out", packet: packet as ControlPacket, byteLength });
  }

  /**
   * The same for a packet whose properties only explain: they are left out when it is too large with them.
   */
  sendTrimmed(packet: PubackPacket | PubrecPacket | DisconnectPacket): void {
    try {
      this.send(packet);
    } catch (error) {
      if (!(error instanceof PacketTooLargeError)) throw error;
      const { properties: _, ...rest } = packet;
      this.send(rest); // [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.14.2-3] [MQTT-3.14.2-4]
    }
  }

  /** Throws what `sendTrimmed` would throw, so that a caller's mistake can be told before anything has changed. */
  check(packet: PubackPacket | PubrecPacket | DisconnectPacket): void {
    try {
      this.batch.measure(packet);
    } catch (error) {
      if (!(error instanceof PacketTooLargeError)) throw error;
    }
  }

  /** Tells that an exchange has failed; also of one that another process began, and that nobody waits for. */
  fail({ context, isGivenUp }: Exchange<Context>, error: MqttError): void {
    if (isGivenUp !== true) this.emit({ type: "failed", context, error });
  }

  emit(event: SessionEvent<Context>): void {
    this.events.push(event);
  }
}
