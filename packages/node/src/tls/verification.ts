import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import type { CertificateProblem, CertificateProblemCode, TlsOptions } from "@rivulet/engine";
import { DerError } from "../keys/der.ts";
import { certificateInfo } from "./certificate-info.ts";
import { type CertificationPath, describe, findPath, judge, type Link, toLink } from "./certification-path.ts";
import { cipherStrengthBits } from "./cipher-suites.ts";
import { minCipherStrengthBits } from "./limits.ts";
import type { Trust } from "./trust.ts";

/** What there is to judge a server by. */
export interface Evidence {
  /** The certificates that it showed, its own first. */
  readonly certificates: readonly X509Certificate[];
  /** What OpenSSL has to say against them, such as `CERT_HAS_EXPIRED`: the last that it found. */
  readonly opensslError: string | undefined;
  /** The name or address that the certificate must have. */
  readonly hostname: string;
  /** The suite that was agreed on, by its IANA name. */
  readonly cipherSuite: string;
}

/** What came of looking at a server's certificates. */
export interface Verdict {
  readonly problems: readonly CertificateProblem[];
  /** From the server's certificate up to the authority, as far as there is a way. */
  readonly path: readonly X509Certificate[];
}

/** What each problem is allowed by. Those that are not here, nothing allows by name. */
const relaxations: Readonly<Partial<Record<CertificateProblemCode, keyof TlsOptions>>> = {
  expired: "allowExpired",
  "not-yet-valid": "allowExpired",
  "unknown-authority": "allowUnknownAuthority",
  "hostname-mismatch": "allowHostnameMismatch",
  "wrong-usage": "allowWrongUsage",
  revoked: "allowRevoked",
};

/** A problem of that kind, which is allowed if the option of its own is on. */
export function toProblem(code: CertificateProblemCode, message: string, options: TlsOptions): CertificateProblem {
  const relaxation = relaxations[code];
  return { code, message: capitalize(message), isAllowed: relaxation !== undefined && options[relaxation] === true };
}

