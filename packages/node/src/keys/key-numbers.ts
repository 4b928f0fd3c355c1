import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { derTag, encodeDer } from "./der.ts";
import { maxKeyNumberBytes } from "./limits.ts";
import { encodePem } from "./pem.ts";
import { KeyProblem } from "./problems.ts";

/** Keys from the numbers that they consist of, each in big-endian order. */

interface RsaNumbers {
  readonly n: Uint8Array;
  readonly e: Uint8Array;
}

interface RsaPrivateNumbers extends RsaNumbers {
  readonly d: Uint8Array;
  readonly p: Uint8Array;
  readonly q: Uint8Array;
  /** The inverse of q modulo p. */
  readonly qi: Uint8Array;
}

interface DsaNumbers {
  readonly p: Uint8Array;
  readonly q: Uint8Array;
  readonly g: Uint8Array;
  readonly y: Uint8Array;
}

/** What SSH calls the curves, as JWK has them. */
const curves: ReadonlyMap<string, { readonly crv: string; readonly bytes: number }> = new Map([
  ["nistp256", { crv: "P-256", bytes: 32 }],
  ["nistp384", { crv: "P-384", bytes: 48 }],
  ["nistp521", { crv: "P-521", bytes: 66 }],
]);

export function rsaPublicKey({ n, e }: RsaNumbers): KeyObject {
  return publicJwk({ kty: "RSA", n: base64url(n), e: base64url(e) });
}

export function rsaPrivateKey({ n, e, d, p, q, qi }: RsaPrivateNumbers): KeyObject {
  const exponent = (prime: Uint8Array): string => {
    const less = toNumber(prime) - 1n;
    if (less < 1n) throw new KeyProblem("is damaged");
    const hex = (toNumber(d) % less).toString(16);
    return base64url(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"));
  };
  const numbers = { n: base64url(n), e: base64url(e), d: base64url(d), p: base64url(p), q: base64url(q) };
  return privateJwk({ kty: "RSA", ...numbers, dp: exponent(p), dq: exponent(q), qi: base64url(qi) });
}

/** `point` is what SSH calls Q: 4, then x and y. */
export function ecKey(curve: string, point: Uint8Array, d?: Uint8Array): KeyObject {
  const known = curves.get(curve);
  if (known === undefined) throw new KeyProblem("has a curve that is not known", "unsupported");
  const { crv, bytes } = known;
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) throw new KeyProblem("is damaged");
  const jwk = { kty: "EC", crv, x: base64url(point.subarray(1, 1 + bytes)), y: base64url(point.subarray(1 + bytes)) };
  if (d === undefined) return publicJwk(jwk);
  const significant = trim(d);
  if (significant.length > bytes) throw new KeyProblem("is damaged");
  const padded = Buffer.concat([Buffer.alloc(bytes - significant.length), significant]);
  return privateJwk({ ...jwk, d: padded.toString("base64url") });
}

export function edKey(crv: "Ed25519" | "Ed448", x: Uint8Array, d?: Uint8Array): KeyObject {
  const bytes = crv === "Ed25519" ? 32 : 57;
  if (x.length !== bytes || (d !== undefined && d.length !== bytes)) throw new KeyProblem("is damaged");
  const jwk = { kty: "OKP", crv, x: Buffer.from(x).toString("base64url") };
  return d === undefined ? publicJwk(jwk) : privateJwk({ ...jwk, d: Buffer.from(d).toString("base64url") });
}

const dsa = encodeDer(derTag.objectIdentifier, Buffer.from("2a8648ce380401", "hex"));

export function dsaPublicKey({ p, q, g, y }: DsaNumbers): KeyObject {
  const parameters = encodeDer(derTag.sequence, integer(p), integer(q), integer(g));
  const algorithm = encodeDer(derTag.sequence, dsa, parameters);
  const spki = encodeDer(derTag.sequence, algorithm, encodeDer(derTag.bitString, Uint8Array.of(0), integer(y)));
  return made(() => createPublicKey(encodePem("PUBLIC KEY", spki)));
}

export function dsaPrivateKey({ p, q, g, y }: DsaNumbers, x: Uint8Array): KeyObject {
  const numbers = [Uint8Array.of(0), p, q, g, y, x].map(integer);
  return made(() => createPrivateKey(encodePem("DSA PRIVATE KEY", encodeDer(derTag.sequence, ...numbers))));
}

export function privateJwk(key: JsonWebKey): KeyObject {
  return made(() => createPrivateKey({ key, format: "jwk" }));
}

export function publicJwk(key: JsonWebKey): KeyObject {
  return made(() => createPublicKey({ key, format: "jwk" }));
}

/** The errors of `node:crypto` quote what they do not like. */
function made(make: () => KeyObject): KeyObject {
  try {
    return make();
  } catch {
    throw new KeyProblem("is damaged: its numbers make no key");
  }
}

function trim(number: Uint8Array): Uint8Array {
  const first = number.findIndex((octet) => octet !== 0);
  const significant = first < 0 ? new Uint8Array(1) : number.subarray(first);
  if (significant.length > maxKeyNumberBytes) throw new KeyProblem("has a number that is too large");
  return significant;
}

function toNumber(number: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(trim(number)).toString("hex")}`);
}

function base64url(number: Uint8Array): string {
  return Buffer.from(trim(number)).toString("base64url");
}

function integer(number: Uint8Array): Uint8Array {
  const significant = trim(number);
  const isHigh = (significant[0] ?? 0) >= 0x80;
  return encodeDer(derTag.integer, isHigh ? Buffer.concat([Uint8Array.of(0), significant]) : significant);
}
