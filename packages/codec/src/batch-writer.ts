import { PacketBatch, type BatchWriterOptions } from "./packet-batch.ts";
import { allWriters } from "./packets/all-packets.ts";

/**
 * Encodes many Control Packets into one buffer, so that they can leave in one chunk.
 *
 * Batches are cut one after the other from a buffer of up to 64 KiB, and no byte is written twice: what `take` has returned
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
export class BatchWriter extends PacketBatch {
  constructor(options: BatchWriterOptions = {}) {
    super(allWriters, options);
  }
}
