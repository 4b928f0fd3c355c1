import { createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import type { CertificateInfo } from "@rivulet/engine";
import { certificateInfo, describePublicKey, fingerprintsOf } from "../tls/certificate-info.ts";
import { checkCertificate } from "./certificates.ts";
import { chainFrom } from "./chain.ts";
import { DerElement } from "./der.ts";
import { describeKind, kindOf, unwrapBase64, type Kind } from "./kind.ts";
import { maxFileBytes } from "./limits.ts";
import { invalid, KeyProblem, namingNow, type Material } from "./problems.ts";
import { sshPublicBlob } from "./ssh-fingerprint.ts";
import { runNow } from "./steps.ts";
import { storeContents } from "./store-contents.ts";

/** What a store is; `detect` finds out. */
export type StoreFormat = "detect" | "pfx" | "pem" | "certificate" | "ssh-public" | "pkcs7" | "ppk" | "xml" | "jwk";

/** A certificate of a store, or a key alone. */
export interface StoreEntry {
  /** Undefined for a key without a certificate. */
  readonly certificate: CertificateInfo | undefined;
  /** Those of its issuers that are in the store too, in order. */
  readonly chain: readonly CertificateInfo[];
  /** PKCS#8, PEM; undefined where the store has none. */
  readonly privateKey: string | undefined;
  /** SPKI, PEM. */
  readonly publicKey: string;
  /** Such as `RSA`, `EC`, `Ed25519`. */
  readonly publicKeyAlgorithm: string;
  readonly publicKeyLengthBits: number;
  /** Of the certificate; of a key alone, those that SSH shows. Hexadecimal digits without colons. */
  readonly fingerprints: CertificateInfo["fingerprints"];
}

/** How a store is opened. */
export interface OpenStoreOptions {
  /** Default: `detect`. */
  readonly format?: StoreFormat;
  readonly passphrase?: string | undefined;
  /** What errors call the store. Default: `the store`. */
  readonly label?: string;
}

/** What each format may look like. */
const kindsOfFormat: Readonly<Record<Exclude<StoreFormat, "detect">, readonly Kind[]>> = {
  pfx: ["pfx"],
  pem: ["pem", "pkcs8", "encrypted-pkcs8", "rsa-private", "ec-private", "dsa-private"],
  certificate: ["certificate", "pem", "public", "rsa-public"],
  "ssh-public": ["ssh-public", "ssh2-public"],
  pkcs7: ["pkcs7", "pem"],
  ppk: ["ppk"],
  xml: ["xml"],
  jwk: ["json"],
};

/**
 * Opens a store of certificates and keys, and does so at once: a key that takes long to derive holds up all else.
 *
 * @example
 * ```ts no-run
 * import { readFileSync } from "node:fs";
 * import { openCertificateStore } from "@rivulet/node/certificates";
 *
 * const [entry] = openCertificateStore(readFileSync("client.pfx"), { passphrase: "secret" });
 * console.log(entry?.certificate?.subject);
 * ```
 *
 * @returns those with a private key first, then others, and at the end those that have issued others; not all stores
 * have any.
 * @throws InvalidOptionError when it is damaged or of another format, or when the passphrase does not open it;
 * UnsupportedError for what Node cannot open.
 */
export function openCertificateStore(bytes: Uint8Array, options: OpenStoreOptions = {}): StoreEntry[] {
  const { format = "detect", passphrase, label = "the store" } = options;
  const material: Material = { bytes, option: "store", label, passphraseLabel: "the passphrase" };
  if (bytes.length === 0) throw invalid(material, "is empty");
  if (bytes.length > maxFileBytes) throw invalid(material, `has more than ${maxFileBytes} bytes`);
  return namingNow(material, () => {
    const given = unwrapBase64(bytes);
    const kind = kindOf(given);
    if (format === "detect" ? kind === "unknown" : !kindsOfFormat[format].includes(kind)) {
      const expected = format === "detect" ? "a store of a known kind" : names[format];
      throw new KeyProblem(`is not ${expected}, but ${kind === "pfx" ? names.pfx : describeKind(kind)}`);
    }
    // A public certificate may have its key beside it, which nobody asked for.
    const wantsKeys = format !== "certificate" && format !== "pkcs7";
    return makeEntries(runNow(storeContents(given, { kind, passphrase, wantsKeys })));
  });
}

/**
 * Reads a certificate: PEM, DER, or DER in Base64; of several, the first that has not issued another.
 *
 * @throws InvalidOptionError
 */
export function readCertificate(bytes: Uint8Array): CertificateInfo {
  const [first] = openCertificateStore(bytes, { format: "certificate", label: "the certificate" });
  if (first?.certificate !== undefined) return first.certificate;
  throw invalid({ bytes, option: "certificate", label: "the certificate" }, "is a key alone");
}

const names: Readonly<Record<Exclude<StoreFormat, "detect">, string>> = {
  pfx: "a key store (PKCS#12)",
  pem: "PEM",
  certificate: "a certificate",
  "ssh-public": "a public key of SSH",
  pkcs7: "certificates in PKCS#7",
  ppk: "a key in PPK",
  xml: "XML",
  jwk: "a JSON Web Key",
};

/** A certificate as it is asked for here. */
interface Parsed {
  readonly info: CertificateInfo;
  readonly x509: X509Certificate;
}

function makeEntries({
  certificates,
  privateKeys,
  publicKeys,
}: {
  readonly certificates: readonly Uint8Array[];
  readonly privateKeys: readonly KeyObject[];
  readonly publicKeys: readonly KeyObject[];
}): StoreEntry[] {
  const unique = new Map(certificates.map((der) => [Buffer.from(der).toString("latin1"), checkCertificate(der)]));
  const all: readonly Parsed[] = Array.from(unique.values(), (der) => ({
    info: certificateInfo(der),
    x509: new X509Certificate(der),
  }));
  const byKey = privateKeys.length === 0 ? new Map<string, Parsed[]>() : groupByKey(all);
  const owned = new Set<Parsed>();
  const entries: StoreEntry[] = [];
  for (const key of privateKeys) {
    const publicKey = createPublicKey(key);
    const own = byKey.get(encodeSpki(publicKey).toString("latin1"))?.shift();
    if (own !== undefined) owned.add(own);
    const privateKey = key.export({ type: "pkcs8", format: "pem" }).toString();
    entries.push(own === undefined ? keyEntry(publicKey, privateKey) : certificateEntry(own, { all, privateKey }));
  }
  const issuers = new Set(all.filter(({ info }) => info.issuer !== info.subject).map(({ info }) => info.issuer));
  const isIssuer = ({ info }: Parsed): boolean => issuers.has(info.subject);
  const left = all.filter((one) => !owned.has(one));
  const others = [...left.filter((one) => !isIssuer(one)), ...left.filter(isIssuer)];
  entries.push(...others.map((one) => certificateEntry(one, { all, privateKey: undefined })));
  return [...entries, ...publicKeys.map((key) => keyEntry(key, undefined))];
}

/** Certificates by their public keys. One with a key that Node does not know has none of the private keys. */
function groupByKey(all: readonly Parsed[]): Map<string, Parsed[]> {
  const groups = new Map<string, Parsed[]>();
  for (const one of all) {
    let spki: string;
    try {
      spki = encodeSpki(one.x509.publicKey).toString("latin1");
    } catch {
      continue;
    }
    const group = groups.get(spki);
    if (group === undefined) groups.set(spki, [one]);
    else group.push(one);
  }
  return groups;
}

function certificateEntry(
  { info, x509 }: Parsed,
  { all, privateKey }: { readonly all: readonly Parsed[]; readonly privateKey: string | undefined },
): StoreEntry {
  const { publicKey, publicKeyAlgorithm, publicKeyLengthBits, fingerprints } = info;
  return {
    certificate: info,
    // Of the authorities of a whole system, hardly anybody asks for any.
    get chain(): readonly CertificateInfo[] {
      const found = chainFrom(
        x509,
        all.map((one) => one.x509),
      );
      return found.slice(1).map(({ raw }) => certificateInfo(raw));
    },
    privateKey,
    publicKey,
    publicKeyAlgorithm,
    publicKeyLengthBits,
    fingerprints,
  };
}

function keyEntry(key: KeyObject, privateKey: string | undefined): StoreEntry {
  const spki = encodeSpki(key);
  return {
    certificate: undefined,
    chain: [],
    privateKey,
    publicKey: key.export({ type: "spki", format: "pem" }).toString(),
    ...describePublicKey(DerElement.parse(spki)),
    fingerprints: fingerprintsOf(sshPublicBlob(spki) ?? spki),
  };
}

function encodeSpki(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}
