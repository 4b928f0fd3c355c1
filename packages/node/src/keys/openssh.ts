import { createDecipheriv, type CipherGCMTypes, type KeyObject } from "node:crypto";
import { maxBcryptRounds } from "./limits.ts";
import { bcryptPbkdf } from "./optional-libraries.ts";
import { Effort } from "./pbe.ts";
import { KeyProblem } from "./problems.ts";
import { readOpenSshNumbers } from "./ssh-key.ts";
import { SshReader } from "./ssh-wire.ts";
import { perform, type Steps } from "./steps.ts";

const magic = "openssh-key-v1\0";

interface Cipher {
  readonly name: string;
  readonly keyBytes: number;
  readonly ivBytes: number;
  readonly isAuthenticated?: boolean;
}

/** What `ssh -Q cipher` shows, but for ChaCha20, which OpenSSH has in a way of its own. */
const ciphers: ReadonlyMap<string, Cipher> = new Map([
  ["3des-cbc", { name: "des-ede3-cbc", keyBytes: 24, ivBytes: 8 }],
  ["aes128-cbc", { name: "aes-128-cbc", keyBytes: 16, ivBytes: 16 }],
  ["aes192-cbc", { name: "aes-192-cbc", keyBytes: 24, ivBytes: 16 }],
  ["aes256-cbc", { name: "aes-256-cbc", keyBytes: 32, ivBytes: 16 }],
  ["aes128-ctr", { name: "aes-128-ctr", keyBytes: 16, ivBytes: 16 }],
  ["aes192-ctr", { name: "aes-192-ctr", keyBytes: 24, ivBytes: 16 }],
  ["aes256-ctr", { name: "aes-256-ctr", keyBytes: 32, ivBytes: 16 }],
  ["aes128-gcm@openssh.com", { name: "aes-128-gcm", keyBytes: 16, ivBytes: 12, isAuthenticated: true }],
  ["aes256-gcm@openssh.com", { name: "aes-256-gcm", keyBytes: 32, ivBytes: 12, isAuthenticated: true }],
]);

/** Reads what stands in `-----BEGIN OPENSSH PRIVATE KEY-----` (PROTOCOL.key of OpenSSH). */
export function* readOpenSshKey(
  bytes: Uint8Array,
  passphrase: string | undefined,
  effort: Effort = new Effort(),
): Steps<KeyObject> {
  const beginning = Buffer.from(bytes.subarray(0, magic.length)).toString("latin1");
  if (beginning !== magic) throw new KeyProblem("is damaged");
  const reader = new SshReader(bytes.subarray(magic.length));
  const cipher = reader.text();
  const derivation = reader.text();
  const derivationOptions = reader.string();
  if (reader.uint32() !== 1) throw new KeyProblem("holds several keys, and it is not clear which one is meant");
  reader.string();
  const secret = reader.string();
  if (cipher === "none") return readSecret(secret, "is damaged", "invalid");
  if (passphrase === undefined) throw new KeyProblem("is encrypted", "passphrase-missing");
  if (derivation !== "bcrypt") throw new KeyProblem("is encrypted in a way that is not known", "unsupported");
  const known = ciphers.get(cipher);
  if (known === undefined)
    throw new KeyProblem(`is encrypted with ${nameOf(cipher)}, which cannot be read`, "unsupported");
  const key = yield* deriveKey(derivationOptions, { passphrase, effort, length: known.keyBytes + known.ivBytes });
  const plain = decrypt(known, key, { secret, tag: reader.rest.subarray(0, 16) });
  return readSecret(plain, "is not opened", "passphrase-wrong");
}

function* deriveKey(
  options: Uint8Array,
  { passphrase, effort, length }: { readonly passphrase: string; readonly effort: Effort; readonly length: number },
): Steps<Uint8Array> {
  const reader = new SshReader(options);
  const salt = reader.string();
  const rounds = reader.uint32();
  effort.spend("bcrypt", rounds, `needs ${rounds} rounds to be decrypted, and the limit is ${maxBcryptRounds}`);
  const bcrypt = yield* perform(bcryptPbkdf);
  const secret = Buffer.from(passphrase);
  const key = new Uint8Array(length);
  // It is not fond of empty ones, which no tool makes.
  if (secret.length === 0) throw new KeyProblem("is not opened", "passphrase-wrong");
  if (bcrypt.pbkdf(secret, secret.length, salt, salt.length, key, length, rounds) !== 0)
    throw new KeyProblem("is damaged");
  return key;
}

function decrypt(
  { name, keyBytes, isAuthenticated }: Cipher,
  derived: Uint8Array,
  { secret, tag }: { readonly secret: Uint8Array; readonly tag: Uint8Array },
): Uint8Array {
  const key = derived.subarray(0, keyBytes);
  const iv = derived.subarray(keyBytes);
  try {
    if (isAuthenticated === true) {
      const stream = createDecipheriv(name as CipherGCMTypes, key, iv, { authTagLength: 16 }).setAuthTag(tag);
      return Buffer.concat([stream.update(secret), stream.final()]);
    }
    const stream = createDecipheriv(name, key, iv).setAutoPadding(false);
    return Buffer.concat([stream.update(secret), stream.final()]);
  } catch {
    throw new KeyProblem("is not opened", "passphrase-wrong");
  }
}

function readSecret(secret: Uint8Array, otherwise: string, kind: "invalid" | "passphrase-wrong"): KeyObject {
  const reader = new SshReader(secret);
  // The same random number twice is how one sees that the passphrase was right.
  if (secret.length < 8 || reader.uint32() !== reader.uint32()) throw new KeyProblem(otherwise, kind);
  return readOpenSshNumbers(reader);
}

/** A name that is known to be one. */
function nameOf(cipher: string): string {
  return /^[a-z0-9@.-]{1,40}$/.test(cipher) ? cipher : "a cipher that is not known";
}
