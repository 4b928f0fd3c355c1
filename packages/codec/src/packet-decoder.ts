import { MalformedPacketError, PacketTooLargeError, ProtocolError } from "./errors.ts";
import { areFlagsLegal } from "./fixed-header.ts";
import { initialBodyBytes, maximumControlPacketSize } from "./limits.ts";
import { packetTypeNames } from "./packet-types.ts";
import type { PacketReader, PacketReaders } from "./packets/packet-codec.ts";
import type { ControlPacket, PacketType, ProtocolVersion } from "./packets/types.ts";
import { Reader } from "./reader.ts";
import { illFormedInteger, isIllFormed } from "./variable-byte-integer.ts";

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

/** What `Decoder` rests on, for the packets that it is given the readers of; any other is a Protocol Error. */
export class PacketDecoder {
  /** The version that packets are read as. */
  version: ProtocolVersion;
  /** The largest packet that is accepted, in bytes. */
  maximumPacketSize: number;
  readonly #readers: PacketReaders;
  readonly #reader = new Reader();
  #failure: { readonly error: unknown } | undefined;

  // The fixed header of the packet under way.
  #firstByte = 0;
  #read: PacketReader<PacketType> | undefined;
  #remainingLength = 0;
  /** Its bytes so far; 0 between packets. */
  #headerLength = 0;

  // The body of the packet under way, where it spans chunks.
  #body: Uint8Array | undefined;
  #bodyLength = 0;

  constructor(
    readers: PacketReaders,
    { version = 5, maximumPacketSize = maximumControlPacketSize }: DecoderOptions = {},
  ) {
    this.#readers = readers;
    this.version = version;
    this.maximumPacketSize = maximumPacketSize;
  }

  /** Bytes that the decoder holds of a packet that is not complete. */
  get bufferedBytes(): number {
    return this.#headerLength + this.#bodyLength;
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
      this.#bodyLength = 0;
      this.#headerLength = 0;
      throw error;
    } finally {
      this.#reader.release();
    }
  }

  /** Reads a fixed header as far as it is there, and the body if it lies in the same chunk; returns where it stopped. */
  #readHeader(chunk: Uint8Array, from: number, consumer: PacketConsumer): number {
    let position = from;
    if (this.#headerLength === 0) {
      this.#firstByte = chunk[position++] as number;
      this.#headerLength = 1;
      this.#remainingLength = 0;
    }
    for (let byte = 0x80; byte > 0x7f; this.#headerLength++) {
      if (position === chunk.length) return position;
      byte = chunk[position++] as number;
      const count = this.#headerLength;
      if (isIllFormed(byte, count))
        throw new MalformedPacketError(`The remaining length ${illFormedInteger}`, { offset: 1 });
      this.#remainingLength |= (byte & 0x7f) << (7 * (count - 1));
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
    const type = packetTypeNames[this.#firstByte >> 4];
    if (type === undefined || !areFlagsLegal(type, this.#firstByte & 0x0f, this.version)) {
      // The H of an answer in HTTP: somebody has mistaken the port.
      const hint = this.#firstByte === 0x48 ? ": is this the port of an HTTP server?" : "";
      throw new MalformedPacketError(`No packet begins with byte ${this.#firstByte}${hint}`, { offset: 0 });
    }
    const read = this.#readers[type];
    if (read === undefined) throw new ProtocolError(`A ${type.toUpperCase()} may not come from there`, { offset: 0 });
    this.#read = read as PacketReader<PacketType>;
    const size = this.#headerLength + this.#remainingLength;
    if (size > this.maximumPacketSize) throw new PacketTooLargeError(size, this.maximumPacketSize, { offset: 1 });
  }

  /** Gathers bytes of a body that spans chunks, and reads it when it is complete; returns where it stopped. */
  #readBody(chunk: Uint8Array, from: number, consumer: PacketConsumer): number {
    const start = this.#bodyLength;
    const length = Math.min(this.#remainingLength - start, chunk.length - from);
    this.#bodyLength += length;
    let body = this.#body as Uint8Array;
    if (body.length < this.#bodyLength) {
      body = new Uint8Array(Math.min(Math.max(body.length * 2, this.#bodyLength), this.#remainingLength));
      body.set(this.#body as Uint8Array);
      this.#body = body;
    }
    if (length === 1) body[start] = chunk[from] as number;
    else body.set(chunk.subarray(from, from + length), start);
    if (this.#bodyLength === this.#remainingLength) {
      this.#body = undefined;
      this.#bodyLength = 0;
      this.#readPacket(body, 0, consumer);
    }
    return from + length;
  }

  #readPacket(bytes: Uint8Array, start: number, consumer: PacketConsumer): void {
    const headerLength = this.#headerLength;
    this.#headerLength = 0;
    const reader = this.#reader;
    reader.version = this.version;
    reader.reset(bytes, start, start + this.#remainingLength, headerLength);
    // `#checkHeader` has found it.
    const packet = (this.#read as PacketReader<PacketType>)(reader, this.#firstByte & 0x0f);
    if (packet.type === "connect") this.version = packet.protocolVersion;
    consumer(packet, headerLength + this.#remainingLength);
  }
}
