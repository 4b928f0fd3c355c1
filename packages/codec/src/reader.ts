import { checkPacketIdentifier, checkReasonCode } from "./checks.ts";
import { MalformedPacketError } from "./errors.ts";
import { noBytes } from "./no-bytes.ts";
import type { ProtocolVersion } from "./packets/types.ts";
import type { PacketTypeWithReasonCode } from "./reason-codes.ts";
import { topicFault, topicNames, type TopicRules } from "./topics.ts";
import { decodeUtf8, StringCache } from "./utf8.ts";

/** What all readers have seen: thousands of connections shall not have thousands of caches. */
const knownStrings = /* @__PURE__ */ new StringCache();
const knownTopicNames = /* @__PURE__ */ new StringCache();

/**
 * Where the functions below read, one field after the other: in one packet, and never past its end. One reader serves
 * a decoder for all its packets.
 */
export class Reader {
  version: ProtocolVersion = 5;
  bytes: Uint8Array = noBytes;
  /** Their buffer, which is slow to be asked for, once it was needed. */
  buffer: ArrayBufferLike | undefined;
  /** Where the next field begins, in the bytes. */
  position = 0;
  /** Where the packet, or the property list that is being read, ends. */
  end = 0;
  /** Where the first byte of the packet is. */
  origin = 0;

  /** Turns to other bytes. */
  use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.buffer = undefined;
  }

  /** Where the next field begins in the packet, as an error says it. */
  get offset(): number {
    return this.position - this.origin;
  }

  /** Bytes between here and the end. */
  get remaining(): number {
    return this.end - this.position;
  }
}

export function readByte(reader: Reader): number {
  return reader.bytes[enter(reader, 1)] as number;
}

export function readTwoByteInteger(reader: Reader): number {
  const start = enter(reader, 2);
  return ((reader.bytes[start] as number) << 8) | (reader.bytes[start + 1] as number);
}

export function readFourByteInteger(reader: Reader): number {
  reader.position = enter(reader, 4);
  // Not with << alone: its result is signed.
  return readTwoByteInteger(reader) * 0x10000 + readTwoByteInteger(reader);
}

/** A Variable Byte Integer (section 1.5.5). */
export function readVariableByteInteger(reader: Reader): number {
  const value = startOfVariableByteInteger(reader);
  if (value < 0) enter(reader, 1);
  return value;
}

/** A Variable Byte Integer, or -1 where the bytes end within it. */
export function startOfVariableByteInteger(reader: Reader): number {
  const { offset } = reader;
  for (let value = 0, shift = 0; reader.position < reader.end; shift += 7) {
    const byte = reader.bytes[reader.position++] as number;
    // [MQTT-1.5.5-1]
    if (byte === 0 ? shift > 0 : byte > 0x7f && shift > 14) {
      throw new MalformedPacketError("A variable byte integer is not in its shortest form", { offset });
    }
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return -1;
}

/** A Packet Identifier, which is never 0. */
export function readPacketIdentifier(reader: Reader): number {
  const { offset } = reader;
  const value = readTwoByteInteger(reader);
  checkPacketIdentifier(value, offset);
  return value;
}

/** A Reason Code, or Return code, that this version has in this packet. */
export function readReasonCode(reader: Reader, packet: PacketTypeWithReasonCode): number {
  const { offset } = reader;
  const reasonCode = readByte(reader);
  checkReasonCode(packet, reasonCode, reader.version, offset);
  return reasonCode;
}

/** Binary Data (section 1.5.6), not copied. */
export function readBinary(reader: Reader): Uint8Array {
  return readBytes(reader, readTwoByteInteger(reader));
}

/** So many bytes, not copied. */
export function readBytes(reader: Reader, length: number): Uint8Array {
  const start = enter(reader, length);
  reader.buffer ??= reader.bytes.buffer;
  // Not subarray(), which would give a Buffer of a Buffer.
  return new Uint8Array(reader.buffer, reader.bytes.byteOffset + start, length);
}

/** A UTF-8 Encoded String (section 1.5.4). */
export function readString(reader: Reader): string {
  return readText(reader, knownStrings);
}

export function readStringPair(reader: Reader): [string, string] {
  return [readString(reader), readString(reader)];
}

/** A Topic Name; it may be empty where an alias can stand for it. */
export function readTopicName(reader: Reader, mayBeEmpty = false): string {
  return readText(reader, knownTopicNames, mayBeEmpty);
}

/** @throws MalformedPacketError unless the string found at this offset is a topic of this kind. */
export function checkTopicAt(topic: string, rules: TopicRules, { version }: Reader, offset: number): void {
  if (!rules.isSound(topic, version)) throw new MalformedPacketError(topicFault(topic, rules), { offset });
}

/** @throws MalformedPacketError unless every byte has been read. */
export function finish({ remaining, offset }: Reader): void {
  if (remaining > 0) throw new MalformedPacketError(`${remaining} bytes follow the last field`, { offset });
}

/** What a cache knows has been found sound before. */
function readText(reader: Reader, cache: StringCache, mayBeEmpty = false): string {
  const { bytes, offset } = reader;
  const start = enter(reader, readTwoByteInteger(reader));
  const known = cache.find(bytes, start, reader.position);
  if (known !== undefined) return known;
  const text = decodeUtf8(bytes, start, reader.position);
  // [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT311-1.5.3-1] [MQTT311-1.5.3-2]
  if (text === undefined) throw new MalformedPacketError("A string is ill-formed", { offset });
  if (cache === knownTopicNames && !(mayBeEmpty && text === "")) checkTopicAt(text, topicNames, reader, offset);
  cache.keep(text);
  return text;
}

/** Moves behind a field of so many bytes, and returns where it begins. */
function enter(reader: Reader, length: number): number {
  const { position, remaining, offset } = reader;
  if (length > remaining) throw new MalformedPacketError(`${length} bytes do not fit`, { offset });
  reader.position = position + length;
  return position;
}
