import { KeyProblem } from "./problems.ts";

/** What stands between a line `-----BEGIN label-----` and its end. */
export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
  /** The value of `DEK-Info` where the block is encrypted as before PKCS#8 (RFC 1421). */
  readonly encryption: string | undefined;
  /** The block by itself. */
  readonly text: string;
}

const begin = "-----BEGIN ";
const end = "-----END ";
const dashes = "-----";

/** The blocks in a text, whatever else is in it. Takes time in proportion to the text. */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let position = 0;
  for (;;) {
    const start = text.indexOf(begin, position);
    if (start < 0) return blocks;
    const labelEnd = text.indexOf(dashes, start + begin.length);
    const stop = text.indexOf(end, start);
    if (labelEnd < 0 || stop < labelEnd) throw new KeyProblem("is damaged: a PEM block has no end");
    const label = text.slice(start + begin.length, labelEnd);
    const closing = `${end}${label}${dashes}`;
    if (!text.startsWith(closing, stop)) throw new KeyProblem("is damaged: a PEM block has no end of its own");
    position = stop + closing.length;
    blocks.push(readBlock(label, text.slice(labelEnd + dashes.length, stop), text.slice(start, position)));
  }
}

/** Base64 with white space anywhere; undefined when it is not. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/\s+/g, "");
  const isBase64 = digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits);
  return isBase64 ? Uint8Array.from(Buffer.from(digits, "base64")) : undefined;
}

export function encodePem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `${begin}${label}${dashes}\n${lines.join("\n")}\n${end}${label}${dashes}\n`;
}

/** Text of whatever bytes: UTF-8, or UTF-16 with a byte order mark, as Windows tools write it. */
export function decodeText(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8").decode(bytes);
}

function readBlock(label: string, body: string, text: string): PemBlock {
  const headersEnd = /\r?\n[ \t]*\r?\n/.exec(body);
  const headers = headersEnd !== null && body.slice(0, headersEnd.index).includes(":");
  const encoded = headers ? body.slice(headersEnd.index) : body;
  const bytes = decodeBase64(encoded);
  if (bytes === undefined || bytes.length === 0) throw new KeyProblem("is damaged: a PEM block is not Base64");
  const head = headers ? body.slice(0, headersEnd.index) : "";
  const encryption = /^Proc-Type: *4, *ENCRYPTED/m.test(head)
    ? (/^DEK-Info: *(.*)$/m.exec(head)?.[1] ?? "")
    : undefined;
  return { label, bytes, encryption, text };
}
