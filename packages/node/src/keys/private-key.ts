import { createPrivateKey, type KeyObject } from "node:crypto";
import type { KeyFormat } from "@rivulet/engine";
import { DerElement } from "./der.ts";
import { certificatesOfJwk, parseJwk, readPrivateJwk } from "./jwk.ts";
import { describeKind, kindOf, toPem, unwrapBase64, type Kind } from "./kind.ts";
import { readOpenSshKey } from "./openssh.ts";
import { Effort } from "./pbe.ts";
import { decodeText, parsePem, type PemBlock } from "./pem.ts";
import { decryptPkcs8 } from "./pkcs12.ts";
import { KeyProblem } from "./problems.ts";
import { readPuttyKey } from "./putty.ts";
import { runLater, type Steps } from "./steps.ts";
import { readXmlPrivateKey } from "./xml-key.ts";

export interface PrivateKey {
  readonly key: KeyObject;
  /** Those that came along in the same JSON Web Key. */
  readonly certificates: readonly Uint8Array[];
}

/** What each format may look like. */
const kindsOfFormat: Readonly<Record<Exclude<KeyFormat, "detect" | "pfx">, readonly Kind[]>> = {
  pem: ["pem"],
  der: ["pkcs8", "encrypted-pkcs8", "rsa-private", "ec-private", "dsa-private", "public", "rsa-public"],
  jwk: ["json"],
  ssh: ["pem", "ssh-public", "ssh2-public"],
  ppk: ["ppk"],
  xml: ["xml"],
};

/** Reads a private key. The messages of what is wrong go on after the option's name. */
export async function readPrivateKey(
  bytes: Uint8Array,
  { format, passphrase }: { readonly format: Exclude<KeyFormat, "pfx">; readonly passphrase: string | undefined },
): Promise<PrivateKey> {
  return runLater(openPrivateKey(bytes, { format, passphrase }));
}

function* openPrivateKey(
  bytes: Uint8Array,
  { format, passphrase }: { readonly format: Exclude<KeyFormat, "pfx">; readonly passphrase: string | undefined },
): Steps<PrivateKey> {
  const given = unwrapBase64(bytes);
  const kind = kindOf(given);
  if (format !== "detect" && !kindsOfFormat[format].includes(kind)) {
    throw new KeyProblem(`is not ${format.toUpperCase()}, but ${describeKind(kind)}`);
  }
  if (kind === "json") return privateKeyOfJwk(parseJwk(decodeText(given)));
  return { key: yield* privateKeyOf(given, { kind, passphrase }), certificates: [] };
}

export function privateKeyOfJwk(jwk: Readonly<Record<string, unknown>>): PrivateKey {
  return { key: readPrivateJwk(jwk), certificates: certificatesOfJwk(jwk) };
}

/** Whether there is a private key among what else may be in a PEM file. */
export function hasPrivateKey(bytes: Uint8Array): boolean {
  return kindOf(bytes) === "pem" && parsePem(decodeText(bytes)).some(isPrivate);
}

/** A key of PKCS#8, decrypted. */
export function readPkcs8(bytes: Uint8Array): KeyObject {
  return create(toPem("pkcs8", DerElement.parse(bytes).bytes));
}

/** The private key that something of that kind holds. */
export function* privateKeyOf(
  bytes: Uint8Array,
  { kind, passphrase }: { readonly kind: Kind; readonly passphrase: string | undefined },
): Steps<KeyObject> {
  switch (kind) {
    case "pem":
      return yield* readPem(decodeText(bytes), passphrase);
    case "ppk":
      return yield* readPuttyKey(decodeText(bytes), passphrase);
    case "xml":
      return readXmlPrivateKey(decodeText(bytes));
    case "encrypted-pkcs8":
      return readPkcs8(yield* decryptPkcs8(bytes, passphrase));
    case "pkcs8":
    case "rsa-private":
    case "ec-private":
    case "dsa-private":
      return create(toPem(kind, DerElement.parse(bytes).bytes));
    case "public":
    case "rsa-public":
    case "ssh-public":
    case "ssh2-public":
      throw new KeyProblem("holds a public key, where a private one is needed");
    case "unknown":
      throw new KeyProblem("holds no private key of a known form (a file is given as { file })");
    default:
      throw new KeyProblem(`holds ${describeKind(kind)}, where a private key is needed`);
  }
}

function* readPem(text: string, passphrase: string | undefined): Steps<KeyObject> {
  const blocks = parsePem(text);
  const [block, ...more] = blocks.filter(isPrivate);
  if (block === undefined) throw withoutPrivateKey(blocks);
  if (more.length > 0) throw new KeyProblem("holds several private keys, and it is not clear which one is meant");
  return yield* readPrivateBlock(block, passphrase);
}

/** The key in one block of PEM. */
export function* readPrivateBlock(
  block: PemBlock,
  passphrase: string | undefined,
  effort: Effort = new Effort(),
): Steps<KeyObject> {
  switch (block.label) {
    case "OPENSSH PRIVATE KEY":
      return yield* readOpenSshKey(block.bytes, passphrase, effort);
    case "ENCRYPTED PRIVATE KEY":
      return readPkcs8(yield* decryptPkcs8(block.bytes, passphrase, effort));
    case "PRIVATE KEY":
    case "RSA PRIVATE KEY":
    case "EC PRIVATE KEY":
    case "DSA PRIVATE KEY":
      return block.encryption === undefined ? create(block.text) : decryptPem(block, block.encryption, passphrase);
    default:
      throw new KeyProblem("holds a private key of a kind that is not known", "unsupported");
  }
}

/** PEM encrypted as before PKCS#8: one round of MD5, and a cipher by its name in OpenSSL. */
function decryptPem({ text }: PemBlock, encryption: string, passphrase: string | undefined): KeyObject {
  if (passphrase === undefined) throw new KeyProblem("is encrypted", "passphrase-missing");
  const cipher = /^[A-Z0-9-]+/.exec(encryption)?.[0] ?? "";
  if (!/^(AES-(128|192|256)-CBC|DES-EDE3-CBC|CAMELLIA-(128|192|256)-CBC)$/.test(cipher)) {
    throw new KeyProblem("is encrypted with a cipher that Node has not", "unsupported");
  }
  try {
    return createPrivateKey({ key: text, passphrase });
  } catch {
    throw new KeyProblem("is not opened", "passphrase-wrong");
  }
}

function create(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new KeyProblem("is damaged: the private key in it cannot be read");
  }
}

/** Whether a block holds a private key. */
export function isPrivate({ label }: PemBlock): boolean {
  return label.endsWith("PRIVATE KEY");
}

function withoutPrivateKey(blocks: readonly PemBlock[]): KeyProblem {
  const labels = blocks.map(({ label }) => label);
  if (labels.some((label) => label.endsWith("PUBLIC KEY"))) {
    return new KeyProblem("holds a public key, where a private one is needed");
  }
  const isCertificate = labels.some((label) => label.endsWith("CERTIFICATE"));
  return new KeyProblem(isCertificate ? "holds a certificate, and no private key" : "holds no private key");
}
