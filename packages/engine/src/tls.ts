/** A file by its path or `file:` URL. Platforms without files refuse it. */
export interface FileSource {
  readonly file: string | URL;
}

/** Certificates or a key: text such as PEM, bytes such as DER, or a file with either. */
export type TlsSource = string | Uint8Array | FileSource;

/** Authorities: a source of certificates, or a directory of files with some. */
export type AuthoritySource = TlsSource | { readonly directory: string | URL };

/** The versions of TLS that can be asked for. */
export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** The forms that a private key may stand in. `"detect"` looks at it. */
export type KeyFormat = "detect" | "pem" | "der" | "pfx" | "jwk" | "ssh" | "ppk" | "xml";

/** What may be done about revocation. `"ifAvailable"`: an answer that cannot be had is no reason to refuse. */
export type RevocationCheck = "off" | "ifAvailable" | "required";

/** Options for TLS. What is not a relaxation by name is checked. */
export interface TlsOptions {
  /**
   * Authorities to trust: PEM, DER or PKCS#7 (P7B), a directory of such files, or a list of these. Default: the system's.
   * Given ones replace those, unless `systemCa` is true.
   */
  readonly ca?: AuthoritySource | readonly AuthoritySource[] | undefined;
  /** Whether the system's authorities are trusted beside `ca`. Default: whether there is no `ca`. */
  readonly systemCa?: boolean | undefined;
  /** The client's certificate, and those between it and an authority: PEM, DER or P7B. */
  readonly cert?: TlsSource | undefined;
  /** The private key of `cert`, in any form of `KeyFormat` but `"pfx"`. A JWK may be given as an object. */
  readonly key?: TlsSource | Readonly<Record<string, unknown>> | undefined;
  /** The form of `key`. Default: `"detect"`. */
  readonly keyFormat?: KeyFormat | undefined;
  /** The client's key and certificates as PKCS#12, instead of `cert` and `key`. */
  readonly pfx?: Uint8Array | FileSource | undefined;
  /** Decrypts `key` or `pfx`. */
  readonly passphrase?: string | undefined;
  /** Default: `"TLSv1.2"`. */
  readonly minVersion?: TlsVersion | undefined;
  /** Default: `"TLSv1.3"`. */
  readonly maxVersion?: TlsVersion | undefined;
  /** Cipher suites by their IANA or OpenSSL names, the preferred one first, for TLS 1.2 and 1.3. Default: the platform's. */
  readonly cipherSuites?: readonly string[] | undefined;
  /**
   * The ciphers as OpenSSL's cipher lists say it, such as `"HIGH:!aNULL"`, instead of `cipherSuites`. What it says of
   * versions before TLS 1.3 leaves the suites of 1.3 as they are, unless it names some of those too.
   */
  readonly cipherList?: string | undefined;
  /** The least that the negotiated cipher must have, in bits of its key. Default: 128. */
  readonly minCipherStrengthBits?: number | undefined;
  /** Groups for the key exchange, the preferred one first, such as `"X25519"` and `"P-256"`. Default: the platform's. */
  readonly groups?: readonly string[] | undefined;
  /** Signature algorithms, the preferred one first, such as `"ecdsa_secp256r1_sha256"`. Default: the platform's. */
  readonly signatureAlgorithms?: readonly string[] | undefined;
  /** Protocols to offer by ALPN, such as `["mqtt"]`, or `["x-amzn-mqtt-ca"]` for AWS IoT on port 443. Default: none. */
  readonly alpnProtocols?: readonly string[] | undefined;
  /**
   * The name that is told to the server (SNI) and that its certificate must have. Default: the URL's host. Empty tells
   * none; the host is checked all the same.
   */
  readonly serverName?: string | undefined;
  /** Whether a later connection of the same client takes up the TLS session of an earlier one. Default: true. */
  readonly reuseSession?: boolean | undefined;
  /** A file that the secrets of each connection are appended to, in NSS key log format. For debugging only. */
  readonly keyLogFile?: string | URL | undefined;
  /**
   * Reports each record that is sent or received, as `tlsStatus`: direction, content type, version and length, and
   * nothing of what is in it. For debugging only. Default: false.
   */
  readonly logRecords?: boolean | undefined;
  /** Accepts a certificate that is not valid yet, or no longer. Default: false. */
  readonly allowExpired?: boolean | undefined;
  /** Accepts a certificate that no trusted authority stands behind. Default: false. */
  readonly allowUnknownAuthority?: boolean | undefined;
  /** Accepts a certificate with another name than the server's. Default: false. */
  readonly allowHostnameMismatch?: boolean | undefined;
  /** Accepts a certificate that has not been issued for servers. Default: false. */
  readonly allowWrongUsage?: boolean | undefined;
  /** Accepts a certificate that has been revoked, if `ocsp` or `crl` look at all. Default: false. */
  readonly allowRevoked?: boolean | undefined;
  /**
   * Accepts these certificates whatever else is wrong with them: each in PEM, DER or P7B, or by its SHA-256
   * fingerprint in hexadecimal digits, with colons or without.
   */
  readonly acceptServerCertificate?: TlsSource | readonly TlsSource[] | undefined;
  /**
   * Decides about the server's certificate, after everything else; no byte of MQTT leaves before. Knows what is wrong,
   * and may accept it. An error refuses, and becomes the cause.
   */
  readonly verifyServerCertificate?: ((authentication: ServerAuthentication) => boolean | Promise<boolean>) | undefined;
  /** The answer about the certificate that the server brings along (OCSP stapling). Default: `"off"`. */
  readonly ocspStapling?: RevocationCheck | undefined;
  /** Asking the authority about the certificate (OCSP). Default: `"off"`. */
  readonly ocsp?: RevocationCheck | undefined;
  /** Reading the authority's list of revoked certificates (CRL). Default: `"off"`. */
  readonly crl?: RevocationCheck | undefined;
}

