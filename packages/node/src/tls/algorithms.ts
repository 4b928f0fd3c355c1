import { createSecureContext, type SecureContextOptions } from "node:tls";
import { InvalidOptionError, UnsupportedError } from "@rivulet/engine";

/** Groups for the key exchange: the names of IANA and NIST, and what OpenSSL calls them. */
const groups: ReadonlyMap<string, string> = new Map([
  ["x25519", "X25519"],
  ["x448", "X448"],
  ["p-256", "P-256"],
  ["secp256r1", "P-256"],
  ["prime256v1", "P-256"],
  ["p-384", "P-384"],
  ["secp384r1", "P-384"],
  ["p-521", "P-521"],
  ["secp521r1", "P-521"],
  ["secp224r1", "secp224r1"],
  ["p-224", "secp224r1"],
  ["secp256k1", "secp256k1"],
  ["brainpoolp256r1", "brainpoolP256r1"],
  ["brainpoolp384r1", "brainpoolP384r1"],
  ["brainpoolp512r1", "brainpoolP512r1"],
  ["ffdhe2048", "ffdhe2048"],
  ["ffdhe3072", "ffdhe3072"],
  ["ffdhe4096", "ffdhe4096"],
  ["ffdhe6144", "ffdhe6144"],
  ["ffdhe8192", "ffdhe8192"],
  ["x25519mlkem768", "X25519MLKEM768"],
  ["secp256r1mlkem768", "SecP256r1MLKEM768"],
  ["secp384r1mlkem1024", "SecP384r1MLKEM1024"],
]);

/** Signature algorithms: the names of RFC 8446, 4.2.3, and what OpenSSL calls them. */
const signatureAlgorithms: ReadonlyMap<string, string> = new Map([
  ["rsa_pkcs1_sha1", "RSA+SHA1"],
  ["rsa_pkcs1_sha224", "RSA+SHA224"],
  ["rsa_pkcs1_sha256", "RSA+SHA256"],
  ["rsa_pkcs1_sha384", "RSA+SHA384"],
  ["rsa_pkcs1_sha512", "RSA+SHA512"],
  ["ecdsa_sha1", "ECDSA+SHA1"],
  ["ecdsa_sha224", "ECDSA+SHA224"],
  ["ecdsa_secp256r1_sha256", "ecdsa_secp256r1_sha256"],
  ["ecdsa_secp384r1_sha384", "ecdsa_secp384r1_sha384"],
  ["ecdsa_secp521r1_sha512", "ecdsa_secp521r1_sha512"],
  ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha256"],
  ["rsa_pss_rsae_sha384", "rsa_pss_rsae_sha384"],
  ["rsa_pss_rsae_sha512", "rsa_pss_rsae_sha512"],
  ["rsa_pss_pss_sha256", "rsa_pss_pss_sha256"],
  ["rsa_pss_pss_sha384", "rsa_pss_pss_sha384"],
  ["rsa_pss_pss_sha512", "rsa_pss_pss_sha512"],
  ["ed25519", "ed25519"],
  ["ed448", "ed448"],
  ["mldsa44", "mldsa44"],
  ["mldsa65", "mldsa65"],
  ["mldsa87", "mldsa87"],
]);

/** The groups as OpenSSL takes them. */
export function groupList(names: readonly string[]): string {
  return translate(names, { option: "tls.groups", what: "group", known: groups, as: "ecdhCurve" });
}

/** The signature algorithms as OpenSSL takes them, whose own way to write them (`RSA+SHA256`) is taken too. */
export function signatureAlgorithmList(names: readonly string[]): string {
  const known = new Map(signatureAlgorithms);
  for (const key of ["RSA", "DSA", "ECDSA", "RSA-PSS"]) {
    for (const hash of ["SHA1", "SHA224", "SHA256", "SHA384", "SHA512"]) {
      known.set(`${key}+${hash}`.toLowerCase(), `${key}+${hash}`);
    }
  }
  return translate(names, { option: "tls.signatureAlgorithms", what: "signature algorithm", known, as: "sigalgs" });
}

interface Translation {
  readonly option: string;
  readonly what: string;
  readonly known: ReadonlyMap<string, string>;
  /** What Node calls the list. */
  readonly as: "ecdhCurve" | "sigalgs";
}

function translate(names: readonly string[], { option, what, known, as }: Translation): string {
  const translated = names.map((name) => {
    const openssl = known.get(name.toLowerCase());
    if (openssl === undefined) {
      throw new InvalidOptionError(option, `There is no ${what} "${name}", which is in ${option}`);
    }
    if (!isAvailable({ [as]: openssl })) {
      throw new UnsupportedError(option, `${name} of ${option} is not supported by the OpenSSL of this platform`);
    }
    return openssl;
  });
  return [...new Set(translated)].join(":");
}

function isAvailable(options: SecureContextOptions): boolean {
  try {
    createSecureContext(options);
    return true;
  } catch {
    return false;
  }
}
