import { InvalidOptionError, UnsupportedError, type Authenticator } from "@rivulet/engine";
import { hashBits, ScramExchange, type Secrets } from "./exchange.ts";
import { defaultMaxIterations, defaultMinIterations, nonceBytes } from "./limits.ts";
import { writeBase64 } from "./messages.ts";
import { saslprep } from "./saslprep.ts";

/** The Authentication Methods that `scram` knows. */
export type ScramAlgorithm = `SCRAM-${Secrets["hash"]}`;

/** Options of `scram`. */
export interface ScramOptions {
  /** Goes through SASLprep. */
  readonly username: string;
  /** A string goes through SASLprep; bytes are taken as they are, for a server that does not do as the standard says. */
  readonly password: string | Uint8Array;
  /** Default: SCRAM-SHA-256. */
  readonly algorithm?: ScramAlgorithm | undefined;
  /**
   * The least iteration count that is accepted from the server. Default: 4,096. With a lower one, somebody who
   * pretends to be the server can guess the password sooner.
   */
  readonly minIterations?: number | undefined;
  /** The greatest. Default: 2,000,000, a second or two of computing. */
  readonly maxIterations?: number | undefined;
  /** Makes the client's nonce: printable ASCII without a comma, never the same twice. Default: 24 random bytes. */
  readonly nonce?: (() => string) | undefined;
}

const known: readonly string[] = ["username", "password", "algorithm", "minIterations", "maxIterations", "nonce"];

/**
 * Authenticates client and server to each other by a password, which neither of them sends (RFC 5802, RFC 7677): what
 * is seen on the way, or by somebody who pretends to be the server, is of no use but to guess at it. MQTT 5.0 only.
 *
 * The client rejects with an AuthenticationError when the server does not prove that it knows the password as well.
 *
 * @throws InvalidOptionError naming the option; UnsupportedError where there is no WebCrypto, as on pages that did not
 * come over `https:` or from localhost.
 *
 * @example
 * ```ts no-run
 * import { connect } from "rivulet";
 * import { scram } from "rivulet/scram";
 *
 * const authenticator = scram({ username: "kitchen", password: "correct horse battery staple" });
 * await using client = await connect("mqtt://127.0.0.1:1883", { authenticator });
 * ```
 */
export function scram(options: ScramOptions): Authenticator {
  const { algorithm: method = "SCRAM-SHA-256", nonce = randomNonce } = options;
  const { minIterations = defaultMinIterations, maxIterations = defaultMaxIterations } = options;
  // Pages without a secure context have `crypto`, and not this part of it.
  if ((globalThis.crypto as Crypto | undefined)?.subtle === undefined) {
    const message =
      "SCRAM needs crypto.subtle, which pages have in a secure context only: over https: or from localhost";
    throw new UnsupportedError("crypto.subtle", message);
  }
  for (const name in options) {
    if (!known.includes(name)) throw new InvalidOptionError(name, `There is no option ${name}`);
  }
  const hash = method.slice("SCRAM-".length) as Secrets["hash"]; // If it is not, that is found here.
  if (method !== `SCRAM-${hash}` || !Object.hasOwn(hashBits, hash)) {
    throw new InvalidOptionError(
      "algorithm",
      `algorithm ${method} is none of SCRAM-${Object.keys(hashBits).join(", SCRAM-")}`,
    );
  }
  if (!(minIterations > 0 && minIterations <= maxIterations)) {
    throw new InvalidOptionError("minIterations", `${minIterations} to ${maxIterations} iterations make no sense`);
  }
  // RFC 5802: a user name is a query, a password is what is stored (sections 5.1 and 2.2).
  const username = prepare("username", options.username, true);
  const password =
    options.password instanceof Uint8Array
      ? options.password.slice()
      : new TextEncoder().encode(prepare("password", options.password, false));
  if (password.length === 0) throw new InvalidOptionError("password", "password is empty");
  return {
    method,
    begin: () => new ScramExchange({ username, password, hash, nonce: nonce(), minIterations, maxIterations }),
  };
}

function prepare(name: "username" | "password", value: string, allowsUnassigned: boolean): string {
  const prepared = typeof value === "string" ? saslprep(value, allowsUnassigned) : undefined;
  // What was wrong with it is not said: it is a secret.
  if (!prepared) throw new InvalidOptionError(name, `${name} is empty, or has characters that SASLprep forbids`);
  return prepared;
}

function randomNonce(): string {
  return writeBase64(crypto.getRandomValues(new Uint8Array(nonceBytes)));
}
