import { MalformedPacketError, ProtocolError } from "./errors.ts";
import { noBytes } from "./no-bytes.ts";
import type { ProtocolVersion } from "./packets/types.ts";
import type { PacketProperties, PropertyTarget } from "./properties.ts";
import { isReasonCodeOf, type PacketTypeWithReasonCode } from "./reason-codes.ts";
import { topicFault, topicNames, type TopicRules } from "./topics.ts";
import { decodeUtf8, StringCache } from "./utf8.ts";
import { illFormedInteger, isIllFormed } from "./variable-byte-integer.ts";

/** What reads the properties that one kind of packet may have, up to the reader's end: see `PropertyList`. */
interface PropertyReader<T extends PropertyTarget> {
  read(reader: Reader): PacketProperties<T>;
}

/** What all readers have seen: thousands of connections shall not have thousands of caches. */
const knownStrings = /* @__PURE__ */ new StringCache();
const knownTopicNames = /* @__PURE__ */ new StringCache();

/**
 * Reads the fields of one packet's body, one after the other. It never reads past `end`, and its errors say where in
 * the packet they were found. One reader serves a decoder for all its packets.
 */
export class Reader {
  version: ProtocolVersion = 5;
  /** Where the next field begins, in the bytes. */
  position = 0;
  /** Where the packet, or the property list that is being read, ends. */
  end = 0;
  /** Where the first byte of the packet is, or would be where its body lies in a buffer of its own. */
  origin = 0;
  #bytes = noBytes;
  /** Their buffer, which is slow to be asked for, once it was needed. */
  #buffer: ArrayBufferLike | undefined;

