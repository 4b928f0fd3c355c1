import { X509Certificate } from "node:crypto";
import type { TlsOptions, TlsSource } from "@rivulet/engine";
import { normalizeBer } from "./ber.ts";
import { contextTag, DerElement, derTag } from "./der.ts";
import { describeKind, kindOf, pkcs7SignedData, unwrapBase64 } from "./kind.ts";
import { decodeText, parsePem } from "./pem.ts";
import { invalid, KeyProblem, naming, type Material } from "./problems.ts";
import { isRecord, readDirectory, readSource } from "./source.ts";

/** Where certificates may come from: the type of `tls.ca`. */
export type CertificateSource = NonNullable<TlsOptions["ca"]>;

/** Names that certificates have in a directory; `5ad8a5d6.0` is what OpenSSL calls its links. */
const certificateFile = /\.(pem|crt|cer|cert|der|p7b|p7c|ca-bundle)$|^[0-9a-f]{8}\.\d+$/i;

/**
 * Reads certificates: PEM with any number of them and text around, DER, PKCS#7, as text, bytes, files or directories.
 *
 * @returns each once, in DER, in the order in which they were given.
 * @throws InvalidOptionError naming `option` when there is none, or one is damaged; UnsupportedError for key stores that
 * Node cannot open.
 */
export async function readCertificates(source: CertificateSource, option: string): Promise<Uint8Array[]> {
  const sources: readonly unknown[] = Array.isArray(source) ? source : [source];
  const unique = new Map<string, Uint8Array>();
  for (const one of sources) {
    for (const certificate of await readOne(one as TlsSource | { readonly directory: string | URL }, option)) {
      unique.set(Buffer.from(certificate).toString("latin1"), certificate);
    }
  }
  return [...unique.values()];
}

/** The certificates in what was read, which must have some. */
export async function certificatesIn(material: Material): Promise<Uint8Array[]> {
  const { certificates, others } = await findCertificates(material);
  if (certificates.length > 0) return certificates;
  const [other] = others;
  throw invalid(material, other === undefined ? "holds no certificate" : `holds ${other}, and no certificate`);
}

/** The certificates in what was read, and what else is in it. */
export async function findCertificates(
  material: Material,
): Promise<{ readonly certificates: Uint8Array[]; readonly others: readonly string[] }> {
  return naming(material, () => {
    const bytes = unwrapBase64(material.bytes);
    const kind = kindOf(bytes);
    if (kind === "certificate") return { certificates: [checkCertificate(bytes)], others: [] };
    if (kind === "pkcs7") return { certificates: readPkcs7(bytes), others: [] };
    if (kind === "pem") return findInPem(decodeText(bytes));
    return { certificates: [], others: kind === "unknown" ? unknownHint(material) : [describeKind(kind)] };
  });
}

async function readOne(
  source: TlsSource | { readonly directory: string | URL },
  option: string,
): Promise<readonly Uint8Array[]> {
  if (!isRecord(source) || !("directory" in source)) return certificatesIn(await readSource(source, option));
  const { directory } = source;
  const found: Uint8Array[] = [];
  for (const material of await readDirectory(directory, option, (name) => certificateFile.test(name))) {
    // A key may lie beside them.
    found.push(...(await findCertificates(material)).certificates);
  }
  if (found.length > 0) return found;
  const label = `${option} (directory ${String(directory)})`;
  throw invalid({ bytes: new Uint8Array(0), option, label }, "holds no certificate");
}

/** The certificates in a text, and what else is in it. */
export function findInPem(text: string): { readonly certificates: Uint8Array[]; readonly others: readonly string[] } {
  const certificates: Uint8Array[] = [];
  const others: string[] = [];
  for (const { label, bytes } of parsePem(text)) {
    if (label === "CERTIFICATE" || label === "X509 CERTIFICATE") certificates.push(checkCertificate(bytes));
    // OpenSSL puts what it is trusted for behind it.
    else if (label === "TRUSTED CERTIFICATE") certificates.push(checkCertificate(DerElement.parseFirst(bytes).bytes));
    else if (label === "PKCS7" || label === "CMS" || label === "PKCS #7 SIGNED DATA") {
      certificates.push(...readPkcs7(bytes));
    } else if (label.endsWith("PRIVATE KEY")) others.push("a private key");
    else if (label.endsWith("PUBLIC KEY")) others.push("a public key");
    else if (label.endsWith("CERTIFICATE REQUEST")) others.push("a certificate request");
    else if (label === "X509 CRL") others.push("a list of revoked certificates");
  }
  return { certificates, others };
}

/** The certificates that come along with a signature, or without one: SignedData of RFC 5652, section 5.1. */
export function readPkcs7(bytes: Uint8Array): Uint8Array[] {
  const contentInfo = DerElement.parse(normalizeBer(bytes)).expect(derTag.sequence);
  if (contentInfo.child(0).objectIdentifier() !== pkcs7SignedData) throw new KeyProblem("is PKCS#7 of another kind");
  const signedData = contentInfo.child(1, contextTag(0)).child(0, derTag.sequence);
  const certificates = signedData.children().find((one) => one.tag === contextTag(0));
  const found = certificates?.children().filter((one) => one.tag === derTag.sequence) ?? [];
  return found.map((certificate) => checkCertificate(certificate.bytes));
}

/** A certificate on its own, which OpenSSL can read. */
export function checkCertificate(bytes: Uint8Array): Uint8Array {
  try {
    DerElement.parse(bytes);
    // Its key is read when it is asked for.
    if (new X509Certificate(bytes).publicKey.type === "public") return Uint8Array.from(bytes);
  } catch {
    // Below.
  }
  throw new KeyProblem("is damaged: a certificate cannot be read");
}

/** Text that looks like a path is likely to be one. */
function unknownHint({ bytes }: Material): readonly string[] {
  const text = bytes.length < 500 ? decodeText(bytes) : "";
  return /^[^\r\n]+\.[a-z0-9]{2,4}$/i.test(text) ? ["what may be a path (a file is given as { file })"] : [];
}