/** What OpenSSL reports, and what that is here; all else is `"invalid"`. */
const opensslErrors: ReadonlyMap<string, CertificateProblemCode> = new Map([
  ["CERT_HAS_EXPIRED", "expired"],
  ["CERT_NOT_YET_VALID", "not-yet-valid"],
  ["UNABLE_TO_GET_ISSUER_CERT", "unknown-authority"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "unknown-authority"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unknown-authority"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "unknown-authority"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "unknown-authority"],
  ["CERT_UNTRUSTED", "unknown-authority"],
  ["INVALID_PURPOSE", "wrong-usage"],
]);

/** Finds all that is wrong with a server's certificates, but for revocation. */
export function verify(evidence: Evidence, trust: Trust, options: TlsOptions): Verdict {
  const problems: CertificateProblem[] = [];
  const add = (code: CertificateProblemCode, message: string): void => {
    problems.push(toProblem(code, message, options));
  };
  const least = options.minCipherStrengthBits ?? minCipherStrengthBits;
  const bits = cipherStrengthBits(evidence.cipherSuite);
  if (bits < least) add("weak-cipher", `${evidence.cipherSuite} has a key of ${bits} bits, and ${least} are demanded`);
  const [certificate] = evidence.certificates;
  if (certificate === undefined) {
    add("invalid", "the server has shown no certificate");
    return { problems, path: [] };
  }
  let path = evidence.certificates;
  try {
    path = verifyChain(evidence, trust, add).map(({ x509 }) => x509);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    add("invalid", `a certificate of the server cannot be read: ${error.message}`);
  }
  const mismatch = checkHostname(evidence.hostname, certificate);
  if (mismatch !== undefined) add("hostname-mismatch", mismatch);
  return { problems, path };
}

type Add = (code: CertificateProblemCode, message: string) => void;

/** Returns the links of the path, or those that the server has shown where there is none. */
function verifyChain({ certificates, opensslError }: Evidence, trust: Trust, add: Add): readonly Link[] {
  const sent = certificates.map(toLink);
  const now = Date.now();
  const path: CertificationPath | undefined = findPath(sent, trust.certificates(), now);
  const links = path?.links ?? sent;
  const found = new Set<CertificateProblemCode>();
  const note = (code: CertificateProblemCode, message: string): void => {
    found.add(code);
    add(code, message);
  };
  const reported = opensslError === undefined ? undefined : (opensslErrors.get(opensslError) ?? "invalid");
  // Where OpenSSL finds nothing wrong, it has found a way of its own.
  if (path === undefined && opensslError !== undefined) note("unknown-authority", describeUnknown(links));
  for (const [depth, link] of links.entries()) {
    const { notBefore, notAfter } = link.fields;
    const name = describe(link, depth);
    if (notAfter.getTime() < now) note("expired", `${name} has expired on ${notAfter.toISOString()}`);
    if (notBefore.getTime() > now) note("not-yet-valid", `${name} is not valid before ${notBefore.toISOString()}`);
  }
  const { invalid, wrongUsage } = path ?? judge(sent);
  for (const message of invalid) note("invalid", message);
  for (const message of wrongUsage) note("wrong-usage", message);
  const limiter = reported === undefined ? undefined : findLimiter(path);
  if (limiter !== undefined) note("invalid", limiter);
  // What is no authority has the wrong usage for one, too; nothing allows that it is none.
  const isTold = reported === "wrong-usage" ? found.has("wrong-usage") || found.has("invalid") : false;
  if (reported !== undefined && !isTold && !found.has(reported)) {
    note(reported, reported === "unknown-authority" ? describeUnknown(links) : `OpenSSL says ${opensslError}`);
  }
  return links;
}

/**
 * An authority whose names are limited (RFC 5280, 4.2.1.10), as a sentence. That OpenSSL alone looks at, and on the path that
 * it has gone: where it found something wrong, that may be another one, by a decoy that the server has sent along.
 */
function findLimiter(path: CertificationPath | undefined): string | undefined {
  const depth = path?.links.findIndex(({ fields }, index) => index > 0 && fields.extensions.has("2.5.29.30")) ?? -1;
  const link = path?.links[depth];
  return link && `${describe(link, depth)} limits the names below it, which cannot be looked at beside another problem`;
}

function describeUnknown(links: readonly Link[]): string {
  const top = links.at(-1);
  if (links.length === 1 && top?.x509.checkIssued(top.x509) === true) {
    return "the certificate was issued by itself, and is not trusted";
  }
  const issuer = top === undefined ? "nobody" : certificateInfo(top.x509.raw).issuer;
  return `no trusted authority stands behind the certificate, whose chain ends at ${issuer} (tls.ca)`;
}

/** Why a certificate is not one for this host; undefined when it is. */
function checkHostname(hostname: string, certificate: X509Certificate): string | undefined {
  // A scope is for this machine alone, and a dot at the end for the resolver.
  const host = hostname.replace(/%.*$/, "").replace(/\.$/, "");
  const isAddress = isIP(host) !== 0;
  // Some versions of Node compare IPv6 addresses by how they are written.
  const isFine = isAddress
    ? certificate.checkIP(host) !== undefined
    : checkServerIdentity(host, certificate.toLegacyObject()) === undefined;
  if (isFine) return undefined;
  const { subject, subjectAltNames } = certificateInfo(certificate.raw);
  const kind = isAddress ? "IP Address" : "DNS";
  const names = subjectAltNames.filter((name) => name.startsWith(kind));
  const issuedFor = names.length > 0 ? names : subjectAltNames.length > 0 ? subjectAltNames : [subject];
  const shown = issuedFor.slice(0, 8).join(", ").slice(0, 500) + (issuedFor.length > 8 ? ", ..." : "");
  return `the certificate is for ${shown || "no name"}, and not for ${host}`;
}

/** Why a certificate would be refused, as a sentence; undefined when nothing is wrong that is not allowed. */
export function reasonFor(problems: readonly CertificateProblem[]): string | undefined {
  const reasons = problems.filter(({ isAllowed }) => !isAllowed).map(({ message }) => message);
  if (reasons.length === 0) return undefined;
  const [first = "", ...rest] = reasons;
  return [first, ...rest.map(uncapitalize)].join("; ");
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Unless it begins with a name. */
function uncapitalize(text: string): string {
  return /^[A-Z][a-z]* /.test(text) && !text.startsWith("OpenSSL")
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
}
