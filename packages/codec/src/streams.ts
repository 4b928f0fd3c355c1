import { BatchWriter } from "./batch-writer.ts";
import { Decoder } from "./decoder.ts";
import type { BatchWriterOptions } from "./packet-batch.ts";
import type { DecoderOptions } from "./packet-decoder.ts";
import type { ControlPacket, ControlPacketInput } from "./packets/types.ts";

/**
 * A stream that turns bytes, in chunks cut anywhere, into Control Packets. It errors with the errors of
 * `Decoder.push`, after the packets that came before, and when the bytes end within a packet.
 *
 * @example
 * ```ts
 * import { decoderStream, type ControlPacket } from "@rivulet/codec";
 *
 * declare const connection: { readable: ReadableStream<Uint8Array> };
 * const packets: ReadableStream<ControlPacket> = connection.readable.pipeThrough(decoderStream({ version: 5 }));
 * ```
 */
export function decoderStream(options: DecoderOptions = {}): TransformStream<Uint8Array, ControlPacket> {
  const decoder = new Decoder(options);
  return new TransformStream<Uint8Array, ControlPacket>({
    transform(chunk, controller) {
      decoder.decode(chunk, (packet) => {
        controller.enqueue(packet);
      });
    },
    flush() {
      decoder.end();
    },
  });
}

/**
 * A stream that turns Control Packets into bytes: a chunk for each packet, or for each array of packets, which is how
 * a batch leaves in one piece. It errors with the errors of `encode`.
 *
 * @example
 * ```ts
 * import { encoderStream } from "@rivulet/codec";
 *
 * const { readable, writable } = encoderStream({ version: 5 });
 * const writer = writable.getWriter();
 * void writer.write([{ type: "puback", packetIdentifier: 1 }, { type: "puback", packetIdentifier: 2 }]);
 * const { value } = await readable.getReader().read();
 * console.log(value?.length); // => 8
 * ```
 */
export function encoderStream(
  options: BatchWriterOptions = {},
): TransformStream<ControlPacketInput | readonly ControlPacketInput[], Uint8Array> {
  const batch = new BatchWriter(options);
  return new TransformStream<ControlPacketInput | readonly ControlPacketInput[], Uint8Array>({
    transform(packets, controller) {
      for (const packet of [packets].flat()) batch.add(packet);
      if (batch.byteLength > 0) controller.enqueue(batch.take());
    },
  });
}
