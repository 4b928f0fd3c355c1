import { createHash } from "node:crypto";
import { DerElement } from "../keys/der.ts";
import { encodeNode, readStructure, type Pki, type PkiCertificate, type PkiExtension } from "./pki.ts";
import { checkSignature } from "./signature.ts";

/** A place where a list of revoked certificates is. */
export interface DistributionPoint {
  readonly addresses: readonly string[];
  /** Whether its list has all reasons and is the authority's own. */
  readonly isComplete: boolean;
}

/** What the checks of revocation want to know of a certificate. */
export interface CertificateFacts {
  /** Hexadecimal digits, without zeros at the beginning. */
  readonly serialNumber: string;
  /** The content of the INTEGER. */
  readonly serialBytes: Uint8Array;
  /** Names as they came, in DER. */
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** The bits of the key alone, which OCSP hashes. */
  readonly publicKeyBits: Uint8Array;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly isAuthority: boolean;
  /** Whether the server must bring an OCSP answer along (RFC 7633). */
  readonly mustStaple: boolean;
  readonly ocspAddresses: readonly string[];
  readonly distributionPoints: readonly DistributionPoint[];
  /** The octets of the extension; undefined without it. */
  readonly keyUsage: Uint8Array | undefined;
  readonly extendedKeyUsage: readonly string[];
  readonly raw: PkiCertificate;
}

/** The extensions of certificates and their parts, by object identifier. */
const identifiers = {
  authorityInformationAccess: "1.3.6.1.5.5.7.1.1",
  basicConstraints: "2.5.29.19",
  crlDistributionPoints: "2.5.29.31",
  extendedKeyUsage: "2.5.29.37",
  keyUsage: "2.5.29.15",
  ocsp: "1.3.6.1.5.5.7.48.1",
  tlsFeature: "1.3.6.1.5.5.7.1.24",
} as const;

/** The TLS extension status_request, which a certificate with the feature asks servers to answer. */
const statusRequest = 5;

/** Reads a certificate; undefined when it is none. */
export function readCertificate(pki: Pki, der: Uint8Array): CertificateFacts | undefined {
  const raw = readStructure(pki, pki.pkijs.Certificate, der);
  return raw && certificateFacts(raw);
}

/** The facts of a certificate that came with an OCSP answer; undefined when its extensions cannot be read. */
export function certificateFacts(raw: PkiCertificate): CertificateFacts | undefined {
  try {
    return collectFacts(raw);
  } catch {
    return undefined;
  }
}

/** Whether `issuer` has signed `certificate`. */
export function isIssuedBy(pki: Pki, certificate: CertificateFacts, issuer: CertificateFacts): boolean {
  return isSame(certificate.issuer, issuer.subject) && checkIssue(pki, certificate, issuer) === "valid";
}

/** Whether a certificate has signed itself. Old roots did it with SHA-1; nobody relies on that signature. */
export function isRoot(pki: Pki, certificate: CertificateFacts): boolean {
  return isSame(certificate.issuer, certificate.subject) && checkIssue(pki, certificate, certificate) !== "invalid";
}

function checkIssue(pki: Pki, { raw }: CertificateFacts, issuer: CertificateFacts): ReturnType<typeof checkSignature> {
  const { tbsView, signatureAlgorithm, signatureValue } = raw;
  const signed = { content: tbsView, algorithm: signatureAlgorithm, signature: signatureValue.valueBlock.valueHexView };
  return checkSignature(pki, signed, issuer.publicKey);
}

/** Whether the key may be used for something: a bit of the extension, 0 being that of digital signatures. */
export function mayUseKey({ keyUsage }: CertificateFacts, bit: 0 | 6): boolean {
  return keyUsage === undefined || ((keyUsage[0] ?? 0) & (0x80 >> bit)) !== 0;
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** Hexadecimal digits of an INTEGER, without zeros at the beginning. */
export function formatSerial(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("hex")
    .replace(/^0+(?=.)/, "");
}

/** What stands for a key in OCSP. */
export function hashBytes(algorithm: string, bytes: Uint8Array): Uint8Array {
  return createHash(algorithm).update(bytes).digest();
}

function collectFacts(raw: PkiCertificate): CertificateFacts {
  const extensions = raw.extensions ?? [];
  const value = (identifier: string): DerElement | undefined => {
    const extension = extensions.find(({ extnID }) => extnID === identifier);
    return extension && readExtension(extension);
  };
  const subject = new Uint8Array(raw.subject.valueBeforeDecode);
  const issuer = new Uint8Array(raw.issuer.valueBeforeDecode);
  const serialBytes = raw.serialNumber.valueBlock.valueHexView;
  const features = value(identifiers.tlsFeature)?.children() ?? [];
  const constraints = value(identifiers.basicConstraints)?.children() ?? [];
  return {
    serialNumber: formatSerial(serialBytes),
    serialBytes,
    subject,
    issuer,
    publicKey: encodeNode(raw.subjectPublicKeyInfo.toSchema()) ?? new Uint8Array(),
    publicKeyBits: raw.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView,
    validFrom: raw.notBefore.value,
    validTo: raw.notAfter.value,
    isAuthority: constraints[0]?.tag === 0x01 && constraints[0].boolean(),
    mustStaple: features.some((feature) => feature.smallInteger() === statusRequest),
    ocspAddresses: ocspAddresses(value(identifiers.authorityInformationAccess)),
    distributionPoints: (value(identifiers.crlDistributionPoints)?.children() ?? []).map(distributionPoint),
    keyUsage: value(identifiers.keyUsage)?.bitString().bytes,
    extendedKeyUsage: (value(identifiers.extendedKeyUsage)?.children() ?? []).map((usage) => usage.objectIdentifier()),
    raw,
  };
}

/** What is in an extension. */
export function readExtension({ extnValue }: PkiExtension): DerElement {
  return DerElement.parse(extnValue.valueBlock.valueHexView);
}

function ocspAddresses(descriptions: DerElement | undefined): readonly string[] {
  const ofOcsp = (descriptions?.children() ?? []).filter(
    (description) => description.child(0).objectIdentifier() === identifiers.ocsp,
  );
  return uris(ofOcsp.map((description) => description.child(1)));
}

function distributionPoint(point: DerElement): DistributionPoint {
  const fields = point.children();
  const name = fields.find(({ tag }) => tag === 0xa0);
  // [1] reasons, [2] cRLIssuer (RFC 5280, 4.2.1.13).
  return { addresses: fullNameUris(name), isComplete: fields.every(({ tag }) => tag === 0xa0) };
}

/** The addresses in a DistributionPointName, which may also hold a name in a directory. */
export function fullNameUris(name: DerElement | undefined): readonly string[] {
  const fullName = name?.children().find(({ tag }) => tag === 0xa0);
  return uris(fullName?.children() ?? []);
}

/** Those of GeneralNames that are addresses, uniformResourceIdentifier [6]. */
function uris(names: readonly DerElement[]): readonly string[] {
  return names.filter(({ tag }) => tag === 0x86).map(({ content }) => Buffer.from(content).toString("latin1"));
}
