import { contextTag, DerElement, DerError, derTag } from "./der.ts";
import { decodeBase64, decodeText, encodePem } from "./pem.ts";
import { KeyProblem } from "./problems.ts";

/** What a DER structure is, told by its shape. */
export type DerKind =
  | "certificate"
  | "pkcs7"
  | "pfx"
  | "pkcs8"
  | "encrypted-pkcs8"
  | "rsa-private"
  | "ec-private"
  | "dsa-private"
  | "public"
  | "rsa-public"
  | "bcfks";

/** What bytes are, told by their beginning or shape. */
export type Kind = DerKind | "pem" | "ppk" | "xml" | "json" | "ssh-public" | "ssh2-public" | "unknown";

/** Files that Node cannot open, by what they begin with. */
const foreign: readonly { readonly begins: string; readonly what: string; readonly convert?: string }[] = [
  { begins: "feedfeed", what: "a Java key store (JKS)" },
  { begins: "cececece", what: "a Java key store (JCEKS)" },
  { begins: "0000000100000014", what: "a Bouncy Castle key store (BKS or UBER)" },
  { begins: "0000000200000014", what: "a Bouncy Castle key store (BKS or UBER)" },
  { begins: "6b796368", what: "a macOS keychain" },
  { begins: "0000000043455254", what: "a Windows certificate store (SST)" },
  { begins: "1ef1b5b0", what: "a Windows private key file (PVK)" },
  { begins: "53514c69746520666f726d61742033", what: "a SQLite database, perhaps of NSS" },
];

/** @throws KeyProblem for a key store that Node cannot open. */
export function kindOf(bytes: Uint8Array): Kind {
  const beginning = Buffer.from(bytes.subarray(0, 16)).toString("hex");
  const store = foreign.find(({ begins }) => beginning.startsWith(begins));
  if (store !== undefined) throw foreignStore(store.what);
  if (bytes[0] === derTag.sequence && (bytes[1] ?? 0) >= 0x20) {
    const kind = derKindOf(bytes);
    if (kind === "bcfks") throw foreignStore("a Bouncy Castle key store (BCFKS)");
    if (kind !== undefined) return kind;
  }
  const text = decodeText(bytes);
  if (text.includes("-----BEGIN ")) return "pem";
  const start = text.trimStart();
  if (start.startsWith("PuTTY-User-Key-File-")) return "ppk";
  if (start.startsWith("---- BEGIN SSH2 PUBLIC KEY ----")) return "ssh2-public";
  if (start.startsWith("<")) return "xml";
  if (start.startsWith("{")) return "json";
  if (/^(ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-)[^\s]{1,80}[ \t]+AAAA/.test(start)) return "ssh-public";
  return "unknown";
}

/** DER in Base64 without anything around it, as many tools hand it out, as DER; anything else as it is. */
export function unwrapBase64(bytes: Uint8Array): Uint8Array {
  // Every SEQUENCE begins with M in Base64.
  const decoded = bytes[0] === 0x4d ? decodeBase64(decodeText(bytes)) : undefined;
  return decoded !== undefined && derKindOf(decoded) !== undefined ? decoded : bytes;
}

/** What a structure is; undefined when it is none that is known. */
export function derKindOf(bytes: Uint8Array): DerKind | undefined {
  try {
    // PKCS#7 and PKCS#12 may have no definite length.
    if (bytes[1] === 0x80) return bytes[2] === derTag.integer ? "pfx" : "pkcs7";
    return kindOfSequence(DerElement.parseFirst(bytes).children());
  } catch (error) {
    if (error instanceof DerError) return kindOfDamaged(bytes);
    throw error;
  }
}

