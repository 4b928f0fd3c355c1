import { InvalidTopicError, MalformedPacketError, ProtocolError } from "./errors.ts";
import { maximumFieldBytes, maximumVariableByteInteger } from "./limits.ts";
import type { ProtocolVersion, QoS } from "./packets/types.ts";
import { isReasonCodeOf, reasonCodes, type PacketTypeWithReasonCode } from "./reason-codes.ts";
import { topicFilterFault, topicNameFault } from "./topics.ts";
import { measureUtf8 } from "./utf8.ts";

/**
 * Lengths that a packet's `measure` finds out and its `write` needs again. A new one, or one that is used again for
 * one packet after the other.
 */
export class Lengths {
  /** Bytes of the packet's property list, its own length field not counted. */
  properties = 0;
  /** The same of the Will Properties in a CONNECT. */
  willProperties = 0;
}

/** The bytes that a Variable Byte Integer takes: 1 to 4. */
export function variableByteIntegerLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : 4;
}

/** Checks a UTF-8 Encoded String; returns its bytes, its length field included. */
export function measureString(text: string, field: string): number {
  if (typeof text !== "string") throw new MalformedPacketError(`${field} is not a string`);
  const length = measureUtf8(text);
  if (typeof length === "string") throw new MalformedPacketError(`${field} holds ${length}`);
  if (length > maximumFieldBytes)
    throw new MalformedPacketError(`${field} has ${length} bytes, and 65535 are the most`);
  return 2 + length;
}

/** Checks a Topic Name; returns its bytes, its length field included. */
export function measureTopicName(topicName: string, field: string): number {
  if (isPlainTopicName(topicName)) return 2 + topicName.length;
  const length = measureString(topicName, field);
  const fault = topicNameFault(topicName);
  if (fault !== undefined) throw new InvalidTopicError(`${field} ${fault}`, topicName);
  return length;
}

/** Whether a Topic Name is sound and ASCII, which most are: one look at each character instead of three. */
function isPlainTopicName(topicName: string): boolean {
  if (typeof topicName !== "string") return false;
  const { length } = topicName;
  if (length === 0 || length > maximumFieldBytes) return false;
  for (let index = 0; index < length; index++) {
    const code = topicName.charCodeAt(index);
    if (code === 0 || code > 0x7f || code === plus || code === hash) return false;
  }
  return true;
}

const plus = 0x2b;
const hash = 0x23;

/** Checks a Topic Filter; returns its bytes, its length field included. */
export function measureTopicFilter(topicFilter: string, version: ProtocolVersion): number {
  const length = measureString(topicFilter, "The topic filter");
  const fault = topicFilterFault(topicFilter, version);
  if (fault !== undefined) {
    throw new InvalidTopicError(`The topic filter ${fault}`, topicFilter, {
      reasonCode: reasonCodes.topicFilterInvalid,
    });
  }
  return length;
}

/** Checks Binary Data; returns its bytes, its length field included. */
export function measureBinary(data: Uint8Array, field: string): number {
  checkBytes(data, field);
  if (data.length > maximumFieldBytes) {
    throw new MalformedPacketError(`${field} has ${data.length} bytes, and 65535 are the most`);
  }
  return 2 + data.length;
}

/** @throws MalformedPacketError unless the value is a Uint8Array. */
export function checkBytes(data: Uint8Array, field: string): void {
  if (!(data instanceof Uint8Array)) throw new MalformedPacketError(`${field} is not a Uint8Array`);
}

/** @throws MalformedPacketError unless the value is a whole number between 0 and `maximum`. */
export function checkInteger(value: number, maximum: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value > maximum) {
    throw new MalformedPacketError(`${field} is ${String(value)}, not a whole number from 0 to ${maximum}`);
  }
}

/** @throws MalformedPacketError unless the value is 0, 1 or 2 [MQTT-3.3.1-4]. */
export function checkQoS(value: QoS, field: string): void {
  checkInteger(value, 2, field);
}

/** @throws ProtocolError for 0 [MQTT-2.2.1-3], MalformedPacketError for what is not a Two Byte Integer. */
export function checkPacketIdentifier(value: number): void {
  checkInteger(value, 0xffff, "The packet identifier");
  if (value === 0) throw new ProtocolError("The packet identifier is 0");
}

/** @throws ProtocolError unless MQTT 5.0 allows this Reason Code in this packet. */
export function checkReasonCode(packet: PacketTypeWithReasonCode, reasonCode: number): void {
  if (!isReasonCodeOf(packet, reasonCode)) {
    throw new ProtocolError(`Reason code ${String(reasonCode)} is not one of ${packet.toUpperCase()}`);
  }
}

/** @throws ProtocolError unless the value is absent or 0: before MQTT 5.0 the packet has no such field. */
export function checkAbsent(value: number | boolean | undefined, field: string): void {
  if (value !== undefined && Number(value) !== 0) {
    throw new ProtocolError(`${field} is ${String(value)}, and this version of the protocol does not have it`);
  }
}

/** The largest values of the integers of the wire. */
export const integerMaximum: Readonly<
  Record<"byte" | "twoByteInteger" | "fourByteInteger" | "variableByteInteger", number>
> = {
  byte: 0xff,
  twoByteInteger: 0xffff,
  fourByteInteger: 0xffff_ffff,
  variableByteInteger: maximumVariableByteInteger,
};
