import { ServerCertificateProperties } from "./server-certificate-properties.ts";

/** The server's certificate that is accepted whatever is wrong with it. */
export abstract class AcceptedCertificateProperties extends ServerCertificateProperties {
  /** From when on it is valid, such as `07-Mar-2024 09:05:00`, in local time. Default: "". */
  get sslAcceptServerCertEffectiveDate(): string {
    return this.core.certificates.accepted.fields.effectiveDate;
  }

  /** Until when it is valid, such as `23-Jan-2001 15:00:00`, in local time. Default: "". */
  get sslAcceptServerCertExpirationDate(): string {
    return this.core.certificates.accepted.fields.expirationDate;
  }

  /** Object identifiers of what it may be used for, separated by commas. Default: "". */
  get sslAcceptServerCertExtendedKeyUsage(): string {
    return this.core.certificates.accepted.fields.extendedKeyUsage;
  }

  /** MD5 of it, or of a key alone: lower-case hex with colons. Default: "". */
  get sslAcceptServerCertFingerprint(): string {
    return this.core.certificates.accepted.fields.fingerprint;
  }

  /** SHA-1 of it, or of a key alone: lower-case hex with colons. Default: "". */
  get sslAcceptServerCertFingerprintSha1(): string {
    return this.core.certificates.accepted.fields.fingerprintSha1;
  }

  /** SHA-256 of it, or of a key alone: lower-case hex with colons. Default: "". */
  get sslAcceptServerCertFingerprintSha256(): string {
    return this.core.certificates.accepted.fields.fingerprintSha256;
  }

  /** Who has issued it, such as `CN=Root, O=Example`. Default: "". */
  get sslAcceptServerCertIssuer(): string {
    return this.core.certificates.accepted.fields.issuer;
  }

  /** PKCS#8 as PEM. Default: "". */
  get sslAcceptServerCertPrivateKey(): string {
    return this.core.certificates.accepted.fields.privateKey;
  }

  /** Whether there is a private key. Default: false. */
  get sslAcceptServerCertPrivateKeyAvailable(): boolean {
    return this.core.certificates.accepted.fields.privateKey !== "";
  }

  /** The name of the key's container, which only Windows has: always "". */
  get sslAcceptServerCertPrivateKeyContainer(): string {
    return "";
  }

  /** SPKI as PEM. Default: "". */
  get sslAcceptServerCertPublicKey(): string {
    return this.core.certificates.accepted.fields.publicKey;
  }

  /** Such as `RSA` or `EC`, or an object identifier. Default: "". */
  get sslAcceptServerCertPublicKeyAlgorithm(): string {
    return this.core.certificates.accepted.fields.publicKeyAlgorithm;
  }

  /** Bits of the public key. Default: 0. */
  get sslAcceptServerCertPublicKeyLength(): number {
    return this.core.certificates.accepted.fields.publicKeyLength;
  }

  /** Hexadecimal digits, two for each byte. Default: "". */
  get sslAcceptServerCertSerialNumber(): string {
    return this.core.certificates.accepted.fields.serialNumber;
  }

  /** Such as `sha256WithRSAEncryption`, or an object identifier. Default: "". */
  get sslAcceptServerCertSignatureAlgorithm(): string {
    return this.core.certificates.accepted.fields.signatureAlgorithm;
  }

  /** Where it is looked for: a path, or what is in the store, as `sslAcceptServerCertStoreType` says. Default: "MY". */
  get sslAcceptServerCertStore(): string | Uint8Array {
    return this.core.certificates.accepted.store;
  }

  set sslAcceptServerCertStore(value: string | Uint8Array) {
    this.core.certificates.accepted.store = value;
  }

  /** Opens the store. Default: "". */
  get sslAcceptServerCertStorePassword(): string {
    return this.core.certificates.accepted.storePassword;
  }

  set sslAcceptServerCertStorePassword(value: string) {
    this.core.certificates.accepted.storePassword = value;
  }

  /** One of `CertStoreTypes`. Default: 0, a store of Windows, which only Windows could open. */
  get sslAcceptServerCertStoreType(): number {
    return this.core.certificates.accepted.storeType;
  }

  set sslAcceptServerCertStoreType(value: number) {
    this.core.certificates.accepted.storeType = value;
  }

  /** Names of hosts, addresses and others that it is for, separated by commas. Default: "". */
  get sslAcceptServerCertSubjectAltNames(): string {
    return this.core.certificates.accepted.fields.subjectAltNames;
  }

  /** MD5 of it: hexadecimal digits. Default: "". */
  get sslAcceptServerCertThumbprintMd5(): string {
    return this.core.certificates.accepted.fields.thumbprintMd5;
  }

  /** SHA-1 of it: hexadecimal digits. Default: "". */
  get sslAcceptServerCertThumbprintSha1(): string {
    return this.core.certificates.accepted.fields.thumbprintSha1;
  }

  /** SHA-256 of it: hexadecimal digits. Default: "". */
  get sslAcceptServerCertThumbprintSha256(): string {
    return this.core.certificates.accepted.fields.thumbprintSha256;
  }

  /** What `sslAcceptServerCertUsageFlags` says, in words separated by commas. Default: "". */
  get sslAcceptServerCertUsage(): string {
    return this.core.certificates.accepted.fields.usage;
  }

  /** Bits of what the key may be used for: 0x80 is a signature, 0x01 to encipher only. Default: 0. */
  get sslAcceptServerCertUsageFlags(): number {
    return this.core.certificates.accepted.fields.usageFlags;
  }

  /** `V1`, `V2` or `V3`. Default: "". */
  get sslAcceptServerCertVersion(): string {
    return this.core.certificates.accepted.fields.version;
  }

  /**
   * Setting it searches the store at once, so it comes last: for that subject, else for one that contains it; `*` takes
   * any. What was found reads back, "" when nothing was. Default: "".
   *
   * @throws MQTTError 271 when the store cannot be opened, 270 in a browser.
   */
  get sslAcceptServerCertSubject(): string {
    return this.core.certificates.accepted.subject;
  }

  set sslAcceptServerCertSubject(value: string) {
    this.core.certificates.accepted.subject = value;
  }

  /**
   * PEM. Setting it (PEM, DER or Base64) chooses that certificate, and looks for its private key there and in the
   * store. Where there is none, the subject becomes "". Default: empty.
   *
   * @throws MQTTError 272 for what holds no certificate, 271 when the store cannot be opened, 270 in a browser.
   */
  get sslAcceptServerCertEncoded(): Uint8Array {
    return this.core.certificates.accepted.encoded;
  }

  set sslAcceptServerCertEncoded(value: string | Uint8Array) {
    this.core.certificates.accepted.encoded = value;
  }
}
