import { createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import type { TlsSource } from "@rivulet/engine";
import { checkCertificate } from "./certificates.ts";
import { DerElement } from "./der.ts";
import { parseJwk, readPublicJwk } from "./jwk.ts";
import { describeKind, kindOf, toPem, unwrapBase64, type Kind } from "./kind.ts";
import { decodeText, parsePem } from "./pem.ts";
import { KeyProblem, naming, type Material } from "./problems.ts";
import { isRecord, readSource } from "./source.ts";
import { readSsh2PublicText, readSshPublicLine } from "./ssh-key.ts";
import { readXmlPublicKey } from "./xml-key.ts";

/**
 * Reads a public key: PEM, DER, SSH (OpenSSH's line or RFC 4716), XML, JWK as text or object, or that of a certificate.
 *
 * @throws InvalidOptionError naming `option` when there is none.
 */
export async function readPublicKey(
  source: TlsSource | Readonly<Record<string, unknown>>,
  option: string,
): Promise<KeyObject> {
  if (isRecord(source) && !("file" in source) && !(source instanceof Uint8Array)) {
    const material: Material = { bytes: new Uint8Array(0), option, label: option };
    return naming(material, () => readPublicJwk(source));
  }
  // Anything else is checked there.
  const material = await readSource(source as TlsSource, option);
  return naming(material, () => {
    const bytes = unwrapBase64(material.bytes);
    return publicKeyOf(bytes, kindOf(bytes));
  });
}

/** The public key that something of that kind holds. */
export function publicKeyOf(bytes: Uint8Array, kind: Kind): KeyObject {
  switch (kind) {
    case "certificate":
      return new X509Certificate(checkCertificate(bytes)).publicKey;
    case "public":
    case "rsa-public":
      return create(toPem(kind, DerElement.parse(bytes).bytes));
    case "pem":
      return readPem(decodeText(bytes));
    case "json":
      return readPublicJwk(parseJwk(decodeText(bytes)));
    case "xml":
      return readXmlPublicKey(decodeText(bytes));
    case "ssh-public":
      return readSshPublicLine(decodeText(bytes));
    case "ssh2-public":
      return readSsh2PublicText(decodeText(bytes));
    default:
      throw new KeyProblem(`holds ${describeKind(kind)}, and no public key`);
  }
}

function readPem(text: string): KeyObject {
  const blocks = parsePem(text);
  const found = blocks.find(({ label }) => /^((RSA )?PUBLIC KEY|(X509 )?CERTIFICATE)$/.test(label));
  if (found === undefined) {
    const isPrivate = blocks.some(({ label }) => label.endsWith("PRIVATE KEY"));
    throw new KeyProblem(isPrivate ? "holds a private key, and no public one" : "holds no public key");
  }
  return found.label.endsWith("CERTIFICATE")
    ? new X509Certificate(checkCertificate(found.bytes)).publicKey
    : create(found.text);
}

function create(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch {
    throw new KeyProblem("is damaged: the public key in it cannot be read");
  }
}
