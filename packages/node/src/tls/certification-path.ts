import type { X509Certificate } from "node:crypto";
import {
  type CertificateFields,
  readBasicConstraints,
  readExtendedKeyUsage,
  readFields,
  readKeyUsage,
} from "./certificate-info.ts";
import { maxPathLength, maxPathSteps } from "./limits.ts";
import { signatureAlgorithmNames } from "./object-identifiers.ts";

/*
 * OpenSSL tells one thing that is wrong with a chain, the last that it has found: of a certificate that has expired it does
 * not say whether anybody stands behind it. So whatever it reports, the chain is walked here once more (RFC 5280, 6.1), and
 * all that is wrong is found. Nothing is accepted here that OpenSSL refuses for another reason than it gives: what it
 * reports is added to what is found.
 */

/** A certificate with its fields. */
export interface Link {
  readonly x509: X509Certificate;
  readonly fields: CertificateFields;
}

/** @throws DerError */
export function toLink(x509: X509Certificate): Link {
  return { x509, fields: readFields(x509.raw) };
}

/** What is wrong with a path, as sentences, by the kind of problem. */
export interface PathFindings {
  readonly invalid: readonly string[];
  readonly wrongUsage: readonly string[];
}

/** A way from the server's certificate up to an authority that is trusted. */
export interface CertificationPath extends PathFindings {
  readonly links: readonly Link[];
}

const serverAuth = "1.3.6.1.5.5.7.3.1";
const anyExtendedKeyUsage = "2.5.29.37.0";

/**
 * Finds the best way from the first of `sent` through the others to one of `anchors`: one with which nothing is wrong, if
 * there is one, and of these one whose dates are fine at `now`. Undefined: there is none.
 */
export function findPath(
  sent: readonly Link[],
  anchors: readonly X509Certificate[],
  now: number,
): CertificationPath | undefined {
  const [leaf, ...others] = sent;
  if (leaf === undefined) return undefined;
  const search = new Search(others, anchors, now);
  search.extend([leaf]);
  return search.best;
}

class Search {
  readonly #others: readonly Link[];
  readonly #anchors: readonly X509Certificate[];
  readonly #now: number;
  /** What a server can make us do is bounded. */
  #stepsLeft = maxPathSteps;
  #bestScore = -1;
  best: CertificationPath | undefined;

  constructor(others: readonly Link[], anchors: readonly X509Certificate[], now: number) {
    this.#others = others;
    this.#anchors = anchors;
    this.#now = now;
  }