/** What can be wrong with a server's certificate. */
export type CertificateProblemCode =
  | "expired"
  | "not-yet-valid"
  | "unknown-authority"
  | "hostname-mismatch"
  | "wrong-usage"
  | "revoked"
  | "revocation-unknown"
  | "weak-cipher"
  | "invalid";

/** Something that is wrong with a server's certificate. */
export interface CertificateProblem {
  readonly code: CertificateProblemCode;
  /** A sentence. */
  readonly message: string;
  /** Whether an option allows it by name. */
  readonly isAllowed: boolean;
}

/** A server's certificate while it is decided upon. */
export interface ServerAuthentication {
  readonly hostname: string;
  readonly certificate: CertificateInfo;
  /** As far as known, from the server's certificate up to the authority. */
  readonly chain: readonly CertificateInfo[];
  /** All that is wrong, also what is allowed. */
  readonly problems: readonly CertificateProblem[];
  /** Why it would be refused, as a sentence; undefined when it would be accepted. */
  readonly reason: string | undefined;
  /** Whether the certificate is accepted. Listeners of `tlsServerAuthentication` may set it. */
  accept: boolean;
}

/** What a certificate says of itself. */
export interface CertificateInfo {
  /** As RFC 4514 writes names, such as `CN=broker,O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal digits. */
  readonly serialNumber: string;
  /** 1 to 3. */
  readonly version: number;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Such as `DNS:broker.example`, `IP Address:127.0.0.1`. */
  readonly subjectAltNames: readonly string[];
  /** Such as `Digital Signature`; empty without the extension. */
  readonly keyUsage: readonly string[];
  /** The bits of the extension: 0x80 is Digital Signature, as in its first octet; Decipher Only is 0x8000. */
  readonly keyUsageFlags: number;
  /** Names where there are some, else object identifiers. */
  readonly extendedKeyUsage: readonly string[];
  /** The same, all as object identifiers. */
  readonly extendedKeyUsageIdentifiers: readonly string[];
  readonly isAuthority: boolean;
  /** Such as `RSA`, `EC`, `Ed25519`. */
  readonly publicKeyAlgorithm: string;
  readonly publicKeyLengthBits: number;
  /** PEM. */
  readonly publicKey: string;
  /** Such as `sha256WithRSAEncryption`. */
  readonly signatureAlgorithm: string;
  /** Hexadecimal digits without colons. */
  readonly fingerprints: { readonly md5: string; readonly sha1: string; readonly sha256: string };
  readonly pem: string;
  /** DER. */
  readonly bytes: Uint8Array;
}

/** What TLS has agreed on. */
export interface TlsInfo {
  /** Such as `"TLSv1.3"`. */
  readonly protocol: string;
  /** By its IANA name, such as `"TLS_AES_256_GCM_SHA384"`. */
  readonly cipherSuite: string;
  /** Such as `"AES-256-GCM"`. */
  readonly cipher: string;
  readonly cipherStrengthBits: number;
  /** Such as `"X25519"`, `"P-256"`, `"RSA"`; undefined where the platform does not tell. */
  readonly keyExchange: string | undefined;
  readonly keyExchangeStrengthBits: number | undefined;
  readonly alpnProtocol: string | undefined;
  /** The name that was told to the server. */
  readonly serverName: string | undefined;
  readonly isSessionReused: boolean;
  /** The server's certificate first. */
  readonly certificates: readonly CertificateInfo[];
  /** What is wrong with it and was accepted. */
  readonly problems: readonly CertificateProblem[];
}
