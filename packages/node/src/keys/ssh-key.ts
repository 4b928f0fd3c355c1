import type { KeyObject } from "node:crypto";
import { dsaPrivateKey, dsaPublicKey, ecKey, edKey, rsaPrivateKey, rsaPublicKey } from "./key-numbers.ts";
import { decodeBase64 } from "./pem.ts";
import { KeyProblem } from "./problems.ts";
import { SshReader } from "./ssh-wire.ts";

/** Keys as SSH has them, of OpenSSH and of PuTTY (RFC 4253, section 6.6; RFC 5656; RFC 8709). */

const ecdsa = "ecdsa-sha2-";

/** A public key from the text of a `.pub` file: `ssh-rsa AAAA... comment`. */
export function readSshPublicLine(text: string): KeyObject {
  const [, encoded = ""] = text.trim().split(/[ \t]+/, 2);
  return readEncoded(encoded.split(/\s/, 1)[0] ?? "");
}

/** A public key as RFC 4716 writes it: headers, then Base64. */
export function readSsh2PublicText(text: string): KeyObject {
  const lines = text.trim().split(/\r?\n/);
  if (lines.at(-1)?.trim() !== "---- END SSH2 PUBLIC KEY ----") throw new KeyProblem("is damaged: it has no end");
  const encoded: string[] = [];
  let isHeader = false;
  for (const line of lines.slice(1, -1)) {
    // A header goes on in the next line after a backslash.
    isHeader ||= line.includes(":");
    if (!isHeader) encoded.push(line);
    isHeader &&= line.endsWith("\\");
  }
  return readEncoded(encoded.join(""));
}

function readEncoded(encoded: string): KeyObject {
  const blob = decodeBase64(encoded);
  if (blob === undefined || blob.length === 0) throw new KeyProblem("is damaged");
  return readSshPublicKey(blob);
}

function readSshPublicKey(blob: Uint8Array): KeyObject {
  const reader = new SshReader(blob);
  const type = reader.text();
  if (type === "ssh-rsa") {
    const e = reader.string();
    return rsaPublicKey({ e, n: reader.string() });
  }
  if (type === "ssh-dss") return dsaPublicKey(readDsa(reader));
  if (type === "ssh-ed25519") return edKey("Ed25519", reader.string());
  if (type === "ssh-ed448") return edKey("Ed448", reader.string());
  if (type.startsWith(ecdsa)) {
    const curve = reader.text();
    return ecKey(curve, reader.string());
  }
  throw unknownType(type);
}

/** The private part of OpenSSH's own format, which has the public numbers too. */
export function readOpenSshNumbers(reader: SshReader): KeyObject {
  const type = reader.text();
  if (type === "ssh-rsa") {
    const [n, e, d, qi, p, q] = [1, 2, 3, 4, 5, 6].map(() => reader.string()) as SixStrings;
    return rsaPrivateKey({ n, e, d, p, q, qi });
  }
  if (type === "ssh-dss") {
    const numbers = readDsa(reader);
    return dsaPrivateKey(numbers, reader.string());
  }
  if (type === "ssh-ed25519") {
    const publicKey = reader.string();
    return edKey("Ed25519", publicKey, reader.string().subarray(0, 32));
  }
  if (type.startsWith(ecdsa)) {
    const curve = reader.text();
    const point = reader.string();
    return ecKey(curve, point, reader.string());
  }
  throw unknownType(type);
}

/** What PuTTY has: the public blob, and the private numbers that it lacks. */
export function readPuttyNumbers(publicBlob: Uint8Array, privateBlob: Uint8Array): KeyObject {
  const reader = new SshReader(publicBlob);
  const secret = new SshReader(privateBlob);
  const type = reader.text();
  if (type === "ssh-rsa") {
    const [e, n] = [reader.string(), reader.string()];
    const [d, p, q, qi] = [secret.string(), secret.string(), secret.string(), secret.string()];
    return rsaPrivateKey({ n, e, d, p, q, qi });
  }
  if (type === "ssh-dss") return dsaPrivateKey(readDsa(reader), secret.string());
  if (type === "ssh-ed25519") return edKey("Ed25519", reader.string(), secret.string());
  if (type === "ssh-ed448") return edKey("Ed448", reader.string(), secret.string());
  if (type.startsWith(ecdsa)) {
    const curve = reader.text();
    return ecKey(curve, reader.string(), secret.string());
  }
  throw unknownType(type);
}

type SixStrings = [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];

function readDsa(reader: SshReader): { p: Uint8Array; q: Uint8Array; g: Uint8Array; y: Uint8Array } {
  return { p: reader.string(), q: reader.string(), g: reader.string(), y: reader.string() };
}

function unknownType(type: string): KeyProblem {
  if (type.startsWith("sk-")) {
    return new KeyProblem("is a key that never leaves its security key (FIDO)", "unsupported");
  }
  if (type.includes("-cert-v01@"))
    return new KeyProblem("is a certificate of SSH, which TLS has no use for", "unsupported");
  return new KeyProblem("is a key of a type that is not known", "unsupported");
}
