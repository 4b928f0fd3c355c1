/**
 * Reads bytes written for people: two hex digits a byte, `"text"` for its UTF-8 bytes, `#` begins a comment, and `len`,
 * at most once, is the Variable Byte Integer of the number of bytes that follow it.
 *
 *     30           # PUBLISH
 *     07           # Remaining Length
 *     00 03 "a/b"  # Topic Name
 *     "hi"         # Payload
 */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let lengthAt = -1;
  for (const [token] of text.matchAll(/#.*|"[^"]*"|\S+/g)) {
    if (token.startsWith("#")) continue;
    if (token.startsWith('"')) bytes.push(...new TextEncoder().encode(token.slice(1, -1)));
    else if (token === "len" && lengthAt < 0) lengthAt = bytes.length;
    else if (/^([0-9a-f]{2})+$/i.test(token)) bytes.push(...pairs(token));
    else throw new Error(`Not hex: ${token}`);
  }
  if (lengthAt >= 0) bytes.splice(lengthAt, 0, ...variableByteInteger(bytes.length - lengthAt));
  return Uint8Array.from(bytes);
}

/** Bytes as hex digits, for messages and for replay. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** All of the chunks in one. */
export function concat(...chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

/** The reference encoding of section 1.5.5, written apart from the one under test. */
function variableByteInteger(value: number): number[] {
  const bytes: number[] = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value > 0 ? low + 128 : low);
  } while (value > 0);
  return bytes;
}

function pairs(digits: string): number[] {
  return (digits.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}
