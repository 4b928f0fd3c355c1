/**
 * A strict reader of DER (X.690), the bytes of certificates and keys.
 *
 * An element is a view into the bytes that it was read from; its children are read when they are asked for. Only
 * definite lengths in their shortest form, tags of one octet, and `maxDepth` levels. Whatever the bytes are, the outcome is a
 * value or a `DerError`.
 */

/** The bytes are not the DER that they should be. */
export class DerError extends Error {
  override name = "DerError";
}

/** The identifier octets of what certificates and keys are made of. */
export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The identifier octet of `[number]`: constructed by default, as EXPLICIT always is. */
export function contextTag(number: number, isConstructed = true): number {
  return (isConstructed ? 0xa0 : 0x80) | number;
}

/** Levels within levels; certificates have about ten. */
const maxDepth = 32;

/** Elements in one, each of which takes about 200 bytes of memory. The longest lists of revoked certificates have half. */
const maxChildren = 1_000_000;

export class DerElement {
  /** The identifier octet, with its class and whether it is constructed. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** The whole element, header included. */
  readonly bytes: Uint8Array;
  readonly #depth: number;

  /** For `parse` alone. */
  constructor(bytes: Uint8Array, headerLength: number, depth: number) {
    this.tag = bytes[0] ?? 0;
    this.content = bytes.subarray(headerLength);
    this.bytes = bytes;
    this.#depth = depth;
  }

  /** Reads the one element that `bytes` are. */
  static parse(bytes: Uint8Array): DerElement {
    const element = DerElement.parseFirst(bytes);
    if (element.bytes.length !== bytes.length) throw new DerError("There are bytes behind the element");
    return element;
  }

  /** Reads the element that `bytes` begin with; `bytes.length` of it says where it ends. */
  static parseFirst(bytes: Uint8Array): DerElement {
    return DerElement.#read(bytes, 0);
  }

