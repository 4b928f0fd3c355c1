import { normalizeBer } from "./ber.ts";
import { contextTag, DerElement, DerError, derTag } from "./der.ts";
import { derKindOf } from "./kind.ts";
import { decryptPbe, Effort, toPassword, verifyPkcs12Mac, type Password } from "./pbe.ts";
import { KeyProblem } from "./problems.ts";
import { runLater, type Steps } from "./steps.ts";

/**
 * PKCS#12 (RFC 7292), with what `node:crypto` has for the ciphers and hashes of it. OpenSSL in Node gives nothing of a
 * file back, and refuses those with RC2. node-forge would take as much code around it: it knows no EC keys, no RFC 9579 and
 * no limits, and derives keys on the main thread.
 */

export interface KeyStore {
  /** In the order in which they stand in the file. */
  readonly certificates: readonly Uint8Array[];
  /** PKCS#8, decrypted. */
  readonly privateKeys: readonly Uint8Array[];
}

const data = "1.2.840.113549.1.7.1";
const encryptedData = "1.2.840.113549.1.7.6";
const bags = "1.2.840.113549.1.12.10.1.";
const x509Certificate = "1.2.840.113549.1.9.22.1";

/** Bags in bags; no tool makes any. */
const maxBagDepth = 4;

interface Opening {
  readonly password: Password;
  readonly effort: Effort;
  readonly certificates: Uint8Array[];
  readonly privateKeys: Uint8Array[];
}

export async function readKeyStore(bytes: Uint8Array, passphrase: string | undefined): Promise<KeyStore> {
  return runLater(openKeyStore(bytes, passphrase));
}

export function* openKeyStore(bytes: Uint8Array, passphrase: string | undefined): Steps<KeyStore> {
  const pfx = DerElement.parse(normalizeBer(bytes)).expect(derTag.sequence);
  if (pfx.child(0).smallInteger() !== 3) throw new KeyProblem("is a PKCS#12 file of a version other than 3");
  const authSafe = pfx.child(1, derTag.sequence);
  if (authSafe.child(0).objectIdentifier() !== data) {
    throw new KeyProblem("is signed or encrypted with a key instead of a passphrase", "unsupported");
  }
  const content = authSafe.child(1, contextTag(0)).child(0).octetString();
  const effort = new Effort();
  const macData = pfx.children()[2];
  const password = yield* findPassword(macData, content, { passphrase, effort });
  const opening: Opening = { password, effort, certificates: [], privateKeys: [] };
  try {
    for (const part of DerElement.parse(normalizeBer(content)).children()) yield* readPart(part, opening);
  } catch (error) {
    if (passphrase === undefined && isWrongPassphrase(error)) throw new KeyProblem("", "passphrase-missing");
    throw error;
  }
  return opening;
}

/** The MAC tells whether the password is right. Without one, nothing is known yet. */
function* findPassword(
  macData: DerElement | undefined,
  content: Uint8Array,
  { passphrase, effort }: { readonly passphrase: string | undefined; readonly effort: Effort },
): Steps<Password> {
  // Tools do not agree on whether an empty password is none.
  const candidates = passphrase === undefined || passphrase === "" ? [passphrase, passphrase ?? ""] : [passphrase];
  if (passphrase === "") candidates[0] = undefined;
  if (macData === undefined) return toPassword(passphrase);
  for (const candidate of candidates) {
    const password = toPassword(candidate);
    if (yield* verifyPkcs12Mac(macData, content, { password, effort })) return password;
  }
  throw new KeyProblem("is not opened", passphrase === undefined ? "passphrase-missing" : "passphrase-wrong");
}

/** A ContentInfo of the AuthenticatedSafe. */
function* readPart(part: DerElement, opening: Opening): Steps<void> {
  const type = part.child(0).objectIdentifier();
  if (type === data) {
    yield* readBags(part.child(1, contextTag(0)).child(0).octetString(), opening, 0);
    return;
  }
  if (type !== encryptedData) {
    throw new KeyProblem("is signed or encrypted with a key instead of a passphrase", "unsupported");
  }
  const encrypted = part.child(1, contextTag(0)).child(0, derTag.sequence).child(1, derTag.sequence);
  const [, algorithm, content] = encrypted.children();
  if (algorithm === undefined || content === undefined) throw new KeyProblem("is damaged");
  // As one piece, or as pieces of which there is one.
  const octets =
    content.tag === contextTag(0) ? content.child(0).octetString() : content.expect(contextTag(0, false)).content;
  yield* readBags(yield* decrypt(algorithm, octets, opening), opening, 0);
}

function* readBags(safeContents: Uint8Array, opening: Opening, depth: number): Steps<void> {
  if (depth > maxBagDepth) throw new KeyProblem("is damaged");
  for (const bag of DerElement.parse(normalizeBer(safeContents)).children()) {
    const type = bag.child(0).objectIdentifier();
    const value = bag.child(1, contextTag(0)).child(0);
    if (type === `${bags}1`) opening.privateKeys.push(value.bytes);
    else if (type === `${bags}2`) {
      const [algorithm, content] = value.children();
      if (algorithm === undefined || content === undefined) throw new KeyProblem("is damaged");
      opening.privateKeys.push(yield* decrypt(algorithm, content.octetString(), opening));
    } else if (type === `${bags}3` && value.child(0).objectIdentifier() === x509Certificate) {
      opening.certificates.push(value.child(1, contextTag(0)).child(0).octetString());
    } else if (type === `${bags}6`) yield* readBags(value.bytes, opening, depth + 1);
  }
}

function* decrypt(algorithm: DerElement, content: Uint8Array, opening: Opening): Steps<Uint8Array> {
  const plain = yield* decryptPbe(algorithm, content, opening);
  if (plain === undefined || !isSequence(plain)) throw new KeyProblem("is not opened", "passphrase-wrong");
  return plain;
}

/** Decrypts an EncryptedPrivateKeyInfo (RFC 5958, section 3) to what is in it. */
export function* decryptPkcs8(
  bytes: Uint8Array,
  passphrase: string | undefined,
  effort: Effort = new Effort(),
): Steps<Uint8Array> {
  if (passphrase === undefined) throw new KeyProblem("is encrypted", "passphrase-missing");
  const info = DerElement.parse(bytes).expect(derTag.sequence);
  const options = { password: toPassword(passphrase), effort };
  const plain = yield* decryptPbe(info.child(0, derTag.sequence), info.child(1).octetString(), options);
  if (plain === undefined || derKindOf(plain) !== "pkcs8") throw new KeyProblem("is not opened", "passphrase-wrong");
  return plain;
}

/** Padding may be right by chance; this is not. */
function isSequence(bytes: Uint8Array): boolean {
  try {
    DerElement.parse(normalizeBer(bytes)).expect(derTag.sequence);
    return true;
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

function isWrongPassphrase(error: unknown): boolean {
  return error instanceof KeyProblem && error.kind === "passphrase-wrong";
}
