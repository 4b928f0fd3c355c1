import { createHash } from "node:crypto";
import { type CertificateInfo, InvalidOptionError } from "@rivulet/engine";
import { contextTag, DerElement, DerError, derTag } from "../keys/der.ts";
import {
  curveBits,
  extendedKeyUsageNames,
  keyUsageNames,
  publicKeyAlgorithms,
  signatureAlgorithmNames,
} from "./object-identifiers.ts";
import { formatGeneralName, formatName } from "./x509-names.ts";

/** The fields of a certificate (RFC 5280, 4.1) that something here asks for. */
export interface CertificateFields {
  readonly version: number;
  readonly serialNumber: Uint8Array;
  readonly issuer: DerElement;
  readonly subject: DerElement;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKeyInfo: DerElement;
  readonly signatureAlgorithm: string;
  /** By object identifier. */
  readonly extensions: ReadonlyMap<string, { readonly isCritical: boolean; readonly value: Uint8Array }>;
}

/**
 * Reads a certificate, without looking at its signature or dates.
 *
 * @example
 * ```ts no-run
 * import { readFile } from "node:fs/promises";
 * import { certificateInfo } from "@rivulet/node/certificates";
 *
 * const { subject, validTo } = certificateInfo(await readFile("broker.der"));
 * console.log(`${subject} is valid until ${validTo.toISOString()}`);
 * ```
 *
 * @param der The certificate as DER.
 * @throws InvalidOptionError when it is none.
 */
export function certificateInfo(der: Uint8Array): CertificateInfo {
  try {
    return describeCertificate(der);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new InvalidOptionError("certificate", `The certificate cannot be read: ${error.message}`, { cause: error });
  }
}

