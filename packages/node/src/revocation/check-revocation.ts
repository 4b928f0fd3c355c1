import { randomBytes } from "node:crypto";
import type { RevocationCheck, TlsOptions } from "@rivulet/engine";
import { AnswerCache } from "./answer-cache.ts";
import { unusable } from "./answer.ts";
import { askSources, findingOf, unavailable, type Finding, type Source } from "./ask-sources.ts";
import { isIssuedBy, isRoot, readCertificate, type CertificateFacts } from "./certificate.ts";
import { readCrl } from "./crl.ts";
import { fetchBytes, isFetchable, type FetchOptions, type Fetched } from "./http-fetch.ts";
import { crlBytesLimit, defaultTimeoutMs, ocspAnswerBytesLimit } from "./limits.ts";
import { readOcspAnswer } from "./ocsp-answer.ts";
import { encodeOcspRequest } from "./ocsp-request.ts";
import { loadPki, type Importer, type Pki } from "./pki.ts";

/** The ways to learn of a revocation, by the names of their options. */
export type RevocationMechanism = "ocspStapling" | "ocsp" | "crl";

/** What to check, and with what. */
export interface RevocationOptions extends Pick<TlsOptions, RevocationMechanism> {
  /** The OCSP answer that the server has brought along; undefined when it has none. */
  readonly stapled?: Uint8Array | undefined;
  /** Aborted when the attempt to connect is over. */
  readonly signal: AbortSignal;
  /** How long the addresses of one certificate have to answer, by one mechanism. Default: 5,000 ms. */
  readonly timeoutMs?: number | undefined;
  /** Default: the present. */
  readonly now?: Date | undefined;
  /** Default: one for the whole process. */
  readonly cache?: AnswerCache | undefined;
  /** Loads pkijs and asn1js. Default: a dynamic import. */
  readonly importer?: Importer | undefined;
}

/** What one mechanism has found out about one certificate. */
export interface Revocation {
  readonly mechanism: RevocationMechanism;
  /** Which certificate of the chain; 0 is the server's own. */
  readonly index: number;
  /** `"unknown"`: the responder does not know the certificate; `"unavailable"`: there is no usable answer. */
  readonly status: "good" | "revoked" | "unknown" | "unavailable";
  /** A sentence, also where all is well. */
  readonly message: string;
  /** The code of the `CertificateProblem` that this is; undefined when the certificate is not refused because of it. */
  readonly problem: "revoked" | "revocation-unknown" | undefined;
}

/**
 * Finds out whether certificates have been revoked.
 *
 * | what is found                                                                | `"ifAvailable"` | `"required"` |
 * | ---------------------------------------------------------------------------- | --------------- | ------------ |
 * | a usable answer: good                                                        | accepted        | accepted     |
 * | a usable answer: revoked                                                     | refused         | refused      |
 * | the responder does not know the certificate (`unknown`)                      | accepted        | refused      |
 * | no address in the certificate, or none with `http:`                          | accepted        | refused      |
 * | nothing stapled                                                              | accepted (1)    | refused      |
 * | responder down: refused, HTTP error, too late, too long, too many redirects  | accepted        | refused      |
 * | an error as the answer (tryLater and the like), garbage, compressed          | accepted        | refused      |
 * | signed by somebody else, without the OCSPSigning usage, by MD5 or SHA-1      | accepted        | refused      |
 * | expired, of the future, about another certificate, another nonce             | accepted (2)    | refused      |
 * | a delta, an indirect list, one of another issuer or distribution point       | accepted        | refused      |
 * | the certificate's issuer is not in the chain                                 | accepted        | refused      |
 *
 * (1) Refused, if the certificate says that its servers must staple (RFC 7633). (2) What is signed, about this certificate,
 * and says that it is revoked is believed whatever its dates are, unless it is only on hold.
 *
 * What is on is done: the stapled answer first, then, unless that says revoked, the OCSP request and the lists at the
 * same time. Each must satisfy its own mode, and "revoked" by any of them wins over "good" by another. Stapling and OCSP
 * are about the server's certificate; lists are fetched for it and for each authority between it and the root. A root's own
 * word about itself is worth nothing, and a root is trusted by choice: it is not checked.
 *
 * An answer must be signed by the certificate's issuer (RSA with PKCS#1 v1.5 or PSS, ECDSA, Ed25519 or Ed448, with SHA-2),
 * or for OCSP by a responder that the issuer has given a certificate with the usage OCSPSigning. Clocks may differ by five
 * minutes. Answers from the network are kept while they hold, for an hour at most.
 *
 * Addresses come from the certificates, so the chain should be verified before. Only plain `http:` is asked, directly,
 * never through a proxy: at most 4 addresses, 3 redirects each, 64 KiB of an OCSP answer, 16 MiB of a list.
 *
 * `chain` is DER, the server's certificate first. The result is empty when everything is off.
 *
 * @throws UnsupportedError when pkijs and asn1js are not installed; the signal's reason when it is aborted.
 */
export async function checkRevocation(
  chain: readonly Uint8Array[],
  options: RevocationOptions,
): Promise<readonly Revocation[]> {
  const first = mechanisms.find((mechanism) => isOn(options[mechanism]));
  if (first === undefined) return [];
  options.signal.throwIfAborted();
  const pki = await loadPki(`tls.${first}`, options.importer);
  options.signal.throwIfAborted();
  const check = new Check(pki, chain, options);
  const stapled = isOn(options.ocspStapling) ? [check.stapled()] : [];
  if (stapled.some(({ status }) => status === "revoked")) return stapled;
  const asked = isOn(options.ocsp) ? [check.ocsp()] : [];
  const listed = isOn(options.crl) ? check.indexes().map((index) => check.crl(index)) : [];
  return [...stapled, ...(await Promise.all([...asked, ...listed]))];
}