  /** Tries all that goes on from the end of `path`. */
  extend(path: readonly Link[]): void {
    const end = path.at(-1);
    if (end === undefined || path.length > maxPathLength || this.#bestScore === perfect) return;
    const itself = this.#anchors.find((anchor) => isSame(anchor, end.x509));
    if (itself !== undefined && this.#isIssuedBy(end, itself)) this.#judge(path);
    for (const anchor of this.#anchors) {
      const isKnown = path.some(({ x509 }) => isSame(x509, anchor));
      // As OpenSSL does, only those are the end of a path that issued themselves.
      if (isKnown || anchor.subject !== end.x509.issuer || !this.#isIssuedBy(end, anchor)) continue;
      const link = toLinkOrNothing(anchor);
      if (link === undefined) continue;
      if (anchor.checkIssued(anchor)) this.#judge([...path, link]);
      else this.extend([...path, link]);
    }
    for (const other of this.#others) {
      const isKnown = path.some(({ x509 }) => isSame(x509, other.x509));
      if (!isKnown && other.x509.subject === end.x509.issuer && this.#isIssuedBy(end, other.x509)) {
        this.extend([...path, other]);
      }
    }
  }

  #isIssuedBy({ x509 }: Link, issuer: X509Certificate): boolean {
    if (this.#stepsLeft === 0) return false;
    this.#stepsLeft -= 1;
    return isIssuedBy(x509, issuer);
  }

  #judge(links: readonly Link[]): void {
    const findings = judge(links);
    const isTimely = links.every(({ fields }) => isWithin(fields, this.#now));
    const score =
      Number(findings.invalid.length === 0) * 4 + Number(findings.wrongUsage.length === 0) * 2 + Number(isTimely);
    if (score <= this.#bestScore) return;
    this.#bestScore = score;
    this.best = { links, ...findings };
  }
}

const perfect = 7;

function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return one.raw.equals(other.raw);
}

function isWithin({ notBefore, notAfter }: CertificateFields, now: number): boolean {
  return notBefore.getTime() <= now && now <= notAfter.getTime();
}

/** Whether one has issued the other: by names and key identifiers, by being allowed to sign, and by the signature. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // A key that OpenSSL cannot use verifies nothing.
    return false;
  }
}

function toLinkOrNothing(x509: X509Certificate): Link | undefined {
  try {
    return toLink(x509);
  } catch {
    return undefined;
  }
}

/** Looks at what stands in the certificates of a path, the server's first, other than dates and signatures. */
export function judge(links: readonly Link[]): PathFindings {
  const invalid: string[] = [];
  const wrongUsage: string[] = [];
  let authoritiesBelow = 0;
  for (const [depth, link] of links.entries()) {
    const name = describe(link, depth);
    const isAnchor = depth > 0 && depth === links.length - 1;
    invalid.push(...judgeContents(link, isAnchor).map((finding) => `${name} ${finding}`));
    if (!isForServers(link, depth)) {
      wrongUsage.push(depth === 0 ? `${name} has not been issued for servers` : `${name} may not issue for servers`);
    }
    if (depth === 0) continue;
    const { isAuthority, maxBelow } = readBasicConstraints(link.fields);
    // Roots of version 1 say nothing of themselves, and are trusted by choice.
    if (!isAuthority && !(isAnchor && link.fields.version === 1)) invalid.push(`${name} is that of no authority`);
    if (authoritiesBelow > maxBelow) invalid.push(`${name} allows fewer authorities below it`);
    if (!link.x509.checkIssued(link.x509)) authoritiesBelow += 1;
  }
  return { invalid, wrongUsage };
}

/** What it is called in a sentence. */
export function describe({ x509 }: Link, depth: number): string {
  if (depth === 0) return "the certificate";
  return `the certificate of ${x509.subject.replaceAll("\n", ", ")}`;
}

function judgeContents({ x509, fields }: Link, isAnchor: boolean): string[] {
  const findings: string[] = [];
  const algorithm = signatureAlgorithmNames.get(fields.signatureAlgorithm) ?? fields.signatureAlgorithm;
  // What an authority says of itself is not what it is trusted for.
  if (!isAnchor && /^(?:md\d|sha1|dsa-with-sha1|ecdsa-with-SHA1)/.test(algorithm) && !x509.checkIssued(x509)) {
    findings.push(`is signed with ${algorithm}, which can be forged`);
  }
  const bits = rsaBits(x509);
  if (bits !== undefined && bits < 1024) findings.push(`has a key of only ${bits} bits`);
  for (const [identifier, { isCritical }] of fields.extensions) {
    if (isCritical && !knownExtensions.has(identifier))
      findings.push(`has a critical extension ${identifier} that is unknown`);
  }
  return findings;
}

function rsaBits(x509: X509Certificate): number | undefined {
  try {
    return x509.publicKey.asymmetricKeyDetails?.modulusLength;
  } catch {
    // A kind of key that this OpenSSL does not know, and so no RSA.
    return undefined;
  }
}

/** Extensions that OpenSSL minds: usages, names, constraints, policies, where lists are, addresses and numbers. */
const knownExtensions: ReadonlySet<string> = new Set([
  ...["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.32"],
  ...["2.5.29.33", "2.5.29.36", "2.5.29.37", "2.5.29.54"],
  ...["1.3.6.1.5.5.7.1.7", "1.3.6.1.5.5.7.1.8", "2.16.840.1.113730.1.1"],
]);

/** Of the server's: digital signature, key encipherment or key agreement (RFC 5246, 7.4.2). */
const serverKeyUsage = 0x80 | 0x20 | 0x08;

function isForServers({ fields }: Link, depth: number): boolean {
  const usages = readExtendedKeyUsage(fields);
  if (usages.length > 0 && !usages.includes(serverAuth) && !usages.includes(anyExtendedKeyUsage)) return false;
  const keyUsage = readKeyUsage(fields);
  return depth > 0 || keyUsage === undefined || ((keyUsage[0] ?? 0) & serverKeyUsage) !== 0;
}
