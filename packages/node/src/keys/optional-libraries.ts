import { UnsupportedError } from "@rivulet/engine";

/** The libraries that few need. They are loaded when a file asks for them. */

/**
 * Argon2, which Node has not before 24: for PPK files of PuTTY since 0.75.
 *
 * @noble/hashes is small, without dependencies, audited and kept up; it pauses for other work.
 */
export async function loadArgon2(): Promise<typeof import("@noble/hashes/argon2.js")> {
  return import("@noble/hashes/argon2.js").catch((cause: unknown) => {
    throw missing("@noble/hashes", "to open a PPK file with a passphrase", cause);
  });
}

/** What is used of bcrypt-pbkdf, which comes without types. */
export interface BcryptPbkdf {
  /** Writes `keyLength` bytes into `key`; returns another number than 0 when it does not like its arguments. */
  pbkdf(
    passphrase: Uint8Array,
    passphraseLength: number,
    salt: Uint8Array,
    saltLength: number,
    key: Uint8Array,
    keyLength: number,
    rounds: number,
  ): number;
}

/**
 * bcrypt as OpenSSH derives keys with it. bcrypt-pbkdf is finished rather than kept up: it has not had to change since
 * 2018, and ssh2 and sshpk stand on it. sshpk itself, which reads several of these forms, brings nine packages along,
 * and knows neither PPK 3 nor limits.
 */
export async function loadBcrypt(): Promise<BcryptPbkdf> {
  // @ts-expect-error -- It comes without types, and nobody else has any for it.
  const loaded: unknown = await import("bcrypt-pbkdf").catch((cause: unknown) => {
    throw missing("bcrypt-pbkdf", "to open an OpenSSH key with a passphrase", cause);
  });
  const { default: bcrypt } = loaded as { readonly default: BcryptPbkdf };
  return bcrypt;
}

function missing(name: string, purpose: string, cause: unknown): UnsupportedError {
  return new UnsupportedError("tls.key", `Install the package ${name} ${purpose}`, { cause });
}
