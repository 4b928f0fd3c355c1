import type { JsonWebKey, KeyObject } from "node:crypto";
import { checkCertificate } from "./certificates.ts";
import { privateJwk, publicJwk } from "./key-numbers.ts";
import { maxKeyNumberBytes } from "./limits.ts";
import { decodeBase64 } from "./pem.ts";
import { KeyProblem } from "./problems.ts";
import { isRecord } from "./source.ts";

/** What a key of each type consists of (RFC 7518, section 6; RFC 8037): of its public part, and of its private one. */
const members: ReadonlyMap<unknown, { readonly public: readonly string[]; readonly private: readonly string[] }> =
  new Map([
    ["RSA", { public: ["n", "e"], private: ["d", "p", "q", "dp", "dq", "qi"] }],
    ["EC", { public: ["crv", "x", "y"], private: ["d"] }],
    ["OKP", { public: ["crv", "x"], private: ["d"] }],
  ]);

/** A JSON Web Key from its text. A set of one key is that key. */
export function parseJwk(text: string): Readonly<Record<string, unknown>> {
  const keys = parseJwks(text);
  const [key] = keys;
  if (keys.length === 1 && key !== undefined) return key;
  throw new KeyProblem(`holds a set of ${keys.length} JSON Web Keys, and it is not clear which one is meant`);
}

/** A JSON Web Key, or those of a set, from the text. */
export function parseJwks(text: string): readonly Readonly<Record<string, unknown>>[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    // The error would quote the text.
    throw new KeyProblem("is damaged: it is not JSON");
  }
  if (!isRecord(value)) throw new KeyProblem("is not a JSON Web Key");
  const keys: unknown = value["keys"];
  if (!Array.isArray(keys)) return [value];
  const records = (keys as readonly unknown[]).filter(isRecord);
  if (records.length < keys.length) throw new KeyProblem("is damaged: not all of its set are JSON Web Keys");
  return records;
}

export function readPrivateJwk(jwk: Readonly<Record<string, unknown>>): KeyObject {
  const { kty, names } = namesOf(jwk);
  if (jwk["d"] === undefined) throw new KeyProblem("holds a public key, where a private one is needed");
  if (kty === "RSA" && jwk["oth"] !== undefined) throw new KeyProblem("has more than two primes", "unsupported");
  if (kty === "RSA" && jwk["p"] === undefined) {
    throw new KeyProblem("has no p, q, dp, dq and qi, without which Node reads no JSON Web Key", "unsupported");
  }
  return privateJwk(pick(jwk, [...names.public, ...names.private]));
}

export function readPublicJwk(jwk: Readonly<Record<string, unknown>>): KeyObject {
  return publicJwk(pick(jwk, namesOf(jwk).names.public));
}

/** The certificates that come along with a key (RFC 7517, section 4.7), its own first. */
export function certificatesOfJwk(jwk: Readonly<Record<string, unknown>>): Uint8Array[] {
  const chain: unknown = jwk["x5c"];
  if (chain === undefined) return [];
  if (!Array.isArray(chain)) throw new KeyProblem("is damaged: its x5c is not a list");
  return chain.map((one: unknown) => {
    const bytes = typeof one === "string" ? decodeBase64(one) : undefined;
    if (bytes === undefined) throw new KeyProblem("is damaged: its x5c is not Base64");
    return checkCertificate(bytes);
  });
}

function namesOf(jwk: Readonly<Record<string, unknown>>): {
  readonly kty: unknown;
  readonly names: { readonly public: readonly string[]; readonly private: readonly string[] };
} {
  const kty: unknown = jwk["kty"];
  const names = members.get(kty);
  if (names !== undefined) return { kty, names };
  if (kty === "oct") throw new KeyProblem("holds a secret key, where one of a pair is needed");
  if (jwk["ciphertext"] !== undefined) throw new KeyProblem("is an encrypted JSON Web Key", "unsupported");
  throw new KeyProblem("is not a JSON Web Key: it has no known kty");
}

/** Only what belongs to the key, each a string. */
function pick(jwk: Readonly<Record<string, unknown>>, names: readonly string[]): JsonWebKey {
  const picked: Record<string, string> = { kty: String(jwk["kty"]) };
  for (const name of names) {
    const value: unknown = jwk[name];
    if (typeof value !== "string" || !/^[A-Za-z0-9_=-]+$/.test(value)) {
      throw new KeyProblem(`is damaged: ${name} of the JSON Web Key is missing or is not Base64url`);
    }
    if (value.length > 2 * maxKeyNumberBytes) throw new KeyProblem("has a number that is too large");
    picked[name] = value;
  }
  return picked;
}
