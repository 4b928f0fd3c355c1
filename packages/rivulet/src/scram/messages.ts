import { AuthenticationError } from "@rivulet/engine";

// The messages of SCRAM (RFC 5802, section 7). Attributes come in the order that is given there, and no other.

/** What the server says first. */
export interface ServerFirst {
  /** The client's nonce, continued by the server. */
  readonly nonce: string;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly iterations: number;
}

const base64 = "(?:[A-Za-z\\d+/]{4})*(?:[A-Za-z\\d+/]{2}==|[A-Za-z\\d+/]{3}=)?";
const first = new RegExp(`^r=([!-+\\--~]+),s=(${base64}),i=([1-9]\\d{0,9})(?:,.*)?$`, "su");
const final = new RegExp(`^v=(${base64})(?:,.*)?$`, "su");

/** A user name with what separates attributes written differently. */
export function escapeName(name: string): string {
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

/** Authentication Data as text. */
export function readText(data: Uint8Array = new Uint8Array()): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch (cause) {
    throw new AuthenticationError("The server's SCRAM message is not UTF-8", { cause });
  }
}

/** Reads what the server says first, in answer to user name and nonce. */
export function readServerFirst(text: string): ServerFirst {
  const [, nonce = "", salt = "", iterations] = match(text, first);
  return { nonce, salt: readBase64(salt), iterations: Number(iterations) };
}

/** Reads what the server says last: its signature. */
export function readServerFinal(text: string): Uint8Array<ArrayBuffer> {
  return readBase64(match(text, final)[1] ?? "");
}

export function writeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function readBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function match(text: string, pattern: RegExp): RegExpExecArray {
  const error = /^e=([^,]*)/.exec(text)?.[1];
  if (error !== undefined) throw new AuthenticationError(`The server refused by SCRAM: ${error}`);
  const found = pattern.exec(text);
  // Also a mandatory extension, `m=`, of which there are none that anyone knows.
  if (found === null) throw new AuthenticationError("The server's SCRAM message is malformed");
  return found;
}
