import {
  createDecipheriv,
  createHash,
  createHmac,
  pbkdf2,
  pbkdf2Sync,
  scrypt,
  scryptSync,
  type ScryptOptions,
} from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import { derTag, type DerElement } from "./der.ts";
import {
  maxBcryptRounds,
  maxDerivationMemoryBytes,
  maxDerivationWorkBytes,
  maxPbkdf2Iterations,
  maxPkcs12Iterations,
} from "./limits.ts";
import { KeyProblem } from "./problems.ts";
import { decipherRc2 } from "./rc2.ts";
import { perform, type Steps, type Task } from "./steps.ts";

/**
 * Password-based encryption: PBES2 of PKCS#5, what PKCS#12 had before, and PBES1 with DES. Where they can wait,
 * keys are derived off the main thread, or with pauses; all derivations for one file together are bounded.
 */

/** A password as PBES2 takes it, and as PKCS#12 does. Without one, both are empty. */
export interface Password {
  readonly utf8: Uint8Array;
  /** UTF-16 with a zero behind it (RFC 7292, appendix B.1). */
  readonly bmp: Uint8Array;
}

export function toPassword(passphrase: string | undefined): Password {
  if (passphrase === undefined) return { utf8: new Uint8Array(0), bmp: new Uint8Array(0) };
  const bmp = Buffer.from(`${passphrase}\0`, "utf16le").swap16();
  return { utf8: Buffer.from(passphrase), bmp };
}

/** What deriving keys may still cost for one file. */
export class Effort {
  readonly #left: Record<Derivation, number> = { ...limits };

  /** `problem` says what is wrong when there is not enough left; by default, that there are too many iterations. */
  spend(kind: Derivation, amount: number, problem?: string): void {
    if (amount < 1) throw new KeyProblem("is damaged");
    this.#left[kind] -= amount;
    if (this.#left[kind] >= 0) return;
    throw new KeyProblem(problem ?? `needs more than ${limits[kind]} iterations to be decrypted, which is the limit`);
  }
}

type Derivation = "pbkdf2" | "pkcs12" | "scrypt" | "bcrypt";

const limits: Readonly<Record<Derivation, number>> = {
  pbkdf2: maxPbkdf2Iterations,
  pkcs12: maxPkcs12Iterations,
  scrypt: maxDerivationWorkBytes,
  bcrypt: maxBcryptRounds,
};

const pbkdf2Async = promisify(pbkdf2);
const scryptAsync = promisify<Uint8Array, Uint8Array, number, ScryptOptions, Buffer>(scrypt);

/** Lets other work go on. */
const pause: Task<void> = { now: () => undefined, later: async () => turn() };

const pkcs12 = "1.2.840.113549.1.12.1.";
const pkcs5 = "1.2.840.113549.1.5.";
const scryptIdentifier = "1.3.6.1.4.1.11591.4.11";

/** What is named by the algorithm's object identifier. */
const hmacHashes: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.2.7", "sha1"],
  ["1.2.840.113549.2.8", "sha224"],
  ["1.2.840.113549.2.9", "sha256"],
  ["1.2.840.113549.2.10", "sha384"],
  ["1.2.840.113549.2.11", "sha512"],
]);

const hashes: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.2.5", "md5"],
  ["1.3.14.3.2.26", "sha1"],
  ["2.16.840.1.101.3.4.2.4", "sha224"],
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
]);

const ciphers: ReadonlyMap<string, { readonly name: string; readonly keyBytes: number }> = new Map([
  ["2.16.840.1.101.3.4.1.2", { name: "aes-128-cbc", keyBytes: 16 }],
  ["2.16.840.1.101.3.4.1.22", { name: "aes-192-cbc", keyBytes: 24 }],
  ["2.16.840.1.101.3.4.1.42", { name: "aes-256-cbc", keyBytes: 32 }],
  ["1.2.840.113549.3.7", { name: "des-ede3-cbc", keyBytes: 24 }],
]);

const legacyCiphers: ReadonlyMap<string, { readonly name: "des3" | "rc2"; readonly keyBytes: number }> = new Map([
  [`${pkcs12}3`, { name: "des3", keyBytes: 24 }],
  [`${pkcs12}4`, { name: "des3", keyBytes: 16 }],
  [`${pkcs12}5`, { name: "rc2", keyBytes: 16 }],
  [`${pkcs12}6`, { name: "rc2", keyBytes: 5 }],
]);

const desHashes: ReadonlyMap<string, string> = new Map([
  [`${pkcs5}3`, "md5"],
  [`${pkcs5}10`, "sha1"],
]);

/**
 * Decrypts what an AlgorithmIdentifier says how to; undefined when the password is wrong, or the data is damaged, as far
 * as that can be seen.
 */
