import type { CertificateInfo } from "rivulet";
import type { StoreEntry } from "./certificate-reader.ts";
import { formatSubject } from "./subject.ts";

/** What the properties say of a certificate or a key: strings, empty where there is nothing to say. */
export class CertificateFields {
  readonly #entry: StoreEntry | undefined;

  constructor(entry: StoreEntry | undefined) {
    this.#entry = entry;
  }

  /** Of a certificate that came without a store. */
  static of(certificate: CertificateInfo | undefined): CertificateFields {
    if (certificate === undefined) return new CertificateFields(undefined);
    const { publicKey, publicKeyAlgorithm, publicKeyLengthBits, fingerprints } = certificate;
    const key = { publicKey, publicKeyAlgorithm, publicKeyLengthBits, fingerprints };
    return new CertificateFields({ certificate, chain: [], privateKey: undefined, ...key });
  }

  get effectiveDate(): string {
    return formatDate(this.#certificate?.validFrom);
  }

  get expirationDate(): string {
    return formatDate(this.#certificate?.validTo);
  }

  get extendedKeyUsage(): string {
    return this.#certificate?.extendedKeyUsageIdentifiers.join(",") ?? "";
  }

  get fingerprint(): string {
    return formatFingerprint(this.#entry?.fingerprints.md5);
  }

  get fingerprintSha1(): string {
    return formatFingerprint(this.#entry?.fingerprints.sha1);
  }

  get fingerprintSha256(): string {
    return formatFingerprint(this.#entry?.fingerprints.sha256);
  }

  get issuer(): string {
    return formatSubject(this.#certificate?.issuer ?? "");
  }

  get privateKey(): string {
    return this.#entry?.privateKey ?? "";
  }

  get publicKey(): string {
    return this.#entry?.publicKey ?? "";
  }

  get publicKeyAlgorithm(): string {
    return this.#entry?.publicKeyAlgorithm ?? "";
  }

  get publicKeyLength(): number {
    return this.#entry?.publicKeyLengthBits ?? 0;
  }

  get serialNumber(): string {
    return this.#certificate?.serialNumber ?? "";
  }

  get signatureAlgorithm(): string {
    return this.#certificate?.signatureAlgorithm ?? "";
  }

  get subject(): string {
    return formatSubject(this.#certificate?.subject ?? "");
  }

  get subjectAltNames(): string {
    const names = this.#certificate?.subjectAltNames ?? [];
    return names.map((name) => name.replace(/^(DNS|IP Address|email|URI):/, "")).join(", ");
  }

  get thumbprintMd5(): string {
    return this.#certificate?.fingerprints.md5 ?? "";
  }

  get thumbprintSha1(): string {
    return this.#certificate?.fingerprints.sha1 ?? "";
  }

  get thumbprintSha256(): string {
    return this.#certificate?.fingerprints.sha256 ?? "";
  }

  get usage(): string {
    const usage = this.#certificate?.keyUsage ?? [];
    return usage.map((name) => documentedUsage.get(name) ?? name).join(", ");
  }

  get usageFlags(): number {
    return this.#certificate?.keyUsageFlags ?? 0;
  }

  get version(): string {
    return this.#certificate === undefined ? "" : `V${this.#certificate.version}`;
  }

  /** PEM. */
  get encoded(): Uint8Array<ArrayBuffer> {
    return new TextEncoder().encode(this.#certificate?.pem ?? "");
  }

  get #certificate(): CertificateInfo | undefined {
    return this.#entry?.certificate;
  }
}

/** Where the names differ from those that `CertificateInfo` has. */
const documentedUsage: ReadonlyMap<string, string> = new Map([
  ["Non Repudiation", "Non-Repudiation"],
  ["Certificate Sign", "Certificate Signing"],
  ["CRL Sign", "CRL Signing"],
]);

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Such as `07-Mar-2024 09:05:00`, in local time. */
function formatDate(date: Date | undefined): string {
  if (date === undefined) return "";
  const [day, hours, minutes, seconds] = [date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()].map(
    (number) => String(number).padStart(2, "0"),
  );
  const year = String(date.getFullYear()).padStart(4, "0");
  return `${day}-${months[date.getMonth()]}-${year} ${hours}:${minutes}:${seconds}`;
}

function formatFingerprint(digits: string | undefined): string {
  return (digits?.toLowerCase().match(/../g) ?? []).join(":");
}
