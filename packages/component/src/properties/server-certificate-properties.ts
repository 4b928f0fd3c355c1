import { CertificateFields } from "../certificates/certificate-fields.ts";
import { MessageProperties } from "./message-properties.ts";

/** The certificate that the server has shown, kept after the end of the connection. */
export abstract class ServerCertificateProperties extends MessageProperties {
  /** From when on it is valid, such as `07-Mar-2024 09:05:00`, in local time. Default: "". */
  get sslServerCertEffectiveDate(): string {
    return this.#shown.effectiveDate;
  }

  /** Until when it is valid, such as `23-Jan-2001 15:00:00`, in local time. Default: "". */
  get sslServerCertExpirationDate(): string {
    return this.#shown.expirationDate;
  }

  /** Object identifiers of what it may be used for, separated by commas. Default: "". */
  get sslServerCertExtendedKeyUsage(): string {
    return this.#shown.extendedKeyUsage;
  }

  /** MD5 of it, or of its key alone: lower-case hex with colons. Default: "". */
  get sslServerCertFingerprint(): string {
    return this.#shown.fingerprint;
  }

  /** SHA-1 of it, or of its key alone: lower-case hex with colons. Default: "". */
  get sslServerCertFingerprintSha1(): string {
    return this.#shown.fingerprintSha1;
  }

  /** SHA-256 of it, or of its key alone: lower-case hex with colons. Default: "". */
  get sslServerCertFingerprintSha256(): string {
    return this.#shown.fingerprintSha256;
  }

  /** Who has issued it, such as `CN=Root, O=Example`. Default: "". */
  get sslServerCertIssuer(): string {
    return this.#shown.issuer;
  }

  /** PKCS#8 as PEM. Default: "". */
  get sslServerCertPrivateKey(): string {
    return this.#shown.privateKey;
  }

  /** Whether there is a private key. Default: false. */
  get sslServerCertPrivateKeyAvailable(): boolean {
    return this.#shown.privateKey !== "";
  }

  /** The name of the key's container, which only Windows has: always "". */
  get sslServerCertPrivateKeyContainer(): string {
    return "";
  }

  /** SPKI as PEM. Default: "". */
  get sslServerCertPublicKey(): string {
    return this.#shown.publicKey;
  }

  /** Such as `RSA` or `EC`, or an object identifier. Default: "". */
  get sslServerCertPublicKeyAlgorithm(): string {
    return this.#shown.publicKeyAlgorithm;
  }

  /** Bits of the public key. Default: 0. */
  get sslServerCertPublicKeyLength(): number {
    return this.#shown.publicKeyLength;
  }

  /** Hexadecimal digits, two for each byte. Default: "". */
  get sslServerCertSerialNumber(): string {
    return this.#shown.serialNumber;
  }

  /** Such as `sha256WithRSAEncryption`, or an object identifier. Default: "". */
  get sslServerCertSignatureAlgorithm(): string {
    return this.#shown.signatureAlgorithm;
  }

  /** A server's certificate comes from no store: always "MY". */
  get sslServerCertStore(): string | Uint8Array {
    return "MY";
  }

  /** A server's certificate comes from no store: always "". */
  get sslServerCertStorePassword(): string {
    return "";
  }

  /** A server's certificate comes from no store: always 0. */
  get sslServerCertStoreType(): number {
    return 0;
  }

  /** Names of hosts, addresses and others that it is for, separated by commas. Default: "". */
  get sslServerCertSubjectAltNames(): string {
    return this.#shown.subjectAltNames;
  }

  /** MD5 of it: hexadecimal digits. Default: "". */
  get sslServerCertThumbprintMd5(): string {
    return this.#shown.thumbprintMd5;
  }

  /** SHA-1 of it: hexadecimal digits. Default: "". */
  get sslServerCertThumbprintSha1(): string {
    return this.#shown.thumbprintSha1;
  }

  /** SHA-256 of it: hexadecimal digits. Default: "". */
  get sslServerCertThumbprintSha256(): string {
    return this.#shown.thumbprintSha256;
  }

  /** What `sslServerCertUsageFlags` says, in words separated by commas. Default: "". */
  get sslServerCertUsage(): string {
    return this.#shown.usage;
  }

  /** Bits of what the key may be used for: 0x80 is a signature, 0x01 to encipher only. Default: 0. */
  get sslServerCertUsageFlags(): number {
    return this.#shown.usageFlags;
  }

  /** `V1`, `V2` or `V3`. Default: "". */
  get sslServerCertVersion(): string {
    return this.#shown.version;
  }

  /** Whom it was issued to, such as `CN=broker, O=Example`. Default: "". */
  get sslServerCertSubject(): string {
    return this.#shown.subject;
  }

  /** PEM. Default: empty. */
  get sslServerCertEncoded(): Uint8Array {
    return this.#shown.encoded;
  }

  /** Of the connection that is there or being made, else of the last one. */
  get #shown(): CertificateFields {
    const { client, certificates } = this.core;
    return CertificateFields.of(client?.connection?.tls?.certificates[0] ?? certificates.server);
  }
}
