import { MalformedPacketError, PacketTooLargeError, ProtocolError } from "./errors.ts";
import { firstByteFault } from "./fixed-header.ts";
import { initialBodyBytes, maximumControlPacketSize } from "./limits.ts";
import { packetTypeNames } from "./packet-types.ts";
import type { PacketCodec } from "./packets/packet-codec.ts";
import { packetCodecs } from "./packets/packet-codecs.ts";
import type { ControlPacket, PacketType, ProtocolVersion } from "./packets/types.ts";
import { Reader } from "./reader.ts";

// Theory of operation
//
// Bytes are in one of three places: between packets (#headerLength is 0), in a fixed header that has begun, or in a
// body that is being gathered (#body is set). A packet that lies in one chunk is read where it lies, and its payload
// is a view of the chunk. A packet that spans chunks is gathered in a buffer of its own, which belongs to that packet
// alone, so that its payload can be a view too. Every byte is looked at once and copied at most a constant number of
// times, however the chunks are cut. The header is judged as soon as it is complete, before a byte of the body is kept.

/** Options of `Decoder`. */
export interface DecoderOptions {
  /** The version that packets are read as. Default: 5. A CONNECT that is read changes it to its own. */
  readonly version?: ProtocolVersion;
  /** Packets larger than this, in bytes, are refused when their header has been read. Default: what the protocol allows. */
  readonly maximumPacketSize?: number;
}

/** Takes a packet and the number of bytes that it had, its fixed header included. */
export type PacketConsumer = (packet: ControlPacket, byteLength: number) => void;

/** Returned by `push` for a chunk that completes no packet, so that one byte at a time costs no allocation. */
const nothingYet: ControlPacket[] = Object.freeze<ControlPacket[]>([]) as ControlPacket[];

const nothing = new Uint8Array(0);

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
export class Decoder {
  /** The version that packets are read as. */
  version: ProtocolVersion;
  /** The largest packet that is accepted, in bytes. */
  maximumPacketSize: number;
  readonly #reader = new Reader();
  #failure: { readonly error: unknown } | undefined;

  // The fixed header of the packet under way.
  #firstByte = 0;
  #remainingLength = 0;
  /** Its bytes so far; 0 between packets. */
  #headerLength = 0;
  /** What the next byte of the Remaining Length counts. */
  #unit = 1;

  // The body of the packet under way, where it spans chunks.
  #body: Uint8Array | undefined;
  #bodyLength = 0;

  constructor(options: DecoderOptions = {}) {
    this.version = options.version ?? 5;
    this.maximumPacketSize = options.maximumPacketSize ?? maximumControlPacketSize;
  }

  /** Bytes that the decoder holds of a packet that is not complete. */
  get bufferedBytes(): number {
    return this.#headerLength + this.#bodyLength;
  }

  /**
   * Takes a chunk, and returns the packets that it completes.
   *
   * @throws MalformedPacketError, ProtocolError, PacketTooLargeError. The error's `packets` are those that the chunk
   * completed before it. The decoder has failed then, and throws the same error whenever it is used again.
   */
  push(chunk: Uint8Array): ControlPacket[] {
    let packets = nothingYet;
    try {
      this.decode(chunk, (packet) => {
        if (packets === nothingYet) packets = [packet];
        else packets.push(packet);
      });
    } catch (error) {
      if (isDecodingError(error) && packets !== nothingYet) error.packets = packets;
      throw error;
    }
    return packets;
  }

