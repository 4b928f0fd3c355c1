import { createRequire } from "node:module";
import { UnsupportedError } from "@rivulet/engine";
import type { Task } from "./steps.ts";

/** The libraries that few need. They are loaded when a file asks for them. */

/**
 * Argon2, which Node has not before 24: for PPK files of PuTTY since 0.75.
 *
 * @noble/hashes is small, without dependencies, audited and kept up; it pauses for other work.
 */
export const argon2: Task<typeof import("@noble/hashes/argon2.js")> = loading({
  name: "@noble/hashes",
  purpose: "to open a PPK file with a passphrase",
  require: (require) => require("@noble/hashes/argon2.js") as typeof import("@noble/hashes/argon2.js"),
  import: () => import("@noble/hashes/argon2.js").catch(rethrow),
});

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
export const bcryptPbkdf: Task<BcryptPbkdf> = loading({
  name: "bcrypt-pbkdf",
  purpose: "to open an OpenSSH key with a passphrase",
  require: (require) => require("bcrypt-pbkdf") as BcryptPbkdf,
  import: async () => {
    // @ts-expect-error -- It comes without types, and nobody else has any for it.
    const loaded: unknown = await import("bcrypt-pbkdf").catch(rethrow);
    return (loaded as { readonly default: BcryptPbkdf }).default;
  },
});

/** For bundlers: one that does not find a package leaves it at that where there is a `catch`. */
function rethrow(error: unknown): never {
  throw error;
}

interface Loading<Library> {
  readonly name: string;
  readonly purpose: string;
  /** `require` knows modules of ECMAScript too, since Node 20.19. */
  require(require: NodeJS.Require): Library;
  import(): Promise<Library>;
}

function loading<Library>({ name, purpose, ...library }: Loading<Library>): Task<Library> {
  const missing = (cause: unknown): UnsupportedError =>
    new UnsupportedError("tls.key", `Install the package ${name} ${purpose}`, { cause });
  return {
    now() {
      try {
        return library.require(createRequire(import.meta.url));
      } catch (error) {
        throw missing(error);
      }
    },
    later: async () =>
      library.import().catch((error: unknown) => {
        throw missing(error);
      }),
  };
}
