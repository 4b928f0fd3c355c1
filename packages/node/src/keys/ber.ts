import { DerError, encodeDer } from "./der.ts";

/** Levels within levels; what a key store has is less. */
const maxDepth = 32;

/** Elements in all; a certificate has about 150. */
const maxElements = 200_000;

/**
 * Rewrites BER as DER as far as tools differ: PKCS#7 and PKCS#12 may have indefinite lengths and strings in pieces,
 * which those of Java, NSS and macOS write. What is DER stays as it is.
 */
export function normalizeBer(bytes: Uint8Array): Uint8Array {
  const { element, length } = read(bytes, { depth: 0, count: { left: maxElements } });
  if (length !== bytes.length) throw new DerError("There are bytes behind the element");
  return element;
}

interface Read {
  readonly element: Uint8Array;
  /** What it took of the input. */
  readonly length: number;
}

interface Place {
  readonly depth: number;
  /** Shared by all. */
  readonly count: { left: number };
}

function read(bytes: Uint8Array, { depth, count }: Place): Read {
  if (depth > maxDepth) throw new DerError("The elements are nested too deeply");
  if (--count.left < 0) throw new DerError("There are too many elements");
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) throw new DerError("An element is cut off");
  const octets = first > 0x80 ? first & 0x7f : 0;
  if (octets > 4) throw new DerError("An element is too long");
  const headerLength = 2 + octets;
  let length = first;
  if (octets > 0) {
    length = 0;
    for (let index = 2; index < headerLength; index++) length = length * 256 + (bytes[index] ?? 0);
  }
  const isIndefinite = first === 0x80;
  if (isIndefinite && (tag & 0x20) === 0) throw new DerError("An element has no length");
  if (!isIndefinite && bytes.length < headerLength + length) throw new DerError("An element is cut off");
  if ((tag & 0x20) === 0) {
    const content = bytes.subarray(headerLength, headerLength + length);
    return { element: encodeDer(tag, content), length: headerLength + length };
  }
  const body = isIndefinite ? bytes.subarray(headerLength) : bytes.subarray(headerLength, headerLength + length);
  const { children, length: taken } = readChildren(body, isIndefinite, { depth: depth + 1, count });
  return { element: join(tag, children), length: headerLength + taken };
}

function readChildren(
  body: Uint8Array,
  isIndefinite: boolean,
  place: Place,
): { readonly children: readonly Uint8Array[]; readonly length: number } {
  const children: Uint8Array[] = [];
  let position = 0;
  while (isIndefinite || position < body.length) {
    const isEnd = body[position] === 0 && body[position + 1] === 0;
    if (isIndefinite && isEnd) return { children, length: position + 2 };
    const child = read(body.subarray(position), place);
    children.push(child.element);
    position += child.length;
  }
  return { children, length: position };
}

/** A constructed string becomes one; of implicit tags, only the `[0]` of encrypted content is a string in pieces. */
function join(tag: number, children: readonly Uint8Array[]): Uint8Array {
  const pieces = tag === 0x24 || (tag === 0xa0 && children.length > 0 && children.every((child) => child[0] === 0x04));
  if (!pieces || (tag === 0xa0 && children.length === 1)) return encodeDer(tag, Buffer.concat(children));
  return encodeDer(tag === 0x24 ? 0x04 : 0x80, Buffer.concat(children.map(contentOf)));
}

function contentOf(element: Uint8Array): Uint8Array {
  const first = element[1] ?? 0;
  return element.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f));
}
