import { MalformedPacketError, ProtocolError } from "./errors.ts";
import { maximumFieldBytes, maximumVariableByteInteger } from "./limits.ts";
import { noBytes } from "./no-bytes.ts";
import type { ProtocolVersion } from "./packets/types.ts";
import { isReasonCodeOf, type PacketTypeWithReasonCode } from "./reason-codes.ts";
import { checkTopic, topicNames, type TopicRules } from "./topics.ts";
import { measureText, writeUtf8 } from "./utf8.ts";

// Theory of operation
//
// A packet is written twice by the same code. The first time every field is checked and `bytes` is an empty array, in
// which a store beyond the end does nothing: all that is left is `position`, which comes out as the packet's exact size,
// and the lengths of the property lists. The second time there is a buffer in which the packet is known to fit.

/** What writes the properties that one kind of packet may have, without their length: see `PropertyList`. */
interface PropertyWriter {
  write(writer: Writer, values: object | undefined): void;
}

/** Measures and writes the fields of packets. One writer serves for one packet after the other. */
export class Writer {
  version: ProtocolVersion = 5;
  /** The flags of the fixed header, which a PUBLISH sets itself. */
  flags = 0;
  isMeasuring = true;
  position = 0;
  /** A payload that is not to be written: it follows by itself. */
  leftOut: Uint8Array | undefined;
  #bytes = noBytes;
  /** The lengths of the packet's property lists, in order. */
  readonly #lengths: number[] = [];
  #next = 0;

  /** Begins to measure. */
  measure(version: ProtocolVersion, flags: number): void {
    this.version = version;
    this.flags = flags;
    this.write(noBytes, 0);
    this.isMeasuring = true;
  }

  /** Begins to write what was measured. */
  write(bytes: Uint8Array, position: number): void {
    this.#bytes = bytes;
    this.position = position;
    this.#next = 0;
    this.isMeasuring = false;
  }

  byte(value: number, field = "byte"): void {
    checkInteger(value, 0xff, field);
    this.#bytes[this.position++] = value;
  }

  twoByteInteger(value: number, field: string): void {
    checkInteger(value, 0xffff, field);
    this.#bytes[this.position++] = value >>> 8;
    this.#bytes[this.position++] = value;
  }

  fourByteInteger(value: number, field: string): void {
    checkInteger(value, 0xffff_ffff, field);
    this.twoByteInteger(value >>> 16, field);
    this.twoByteInteger(value & 0xffff, field);
  }

  variableByteInteger(value: number, field: string): void {
    checkInteger(value, maximumVariableByteInteger, field);
    let rest = value;
    // [MQTT-1.5.5-1]
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.position++] = rest | 0x80;
    this.#bytes[this.position++] = rest;
  }

  /** A string of a field, or a topic. */
  string(text: string, field: string | TopicRules): void {
    const start = this.position + 2;
    let length;
    if (!this.isMeasuring) length = writeUtf8(text, this.#bytes, start);
    else length = typeof field === "string" ? checkString(text, field) : checkTopic(text, field, this.version);
    this.#bytes[start - 2] = length >>> 8;
    this.#bytes[start - 1] = length;
    this.position = start + length;
  }

  topicName(topicName: string): void {
    this.string(topicName, topicNames);
  }

  stringPair(pair: readonly [string, string], field: string): void {
    if (!Array.isArray(pair) || pair.length !== 2) throw new MalformedPacketError(`The ${field} is ill-formed`);
    this.string(pair[0], field); // [MQTT-1.5.7-1]
    this.string(pair[1], field); // [MQTT-1.5.7-1]
  }

  binary(data: Uint8Array, field: string): void {
    this.twoByteInteger(checkBytes(data, field, maximumFieldBytes), field);
    this.raw(data, field);
  }

  /** Bytes without a length. */
  raw(data: Uint8Array, field: string): void {
    const length = checkBytes(data, field, Infinity);
    if (!this.isMeasuring && data !== this.leftOut) this.#bytes.set(data, this.position);
    this.position += length;
  }

  /** @throws ProtocolError for 0. */
  packetIdentifier(value: number | undefined): void {
    if (value === 0) throw new ProtocolError("The packetIdentifier is 0"); // [MQTT-2.2.1-3] [MQTT311-2.3.1-1]
    this.twoByteInteger(value as number, "packetIdentifier");
  }

  /** @throws ProtocolError unless this version has the Reason Code, or Return code, in this packet. */
  reasonCode(packet: PacketTypeWithReasonCode, value: number): void {
    if (!isReasonCodeOf(packet, value, this.version)) {
      throw new ProtocolError(`Reason code ${value} is not one of ${packet.toUpperCase()}`);
    }
    this.byte(value);
  }

  /** A property list with its length, which MQTT 5.0 always has there and others never have. */
  properties(list: PropertyWriter, values: object | undefined): void {
    this.#properties(list, values, this.#propertiesLength(list, values));
  }

  /**
   * A Reason Code and a property list at the end of a packet, left out as far as they say nothing; where `isWhole`,
   * only together. Before MQTT 5.0 there is neither.
   */
  ending(
    packet: PacketTypeWithReasonCode,
    { reasonCode = 0, properties }: { readonly reasonCode?: number; readonly properties?: object },
    list: PropertyWriter,
    isWhole = false,
  ): void {
    const length = this.#propertiesLength(list, properties);
    if (reasonCode === 0 && length === 0) return;
    if (this.version < 5) throw new ProtocolError("A reason code needs MQTT 5.0");
    this.reasonCode(packet, reasonCode);
    if (isWhole || length > 0) this.#properties(list, properties, length);
  }

  #propertiesLength(list: PropertyWriter, values: object | undefined): number {
    if (values === undefined) return 0;
    if (this.isMeasuring) {
      const start = this.position;
      list.write(this, values);
      this.#lengths[this.#next] = this.position - start;
      this.position = start;
    }
    return this.#lengths[this.#next++] as number;
  }

  #properties(list: PropertyWriter, values: object | undefined, length: number): void {
    if (this.version < 5) return;
    this.variableByteInteger(length, "properties"); // [MQTT-2.2.2-1]
    if (this.isMeasuring) this.position += length;
    else list.write(this, values);
  }
}

/** @throws MalformedPacketError unless the value is a whole number between 0 and `maximum`. */
export function checkInteger(value: number, maximum: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value > maximum) {
    throw new MalformedPacketError(`The ${field} is ${value}, not a whole number from 0 to ${maximum}`);
  }
}

function checkBytes(data: Uint8Array, field: string, maximum: number): number {
  if (data instanceof Uint8Array && data.length <= maximum) return data.length;
  throw new MalformedPacketError(`The ${field} is too long or not a Uint8Array`);
}

/** Checks a UTF-8 Encoded String, and returns its bytes. */
function checkString(text: string, field: string): number {
  const length = measureText(text);
  if (length >= 0) return length;
  throw new MalformedPacketError(`The ${field} is too long or ill-formed`);
}
