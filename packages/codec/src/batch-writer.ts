import { measurePacket, packetLength, writePacket } from "./encode.ts";
import { PacketTooLargeError } from "./errors.ts";
import { batchBufferBytes, maximumControlPacketSize } from "./limits.ts";
import { Lengths } from "./measure.ts";
import type { ControlPacketInput, ProtocolVersion } from "./packets/types.ts";
import { Writer } from "./writer.ts";

/** Options of `BatchWriter`. */
export interface BatchWriterOptions {
  /** The version that packets are encoded for. Default: 5. */
  readonly version?: ProtocolVersion;
  /** The receiver's Maximum Packet Size, in bytes: a larger packet is refused. Default: what the protocol allows. */
  readonly maximumPacketSize?: number;
}

/**
 * Encodes many Control Packets into one buffer, so that they can leave in one chunk.
 *
 * Batches are cut one after the other from a buffer of 64 KiB, and no byte is written twice: what `take` has returned
 * stays as it is.
 *
 * @example
 * ```ts
 * import { BatchWriter } from "@rivulet/codec";
 *
 * const batch = new BatchWriter({ version: 5 });
 * batch.add({ type: "puback", packetIdentifier: 1 });
 * batch.add({ type: "puback", packetIdentifier: 2 });
 * console.log(batch.take().length); // => 8
 * ```
 */
export class BatchWriter {
  /** The version that packets are encoded for. */
  version: ProtocolVersion;
  /** The largest packet that is accepted, in bytes. */
  maximumPacketSize: number;
  readonly #lengths = new Lengths();
  readonly #writer = new Writer(new Uint8Array(0), 0);
  /** Where the batch begins that `take` will return. */
  #start = 0;

  constructor(options: BatchWriterOptions = {}) {
    this.version = options.version ?? 5;
    this.maximumPacketSize = options.maximumPacketSize ?? maximumControlPacketSize;
  }

  /** The bytes that wait for `take`. */
  get byteLength(): number {
    return this.#writer.position - this.#start;
  }

  /**
   * Adds a packet, and returns its size in bytes.
   *
   * @throws PacketTooLargeError when it exceeds `maximumPacketSize`; otherwise as `encode`. The batch is unchanged then.
   */
  add(packet: ControlPacketInput): number {
    const remainingLength = measurePacket(packet, this.version, this.#lengths);
    const length = packetLength(remainingLength);
    if (length > this.maximumPacketSize) throw new PacketTooLargeError(length, this.maximumPacketSize);
    this.#makeRoom(length);
    writePacket(packet, this.version, this.#writer, this.#lengths, remainingLength);
    return length;
  }

  /** Everything added since the last time, in one piece; empty when there is nothing. */
  take(): Uint8Array {
    const batch = this.#writer.bytes.subarray(this.#start, this.#writer.position);
    this.#start = this.#writer.position;
    return batch;
  }

  #makeRoom(length: number): void {
    const writer = this.#writer;
    if (writer.bytes.length - writer.position >= length) return;
    const waiting = writer.bytes.subarray(this.#start, writer.position);
    // A batch that outgrows its buffer is moved to one of twice its size, so that growing costs each byte once or twice.
    const needed = waiting.length + length;
    writer.bytes = new Uint8Array(needed <= batchBufferBytes / 2 ? batchBufferBytes : needed + waiting.length);
    writer.bytes.set(waiting);
    writer.position = waiting.length;
    this.#start = 0;
  }
}
