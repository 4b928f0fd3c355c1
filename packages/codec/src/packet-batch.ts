import { MalformedPacketError, PacketTooLargeError } from "./errors.ts";
import { fixedFlags } from "./fixed-header.ts";
import { batchBufferBytes, firstBatchBufferBytes, maximumControlPacketSize } from "./limits.ts";
import { noBytes } from "./no-bytes.ts";
import { packetTypes } from "./packet-types.ts";
import type { PacketWriter, PacketWriters } from "./packets/packet-codec.ts";
import type { ControlPacketInput, PacketType, ProtocolVersion } from "./packets/types.ts";
import { variableByteIntegerLength } from "./variable-byte-integer.ts";
import { putByte, Writer, writeVariableByteInteger } from "./writer.ts";

/** Options of `BatchWriter`. */
export interface BatchWriterOptions {
  /** The version that packets are encoded for. Default: 5. */
  readonly version?: ProtocolVersion;
  /** The receiver's Maximum Packet Size, in bytes: a larger packet is refused. Default: what the protocol allows. */
  readonly maximumPacketSize?: number;
}

/** What `BatchWriter` is, for the packets that it is given the writers of. */
export class PacketBatch {
  /** The version that packets are encoded for. */
  version: ProtocolVersion;
  /** The largest packet that is accepted, in bytes. */
  maximumPacketSize: number;
  /** Payloads of at least so many bytes are not copied: each is a piece of its own. */
  leastOwnPiece: number = Infinity;
  readonly #writers: PacketWriters;
  readonly #writer = new Writer();
  #buffer = noBytes;
  /** What the next buffer has room for: whoever sends little holds little. */
  #bufferBytes = firstBatchBufferBytes;
  /** Where the batch begins that `take` will return, and where it ends. */
  #start = 0;
  #end = 0;
  /** What comes before it, and its bytes in all. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  // Of the packet that was measured last.
  #type: PacketType | undefined;
  #write: PacketWriter<PacketType> | undefined;
  #remainingLength = 0;

  constructor(
    writers: PacketWriters,
    { version = 5, maximumPacketSize = maximumControlPacketSize }: BatchWriterOptions = {},
  ) {
    this.#writers = writers;
    this.version = version;
    this.maximumPacketSize = maximumPacketSize;
  }

  /** The bytes that wait for `take`. */
  get byteLength(): number {
    return this.#pieceBytes + this.#end - this.#start;
  }

  /**
   * Adds a packet, and returns its size in bytes.
   *
   * @throws PacketTooLargeError when it exceeds `maximumPacketSize`; otherwise as `encode`. The batch is unchanged then.
   */
  add(packet: ControlPacketInput): number {
    const length = this.measure(packet);
    const payload = packet.type === "publish" && packet.payload.length >= this.leastOwnPiece ? packet.payload : noBytes;
    this.#makeRoom(length - payload.length);
    this.#writer.leftOut = payload;
    this.writeInto(packet, this.#buffer, this.#end);
    this.#writer.leftOut = undefined;
    this.#end += length - payload.length;
    if (payload !== noBytes) {
      this.#pieceBytes = this.byteLength + payload.length;
      this.#pieces.push(this.take(), payload);
    }
    return length;
  }

  /** Adds bytes as they are. */
  addBytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Everything added since the last time, in as few pieces as there may be; none when there is nothing. */
  takePieces(): Uint8Array[] {
    const pieces = this.#pieces;
    if (this.#end > this.#start) pieces.push(this.take());
    this.#pieces = [];
    this.#pieceBytes = 0;
    return pieces;
  }

  /** The same in one piece, where no payload is one of its own; empty when there is nothing. */
  take(): Uint8Array {
    const batch = this.#buffer.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return batch;
  }

  /** Checks a packet, and returns the size that it would have. */
  measure(packet: ControlPacketInput): number {
    const { type } = packet;
    // Most packets are like the one before.
    if (type !== this.#type || this.#write === undefined) {
      // Not what every object has, such as `constructor`.
      const write = Object.hasOwn(packetTypes, type) ? this.#writers[type] : undefined;
      if (write === undefined) throw new MalformedPacketError(`There is no packet of type ${type} to be written`);
      this.#write = write as PacketWriter<PacketType>;
      this.#type = type;
    }
    this.#writer.measure(this.version, fixedFlags(type));
    this.#write?.(packet, this.#writer);
    this.#remainingLength = this.#writer.position;
    const length = 1 + variableByteIntegerLength(this.#remainingLength) + this.#remainingLength;
    const limit = Math.min(this.maximumPacketSize, maximumControlPacketSize);
    if (length > limit) throw new PacketTooLargeError(length, limit);
    return length;
  }

  /** Writes the packet that was measured last into bytes in which it fits. */
  writeInto(packet: ControlPacketInput, bytes: Uint8Array, offset: number): void {
    const writer = this.#writer;
    writer.bytes = bytes;
    writer.position = offset;
    putByte(writer, (packetTypes[packet.type] << 4) | writer.flags);
    writeVariableByteInteger(writer, this.#remainingLength, "");
    writer.end = writer.position + this.#remainingLength;
    this.#write?.(packet, writer);
  }

  #makeRoom(length: number): void {
    if (this.#buffer.length - this.#end >= length) return;
    const waiting = this.take();
    // A batch that outgrows its buffer is moved to one of twice its size, so that growing costs each byte once or twice.
    const needed = waiting.length + length;
    this.#buffer = new Uint8Array(needed <= this.#bufferBytes / 2 ? this.#bufferBytes : needed + waiting.length);
    this.#buffer.set(waiting);
    this.#bufferBytes = Math.min(4 * this.#bufferBytes, batchBufferBytes);
    this.#start = 0;
    this.#end = waiting.length;
  }
}
