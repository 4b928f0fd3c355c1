import { cachedStringMaximumBytes, cachedStringSlots } from "./limits.ts";

// ignoreBOM keeps a leading U+FEFF [MQTT-1.5.4-3]; fatal refuses surrogates and overlong forms [MQTT-1.5.4-1].
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Beyond this length the platform's encoder and decoder are faster than a loop of ours. */
const shortString = 48;

/** What makes a string unfit for the wire, in words for an error message. */
export type Utf8Fault = "a null character" | "a lone surrogate";

/** The number of bytes of a string in UTF-8, or what makes it unfit for the wire. */
export function measureUtf8(text: string): number | Utf8Fault {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) {
      if (code === 0) return "a null character"; // [MQTT-1.5.4-2]
    } else if (code < 0x800) {
      length += 1;
    } else if (code < 0xd800 || code > 0xdfff) {
      length += 2;
    } else {
      // A pair is two units of UTF-16 and four bytes; TextEncoder would turn half of one into U+FFFD [MQTT-1.5.4-1].
      const next = code < 0xdc00 ? text.charCodeAt(index + 1) : 0;
      if (!(next >= 0xdc00 && next <= 0xdfff)) return "a lone surrogate";
      length += 2;
      index += 1;
    }
  }
  return length;
}

/** Writes a string that `measureUtf8` has measured; returns the number of bytes. */
export function writeUtf8(text: string, bytes: Uint8Array, offset: number): number {
  const length = text.length;
  if (length > shortString) return encoder.encodeInto(text, bytes.subarray(offset)).written;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return encoder.encodeInto(text, bytes.subarray(offset)).written;
    bytes[offset + index] = code;
  }
  return length;
}

/** Decodes UTF-8; returns undefined where it is not well-formed or holds U+0000. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start <= shortString) {
    let text = "";
    let index = start;
    for (; index < end; index++) {
      const byte = bytes[index] as number;
      if (byte > 0x7f) break;
      if (byte === 0) return undefined; // [MQTT-1.5.4-2]
      text += String.fromCharCode(byte);
    }
    if (index === end) return text;
  }
  try {
    const text = decoder.decode(bytes.subarray(start, end));
    return text.includes("\0") ? undefined : text; // [MQTT-1.5.4-2]
  } catch {
    return undefined; // [MQTT-1.5.4-1]
  }
}

/**
 * Remembers short ASCII strings by their bytes, so that a topic that comes a million times is decoded, checked and
 * allocated once. A slot holds the last string that fell into it; nothing grows.
 */
export class StringCache {
  readonly #slots: string[] = new Array<string>(cachedStringSlots).fill("");

  /** The string of these bytes, if it is the one remembered in its slot. */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start;
    if (length > cachedStringMaximumBytes) return undefined;
    const text = this.#slots[slotOf(bytes, start, end)] as string;
    if (text.length !== length) return undefined;
    for (let index = 0; index < length; index++) {
      if (text.charCodeAt(index) !== bytes[start + index]) return undefined;
    }
    return text;
  }

  /** Remembers a string that was decoded from these bytes. */
  add(text: string, bytes: Uint8Array, start: number, end: number): void {
    // Of a string that is not ASCII the length in units differs from that in bytes: `find` could never return it.
    if (end - start <= cachedStringMaximumBytes) this.#slots[slotOf(bytes, start, end)] = text;
  }
}

function slotOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let index = start; index < end; index++) hash = (Math.imul(hash, 31) + (bytes[index] as number)) | 0;
  return (hash ^ (hash >>> 13)) & (cachedStringSlots - 1);
}
