import { constants, createPublicKey, verify, type KeyObject } from "node:crypto";
import { DerElement } from "../keys/der.ts";
import { encodeNode, readStructure, type Pki, type PkiAlgorithm } from "./pki.ts";

/** Something that is signed. */
export interface Signed {
  readonly content: Uint8Array;
  readonly algorithm: PkiAlgorithm;
  readonly signature: Uint8Array;
}

/**
 * Whether something was signed with this key, given as SubjectPublicKeyInfo. MD5, SHA-1 and whatever else is not
 * in the list of algorithms counts as `"weak"`.
 */
export function checkSignature(pki: Pki, signed: Signed, publicKey: Uint8Array): "valid" | "invalid" | "weak" {
  try {
    const scheme = signatureScheme(pki, signed.algorithm);
    if (scheme === undefined) return "weak";
    const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
    if (!scheme.keyTypes.includes(key.asymmetricKeyType)) return "invalid";
    const { hash, saltLength } = scheme;
    const options = saltLength === undefined ? { key } : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
    return verify(hash, signed.content, options, signed.signature) ? "valid" : "invalid";
  } catch {
    // A key, a signature or parameters that cannot be read.
    return "invalid";
  }
}

interface SignatureScheme {
  /** null where the algorithm itself hashes. */
  readonly hash: string | null;
  readonly keyTypes: readonly KeyObject["asymmetricKeyType"][];
  readonly saltLength?: number;
}

const rsa: readonly KeyObject["asymmetricKeyType"][] = ["rsa"];

const schemes: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  ["1.2.840.113549.1.1.11", { hash: "sha256", keyTypes: rsa }],
  ["1.2.840.113549.1.1.12", { hash: "sha384", keyTypes: rsa }],
  ["1.2.840.113549.1.1.13", { hash: "sha512", keyTypes: rsa }],
  ["1.2.840.10045.4.3.2", { hash: "sha256", keyTypes: ["ec"] }],
  ["1.2.840.10045.4.3.3", { hash: "sha384", keyTypes: ["ec"] }],
  ["1.2.840.10045.4.3.4", { hash: "sha512", keyTypes: ["ec"] }],
  ["1.3.101.112", { hash: null, keyTypes: ["ed25519"] }],
  ["1.3.101.113", { hash: null, keyTypes: ["ed448"] }],
]);

const rsaPss = "1.2.840.113549.1.1.10";
const maskGeneration1 = "1.2.840.113549.1.1.8";

const pssHashes: ReadonlyMap<string, string> = new Map([
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
]);

function signatureScheme(pki: Pki, { algorithmId, algorithmParams }: PkiAlgorithm): SignatureScheme | undefined {
  if (algorithmId !== rsaPss) return schemes.get(algorithmId);
  const encoded = encodeNode(algorithmParams);
  const parameters = encoded && readStructure(pki, pki.pkijs.RSASSAPSSParams, encoded);
  if (parameters === undefined) return undefined;
  const { hashAlgorithm, maskGenAlgorithm, saltLength, trailerField } = parameters;
  const hash = pssHashes.get(hashAlgorithm.algorithmId);
  if (hash === undefined || trailerField !== 1) return undefined;
  // OpenSSL is told of one hash for both. RFC 4055, section 3.1, recommends that they are the same.
  return maskHash(maskGenAlgorithm) === hash ? { hash, keyTypes: ["rsa", "rsa-pss"], saltLength } : undefined;
}

function maskHash({ algorithmId, algorithmParams }: PkiAlgorithm): string | undefined {
  const encoded = encodeNode(algorithmParams);
  if (algorithmId !== maskGeneration1 || encoded === undefined) return undefined;
  return pssHashes.get(DerElement.parse(encoded).child(0).objectIdentifier());
}
