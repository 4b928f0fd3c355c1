import { clientWriters, PacketBatch, type ControlPacket, type ControlPacketInput } from "@rivulet/codec";
import { batchBytesLimit } from "../limits.ts";
import type { SessionEvent } from "./events.ts";

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

  constructor(isTracing: () => boolean) {
    this.isTracing = isTracing;
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
    if (this.isTracing()) this.emit({ type: "packet", direction: "out", packet: packet as ControlPacket, byteLength });
  }

  emit(event: SessionEvent<Context>): void {
    this.events.push(event);
  }
}