/** What a structure has been before it was cut off. */
function kindOfDamaged(bytes: Uint8Array): DerKind | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 64)).toString("hex");
  if (/^30(8[1-4](..){1,4}|..)02010330(8[1-4]|..)/.test(beginning)) return "pfx";
  if (/^30(8[1-4](..){1,4}|..)30(8[1-4](..){1,4}|..)a003020102/.test(beginning)) return "certificate";
  if (/^30(8[1-4](..){1,4}|..)06092a864886f70d010702/.test(beginning)) return "pkcs7";
  if (/^30(8[1-4](..){1,4}|..)02010030(8[1-4](..){1,4}|..)06/.test(beginning)) return "pkcs8";
  return undefined;
}

function kindOfSequence(children: readonly DerElement[]): DerKind | undefined {
  const [first, second, third] = children;
  if (first === undefined || second === undefined) return undefined;
  if (first.tag === derTag.objectIdentifier) {
    return second.tag === contextTag(0) && first.objectIdentifier() === pkcs7SignedData ? "pkcs7" : undefined;
  }
  if (first.tag === derTag.integer) return kindWithNumber(children);
  if (first.tag !== derTag.sequence) return undefined;
  const isAlgorithm = first.children()[0]?.tag === derTag.objectIdentifier;
  if (isAlgorithm) {
    if (second.tag === derTag.bitString) return "public";
    return second.tag === derTag.octetString ? "encrypted-pkcs8" : undefined;
  }
  if (third?.tag === derTag.bitString) return "certificate";
  const [inner, content] = first.children();
  const isStore = inner?.tag === derTag.sequence && content?.tag === derTag.octetString;
  return isStore && inner.children()[0]?.tag === derTag.objectIdentifier ? "bcfks" : undefined;
}

function kindWithNumber(children: readonly DerElement[]): DerKind | undefined {
  const [first, second] = children;
  if (second?.tag === derTag.octetString) return "ec-private";
  if (second?.tag === derTag.sequence) return first?.content[0] === 3 ? "pfx" : "pkcs8";
  if (second?.tag !== derTag.integer) return undefined;
  if (children.length === 2) return "rsa-public";
  return children.length === 6 ? "dsa-private" : "rsa-private";
}

/** The names of PEM blocks for structures that `node:crypto` reads. */
const pemLabels: Readonly<Partial<Record<Kind, string>>> = {
  certificate: "CERTIFICATE",
  pkcs8: "PRIVATE KEY",
  "rsa-private": "RSA PRIVATE KEY",
  "ec-private": "EC PRIVATE KEY",
  "dsa-private": "DSA PRIVATE KEY",
  public: "PUBLIC KEY",
  "rsa-public": "RSA PUBLIC KEY",
};

/** DER as PEM, for `node:crypto`, which has no other way for some. */
export function toPem(kind: Kind, bytes: Uint8Array): string {
  return encodePem(pemLabels[kind] ?? "", bytes);
}

/** What something is that is not what it should be, for an error. */
export function describeKind(kind: Kind): string {
  return descriptions[kind];
}

const descriptions: Readonly<Record<Kind, string>> = {
  certificate: "a certificate",
  pkcs7: "certificates (PKCS#7)",
  pfx: "a key store (PKCS#12), which belongs in tls.pfx",
  pkcs8: "a private key",
  "encrypted-pkcs8": "a private key",
  "rsa-private": "a private key",
  "ec-private": "a private key",
  "dsa-private": "a private key",
  public: "a public key",
  "rsa-public": "a public key",
  bcfks: "a key store",
  pem: "PEM",
  ppk: "a private key (PPK)",
  xml: "XML",
  json: "JSON",
  "ssh-public": "a public key (SSH)",
  "ssh2-public": "a public key (SSH)",
  unknown: "something unknown",
};

/** The identifier of PKCS#7 with certificates in it. */
export const pkcs7SignedData = "1.2.840.113549.1.7.2";

function foreignStore(what: string): KeyProblem {
  return new KeyProblem(`is ${what}, which Node cannot open: convert it to PKCS#12 or PEM`, "unsupported");
}
