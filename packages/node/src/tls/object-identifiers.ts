/** Signature algorithms, under the names that RFC 3279 and its successors give them. */
export const signatureAlgorithmNames: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.1.1.2", "md2WithRSAEncryption"],
  ["1.2.840.113549.1.1.4", "md5WithRSAEncryption"],
  ["1.2.840.113549.1.1.5", "sha1WithRSAEncryption"],
  ["1.2.840.113549.1.1.10", "RSASSA-PSS"],
  ["1.2.840.113549.1.1.11", "sha256WithRSAEncryption"],
  ["1.2.840.113549.1.1.12", "sha384WithRSAEncryption"],
  ["1.2.840.113549.1.1.13", "sha512WithRSAEncryption"],
  ["1.2.840.113549.1.1.14", "sha224WithRSAEncryption"],
  ["1.2.840.10040.4.3", "dsa-with-sha1"],
  ["2.16.840.1.101.3.4.3.1", "dsa-with-sha224"],
  ["2.16.840.1.101.3.4.3.2", "dsa-with-sha256"],
  ["1.2.840.10045.4.1", "ecdsa-with-SHA1"],
  ["1.2.840.10045.4.3.1", "ecdsa-with-SHA224"],
  ["1.2.840.10045.4.3.2", "ecdsa-with-SHA256"],
  ["1.2.840.10045.4.3.3", "ecdsa-with-SHA384"],
  ["1.2.840.10045.4.3.4", "ecdsa-with-SHA512"],
  ["1.3.101.112", "Ed25519"],
  ["1.3.101.113", "Ed448"],
  ["2.16.840.1.101.3.4.3.17", "ML-DSA-44"],
  ["2.16.840.1.101.3.4.3.18", "ML-DSA-65"],
  ["2.16.840.1.101.3.4.3.19", "ML-DSA-87"],
]);

/** What a certificate may be used for, under the names of RFC 5280, 4.2.1.12. */
export const extendedKeyUsageNames: ReadonlyMap<string, string> = new Map([
  ["2.5.29.37.0", "anyExtendedKeyUsage"],
  ["1.3.6.1.5.5.7.3.1", "serverAuth"],
  ["1.3.6.1.5.5.7.3.2", "clientAuth"],
  ["1.3.6.1.5.5.7.3.3", "codeSigning"],
  ["1.3.6.1.5.5.7.3.4", "emailProtection"],
  ["1.3.6.1.5.5.7.3.8", "timeStamping"],
  ["1.3.6.1.5.5.7.3.9", "OCSPSigning"],
  ["1.3.6.1.5.5.7.3.17", "ipsecIKE"],
]);

/** The bits of the key usage, from the first on, under the names that people know them by. */
export const keyUsageNames: readonly string[] = [
  "Digital Signature",
  "Non Repudiation",
  "Key Encipherment",
  "Data Encipherment",
  "Key Agreement",
  "Certificate Sign",
  "CRL Sign",
  "Encipher Only",
  "Decipher Only",
];

/** Algorithms of public keys: the name, and the bits where the algorithm alone tells them. */
export const publicKeyAlgorithms: ReadonlyMap<string, { readonly name: string; readonly bits?: number }> = new Map([
  ["1.2.840.113549.1.1.1", { name: "RSA" }],
  ["1.2.840.113549.1.1.10", { name: "RSA-PSS" }],
  ["1.2.840.10040.4.1", { name: "DSA" }],
  ["1.2.840.10045.2.1", { name: "EC" }],
  ["1.3.101.110", { name: "X25519", bits: 256 }],
  ["1.3.101.111", { name: "X448", bits: 448 }],
  ["1.3.101.112", { name: "Ed25519", bits: 256 }],
  ["1.3.101.113", { name: "Ed448", bits: 456 }],
]);

/** Curves and the bits of their fields. */
export const curveBits: ReadonlyMap<string, number> = new Map([
  ["1.2.840.10045.3.1.1", 192],
  ["1.3.132.0.33", 224],
  ["1.2.840.10045.3.1.7", 256],
  ["1.3.132.0.34", 384],
  ["1.3.132.0.35", 521],
  ["1.3.132.0.10", 256],
  ["1.3.36.3.3.2.8.1.1.7", 256],
  ["1.3.36.3.3.2.8.1.1.11", 384],
  ["1.3.36.3.3.2.8.1.1.13", 512],
]);