  /** Turns to the packet whose body lies in `bytes` from `start` to `end`, after a header of `headerLength` bytes. */
  reset(bytes: Uint8Array, start: number, end: number, headerLength: number): void {
    if (bytes !== this.#bytes) this.#use(bytes);
    this.position = start;
    this.end = end;
    this.origin = start - headerLength;
  }

  /** Lets go of the last packet's bytes. */
  release(): void {
    this.#use(noBytes);
  }

  /** Bytes between here and the end. */
  get remaining(): number {
    return this.end - this.position;
  }

  byte(): number {
    return this.#bytes[this.#enter(1)] as number;
  }

  twoByteInteger(): number {
    const start = this.#enter(2);
    return ((this.#bytes[start] as number) << 8) | (this.#bytes[start + 1] as number);
  }

  fourByteInteger(): number {
    this.position = this.#enter(4);
    // Not with << alone: its result is signed.
    return this.twoByteInteger() * 0x10000 + this.twoByteInteger();
  }

  /** A Variable Byte Integer (section 1.5.5). */
  variableByteInteger(): number {
    const start = this.position;
    const first = this.byte();
    if (first < 0x80) return first; // As nearly all are.
    let value = first & 0x7f;
    for (let count = 2; ; count++) {
      const byte = this.byte();
      if (isIllFormed(byte, count)) throw this.malformed(`A variable byte integer ${illFormedInteger}`, start);
      value |= (byte & 0x7f) << (7 * (count - 1));
      if (byte < 0x80) return value;
    }
  }

  /** A Packet Identifier, which is never 0. */
  packetIdentifier(): number {
    const start = this.position;
    const value = this.twoByteInteger();
    // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT311-2.3.1-1] [MQTT311-2.3.1-4]
    if (value === 0) throw this.protocolError("The packetIdentifier is 0", start);
    return value;
  }

  /** A Reason Code, or Return code, that this version has in this packet. */
  reasonCode(packet: PacketTypeWithReasonCode): number {
    const start = this.position;
    const reasonCode = this.byte();
    if (!isReasonCodeOf(packet, reasonCode, this.version)) {
      throw this.protocolError(`Reason code ${reasonCode} is not one of ${packet.toUpperCase()}`, start);
    }
    return reasonCode;
  }

  /** Binary Data (section 1.5.6), not copied. */
  binary(): Uint8Array {
    const start = this.#enter(this.twoByteInteger());
    return this.#view(start, this.position);
  }

  /** Everything up to the end, not copied. */
  rest(): Uint8Array {
    const start = this.position;
    this.position = this.end;
    return this.#view(start, this.end);
  }

  /** A UTF-8 Encoded String (section 1.5.4). */
  string(): string {
    return this.#string(false);
  }

  stringPair(): [string, string] {
    return [this.string(), this.string()];
  }

  /** A Topic Name; it may be empty where an alias can stand for it. */
  topicName(mayBeEmpty = false): string {
    return this.#string(true, mayBeEmpty);
  }

  /** @throws MalformedPacketError unless the string found at this position is a topic of this kind. */
  checkTopic(topic: string, rules: TopicRules, position: number): void {
    if (!rules.isSound(topic, this.version)) throw this.malformed(topicFault(topic, rules), position);
  }

  /** Reads a property list, where there is one, into a packet: what is absent or empty has no key. */
  properties<T extends PropertyTarget>(list: PropertyReader<T>, packet: { properties?: PacketProperties<T> }): void {
    if (this.version < 5) return;
    const start = this.position;
    const length = this.variableByteInteger(); // [MQTT-2.2.2-1]
    if (length === 0) return;
    const packetEnd = this.end;
    if (length > this.remaining) throw this.malformed(`${length} bytes of properties do not fit`, start);
    this.end = this.position + length;
    packet.properties = list.read(this);
    this.end = packetEnd;
  }

  /**
   * Reads what `Writer.ending` has written: a Reason Code and properties, each of which may be left out, or, where
   * `isWhole`, only both.
   */
  ending<T extends PacketTypeWithReasonCode & PropertyTarget>(
    packet: { type: T; reasonCode: number; properties?: PacketProperties<T> },
    list: PropertyReader<T>,
    isWhole = false,
  ): void {
    if (this.version === 5 && this.remaining > 0) {
      packet.reasonCode = this.reasonCode(packet.type);
      if (isWhole || this.remaining > 0) this.properties(list, packet);
    }
    this.finish();
  }

  /** @throws MalformedPacketError unless every byte has been read. */
  finish(): void {
    if (this.remaining > 0) throw this.malformed(`${this.remaining} bytes follow the last field`, this.position);
  }

  malformed(message: string, position: number): MalformedPacketError {
    return new MalformedPacketError(message, { offset: position - this.origin });
  }

  protocolError(message: string, position: number, reasonCode = 0x82): ProtocolError {
    return new ProtocolError(message, { offset: position - this.origin, reasonCode });
  }

  /** Moves behind a field of so many bytes, and returns where it begins. */
  #enter(length: number): number {
    const start = this.position;
    if (length > this.end - start) throw this.malformed(`${length} bytes do not fit`, start);
    this.position = start + length;
    return start;
  }

  /** What a cache knows has been found sound before. */
  #string(isTopicName: boolean, mayBeEmpty = false): string {
    const cache = isTopicName ? knownTopicNames : knownStrings;
    const start = this.#enter(this.twoByteInteger());
    const known = cache.find(this.#bytes, start, this.position);
    if (known !== undefined) return known;
    const text = decodeUtf8(this.#bytes, start, this.position);
    // [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT311-1.5.3-1] [MQTT311-1.5.3-2]
    if (text === undefined) throw this.malformed("A string is ill-formed", start - 2);
    if (isTopicName && !(mayBeEmpty && text === "")) this.checkTopic(text, topicNames, start - 2);
    cache.keep(text);
    return text;
  }

  #use(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#buffer = undefined;
  }

  #view(start: number, end: number): Uint8Array {
    // Not subarray(), which would give a Buffer of a Buffer.
    this.#buffer ??= this.#bytes.buffer;
    return new Uint8Array(this.#buffer, this.#bytes.byteOffset + start, end - start);
  }
}
