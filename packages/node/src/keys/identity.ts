import { createPublicKey, sign, verify, X509Certificate, type KeyObject } from "node:crypto";
import { InvalidOptionError, type KeyFormat, type TlsOptions, type TlsSource } from "@rivulet/engine";
import { certificatesIn, checkCertificate, findCertificates } from "./certificates.ts";
import { chainFrom } from "./chain.ts";
import { describeKind, kindOf } from "./kind.ts";
import { maxKeyNumberBytes } from "./limits.ts";
import { readKeyStore } from "./pkcs12.ts";
import { hasPrivateKey, privateKeyOfJwk, readPkcs8, readPrivateKey, type PrivateKey } from "./private-key.ts";
import { KeyProblem, naming, type Material } from "./problems.ts";
import { isRecord, readSource } from "./source.ts";

/** Who the client is to a server that asks. */
export interface Identity {
  /** In DER: the client's own, then each with that of its issuer behind it, as far as they were given. */
  readonly certificates: readonly Uint8Array[];
  readonly privateKey: KeyObject;
}

const keyFormats: readonly KeyFormat[] = ["detect", "pem", "der", "jwk", "ssh", "ppk", "xml"];

/**
 * Reads the client's certificate and private key from the options for them; undefined when there are none.
 *
 * @throws InvalidOptionError naming the option when something is missing, damaged, encrypted otherwise, or does not
 * belong together; UnsupportedError for what Node cannot open.
 */
export async function readIdentity(
  options: Pick<TlsOptions, "cert" | "key" | "keyFormat" | "pfx" | "passphrase">,
): Promise<Identity | undefined> {
  const { cert, key, keyFormat = "detect", pfx, passphrase } = options;
  check(options);
  if (pfx !== undefined) return readPfx(pfx, passphrase);
  if (cert === undefined && key === undefined) return undefined;
  const certificateMaterial = cert === undefined ? undefined : await readSource(cert, "tls.cert");
  const certificates = certificateMaterial === undefined ? [] : await certificatesIn(certificateMaterial);
  const keyMaterial = await findKey(key, certificateMaterial);
  const read = await naming(keyMaterial, () =>
    keyMaterial.jwk === undefined
      ? readPrivateKey(keyMaterial.bytes, { format: keyFormat as Exclude<KeyFormat, "pfx">, passphrase })
      : privateKeyOfJwk(keyMaterial.jwk),
  );
  const own = certificates.length > 0 ? certificates : await certificatesWith(keyMaterial, read);
  return naming(keyMaterial, () => join(own, read.key));
}

function check(options: Pick<TlsOptions, "cert" | "key" | "keyFormat" | "pfx" | "passphrase">): void {
  const { cert, key, keyFormat, pfx, passphrase } = options;
  if (pfx !== undefined && (cert !== undefined || key !== undefined)) {
    throw new InvalidOptionError(
      "tls.pfx",
      "tls.pfx has a certificate and its key, so tls.cert and tls.key must be left out",
    );
  }
  if (keyFormat === "pfx") {
    throw new InvalidOptionError("tls.keyFormat", "tls.keyFormat is pfx, but PKCS#12 is given as tls.pfx");
  }
  if (keyFormat !== undefined && !keyFormats.includes(keyFormat)) {
    throw new InvalidOptionError("tls.keyFormat", `tls.keyFormat must be one of ${keyFormats.join(", ")}`);
  }
  const secret: unknown = passphrase;
  if (secret !== undefined && typeof secret !== "string") {
    throw new InvalidOptionError("tls.passphrase", "tls.passphrase must be a string");
  }
  if (secret !== undefined && cert === undefined && key === undefined && pfx === undefined) {
    throw new InvalidOptionError("tls.passphrase", "tls.passphrase is of no use without tls.key or tls.pfx");
  }
}

interface KeyMaterial extends Material {
  readonly jwk?: Readonly<Record<string, unknown>>;
}