function describeCertificate(der: Uint8Array): CertificateInfo {
  const fields = readFields(der);
  const keyUsage = readKeyUsage(fields) ?? new Uint8Array();
  const extendedKeyUsage = readExtendedKeyUsage(fields);
  return {
    subject: formatName(fields.subject),
    issuer: formatName(fields.issuer),
    serialNumber: hex(
      fields.serialNumber.length > 1 && fields.serialNumber[0] === 0
        ? fields.serialNumber.subarray(1)
        : fields.serialNumber,
    ),
    version: fields.version,
    validFrom: fields.notBefore,
    validTo: fields.notAfter,
    subjectAltNames: readSubjectAltNames(fields).map(formatGeneralName),
    keyUsage: keyUsageNames.filter((_name, index) => ((keyUsage[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0),
    keyUsageFlags: (keyUsage[0] ?? 0) | ((keyUsage[1] ?? 0) << 8),
    extendedKeyUsage: extendedKeyUsage.map((usage) => extendedKeyUsageNames.get(usage) ?? usage),
    extendedKeyUsageIdentifiers: extendedKeyUsage,
    isAuthority: readBasicConstraints(fields).isAuthority,
    ...describePublicKey(fields.publicKeyInfo),
    publicKey: toPem("PUBLIC KEY", fields.publicKeyInfo.bytes),
    signatureAlgorithm: signatureAlgorithmNames.get(fields.signatureAlgorithm) ?? fields.signatureAlgorithm,
    fingerprints: fingerprintsOf(der),
    pem: toPem("CERTIFICATE", der),
    bytes: Uint8Array.from(der),
  };
}

/** @throws DerError */
export function readFields(der: Uint8Array): CertificateFields {
  const certificate = DerElement.parse(der).expect(derTag.sequence);
  const parts = certificate.child(0, derTag.sequence).children();
  const explicitVersion = parts[0]?.tag === contextTag(0) ? parts.shift() : undefined;
  const [serialNumber, , issuer, validity, subject, publicKeyInfo, ...rest] = parts;
  if (!serialNumber || !issuer || !validity || !subject || !publicKeyInfo) {
    throw new DerError("A field of the certificate is missing");
  }
  const extensions = new Map<string, { isCritical: boolean; value: Uint8Array }>();
  const list =
    rest
      .find(({ tag }) => tag === contextTag(3))
      ?.child(0, derTag.sequence)
      .children() ?? [];
  for (const extension of list) {
    const [identifier, ...values] = extension.children();
    const isCritical = values[0]?.tag === derTag.boolean && values[0].boolean();
    const value = values.at(-1);
    if (!identifier || !value) throw new DerError("An extension of the certificate is damaged");
    extensions.set(identifier.objectIdentifier(), { isCritical, value: value.octetString() });
  }
  return {
    version: (explicitVersion?.child(0).smallInteger() ?? 0) + 1,
    serialNumber: serialNumber.expect(derTag.integer).content,
    issuer: issuer.expect(derTag.sequence),
    subject: subject.expect(derTag.sequence),
    notBefore: validity.child(0).time(),
    notAfter: validity.child(1).time(),
    publicKeyInfo: publicKeyInfo.expect(derTag.sequence),
    signatureAlgorithm: certificate.child(1, derTag.sequence).child(0).objectIdentifier(),
    extensions,
  };
}

/** The GeneralNames of the subject. */
function readSubjectAltNames({ extensions }: CertificateFields): DerElement[] {
  const extension = extensions.get("2.5.29.17");
  return extension === undefined ? [] : DerElement.parse(extension.value).children();
}

/** The octets of its bits; undefined without the extension. */
export function readKeyUsage({ extensions }: CertificateFields): Uint8Array | undefined {
  const extension = extensions.get("2.5.29.15");
  return extension === undefined ? undefined : DerElement.parse(extension.value).bitString().bytes;
}

/** The object identifiers; none without the extension. */
export function readExtendedKeyUsage({ extensions }: CertificateFields): string[] {
  const extension = extensions.get("2.5.29.37");
  if (extension === undefined) return [];
  return DerElement.parse(extension.value)
    .children()
    .map((usage) => usage.objectIdentifier());
}

/** Whether it is an authority, and how many authorities may be below it. */
export function readBasicConstraints({ extensions }: CertificateFields): {
  readonly isAuthority: boolean;
  readonly maxBelow: number;
} {
  const extension = extensions.get("2.5.29.19");
  const parts = extension === undefined ? [] : DerElement.parse(extension.value).children();
  const isAuthority = parts[0]?.tag === derTag.boolean && parts[0].boolean();
  const limit = parts.find(({ tag }) => tag === derTag.integer);
  return { isAuthority, maxBelow: limit === undefined ? Infinity : limit.smallInteger() };
}

/** The algorithm of a SubjectPublicKeyInfo, and the bits of its key. */
export function describePublicKey(info: DerElement): { publicKeyAlgorithm: string; publicKeyLengthBits: number } {
  const algorithm = info.child(0, derTag.sequence);
  const identifier = algorithm.child(0).objectIdentifier();
  const { name = identifier, bits } = publicKeyAlgorithms.get(identifier) ?? {};
  return { publicKeyAlgorithm: name, publicKeyLengthBits: bits ?? measureKey(name, info, algorithm) };
}

function measureKey(name: string, info: DerElement, algorithm: DerElement): number {
  const { bytes } = info.child(1).bitString();
  if (name === "RSA" || name === "RSA-PSS") return bitLength(DerElement.parse(bytes).child(0).integer());
  const parameters = algorithm.children()[1];
  if (name === "DSA" && parameters !== undefined) return bitLength(parameters.child(0).integer());
  if (name !== "EC") return bytes.length * 8;
  const curve = parameters?.tag === derTag.objectIdentifier ? parameters.objectIdentifier() : "";
  // An uncompressed point is an octet and two coordinates.
  return curveBits.get(curve) ?? (bytes[0] === 4 ? (bytes.length - 1) * 4 : (bytes.length - 1) * 8);
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

/** Hashes as hexadecimal digits. */
export function fingerprintsOf(bytes: Uint8Array): CertificateInfo["fingerprints"] {
  return { md5: digest("md5", bytes), sha1: digest("sha1", bytes), sha256: digest("sha256", bytes) };
}

function digest(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest("hex").toUpperCase();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").toUpperCase();
}

export function toPem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString("base64")
    .replaceAll(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