export function* decryptPbe(
  algorithm: DerElement,
  data: Uint8Array,
  { password, effort }: { readonly password: Password; readonly effort: Effort },
): Steps<Uint8Array | undefined> {
  const identifier = algorithm.child(0).objectIdentifier();
  if (identifier === `${pkcs5}13`) return yield* decryptPbes2(algorithm.child(1), data, { password, effort });
  const legacy = legacyCiphers.get(identifier);
  const desHash = desHashes.get(identifier);
  if (legacy === undefined && desHash === undefined) throw unknownAlgorithm(identifier);
  const parameters = algorithm.child(1, derTag.sequence);
  const salt = parameters.child(0).octetString();
  const iterations = parameters.child(1).smallInteger();
  if (legacy === undefined) return yield* decryptDes(data, { hash: desHash ?? "", salt, iterations, password, effort });
  const derivation = { password: password.bmp, salt, iterations, hash: "sha1", effort };
  const key = yield* derivePkcs12({ ...derivation, purpose: 1, length: legacy.keyBytes });
  const iv = yield* derivePkcs12({ ...derivation, purpose: 2, length: 8 });
  if (legacy.name === "rc2") return decipherRc2(data, { key, iv });
  // Two keys are three where the third is the first.
  const tripled = key.length === 24 ? key : Buffer.concat([key, key.subarray(0, 8)]);
  return decipher("des-ede3-cbc", data, { key: tripled, iv });
}

/** Checks the MAC of a PKCS#12 file. */
export function* verifyPkcs12Mac(
  macData: DerElement,
  data: Uint8Array,
  { password, effort }: { readonly password: Password; readonly effort: Effort },
): Steps<boolean> {
  const [digestInfo, salt, iterations] = macData.children();
  if (digestInfo === undefined || salt === undefined) throw new KeyProblem("is damaged");
  const algorithm = digestInfo.child(0);
  const expected = digestInfo.child(1).octetString();
  const identifier = algorithm.child(0).objectIdentifier();
  let hash: string | undefined;
  let key: Uint8Array;
  if (identifier === `${pkcs5}14`) {
    // RFC 9579: the MAC is that of PKCS#5.
    hash = hmacHashes.get(algorithm.child(1).child(1).child(0).objectIdentifier());
    if (hash === undefined) throw unknownAlgorithm(identifier);
    key = yield* deriveKey(algorithm.child(1).child(0), { password: password.utf8, length: undefined, effort });
  } else {
    hash = hashes.get(identifier);
    if (hash === undefined) throw unknownAlgorithm(identifier);
    const derivation = {
      password: password.bmp,
      salt: salt.octetString(),
      iterations: iterations?.smallInteger() ?? 1,
    };
    const length = createHash(hash).digest().length;
    key = yield* derivePkcs12({ ...derivation, hash, purpose: 3, length, effort });
  }
  return createHmac(hash, key).update(data).digest().equals(expected);
}

function* decryptPbes2(
  parameters: DerElement,
  data: Uint8Array,
  { password, effort }: { readonly password: Password; readonly effort: Effort },
): Steps<Uint8Array | undefined> {
  const scheme = parameters.child(1);
  const identifier = scheme.child(0).objectIdentifier();
  const cipher = ciphers.get(identifier);
  if (cipher === undefined) throw unknownAlgorithm(identifier);
  const iv = scheme.child(1).octetString();
  if (iv.length !== (cipher.name === "des-ede3-cbc" ? 8 : 16)) throw new KeyProblem("is damaged");
  const key = yield* deriveKey(parameters.child(0), { password: password.utf8, length: cipher.keyBytes, effort });
  return decipher(cipher.name, data, { key, iv });
}

/** PBKDF2 or scrypt, as an AlgorithmIdentifier says. */
function* deriveKey(
  algorithm: DerElement,
  options: { readonly password: Uint8Array; readonly length: number | undefined; readonly effort: Effort },
): Steps<Uint8Array> {
  const identifier = algorithm.child(0).objectIdentifier();
  const parameters = algorithm.child(1, derTag.sequence);
  if (identifier === scryptIdentifier) return yield* deriveScrypt(parameters, options);
  if (identifier !== `${pkcs5}12`) throw unknownAlgorithm(identifier);
  const [salt, iterations, ...rest] = parameters.children();
  if (salt === undefined || iterations === undefined) throw new KeyProblem("is damaged");
  const prf = rest
    .find((one) => one.tag === derTag.sequence)
    ?.child(0)
    .objectIdentifier();
  const hash = prf === undefined ? "sha1" : hmacHashes.get(prf);
  if (hash === undefined) throw unknownAlgorithm(prf ?? "");
  const stated = rest.find((one) => one.tag === derTag.integer)?.smallInteger();
  const length = options.length ?? stated ?? createHash(hash).digest().length;
  if (length < 1 || length > 64) throw new KeyProblem("is damaged");
  options.effort.spend("pbkdf2", iterations.smallInteger());
  const parts = [options.password, salt.octetString(), iterations.smallInteger(), length, hash] as const;
  return yield* perform<Uint8Array>({ now: () => pbkdf2Sync(...parts), later: () => pbkdf2Async(...parts) });
}

