import { PacketDecoder, type DecoderOptions } from "./packet-decoder.ts";
import { allReaders } from "./packets/all-packets.ts";

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
}
