import { MalformedPacketError, ProtocolError } from "./errors.ts";
import { topicNameFault } from "./topics.ts";
import { decodeUtf8, StringCache } from "./utf8.ts";

const unitWhole = 0x80;

/**
 * Reads the fields of one packet's body, one after the other. It never reads past `end`, and its errors say where in
 * the packet they were found. One reader serves a decoder for all its packets, so that their strings can be cached.
 */
export class Reader {
  /** Where the next field begins, in `#bytes`. */
  position = 0;
  /** Where the packet, or the property list that is being read, ends. */
  end = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where the first byte of the packet is, or would be where its body lies in a buffer of its own. */
  origin = 0;
  readonly #strings = new StringCache();
  readonly #topicNames = new StringCache();

  /** Turns to the packet whose body lies in `bytes` from `start` to `end`, after a header of `headerLength` bytes. */
  reset(bytes: Uint8Array, start: number, end: number, headerLength: number): void {
    this.#bytes = bytes;
    this.position = start;
    this.end = end;
    this.origin = start - headerLength;
  }

  /** Lets go of the last packet's bytes. */
  release(): void {
    this.#bytes = new Uint8Array(0);
  }

  /** Bytes between here and the end. */
  get remaining(): number {
    return this.end - this.position;
  }

  /** Where a byte of `#bytes` is in the packet, counted from the packet's first byte. */
  offsetOf(position: number): number {
    return position - this.origin;
  }

  byte(): number {
    this.#require(1);
    return this.#bytes[this.position++] as number;
  }

  twoByteInteger(): number {
    this.#require(2);
    const value = ((this.#bytes[this.position] as number) << 8) | (this.#bytes[this.position + 1] as number);
    this.position += 2;
    return value;
  }

  fourByteInteger(): number {
    // Not with <<: its result is signed.
    return this.twoByteInteger() * 0x10000 + this.twoByteInteger();
  }

  /** A Variable Byte Integer (section 1.5.5). */
  variableByteInteger(): number {
    const start = this.position;
    let value = 0;
    let unit = 1;
    for (let length = 1; ; length++) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (byte < unitWhole) {
        // [MQTT-1.5.5-1]
        if (byte === 0 && length > 1) throw this.malformed("A variable byte integer is longer than it need be", start);
        return value;
      }
      if (length === 4) throw this.malformed("A variable byte integer has more than four bytes", start);
      unit *= 0x80;
    }
  }

  /** A Packet Identifier, which is never 0 [MQTT-2.2.1-3] [MQTT311-2.3.1-1]. */
  packetIdentifier(): number {
    const start = this.position;
    const value = this.twoByteInteger();
    if (value === 0) throw this.protocolError("The packet identifier is 0", start);
    return value;
  }

  /** Binary Data (section 1.5.6), not copied. */
  binary(): Uint8Array {
    const start = this.#enterField();
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
    const start = this.#enterField();
    const known = this.#strings.find(this.#bytes, start, this.position);
    if (known !== undefined) return known;
    const text = this.#decode(start);
    this.#strings.add(text, this.#bytes, start, this.position);
    return text;
  }

  /** A Topic Name, which may be empty here but has no wildcard [MQTT-3.3.2-1] [MQTT-3.3.2-2]. */
  topicName(): string {
    const start = this.#enterField();
    const known = this.#topicNames.find(this.#bytes, start, this.position);
    if (known !== undefined) return known;
    const topicName = this.#decode(start);
    const fault = topicName === "" ? undefined : topicNameFault(topicName);
    if (fault !== undefined) throw this.malformed(`The topic name ${fault}`, start - 2);
    this.#topicNames.add(topicName, this.#bytes, start, this.position);
    return topicName;
  }

  /** @throws MalformedPacketError unless every byte has been read. */
  finish(): void {
    if (this.position !== this.end) {
      throw this.malformed(`${this.remaining} bytes follow the last field`, this.position);
    }
  }

  malformed(message: string, position: number, reasonCode?: number): MalformedPacketError {
    return new MalformedPacketError(message, { offset: this.offsetOf(position), reasonCode });
  }

  protocolError(message: string, position: number, reasonCode?: number): ProtocolError {
    return new ProtocolError(message, { offset: this.offsetOf(position), reasonCode });
  }

  /** Reads a field's length and moves behind the field; returns where its bytes begin. */
  #enterField(): number {
    const length = this.twoByteInteger();
    this.#require(length);
    const start = this.position;
    this.position = start + length;
    return start;
  }

  #decode(start: number): string {
    const text = decodeUtf8(this.#bytes, start, this.position);
    // [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT311-1.5.3-1] [MQTT311-1.5.3-2]
    if (text === undefined) throw this.malformed("A string is not well-formed UTF-8 without U+0000", start - 2);
    return text;
  }

  #view(start: number, end: number): Uint8Array {
    // Not subarray(), which would give a Buffer of a Buffer.
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start);
  }

  #require(length: number): void {
    if (length > this.end - this.position) {
      throw this.malformed(
        `A field of ${length} bytes does not fit into the ${this.remaining} that are left`,
        this.position,
      );
    }
  }
}
