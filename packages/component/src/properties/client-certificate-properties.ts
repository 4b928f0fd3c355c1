import { AcceptedCertificateProperties } from "./accepted-certificate-properties.ts";

/** The certificate and private key by which a server that asks knows the client. */
export abstract class ClientCertificateProperties extends AcceptedCertificateProperties {
  /** From when on it is valid, such as `07-Mar-2024 09:05:00`, in local time. Default: "". */
  get sslCertEffectiveDate(): string {
    return this.core.certificates.client.fields.effectiveDate;
  }

  /** Until when it is valid, such as `23-Jan-2001 15:00:00`, in local time. Default: "". */
  get sslCertExpirationDate(): string {
    return this.core.certificates.client.fields.expirationDate;
  }

  /** Object identifiers of what it may be used for, separated by commas. Default: "". */
  get sslCertExtendedKeyUsage(): string {
    return this.core.certificates.client.fields.extendedKeyUsage;
  }

  /** MD5 of it, or of a key alone: lower-case hex with colons. Default: "". */
  get sslCertFingerprint(): string {
    return this.core.certificates.client.fields.fingerprint;
  }

  /** SHA-1 of it, or of a key alone: lower-case hex with colons. Default: "". */
  get sslCertFingerprintSha1(): string {
    return this.core.certificates.client.fields.fingerprintSha1;
  }

  /** SHA-256 of it, or of a key alone: lower-case hex with colons. Default: "". */
  get sslCertFingerprintSha256(): string {
    return this.core.certificates.client.fields.fingerprintSha256;
  }

  /** Who has issued it, such as `CN=Root, O=Example`. Default: "". */
  get sslCertIssuer(): string {
    return this.core.certificates.client.fields.issuer;
  }

  /** PKCS#8 as PEM. Default: "". */
  get sslCertPrivateKey(): string {
    return this.core.certificates.client.fields.privateKey;
  }

  /** Whether there is a private key. Default: false. */
  get sslCertPrivateKeyAvailable(): boolean {
    return this.core.certificates.client.fields.privateKey !== "";
  }

  /** The name of the key's container, which only Windows has: always "". */
  get sslCertPrivateKeyContainer(): string {
    return "";
  }

  /** SPKI as PEM. Default: "". */
  get sslCertPublicKey(): string {
    return this.core.certificates.client.fields.publicKey;
  }

  /** Such as `RSA` or `EC`, or an object identifier. Default: "". */
  get sslCertPublicKeyAlgorithm(): string {
    return this.core.certificates.client.fields.publicKeyAlgorithm;
  }

  /** Bits of the public key. Default: 0. */
  get sslCertPublicKeyLength(): number {
    return this.core.certificates.client.fields.publicKeyLength;
  }

  /** Hexadecimal digits, two for each byte. Default: "". */
  get sslCertSerialNumber(): string {
    return this.core.certificates.client.fields.serialNumber;
  }

  /** Such as `sha256WithRSAEncryption`, or an object identifier. Default: "". */
  get sslCertSignatureAlgorithm(): string {
    return this.core.certificates.client.fields.signatureAlgorithm;
  }

  /** Where it is looked for: a path, or what is in the store, as `sslCertStoreType` says. Default: "MY". */
  get sslCertStore(): string | Uint8Array {
    return this.core.certificates.client.store;
  }

  set sslCertStore(value: string | Uint8Array) {
    this.core.certificates.client.store = value;
  }

  /** Opens the store. Default: "". */
  get sslCertStorePassword(): string {
    return this.core.certificates.client.storePassword;
  }

  set sslCertStorePassword(value: string) {
    this.core.certificates.client.storePassword = value;
  }

  /** One of `CertStoreTypes`. Default: 0, a store of Windows, which only Windows could open. */
  get sslCertStoreType(): number {
    return this.core.certificates.client.storeType;
  }

  set sslCertStoreType(value: number) {
    this.core.certificates.client.storeType = value;
  }

  /** Names of hosts, addresses and others that it is for, separated by commas. Default: "". */
  get sslCertSubjectAltNames(): string {
    return this.core.certificates.client.fields.subjectAltNames;
  }

  /** MD5 of it: hexadecimal digits. Default: "". */
  get sslCertThumbprintMd5(): string {
    return this.core.certificates.client.fields.thumbprintMd5;
  }

  /** SHA-1 of it: hexadecimal digits. Default: "". */
  get sslCertThumbprintSha1(): string {
    return this.core.certificates.client.fields.thumbprintSha1;
  }

  /** SHA-256 of it: hexadecimal digits. Default: "". */
  get sslCertThumbprintSha256(): string {
    return this.core.certificates.client.fields.thumbprintSha256;
  }

  /** What `sslCertUsageFlags` says, in words separated by commas. Default: "". */
  get sslCertUsage(): string {
    return this.core.certificates.client.fields.usage;
  }

  /** Bits of what the key may be used for: 0x80 is a signature, 0x01 to encipher only. Default: 0. */
  get sslCertUsageFlags(): number {
    return this.core.certificates.client.fields.usageFlags;
  }

  /** `V1`, `V2` or `V3`. Default: "". */
  get sslCertVersion(): string {
    return this.core.certificates.client.fields.version;
  }

  /**
   * Setting it searches the store at once, so it comes last: for that subject, else for one that contains it; `*` takes
   * any. What was found reads back, "" when nothing was. Default: "".
   *
   * @throws MQTTError 271 when the store cannot be opened, 270 in a browser.
   */
  get sslCertSubject(): string {
    return this.core.certificates.client.subject;
  }

  set sslCertSubject(value: string) {
    this.core.certificates.client.subject = value;
  }

  /**
   * PEM. Setting it (PEM, DER or Base64) chooses that certificate, and looks for its private key there and in the
   * store. Where there is none, the subject becomes "". Default: empty.
   *
   * @throws MQTTError 272 for what holds no certificate, 271 when the store cannot be opened, 270 in a browser.
   */
  get sslCertEncoded(): Uint8Array {
    return this.core.certificates.client.encoded;
  }

  set sslCertEncoded(value: string | Uint8Array) {
    this.core.certificates.client.encoded = value;
  }
}
