import { createDecipheriv, createHash, createHmac, timingSafeEqual, type KeyObject } from "node:crypto";
import { maxDerivationMemoryBytes, maxDerivationWorkBytes } from "./limits.ts";
import { argon2 } from "./optional-libraries.ts";
import { decodeBase64 } from "./pem.ts";
import { KeyProblem } from "./problems.ts";
import { readPuttyNumbers } from "./ssh-key.ts";
import { sshString } from "./ssh-wire.ts";
import { perform, type Steps } from "./steps.ts";

/** A file as it stands: `Name: value` lines, and two blocks of Base64. */
interface PuttyFile {
  readonly version: string;
  readonly algorithm: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly publicBlob: Uint8Array;
  readonly privateBlob: Uint8Array;
}

interface Secrets {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly macKey: Uint8Array;
}

/** Reads a key of PuTTY, version 2 or 3 (appendix C of its manual). */
export function* readPuttyKey(text: string, passphrase: string | undefined): Steps<KeyObject> {
  const file = parse(text);
  const encryption = file.headers.get("Encryption");
  if (encryption !== "none" && encryption !== "aes256-cbc") {
    throw new KeyProblem("is encrypted in a way that is not known", "unsupported");
  }
  const isEncrypted = encryption !== "none";
  if (isEncrypted && passphrase === undefined) throw new KeyProblem("is encrypted", "passphrase-missing");
  const secret = Buffer.from(isEncrypted ? (passphrase ?? "") : "");
  const { key, iv, macKey } = yield* deriveSecrets(file, secret, isEncrypted);
  const privateBlob = isEncrypted ? decrypt(file.privateBlob, key, iv) : file.privateBlob;
  const signed = [file.algorithm, encryption, file.headers.get("Comment") ?? "", file.publicBlob, privateBlob];
  const mac = createHmac(file.version === "2" ? "sha1" : "sha256", macKey);
  const actual = mac.update(Buffer.concat(signed.map(sshString))).digest();
  const expected = Buffer.from(file.headers.get("Private-MAC") ?? "", "hex");
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    throw isEncrypted ? new KeyProblem("is not opened", "passphrase-wrong") : new KeyProblem("is damaged");
  }
  return readPuttyNumbers(file.publicBlob, privateBlob);
}

function parse(text: string): PuttyFile {
  const lines = text.trim().split(/\r\n|\r|\n/);
  const [, version = "", algorithm = ""] = /^PuTTY-User-Key-File-(\d+): (\S+)$/.exec(lines[0] ?? "") ?? [];
  if (version !== "2" && version !== "3") {
    throw new KeyProblem("is a PPK file of a version other than 2 and 3", "unsupported");
  }
  const headers = new Map<string, string>();
  const blobs = new Map<string, Uint8Array>();
  for (let index = 1; index < lines.length; index++) {
    const [, name = "", value = ""] = /^([A-Za-z0-9-]+): ?(.*)$/.exec(lines[index] ?? "") ?? [];
    if (name === "") throw new KeyProblem("is damaged");
    headers.set(name, value);
    if (!name.endsWith("-Lines")) continue;
    const count = Number(value);
    const blob = Number.isInteger(count) ? decodeBase64(lines.slice(index + 1, index + 1 + count).join("")) : undefined;
    if (blob === undefined) throw new KeyProblem("is damaged");
    blobs.set(name, blob);
    index += count;
  }
  const publicBlob = blobs.get("Public-Lines");
  const privateBlob = blobs.get("Private-Lines");
  if (publicBlob === undefined) throw new KeyProblem("is damaged");
  if (privateBlob === undefined) throw new KeyProblem("is damaged: it has no private part");
  return { version, algorithm, headers, publicBlob, privateBlob };
}

function* deriveSecrets(file: PuttyFile, passphrase: Uint8Array, isEncrypted: boolean): Steps<Secrets> {
  if (file.version === "2") {
    const part = (number: number): Buffer =>
      createHash("sha1")
        .update(Uint8Array.of(0, 0, 0, number))
        .update(passphrase)
        .digest();
    const macKey = createHash("sha1").update("putty-private-key-file-mac-key").update(passphrase).digest();
    return { key: Buffer.concat([part(0), part(1)]).subarray(0, 32), iv: new Uint8Array(16), macKey };
  }
  const empty = new Uint8Array(0);
  if (!isEncrypted) return { key: empty, iv: empty, macKey: empty };
  const derived = yield* deriveArgon2(file.headers, passphrase);
  return { key: derived.subarray(0, 32), iv: derived.subarray(32, 48), macKey: derived.subarray(48, 80) };
}

function* deriveArgon2(headers: ReadonlyMap<string, string>, passphrase: Uint8Array): Steps<Uint8Array> {
  const number = (name: string): number => {
    const value = Number(headers.get(name));
    if (!Number.isSafeInteger(value) || value < 1) throw new KeyProblem("is damaged");
    return value;
  };
  const options = {
    m: number("Argon2-Memory"),
    t: number("Argon2-Passes"),
    p: number("Argon2-Parallelism"),
    dkLen: 80,
  };
  const memoryBytes = options.m * 1024;
  if (memoryBytes > maxDerivationMemoryBytes || memoryBytes * options.t > maxDerivationWorkBytes) {
    throw new KeyProblem(
      `needs more of Argon2 than the limits, ${maxDerivationMemoryBytes} bytes and ${maxDerivationWorkBytes} over all passes`,
    );
  }
  const salt = Buffer.from(headers.get("Argon2-Salt") ?? "", "hex");
  const library = yield* perform(argon2);
  const kinds = new Map([
    ["Argon2d", { now: library.argon2d, later: library.argon2dAsync }],
    ["Argon2i", { now: library.argon2i, later: library.argon2iAsync }],
    ["Argon2id", { now: library.argon2id, later: library.argon2idAsync }],
  ]);
  const derive = kinds.get(headers.get("Key-Derivation") ?? "");
  if (derive === undefined) throw new KeyProblem("is encrypted in a way that is not known", "unsupported");
  try {
    return yield* perform<Uint8Array>({
      now: () => derive.now(passphrase, salt, options),
      later: () => derive.later(passphrase, salt, options),
    });
  } catch {
    throw new KeyProblem("is damaged");
  }
}

function decrypt(data: Uint8Array, key: Uint8Array, iv: Uint8Array): Uint8Array {
  try {
    const stream = createDecipheriv("aes-256-cbc", key, iv).setAutoPadding(false);
    return Buffer.concat([stream.update(data), stream.final()]);
  } catch {
    throw new KeyProblem("is damaged");
  }
}
