import { BatchWriter, type ControlPacketInput, type ControlPacket, type ProtocolVersion } from "@rivulet/codec";
import { batchBytesLimit } from "../limits.ts";
import type { SessionEvent } from "./events.ts";

/**
 * Where packets go that are to be sent, in the order in which they will leave: encoded at once, into one batch, which
 * leaves in one chunk. What happened goes beside it, into the events.
 */
export class Outbox<Context> {
  /** Whether packets are shown as events. */
  tracing = false;
  readonly #batch = new BatchWriter();
  #events: SessionEvent<Context>[] = [];

  get version(): ProtocolVersion {
    return this.#batch.version;
  }

  /** Bytes that wait for `take`. */
  get byteLength(): number {
    return this.#batch.byteLength;
  }

  /** Whether a PUBLISH may still join the batch. Other packets always may. */
  get hasRoom(): boolean {
    return this.#batch.byteLength < batchBytesLimit;
  }

  /** Forgets the batch, and turns to another connection's version and Maximum Packet Size. */
  reset(version: ProtocolVersion): void {
    this.#batch.take();
    this.#batch.version = version;
    this.limit(Infinity);
  }

  /** Refuses packets larger than the server takes, in bytes [MQTT-3.2.2-15]. */
  limit(maximumPacketSize: number): void {
    this.#batch.maximumPacketSize = maximumPacketSize;
  }

  /**
   * Puts a packet into the batch, and returns its size in bytes.
   *
   * @throws the errors of `BatchWriter.add`; the batch is unchanged then.
   */
  send(packet: ControlPacketInput): number {
    const byteLength = this.#batch.add(packet);
    if (this.tracing) {
      this.#events.push({ type: "packet", direction: "out", packet: packet as ControlPacket, byteLength });
    }
    return byteLength;
  }

  /** The batch, in one piece. */
  take(): Uint8Array {
    return this.#batch.take();
  }

  emit(event: SessionEvent<Context>): void {
    this.#events.push(event);
  }

  log(level: "info" | "verbose", message: string): void {
    this.#events.push({ type: "log", level, message });
  }

  /** What has happened since the last time, in order. */
  takeEvents(): SessionEvent<Context>[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }
}
