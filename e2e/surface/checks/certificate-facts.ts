import { equal, matches } from "../check.ts";
import type { LabCertificate } from "../lab-calls.ts";

/** What openssl was told to write into a certificate. */
interface About {
  readonly issuer: string;
  readonly altNames: string;
  readonly extendedKeyUsage: string;
  readonly usage: string;
  readonly usageFlags: number;
  readonly algorithm: string;
  readonly bits: number;
  /** Empty where there is none. */
  readonly privateKey: string;
}

/** A property of a certificate, under its names in the table and in TypeScript. */
export interface CertificateFact {
  readonly row: string;
  readonly property: string;
  /** Throws unless the value is what the certificate says. */
  check(value: unknown, certificate: LabCertificate, about: About): void;
}

/** Those that all three have. */
export const certificateFacts: readonly CertificateFact[] = [
  fact("effective_date", "EffectiveDate", (value, { validFromMs }) => checkDate(value, validFromMs)),
  fact("expiration_date", "ExpirationDate", (value, { validToMs }) => checkDate(value, validToMs)),
  fact("extended_key_usage", "ExtendedKeyUsage", (value, _, { extendedKeyUsage }) => equal(value, extendedKeyUsage)),
  fact("fingerprint", "Fingerprint", (value, { fingerprints }) => equal(value, colons(fingerprints.md5))),
  fact("fingerprint_sha1", "FingerprintSha1", (value, { fingerprints }) => equal(value, colons(fingerprints.sha1))),
  fact("fingerprint_sha256", "FingerprintSha256", (value, { fingerprints }) =>
    equal(value, colons(fingerprints.sha256)),
  ),
  fact("issuer", "Issuer", (value, _, { issuer }) => equal(value, issuer)),
  fact("private_key", "PrivateKey", (value, _, { privateKey }) => equal(value, privateKey)),
  fact("private_key_available", "PrivateKeyAvailable", (value, _, { privateKey }) => equal(value, privateKey !== "")),
  // Only Windows has containers of keys.
  fact("private_key_container", "PrivateKeyContainer", (value) => equal(value, "")),
  fact("public_key", "PublicKey", (value, { publicKey }) => equal(value, publicKey)),
  fact("public_key_algorithm", "PublicKeyAlgorithm", (value, _, { algorithm }) => equal(value, algorithm)),
  fact("public_key_length", "PublicKeyLength", (value, _, { bits }) => equal(value, bits)),
  fact("serial_number", "SerialNumber", (value, { serialNumber }) => equal(value, serialNumber)),
  // The authorities have keys on P-256.
  fact("signature_algorithm", "SignatureAlgorithm", (value) => equal(value, "ecdsa-with-SHA256")),
  fact("subject_alt_names", "SubjectAltNames", (value, _, { altNames }) => equal(value, altNames)),
  fact("thumbprint_md5", "ThumbprintMd5", (value, { fingerprints }) => equal(value, fingerprints.md5)),
  fact("thumbprint_sha1", "ThumbprintSha1", (value, { fingerprints }) => equal(value, fingerprints.sha1)),
  fact("thumbprint_sha256", "ThumbprintSha256", (value, { fingerprints }) => equal(value, fingerprints.sha256)),
  fact("usage", "Usage", (value, _, { usage }) => equal(value, usage)),
  fact("usage_flags", "UsageFlags", (value, _, { usageFlags }) => equal(value, usageFlags)),
  fact("version", "Version", (value) => equal(value, "V3")),
];

function fact(row: string, property: string, check: CertificateFact["check"]): CertificateFact {
  return { row, property, check };
}

/** Such as `05-Mar-2024 08:30:00`, in local time: what `Date.parse` takes, without the hyphens. */
function checkDate(value: unknown, expectedMs: number): void {
  const text = String(value);
  matches(text, /^\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d$/);
  equal(Date.parse(text.replaceAll("-", " ")), expectedMs);
}

function colons(digits: string): string {
  return digits.toLowerCase().replaceAll(/..(?=.)/g, "$&:");
}