/** Where the private key is: in its option, or beside the certificate. */
async function findKey(key: TlsOptions["key"], certificate: Material | undefined): Promise<KeyMaterial> {
  if (key === undefined) {
    if (certificate !== undefined && hasPrivateKey(certificate.bytes)) return certificate;
    throw new InvalidOptionError("tls.key", "tls.key is missing: a certificate is of no use without its private key");
  }
  if (isRecord(key) && !(key instanceof Uint8Array) && !("file" in key)) {
    return { bytes: new Uint8Array(0), option: "tls.key", label: "tls.key", jwk: key };
  }
  // Anything else is checked there.
  return readSource(key as TlsSource, "tls.key");
}

/** The certificates that came along with the key. */
async function certificatesWith(material: KeyMaterial, { certificates }: PrivateKey): Promise<readonly Uint8Array[]> {
  if (certificates.length > 0) return certificates;
  const found = material.jwk === undefined ? (await findCertificates(material)).certificates : [];
  if (found.length > 0) return found;
  throw new InvalidOptionError("tls.cert", "tls.cert is missing: a private key is of no use without its certificate");
}

async function readPfx(pfx: NonNullable<TlsOptions["pfx"]>, passphrase: string | undefined): Promise<Identity> {
  const material = await readSource(pfx, "tls.pfx");
  return naming(material, async () => {
    const kind = kindOf(material.bytes);
    if (kind !== "pfx") {
      const found = kind === "unknown" ? "" : `: it is ${describeKind(kind)}`;
      throw new KeyProblem(`is not a PKCS#12 file${found}`);
    }
    const { certificates, privateKeys } = await readKeyStore(material.bytes, passphrase);
    const [privateKey, ...more] = privateKeys;
    if (privateKey === undefined) throw new KeyProblem("holds no private key");
    if (more.length > 0) {
      throw new KeyProblem(`holds ${privateKeys.length} private keys, and it is not clear which one is meant`);
    }
    if (certificates.length === 0) throw new KeyProblem("holds no certificate");
    const checked = certificates.map(checkCertificate);
    return join(checked, readPkcs8(privateKey));
  });
}

/** Puts the key's certificate first and its issuers behind it. Others would only confuse the server. */
function join(certificates: readonly Uint8Array[], privateKey: KeyObject): Identity {
  const unique = new Map(certificates.map((certificate) => [Buffer.from(certificate).toString("latin1"), certificate]));
  const parsed = [...unique.values()].map((certificate) => new X509Certificate(certificate));
  const own = parsed.find((certificate) => certificate.checkPrivateKey(privateKey));
  if (own === undefined) throw new KeyProblem("holds a private key that belongs to none of the certificates");
  checkNumbers(privateKey);
  return { certificates: chainFrom(own, parsed).map(({ raw }) => Uint8Array.from(raw)), privateKey };
}

/** A key with a wrong number in it belongs to its certificate by the others, and fails only when it signs. */
function checkNumbers(privateKey: KeyObject): void {
  const type = privateKey.asymmetricKeyType ?? "";
  if (!["rsa", "rsa-pss", "ec", "ed25519", "ed448"].includes(type)) {
    throw new KeyProblem(`is a key of the type ${type}, with which TLS cannot prove who the client is`, "unsupported");
  }
  // An RSA key has seven numbers, of which five are half as long. Asking for its modulusLength would break the call of
  // OpenSSL that comes next, as of Node 24, where it is too large.
  if (privateKey.export({ format: "der", type: "pkcs8" }).length > 5 * maxKeyNumberBytes) {
    throw new KeyProblem("has a number that is too large");
  }
  const algorithm = type.startsWith("ed") ? null : "sha256";
  const probe = Buffer.from("probe");
  let isFine = false;
  try {
    isFine = verify(algorithm, probe, createPublicKey(privateKey), sign(algorithm, probe, privateKey));
  } catch {
    // It cannot sign at all.
  }
  if (!isFine) throw new KeyProblem("is damaged: its private key does not fit its public one");
}
