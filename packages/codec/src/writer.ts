import { checkInteger, checkPacketIdentifier, checkReasonCode } from "./checks.ts";
import { MalformedPacketError } from "./errors.ts";
import { maximumFieldBytes, maximumVariableByteInteger } from "./limits.ts";
import { noBytes } from "./no-bytes.ts";
import type { ProtocolVersion } from "./packets/types.ts";
import type { PacketTypeWithReasonCode } from "./reason-codes.ts";
import { checkTopic, topicNames, type TopicRules } from "./topics.ts";
import { measureText, writeUtf8 } from "./utf8.ts";

// Theory of operation
//
// A packet is written twice by the same code. The first time every field is checked and `bytes` is an empty array, in
// which a store beyond the end does nothing: all that is left is `position`, which comes out as the packet's exact size.
// The second time there is a buffer in which the packet is known to fit.

/** Where the functions below measure and write, one field after the other. One writer serves one packet after the other. */
export class Writer {
  version: ProtocolVersion = 5;
  /** The flags of the fixed header, which a PUBLISH sets itself. */
  flags = 0;
  position = 0;
  /** Where the packet ends, once that is measured; -1 before. */
  end = -1;
  bytes: Uint8Array = noBytes;
  /** A payload that is not to be written: it follows by itself. */
  leftOut: Uint8Array | undefined;

  /** Begins to measure. */
  measure(version: ProtocolVersion, flags: number): void {
    this.version = version;
    this.flags = flags;
    this.bytes = noBytes;
    this.position = 0;
    this.end = -1;
  }
}

/** A byte that is known to be one. */
export function putByte(writer: Writer, value: number): void {
  writer.bytes[writer.position++] = value;
}

export function writeByte(writer: Writer, value: number, field: string): void {
  checkInteger(value, 0xff, field);
  putByte(writer, value);
}

export function writeTwoByteInteger(writer: Writer, value: number, field: string): void {
  checkInteger(value, 0xffff, field);
  putByte(writer, value >>> 8);
  putByte(writer, value);
}

export function writeFourByteInteger(writer: Writer, value: number, field: string): void {
  checkInteger(value, 0xffff_ffff, field);
  writeTwoByteInteger(writer, value >>> 16, field);
  writeTwoByteInteger(writer, value & 0xffff, field);
}

export function writeVariableByteInteger(writer: Writer, value: number, field: string): void {
  checkInteger(value, maximumVariableByteInteger, field);
  let rest = value;
  // [MQTT-1.5.5-1]
  for (; rest > 0x7f; rest >>>= 7) putByte(writer, rest | 0x80);
  putByte(writer, rest);
}

/** A string of a field, or a topic. */
export function writeString(writer: Writer, text: string, field: string | TopicRules): void {
  const { bytes } = writer;
  const start = writer.position + 2;
  let length;
  if (writer.end >= 0) length = writeUtf8(text, bytes, start);
  else length = typeof field === "string" ? checkString(text, field) : checkTopic(text, field, writer.version);
  bytes[start - 2] = length >>> 8;
  bytes[start - 1] = length;
  writer.position = start + length;
}

export function writeTopicName(writer: Writer, topicName: string): void {
  writeString(writer, topicName, topicNames);
}

export function writeStringPair(writer: Writer, pair: readonly [string, string], field: string): void {
  if (!Array.isArray(pair) || pair.length !== 2) throw new MalformedPacketError(`The ${field} is ill-formed`);
  writeString(writer, pair[0], field); // [MQTT-1.5.7-1]
  writeString(writer, pair[1], field); // [MQTT-1.5.7-1]
}

export function writeBinary(writer: Writer, data: Uint8Array, field: string): void {
  checkBytes(data, field, maximumFieldBytes);
  writeTwoByteInteger(writer, data.length, field);
  if (writer.end >= 0) writer.bytes.set(data, writer.position);
  writer.position += data.length;
}

/** A payload, which has no length of its own. */
export function writePayload(writer: Writer, data: Uint8Array): void {
  checkBytes(data, "payload", Infinity);
  if (writer.end >= 0 && data !== writer.leftOut) writer.bytes.set(data, writer.position);
  writer.position += data.length;
}

/** A Packet Identifier, which is never 0. */
export function writePacketIdentifier(writer: Writer, value: number | undefined): void {
  checkPacketIdentifier(value);
  writeTwoByteInteger(writer, value as number, "packetIdentifier");
}

/** A Reason Code, or Return code, that this version has in this packet. */
export function writeReasonCode(writer: Writer, packet: PacketTypeWithReasonCode, value: number): void {
  checkReasonCode(packet, value, writer.version);
  putByte(writer, value);
}

function checkBytes(data: Uint8Array, field: string, maximum: number): void {
  if (!(data instanceof Uint8Array && data.length <= maximum)) {
    throw new MalformedPacketError(`The ${field} is too long or not a Uint8Array`);
  }
}

/** Checks a UTF-8 Encoded String, and returns its bytes. */
function checkString(text: string, field: string): number {
  const length = measureText(text);
  if (length >= 0) return length;
  throw new MalformedPacketError(`The ${field} is too long or ill-formed`);
}