function* deriveScrypt(
  parameters: DerElement,
  {
    password,
    length = 32,
    effort,
  }: { readonly password: Uint8Array; readonly length: number | undefined; readonly effort: Effort },
): Steps<Uint8Array> {
  const salt = parameters.child(0).octetString();
  const [cost, blockSize, parallelization] = [1, 2, 3].map((index) => parameters.child(index).smallInteger());
  if (cost === undefined || blockSize === undefined || parallelization === undefined)
    throw new KeyProblem("is damaged");
  const memory = 128 * cost * blockSize;
  const problem = `needs more than ${maxDerivationMemoryBytes} bytes of memory, or longer, than scrypt may take`;
  if (memory > maxDerivationMemoryBytes) throw new KeyProblem(problem);
  effort.spend("scrypt", memory * parallelization, problem);
  const options = { N: cost, r: blockSize, p: parallelization, maxmem: 2 * maxDerivationMemoryBytes };
  try {
    return yield* perform<Uint8Array>({
      now: () => scryptSync(password, salt, length, options),
      later: () => scryptAsync(password, salt, length, options),
    });
  } catch {
    throw new KeyProblem("is damaged");
  }
}

/** RFC 7292, appendix B.2: `purpose` is 1 for a key, 2 for an initialization vector, 3 for a MAC. */
function* derivePkcs12(options: {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly hash: string;
  readonly purpose: 1 | 2 | 3;
  readonly length: number;
  readonly effort: Effort;
}): Steps<Uint8Array> {
  const { password, salt, iterations, hash, purpose, length, effort } = options;
  const blockBytes = hash === "sha384" || hash === "sha512" ? 128 : 64;
  const input = Buffer.concat([fill(salt, blockBytes), fill(password, blockBytes)]);
  const key: Uint8Array[] = [];
  for (let derived = 0; derived < length;) {
    effort.spend("pkcs12", iterations);
    let digest = createHash(hash).update(Buffer.alloc(blockBytes, purpose)).update(input).digest();
    for (let iteration = 1; iteration < iterations; iteration++) {
      digest = createHash(hash).update(digest).digest();
      if (iteration % 10_000 === 0) yield* perform(pause);
    }
    key.push(digest);
    derived += digest.length;
    const addend = fill(digest, blockBytes).subarray(0, blockBytes);
    for (let offset = 0; offset < input.length; offset += blockBytes) addOne(input, addend, offset);
  }
  return Buffer.concat(key).subarray(0, length);
}

/** Repeats bytes to a multiple of a block. */
function fill(bytes: Uint8Array, blockBytes: number): Buffer {
  const length = blockBytes * Math.ceil(bytes.length / blockBytes);
  return bytes.length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes);
}

/** Adds `addend` + 1 to the block at `offset`, as numbers. */
function addOne(input: Buffer, addend: Buffer, offset: number): void {
  let carry = 1;
  for (let index = addend.length - 1; index >= 0; index--) {
    carry += (input[offset + index] ?? 0) + (addend[index] ?? 0);
    input[offset + index] = carry & 0xff;
    carry >>= 8;
  }
}

/** PBES1 of PKCS#5 with PBKDF1. */
function* decryptDes(
  data: Uint8Array,
  options: {
    readonly hash: string;
    readonly salt: Uint8Array;
    readonly iterations: number;
    readonly password: Password;
    readonly effort: Effort;
  },
): Steps<Uint8Array | undefined> {
  const { hash, salt, iterations, password, effort } = options;
  effort.spend("pkcs12", iterations);
  let digest = createHash(hash).update(password.utf8).update(salt).digest();
  for (let iteration = 1; iteration < iterations; iteration++) {
    digest = createHash(hash).update(digest).digest();
    if (iteration % 10_000 === 0) yield* perform(pause);
  }
  const key = digest.subarray(0, 8);
  // Node has no DES, but Triple DES with the same key three times is that.
  return decipher("des-ede3-cbc", data, { key: Buffer.concat([key, key, key]), iv: digest.subarray(8, 16) });
}

/** Undefined when the padding is wrong. */
function decipher(
  name: string,
  data: Uint8Array,
  { key, iv }: { readonly key: Uint8Array; readonly iv: Uint8Array },
): Uint8Array | undefined {
  try {
    const stream = createDecipheriv(name, key, iv);
    return Buffer.concat([stream.update(data), stream.final()]);
  } catch {
    return undefined;
  }
}

function unknownAlgorithm(identifier: string): KeyProblem {
  const known = identifier === `${pkcs12}1` || identifier === `${pkcs12}2` ? "RC4" : identifier;
  return new KeyProblem(`is encrypted with ${known}, which cannot be read`, "unsupported");
}
