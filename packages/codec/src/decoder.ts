import { MalformedPacketError, type PacketError } from "./errors.ts";
import { noBytes } from "./no-bytes.ts";
import { PacketDecoder, type DecoderOptions } from "./packet-decoder.ts";
import { allReaders } from "./packets/all-packets.ts";
import type { ControlPacket } from "./packets/types.ts";

/**
 * Reads Control Packets from bytes that come in chunks cut anywhere.
 *
 * Payloads and other binary values are views: of the chunk, where the packet lies in one chunk, otherwise of a buffer
 * of their own. A chunk must therefore not be written to after it was given to the decoder.
 *
 * @example
 * ```ts
 * import { Decoder } from "@rivulet/codec";
 *
 * const decoder = new Decoder({ version: 5 });
 * console.log(decoder.push(new Uint8Array([0xd0])).length); // => 0
 * console.log(decoder.push(new Uint8Array([0x00]))[0]?.type); // => pingresp
 * ```
 */
export class Decoder extends PacketDecoder {
  constructor(options: DecoderOptions = {}) {
    super(allReaders, options);
  }

  /**
   * Takes a chunk, and returns the packets that it completes.
   *
   * @throws MalformedPacketError, ProtocolError, PacketTooLargeError. The error's `packets` are those that the chunk
   * completed before it. The decoder has failed then, and throws the same error whenever it is used again.
   */
  push(chunk: Uint8Array): ControlPacket[] {
    const packets: ControlPacket[] = [];
    try {
      this.decode(chunk, (packet) => {
        packets.push(packet);
      });
    } catch (error) {
      (error as PacketError).packets = packets; // A consumer that only collects throws nothing else.
      throw error;
    }
    return packets;
  }

  /** @throws MalformedPacketError when the bytes end here and a packet is not complete, or what made it fail before. */
  end(): void {
    this.decode(noBytes, () => undefined);
    const offset = this.bufferedBytes;
    if (offset > 0) throw new MalformedPacketError("The bytes end within a packet", { offset });
  }
}
