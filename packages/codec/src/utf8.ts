import { cachedStringMaximumBytes, cachedStringSlots, maximumFieldBytes } from "./limits.ts";

const decoder = new TextDecoder("utf-8", {
  fatal: true, // Refuses surrogates and overlong forms [MQTT-1.5.4-1] [MQTT311-1.5.3-1].
  ignoreBOM: true, // Keeps a leading U+FEFF [MQTT-1.5.4-3] [MQTT311-1.5.3-3].
});
const encoder = new TextEncoder();

/** Beyond this length the platform's encoder and decoder are faster than a loop of ours. */
const shortString = 48;

/** The bytes of a string in UTF-8; -1 where it is none of those that fit the wire (section 1.5.4). */
export function measureText(text: string): number {
  if (typeof text !== "string") return -1;
  let { length } = text;
  // What has too many units has too many bytes, and need not be encoded.
  if (length <= maximumFieldBytes && /[\0\u0080-\uffff]/.test(text)) {
    // U+0000 [MQTT-1.5.4-2] [MQTT311-1.5.3-2] [MQTT-4.7.3-2] [MQTT311-4.7.3-2]; with the flag u, half of a surrogate
    // pair is no match, but a lone surrogate is, of which TextEncoder would make U+FFFD [MQTT-1.5.4-1] [MQTT311-1.5.3-1].
    if (/[\0\ud800-\udfff]/u.test(text)) return -1;
    ({ length } = encoder.encode(text));
  }
  return length > maximumFieldBytes ? -1 : length; // [MQTT-4.7.3-3] [MQTT311-4.7.3-3]
}

/** Writes a string that `measureText` has measured; returns the number of bytes. */
export function writeUtf8(text: string, bytes: Uint8Array, offset: number): number {
  const { length } = text;
  for (let index = 0; length <= shortString; index++) {
    if (index === length) return length;
    const code = text.charCodeAt(index);
    if (code > 0x7f) break;
    bytes[offset + index] = code;
  }
  return encoder.encodeInto(text, bytes.subarray(offset)).written;
}

/** Decodes UTF-8; returns undefined where it is not well-formed or holds U+0000. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  for (let index = start; end - start <= shortString; index++) {
    if (index === end) return text;
    const byte = bytes[index] as number;
    if (byte === 0 || byte > 0x7f) break; // [MQTT-1.5.4-2] [MQTT311-1.5.3-2]
    text += String.fromCharCode(byte);
  }
  try {
    text = decoder.decode(bytes.subarray(start, end));
    return text.includes("\0") ? undefined : text; // [MQTT-1.5.4-2] [MQTT311-1.5.3-2]
  } catch {
    return undefined;
  }
}

/**
 * Remembers short ASCII strings by their bytes, so that a topic that comes a million times is decoded, checked and
 * allocated once. A slot holds the last string that fell into it; nothing grows.
 */
export class StringCache {
  readonly #slots: string[] = new Array<string>(cachedStringSlots).fill("");
  // Of the last search.
  #slot = 0;
  #length = 0;

  /** The string of these bytes, if it is the one remembered in its slot. */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start;
    this.#length = length;
    if (length > cachedStringMaximumBytes) return undefined;
    let hash = length;
    for (let index = start; index < end; index++) hash = (Math.imul(hash, 31) + (bytes[index] as number)) | 0;
    this.#slot = (hash ^ (hash >>> 13)) & (cachedStringSlots - 1);
    const text = this.#slots[this.#slot] as string;
    if (text.length !== length || length === 0) return undefined;
    for (let index = 0; index < length; index++) {
      if (text.charCodeAt(index) !== bytes[start + index]) return undefined;
    }
    return text;
  }

  /** Remembers the string that the last search was for, if it is short and ASCII: has a byte for each unit. */
  keep(text: string): void {
    if (text.length === this.#length && text.length <= cachedStringMaximumBytes) this.#slots[this.#slot] = text;
  }
}