  static #read(bytes: Uint8Array, depth: number): DerElement {
    if (depth > maxDepth) throw new DerError("The elements are nested too deeply");
    const [tag, first] = bytes;
    if (tag === undefined || first === undefined) throw new DerError("An element is cut off");
    if ((tag & 0x1f) === 0x1f) throw new DerError("A tag has more than one octet");
    let length = first;
    let headerLength = 2;
    if (first >= 0x80) {
      const octets = first & 0x7f;
      if (octets === 0) throw new DerError("An element has no definite length");
      if (octets > 4) throw new DerError("An element is too long");
      headerLength += octets;
      if (bytes.length < headerLength) throw new DerError("An element is cut off");
      length = 0;
      for (let index = 2; index < headerLength; index++) length = length * 256 + (bytes[index] ?? 0);
      if (length < 0x80 || length < 256 ** (octets - 1)) throw new DerError("A length is not in its shortest form");
    }
    if (bytes.length - headerLength < length) throw new DerError("An element is cut off");
    return new DerElement(bytes.subarray(0, headerLength + length), headerLength, depth);
  }

  get isConstructed(): boolean {
    return (this.tag & 0x20) !== 0;
  }

  /** The elements in this one. */
  children(): DerElement[] {
    if (!this.isConstructed) throw new DerError("An element has no others in it");
    const children: DerElement[] = [];
    let rest = this.content;
    while (rest.length > 0) {
      const child = DerElement.#read(rest, this.#depth + 1);
      children.push(child);
      if (children.length > maxChildren) throw new DerError("An element has too many others in it");
      rest = rest.subarray(child.bytes.length);
    }
    return children;
  }

  /** The element at `index` of those in this one, which must be there, with this tag if one is given. */
  child(index: number, tag?: number): DerElement {
    const child = this.children()[index];
    if (child === undefined) throw new DerError("An element is missing");
    return tag === undefined ? child : child.expect(tag);
  }

  /** This element, if it has that tag. */
  expect(tag: number): this {
    if (this.tag !== tag) throw new DerError(`An element has the tag ${hex(this.tag)}, and must have ${hex(tag)}`);
    return this;
  }

  /** An OBJECT IDENTIFIER as in `1.2.840.113549`. */
  objectIdentifier(): string {
    const { content } = this.expect(derTag.objectIdentifier);
    return formatObjectIdentifier(content);
  }

  /** An INTEGER or ENUMERATED of any size. */
  integer(): bigint {
    const { content } = this.tag === derTag.enumerated ? this : this.expect(derTag.integer);
    const [first, second] = content;
    if (first === undefined) throw new DerError("A number has no octets");
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw new DerError("A number is not in its shortest form");
    }
    const magnitude = BigInt(`0x${Buffer.from(content).toString("hex")}`);
    return first < 0x80 ? magnitude : magnitude - (1n << BigInt(content.length * 8));
  }

  /** An INTEGER or ENUMERATED from 0 to 2^53 - 1. */
  smallInteger(): number {
    // A number of this size needs no look at the others, which may be megabytes.
    const value = this.content.length > 8 ? -1n : this.integer();
    if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new DerError("A number is out of its range");
    return Number(value);
  }

  boolean(): boolean {
    const { content } = this.expect(derTag.boolean);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerError("A boolean is damaged");
    return content[0] === 0xff;
  }

  octetString(): Uint8Array {
    return this.expect(derTag.octetString).content;
  }

  /** The octets of a BIT STRING, and how many bits at their end are not part of it. */
  bitString(): { readonly bytes: Uint8Array; readonly unusedBits: number } {
    const { content } = this.expect(derTag.bitString);
    const [unusedBits] = content;
    if (unusedBits === undefined || unusedBits > 7 || (content.length === 1 && unusedBits > 0)) {
      throw new DerError("A bit string is damaged");
    }
    return { bytes: content.subarray(1), unusedBits };
  }

  /** A UTCTime or GeneralizedTime as X.509 and OCSP have them: in UTC, to the second (RFC 5280, 4.1.2.5). */
  time(): Date {
    const isUtcTime = this.tag === derTag.utcTime;
    const { content } = isUtcTime ? this : this.expect(derTag.generalizedTime);
    const text = content.length > 20 ? "" : String.fromCharCode(...content);
    const match = (isUtcTime ? utcTime : generalizedTime).exec(text);
    if (match === null) throw new DerError("A time is damaged");
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
    const fullYear = isUtcTime ? year + (year < 50 ? 2000 : 1900) : year;
    const date = new Date(0);
    // Not the constructor, which takes the year 99 for 1999.
    date.setUTCFullYear(fullYear, month - 1, day);
    date.setUTCHours(hour, minute, second);
    const isReal =
      date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
    if (!isReal) throw new DerError("A time does not exist");
    return date;
  }
}

const utcTime = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const generalizedTime = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** Octets of an identifier; the longest in use have about 20. */
const maxObjectIdentifierBytes = 128;

function formatObjectIdentifier(content: Uint8Array): string {
  const isEnded = content.length > 0 && (content.at(-1) ?? 0) < 0x80;
  if (!isEnded || content.length > maxObjectIdentifierBytes) throw new DerError("An object identifier is damaged");
  const arcs: bigint[] = [];
  let arc = 0n;
  let isFirst = true;
  for (const octet of content) {
    if (isFirst && octet === 0x80) throw new DerError("An object identifier is not in its shortest form");
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    isFirst = octet < 0x80;
    if (!isFirst) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [both = 0n, ...rest] = arcs;
  const root = both < 80n ? both / 40n : 2n;
  return [root, both - root * 40n, ...rest].join(".");
}

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, "0")}`;
}

/** Writes an element. */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const octets: number[] = [];
  if (length >= 0x80) for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  const header = [tag, octets.length === 0 ? length : 0x80 | octets.length, ...octets];
  const element = new Uint8Array(header.length + length);
  element.set(header);
  let position = header.length;
  for (const content of contents) {
    element.set(content, position);
    position += content.length;
  }
  return element;
}
