/** Bytes that are looked at, however long the payload is. */
const readBytes = 2_048;
const shownCharacters = 400;
const shownBytes = 32;

/**
 * A payload as one short text: what it says if it is text, else its first bytes in hexadecimal.
 * @param {Uint8Array} payload
 */
export function describePayload(payload) {
  if (payload.length === 0) return "(empty)";
  const head = payload.subarray(0, readBytes);
  const text = decodeText(head, head.length < payload.length);
  if (text === undefined) {
    const hex = Array.from(payload.subarray(0, shownBytes), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    return `${hex}${payload.length > shownBytes ? " …" : ""} (${payload.length} bytes)`;
  }
  if (text.length <= shownCharacters && head.length === payload.length) return text;
  return `${text.slice(0, shownCharacters)}… (${payload.length} bytes)`;
}

/**
 * @param {Uint8Array} bytes
 * @param {boolean} cut whether the last character may be incomplete
 */
function decodeText(bytes, cut) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: cut });
    // Control characters, line breaks and tabs apart, say that it is not meant to be read.
    // eslint-disable-next-line no-control-regex -- it is these characters that it looks for
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
