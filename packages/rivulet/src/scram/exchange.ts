import { AuthenticationError, type Authentication } from "@rivulet/engine";
import { escapeName, readServerFinal, readServerFirst, readText, writeBase64 } from "./messages.ts";

// Theory of operation
//
//   client: user name, nonce            -> CONNECT, or AUTH 0x19   initialData
//   server: both nonces, salt, i        <- AUTH 0x18               respond
//   client: both nonces, its proof      -> AUTH 0x18
//   server: its signature               <- CONNACK, or AUTH 0x00   verify
//
// The proof and the signature are over all that was said, and take the password, or what the server keeps of it. The
// exchange is good for one round: `respond` once, then `verify` once.

/** Hash functions, with the length of what they give. */
export const hashBits = { "SHA-1": 160, "SHA-256": 256, "SHA-512": 512 } as const;

/** What an exchange needs to know. */
export interface Secrets {
  /** Prepared. */
  readonly username: string;
  /** Prepared, as UTF-8. */
  readonly password: Uint8Array<ArrayBuffer>;
  readonly hash: keyof typeof hashBits;
  /** Printable ASCII without a comma. */
  readonly nonce: string;
  readonly minIterations: number;
  readonly maxIterations: number;
}

/** No channel binding: nothing of the transport is known here. */
const header = "n,,";

const encoder = new TextEncoder();

/** One exchange of SCRAM (RFC 5802, section 3). */
export class ScramExchange implements Authentication {
  readonly initialData: Uint8Array;
  readonly #secrets: Secrets;
  readonly #clientFirst: string;
  /** Tells whether a signature is the server's, once that is to be expected. */
  #isServers: ((signature: Uint8Array<ArrayBuffer>) => Promise<boolean>) | undefined;
  #hasResponded = false;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
    this.#clientFirst = `n=${escapeName(secrets.username)},r=${secrets.nonce}`;
    this.initialData = encoder.encode(header + this.#clientFirst);
  }

  async respond(data: Uint8Array | undefined): Promise<Uint8Array> {
    if (this.#hasResponded) throw new AuthenticationError("The server asks for more than SCRAM has to say");
    this.#hasResponded = true;
    const { nonce: ours, minIterations, maxIterations, password, hash } = this.#secrets;
    const serverFirst = readText(data);
    const { nonce, salt, iterations } = readServerFirst(serverFirst);
    if (!nonce.startsWith(ours) || nonce === ours) {
      throw new AuthenticationError("The server's SCRAM nonce does not continue the client's");
    }
    if (iterations < minIterations || iterations > maxIterations) {
      const range = `${minIterations} to ${maxIterations}`;
      throw new AuthenticationError(`The server's SCRAM iteration count is ${iterations}, and ${range} are accepted`);
    }
    const clientFinal = `c=${btoa(header)},r=${nonce}`;
    const said = encoder.encode(`${this.#clientFirst},${serverFirst},${clientFinal}`);

    const { subtle } = crypto;
    const key = await subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const salted = await subtle.deriveBits({ name: "PBKDF2", hash, salt, iterations }, key, hashBits[hash]);
    const sign = async (by: BufferSource, bytes: BufferSource): Promise<Uint8Array<ArrayBuffer>> =>
      new Uint8Array(await subtle.sign("HMAC", await hmac(by, hash, "sign"), bytes));
    const clientKey = await sign(salted, encoder.encode("Client Key"));
    const signature = await sign(await subtle.digest(hash, clientKey), said);
    const proof = signature.map((byte, index) => byte ^ (clientKey[index] ?? 0));
    const serverKey = await hmac(await sign(salted, encoder.encode("Server Key")), hash, "verify");
    this.#isServers = (server) => subtle.verify("HMAC", serverKey, server, said);
    return encoder.encode(`${clientFinal},p=${writeBase64(proof)}`);
  }

  async verify(data: Uint8Array | undefined): Promise<void> {
    const signature = readServerFinal(readText(data));
    if ((await this.#isServers?.(signature)) !== true) {
      throw new AuthenticationError("The server's SCRAM signature is wrong: it does not know the password");
    }
  }
}

function hmac(key: BufferSource, hash: string, usage: "sign" | "verify"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, [usage]);
}
