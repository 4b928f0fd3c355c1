import { MalformedPacketError, PacketTooLargeError, ProtocolError } from "./errors.ts";
import { areFlagsLegal } from "./fixed-header.ts";
import { initialBodyBytes, maximumControlPacketSize, maximumHeaderBytes } from "./limits.ts";
import { noBytes } from "./no-bytes.ts";
import { packetTypeNames } from "./packet-types.ts";
import type { PacketReader, PacketReaders } from "./packets/packet-codec.ts";
import type { ControlPacket, PacketType, ProtocolVersion } from "./packets/types.ts";
import { readByte, Reader, startOfVariableByteInteger } from "./reader.ts";

// Theory of operation
//
// A packet that lies in one chunk is read where it lies, and its payload is a view of the chunk. A packet that spans
// chunks is gathered in a buffer of its own, #gathered, which belongs to that packet alone, so that its payload can be
// a view too: first its header, byte by byte, which says how much there is to come, and then the rest. No byte of a
// body is looked at before the packet is complete, and each is copied at most a constant number of times, however the
// chunks are cut. The header is judged as soon as it is complete, before a byte of the body is kept.

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

  // The packet under way, where it spans chunks: its bytes so far, and its size, which is 0 while the header is not complete.
  #gathered = noBytes;
  #gatheredBytes = 0;
  #size = 0;

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
    return this.#gatheredBytes;
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
      for (let position = 0; position < chunk.length;) {
        if (this.#gatheredBytes === 0) {
          this.#size = 0;
          this.#size = this.#read(chunk, position, chunk.length, consumer);
          if (this.#size > 0 && this.#size <= chunk.length - position) {
            position += this.#size;
            continue;
          }
        }
        position = this.#gather(chunk, position, consumer);
      }
    } catch (error) {
      this.#failure = { error };
      this.#gathered = noBytes;
      this.#gatheredBytes = 0;
      throw error;
    } finally {
      // Lets go of the last packet's bytes.
      this.#reader.use(noBytes);
    }
  }

  /** Gathers bytes of a packet that spans chunks, and reads it when it is complete; returns where it stopped. */
  #gather(chunk: Uint8Array, from: number, consumer: PacketConsumer): number {
    const start = this.#gatheredBytes;
    const to = Math.min(from + (this.#size || start + 1) - start, chunk.length);
    const length = start + to - from;
    if (this.#gathered.length < length) {
      const larger = Math.max(2 * start, length, initialBodyBytes);
      const bytes = new Uint8Array(Math.min(larger, this.#size || maximumHeaderBytes));
      bytes.set(this.#gathered);
      this.#gathered = bytes;
    }
    if (to === from + 1) this.#gathered[start] = chunk[from] as number;
    else this.#gathered.set(chunk.subarray(from, to), start);
    this.#gatheredBytes = length;
    if (this.#size === 0 || this.#size === length) {
      const bytes = this.#gathered;
      this.#gathered = noBytes;
      this.#gatheredBytes = 0;
      this.#size = this.#read(bytes, 0, length, consumer);
      if (this.#size !== length) {
        this.#gathered = bytes;
        this.#gatheredBytes = length;
      }
    }
    return to;
  }

  /** Reads the packet that begins there, if it is complete; returns its size, or 0 where not even its header is. */
  #read(bytes: Uint8Array, start: number, end: number, consumer: PacketConsumer): number {
    const reader = this.#reader;
    reader.version = this.version;
    if (bytes !== reader.bytes) reader.use(bytes);
    reader.position = reader.origin = start;
    reader.end = end;
    const firstByte = readByte(reader);
    const remainingLength = startOfVariableByteInteger(reader);
    if (remainingLength < 0) return 0;
    const type = packetTypeNames[firstByte >> 4];
    const flags = firstByte & 0x0f;
    if (type === undefined || !areFlagsLegal(type, flags, this.version)) {
      // The H of an answer in HTTP: somebody has mistaken the port.
      const hint = firstByte === 0x48 ? ": is this the port of an HTTP server?" : "";
      throw new MalformedPacketError(`No packet begins with byte ${firstByte}${hint}`, { offset: 0 });
    }
    const read = this.#readers[type] as PacketReader<PacketType> | undefined;
    if (read === undefined) throw new ProtocolError(`A ${type.toUpperCase()} may not come from there`, { offset: 0 });
    const size = reader.offset + remainingLength;
    // Once: a packet whose header was accepted is read, whatever the limit has become since.
    if (size !== this.#size && size > this.maximumPacketSize)
      throw new PacketTooLargeError(size, this.maximumPacketSize, { offset: 1 });
    if (size <= reader.end - start) {
      reader.end = start + size;
      const packet = read(reader, type, flags);
      this.version = reader.version; // A CONNECT that was read has changed it.
      consumer(packet, size);
    }
    return size;
  }
}
