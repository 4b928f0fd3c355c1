import type { X509Certificate } from "node:crypto";
import {
  type CertificateInfo,
  type CertificateProblem,
  MqttError,
  type ServerAuthentication,
  type TlsOptions,
  type TransportContext,
  TransportError,
  type TransportFailure,
} from "@rivulet/engine";
import { checkRevocation } from "../revocation/check-revocation.ts";
import { certificateInfo } from "./certificate-info.ts";
import type { Preparation } from "./prepare.ts";
import { type Evidence, reasonFor, toProblem, verify } from "./verification.ts";

/** What was accepted. */
export interface Accepted {
  readonly certificates: readonly CertificateInfo[];
  readonly problems: readonly CertificateProblem[];
}

interface Authentication {
  readonly evidence: Evidence;
  readonly preparation: Preparation;
  readonly options: TlsOptions;
  readonly context: TransportContext;
  /** The OCSP answer that the server has brought along. */
  readonly stapled: Uint8Array | undefined;
  /** What errors call the server. */
  readonly address: string;
  /** Whether nobody waits for the decision any more. */
  readonly isOver: () => boolean;
}

/**
 * Decides whether the server is the one that is meant: all that is wrong, relaxations, pins, then the caller's function, and
 * at last the event.
 *
 * @throws TransportError when it is refused.
 */
export async function authenticate(authentication: Authentication): Promise<Accepted> {
  const { evidence, preparation, options, context, address } = authentication;
  const { problems: found, path } = verify(evidence, preparation.trust, options);
  const certificates = describeAll(path);
  const [certificate] = certificates;
  if (certificate === undefined) {
    const reason = reasonFor(found) ?? "It has shown no certificate";
    throw new TransportError(`The server at ${address} is refused: ${reason}`, {
      isTls: true,
      failure: "no-certificate",
    });
  }
  const isPinned = preparation.pins.has(certificate.fingerprints.sha256);
  // Addresses in certificates are asked only where those are trusted otherwise.
  const isOpen = !isPinned && reasonFor(found) === undefined;
  const problems = isOpen ? [...found, ...(await findRevocations(authentication, path, found))] : found;
  // A pin speaks for the certificate, and not for the cipher.
  const reason = reasonFor(isPinned ? problems.filter(({ code }) => code === "weak-cipher") : problems);
  const decision: ServerAuthentication = {
    ...{ hostname: evidence.hostname, certificate, chain: certificates, problems, reason },
    accept: reason === undefined,
  };
  const why = await decide(decision, authentication);
  if (why !== undefined) {
    context.report(`certificate of ${certificate.subject} refused: ${why.message}`, "tls");
    const { message, cause } = why;
    const failure = findFailure(problems, path);
    throw new TransportError(`The certificate of ${address} is refused: ${message}`, { cause, isTls: true, failure });
  }
  const although = problems.map(({ message }) => message).join("; ");
  context.report(`certificate of ${certificate.subject} accepted${although && `, although: ${although}`}`, "tls");
  return { certificates, problems };
}

/** `path` ends at the authority where it has one, be it one that is not trusted; such are issued by themselves. */
function findFailure(problems: readonly CertificateProblem[], path: readonly X509Certificate[]): TransportFailure {
  if (!problems.some(({ code, isAllowed }) => code === "unknown-authority" && !isAllowed)) return "certificate";
  const top = path.at(-1);
  return top?.checkIssued(top) === true ? "authority" : "issuer";
}

/** Why it is refused in the end; undefined when it is accepted. */
async function decide(
  decision: ServerAuthentication,
  { options: { verifyServerCertificate }, context, isOver }: Authentication,
): Promise<{ readonly message: string; readonly cause?: unknown } | undefined> {
  const before = decision.reason;
  if (verifyServerCertificate !== undefined) {
    try {
      const answer: unknown = await verifyServerCertificate(decision);
      decision.accept = answer === true;
    } catch (cause) {
      return { message: "verifyServerCertificate has failed", cause };
    }
    // While it was at work the connection may have been lost, and then there is nothing to show.
    if (isOver()) return { message: "the connection is over" };
  }
  const isAcceptedByFunction = decision.accept;
  if (context.verify(decision)) return undefined;
  if (before !== undefined) return { message: before };
  const who = isAcceptedByFunction ? "a listener of tlsServerAuthentication" : "verifyServerCertificate";
  return { message: `${who} does not accept it` };
}

async function findRevocations(
  { options, context, stapled }: Authentication,
  path: readonly X509Certificate[],
  found: readonly CertificateProblem[],
): Promise<readonly CertificateProblem[]> {
  const { ocspStapling } = options;
  // Anybody could have us ask any address.
  const isStranger = found.some(({ code }) => code === "unknown-authority");
  const { ocsp, crl }: TlsOptions = isStranger ? { ocsp: "off", crl: "off" } : options;
  const unasked =
    isStranger && (options.ocsp === "required" || options.crl === "required")
      ? [toProblem("revocation-unknown", "Addresses in certificates of an unknown authority are not asked", options)]
      : [];
  const chain = path.map(({ raw }) => new Uint8Array(raw));
  const revocations = await checkRevocation(chain, { ocspStapling, ocsp, crl, stapled, signal: context.signal });
  const problems = revocations.flatMap(({ problem, message }) => {
    context.report(message, "tls");
    return problem === undefined ? [] : [toProblem(problem, message, options)];
  });
  return [...problems, ...unasked];
}

/** Those that can be read; where the server's own cannot, none. */
function describeAll(path: readonly X509Certificate[]): CertificateInfo[] {
  const certificates: CertificateInfo[] = [];
  for (const { raw } of path) {
    try {
      certificates.push(certificateInfo(raw));
    } catch (error) {
      if (!(error instanceof MqttError)) throw error;
      break;
    }
  }
  return certificates;
}
