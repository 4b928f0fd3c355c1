import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";

/** What a server of the tests keeps of one user, and how it is to go wrong. */
export interface ScramServerOptions {
  readonly hash: "sha1" | "sha256" | "sha512";
  /** As it is to be: prepared. */
  readonly password: string | Uint8Array;
  readonly salt?: Uint8Array;
  readonly iterations?: number;
  /** What it appends to the client's nonce. */
  readonly nonce?: string;
}

/** The server's side of one exchange of SCRAM (RFC 5802), on node:crypto. */
export class ScramServer {
  readonly first: string;
  readonly username: string;
  readonly #options: ScramServerOptions;
  readonly #clientFirst: string;
  readonly #nonce: string;
  readonly #salted: Buffer;

  constructor(initialData: Uint8Array | undefined, options: ScramServerOptions) {
    const { hash, password, salt = Buffer.from("4125c247e43ab1e93c6dff76", "hex"), iterations = 4096 } = options;
    const [, clientFirst = "", name = "", nonce = ""] = /^n,,(n=([^,]+),r=([^,]+))$/.exec(text(initialData)) ?? [];
    this.#options = options;
    this.#clientFirst = clientFirst;
    this.#nonce = nonce + (options.nonce ?? "3rfcNHYJY1ZVvWVs7j");
    this.#salted = pbkdf2Sync(password, salt, iterations, createHash(hash).digest().length, hash);
    this.username = name.replaceAll("=2C", ",").replaceAll("=3D", "=");
    this.first = `r=${this.#nonce},s=${Buffer.from(salt).toString("base64")},i=${iterations}`;
  }

  /** Checks the client's proof; the message that the server ends with. */
  final(clientFinal: Uint8Array | undefined): string {
    const { hash } = this.#options;
    const hmac = (key: Uint8Array, bytes: string): Buffer => createHmac(hash, key).update(bytes).digest();
    const [, withoutProof = "", proof = ""] = /^(.*),p=([^,]*)$/.exec(text(clientFinal)) ?? [];
    if (withoutProof !== `c=biws,r=${this.#nonce}`) return "e=other-error";
    const said = `${this.#clientFirst},${this.first},${withoutProof}`;
    const stored = createHash(hash).update(hmac(this.#salted, "Client Key")).digest();
    const signature = hmac(stored, said);
    const clientKey = Buffer.from(proof, "base64").map((byte, index) => byte ^ (signature[index] ?? 0));
    if (!timingSafeEqual(createHash(hash).update(clientKey).digest(), stored)) return "e=invalid-proof";
    return `v=${hmac(hmac(this.#salted, "Server Key"), said).toString("base64")}`;
  }
}

export function bytes(message: string): Uint8Array {
  return new TextEncoder().encode(message);
}

export function text(data: Uint8Array | undefined): string {
  return new TextDecoder().decode(data);
}
