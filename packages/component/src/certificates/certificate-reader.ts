import type { CertificateInfo } from "rivulet";

/** A certificate of a store, or a key alone. */
export interface StoreEntry {
  /** Undefined for a key without a certificate. */
  readonly certificate: CertificateInfo | undefined;
  /** Those of its issuers that are in the store too, in order. */
  readonly chain: readonly CertificateInfo[];
  /** PKCS#8, PEM; undefined where the store has none, or holds a public key. */
  readonly privateKey: string | undefined;
  /** SPKI, PEM. */
  readonly publicKey: string;
  /** Such as `RSA`, `EC`, `Ed25519`. */
  readonly publicKeyAlgorithm: string;
  readonly publicKeyLengthBits: number;
  /** Of the certificate; of a key alone, those that SSH shows. Hexadecimal digits without colons. */
  readonly fingerprints: CertificateInfo["fingerprints"];
}

/** Reads certificates and keys, at once. */
export interface CertificateReader {
  /**
   * Opens a store: those with a private key come first.
   *
   * @param store What is in it, or the path of its file, as `type` says.
   * @throws UnsupportedError for a kind that cannot be opened here, InvalidOptionError when it cannot be read.
   */
  open(store: string | Uint8Array, type: number, password: string): readonly StoreEntry[];
  /** Reads one certificate: PEM, DER or base64. @throws InvalidOptionError */
  read(certificate: Uint8Array): CertificateInfo;
}
