import { writeUtf8 } from "./utf8.ts";

/** Writes the fields of packets that have been measured, so that all of them fit; it checks nothing. */
export class Writer {
  bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
  }

  byte(value: number): void {
    this.bytes[this.position++] = value;
  }

  twoByteInteger(value: number): void {
    this.bytes[this.position++] = value >>> 8;
    this.bytes[this.position++] = value;
  }

  fourByteInteger(value: number): void {
    this.twoByteInteger(value >>> 16);
    this.twoByteInteger(value & 0xffff);
  }

  variableByteInteger(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  string(text: string): void {
    const length = writeUtf8(text, this.bytes, this.position + 2);
    this.twoByteInteger(length);
    this.position += length;
  }

  binary(data: Uint8Array): void {
    this.twoByteInteger(data.length);
    this.raw(data);
  }

  raw(data: Uint8Array): void {
    this.bytes.set(data, this.position);
    this.position += data.length;
  }
}