  /**
   * Takes a chunk, and calls `consumer` with each packet that it completes, as soon as it is read.
   *
   * @throws MalformedPacketError, ProtocolError, PacketTooLargeError, or what `consumer` throws. The decoder has
   * failed then, and throws the same error whenever it is used again.
   */
  decode(chunk: Uint8Array, consumer: PacketConsumer): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      let position = 0;
      while (position < chunk.length) {
        if (this.#body === undefined) position = this.#readHeader(chunk, position, consumer);
        else position = this.#readBody(chunk, position, consumer);
      }
    } catch (error) {
      this.#failure = { error };
      this.#body = undefined;
      throw error;
    } finally {
      this.#reader.release();
    }
  }

  /** @throws MalformedPacketError when the bytes end here and a packet is not complete. */
  end(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.bufferedBytes === 0) return;
    throw new MalformedPacketError("The bytes end within a packet", { offset: this.bufferedBytes });
  }

  /** Reads a fixed header as far as it is there, and the body if it lies in the same chunk; returns where it stopped. */
  #readHeader(chunk: Uint8Array, from: number, consumer: PacketConsumer): number {
    let position = from;
    if (this.#headerLength === 0) {
      this.#firstByte = chunk[position++] as number;
      this.#headerLength = 1;
      this.#remainingLength = 0;
      this.#unit = 1;
    }
    for (;;) {
      if (position === chunk.length) return position;
      const byte = chunk[position++] as number;
      this.#remainingLength += (byte & 0x7f) * this.#unit;
      this.#unit *= 0x80;
      this.#headerLength += 1;
      if (byte < 0x80) {
        // [MQTT-1.5.5-1]
        if (byte === 0 && this.#headerLength > 2)
          throw this.#malformed("The remaining length is longer than it need be");
        break;
      }
      if (this.#headerLength === 5) throw this.#malformed("The remaining length has more than four bytes");
    }
    this.#checkHeader();
    const length = this.#remainingLength;
    if (chunk.length - position < length) {
      this.#body = new Uint8Array(Math.min(length, initialBodyBytes));
      this.#bodyLength = 0;
      return position;
    }
    this.#readPacket(chunk, position, consumer);
    return position + length;
  }

  #checkHeader(): void {
    const fault = firstByteFault(this.#firstByte, this.version);
    if (fault !== undefined) throw new MalformedPacketError(fault, { offset: 0 });
    const size = this.#headerLength + this.#remainingLength;
    if (size > this.maximumPacketSize) throw new PacketTooLargeError(size, this.maximumPacketSize, { offset: 1 });
  }

  /** Gathers bytes of a body that spans chunks, and reads it when it is complete; returns where it stopped. */
  #readBody(chunk: Uint8Array, from: number, consumer: PacketConsumer): number {
    const length = Math.min(this.#remainingLength - this.#bodyLength, chunk.length - from);
    const body = this.#bodyWithRoom(this.#bodyLength + length);
    if (length === 1) body[this.#bodyLength] = chunk[from] as number;
    else body.set(length === chunk.length ? chunk : chunk.subarray(from, from + length), this.#bodyLength);
    this.#bodyLength += length;
    if (this.#bodyLength === this.#remainingLength) {
      this.#body = undefined;
      this.#bodyLength = 0;
      this.#readPacket(body, 0, consumer);
    }
    return from + length;
  }

  #bodyWithRoom(needed: number): Uint8Array {
    const body = this.#body ?? nothing;
    if (body.length >= needed) return body;
    const larger = new Uint8Array(Math.min(Math.max(body.length * 2, needed), this.#remainingLength));
    larger.set(body);
    this.#body = larger;
    return larger;
  }

  #readPacket(bytes: Uint8Array, start: number, consumer: PacketConsumer): void {
    const headerLength = this.#headerLength;
    this.#headerLength = 0;
    this.#reader.reset(bytes, start, start + this.#remainingLength, headerLength);
    // `firstByteFault` has seen to it that the type is one of the table.
    const type = packetTypeNames[this.#firstByte >> 4] as PacketType;
    const codec = packetCodecs[type] as PacketCodec<PacketType>;
    const packet = codec.read(this.#reader, this.version, this.#firstByte & 0x0f);
    if (packet.type === "connect") this.version = packet.protocolVersion;
    consumer(packet, headerLength + this.#remainingLength);
  }

  #malformed(message: string): MalformedPacketError {
    return new MalformedPacketError(message, { offset: 1 });
  }
}

function isDecodingError(error: unknown): error is MalformedPacketError | ProtocolError | PacketTooLargeError {
  return (
    error instanceof MalformedPacketError || error instanceof ProtocolError || error instanceof PacketTooLargeError
  );
}