const mechanisms: readonly RevocationMechanism[] = ["ocspStapling", "ocsp", "crl"];

const sharedCache = new AnswerCache();

function isOn(check: RevocationCheck | undefined): boolean {
  return check !== undefined && check !== "off";
}

/** A certificate that can be checked. */
interface Subject {
  readonly certificate: CertificateFacts;
  readonly issuer: CertificateFacts;
  readonly now: number;
}

class Check {
  readonly #pki: Pki;
  readonly #chain: readonly (CertificateFacts | undefined)[];
  readonly #options: RevocationOptions;
  readonly #now: number;

  constructor(pki: Pki, chain: readonly Uint8Array[], options: RevocationOptions) {
    this.#pki = pki;
    this.#chain = chain.map((der) => readCertificate(pki, der));
    this.#options = options;
    this.#now = (options.now ?? new Date()).getTime();
  }

  /** The certificates that lists are fetched for. */
  indexes(): readonly number[] {
    const isChecked = (facts: CertificateFacts | undefined): boolean =>
      facts === undefined || !isRoot(this.#pki, facts);
    const authorities = this.#chain.flatMap((facts, index) => (index > 0 && isChecked(facts) ? [index] : []));
    return [0, ...authorities];
  }

  stapled(): Revocation {
    const subject = this.#subject(0);
    if ("text" in subject) return this.#conclude("ocspStapling", 0, subject);
    const { stapled } = this.#options;
    if (stapled === undefined || stapled.length === 0) {
      return this.#conclude("ocspStapling", 0, unavailable("the server has brought no OCSP answer along"));
    }
    const isTooLong = stapled.length > ocspAnswerBytesLimit;
    const answer = isTooLong
      ? unusable(`has more than ${ocspAnswerBytesLimit} bytes`)
      : readOcspAnswer(this.#pki, stapled, { ...subject, nonce: undefined });
    return this.#conclude("ocspStapling", 0, findingOf(answer, "the stapled OCSP answer"));
  }

  async ocsp(): Promise<Revocation> {
    const subject = this.#subject(0);
    if ("text" in subject) return this.#conclude("ocsp", 0, subject);
    const { certificate, issuer } = subject;
    const key = `${Buffer.from(issuer.publicKeyBits).toString("base64")} ${certificate.serialNumber}`;
    const sources = certificate.ocspAddresses.map((address): Source => {
      const nonce = new Uint8Array(randomBytes(32));
      const body = { bytes: encodeOcspRequest(certificate, { issuer, nonce }), type: "application/ocsp-request" };
      return {
        address,
        cacheKey: `ocsp ${address} ${key}`,
        fetch: (timeoutMs) => this.#fetch(address, { body, maxBytes: ocspAnswerBytesLimit, timeoutMs }),
        read: (bytes, isCached) =>
          readOcspAnswer(this.#pki, bytes, { ...subject, nonce: isCached ? undefined : nonce }),
      };
    });
    return this.#conclude("ocsp", 0, await this.#ask(sources, "OCSP responder"));
  }

  async crl(index: number): Promise<Revocation> {
    const subject = this.#subject(index);
    if ("text" in subject) return this.#conclude("crl", index, subject);
    const points = subject.certificate.distributionPoints.filter(({ isComplete }) => isComplete);
    const sources = points.flatMap((distributionPoint) =>
      distributionPoint.addresses.map((address): Source => ({
        address,
        cacheKey: `crl ${address}`,
        fetch: (timeoutMs) => this.#fetch(address, { maxBytes: crlBytesLimit, timeoutMs }),
        read: (bytes) => readCrl(this.#pki, bytes, { ...subject, distributionPoint }),
      })),
    );
    return this.#conclude("crl", index, await this.#ask(sources, "list of revoked certificates"));
  }

  /** The certificate with its issuer; or why it cannot be checked. */
  #subject(index: number): Subject | Finding {
    const certificate = this.#chain[index];
    if (certificate === undefined) return unavailable("it cannot be read");
    if (isRoot(this.#pki, certificate)) return unavailable("it was issued by itself, and nobody else can say");
    const issuer = this.#chain.find((other) => other !== undefined && isIssuedBy(this.#pki, certificate, other));
    if (issuer === undefined) return unavailable("its issuer is not in the chain");
    return { certificate, issuer, now: this.#now };
  }

  #fetch(address: string, options: Omit<FetchOptions, "signal">): Promise<Fetched> {
    return fetchBytes(address, { ...options, signal: this.#options.signal });
  }

  async #ask(sources: readonly Source[], what: string): Promise<Finding> {
    if (!sources.some(({ address }) => isFetchable(address))) {
      return unavailable(sources.length === 0 ? `it names no ${what}` : `it names no ${what} with http:`);
    }
    const { cache = sharedCache, timeoutMs = defaultTimeoutMs } = this.#options;
    return askSources(sources, { timeoutMs, cache, now: this.#now });
  }

  #conclude(mechanism: RevocationMechanism, index: number, { status, text }: Finding): Revocation {
    const facts = this.#chain[index];
    const whose = index === 0 ? "server's certificate" : `authority's certificate ${facts?.serialNumber ?? index}`;
    if (status === "good") return { mechanism, index, status, message: `The ${whose} ${text}`, problem: undefined };
    if (status === "revoked") return { mechanism, index, status, message: `The ${whose} ${text}`, problem: status };
    const isNeeded =
      this.#options[mechanism] === "required" || (mechanism === "ocspStapling" && facts?.mustStaple === true);
    const message = `Nobody could say whether the ${whose} has been revoked: ${text}`;
    return { mechanism, index, status, message, problem: isNeeded ? "revocation-unknown" : undefined };
  }
}
