import { contextTag, DerElement, DerError, derTag, encodeDer } from "../keys/der.ts";
import { certificateHold, checkDates, describeRevocation, unusable, type Answer } from "./answer.ts";
import {
  fullNameUris,
  isSame,
  mayUseKey,
  readExtension,
  type CertificateFacts,
  type DistributionPoint,
} from "./certificate.ts";
import { readStructure, type Pki, type PkiCrl, type PkiExtension } from "./pki.ts";
import { checkSignature } from "./signature.ts";

/** What a list of revoked certificates must be good for, and when. */
export interface CrlQuestion {
  readonly certificate: CertificateFacts;
  readonly issuer: CertificateFacts;
  /** Where in the certificate the list's address stands. */
  readonly distributionPoint: DistributionPoint;
  /** ms since 1970. */
  readonly now: number;
}

/**
 * Looks a certificate up in a list of revoked certificates (RFC 5280, section 6.3.3). Whatever the bytes are, the outcome
 * is an `Answer`.
 *
 * The list must be complete, of the certificate's own issuer, and signed by it. Deltas, indirect lists and lists with
 * only some reasons are not understood.
 */
export function readCrl(pki: Pki, bytes: Uint8Array, question: CrlQuestion): Answer {
  try {
    const parts = splitCrl(bytes);
    const head = readStructure(pki, pki.pkijs.CertificateRevocationList, parts.head);
    if (head === undefined) return unusable("is no list of revoked certificates");
    const problem = checkIssuer(pki, head, { ...question, content: parts.content }) ?? checkScope(head, question);
    if (problem !== undefined) return unusable(problem);
    const entry = findEntry(parts.entries, question.certificate.serialNumber);
    return judge(head, entry && readEntry(entry), question.now);
  } catch {
    return unusable("is no list of revoked certificates");
  }
}

/** A list, taken apart. */
interface CrlParts {
  /** What is signed. */
  readonly content: Uint8Array;
  /** The list without its entries. */
  readonly head: Uint8Array;
  /** The content of the SEQUENCE of entries. */
  readonly entries: Uint8Array;
}

/** Takes the entries out: there may be hundreds of thousands, and the library makes a tree of objects of each. */
function splitCrl(bytes: Uint8Array): CrlParts {
  const [signed, ...signature] = DerElement.parse(bytes).expect(derTag.sequence).children();
  const fields = signed?.expect(derTag.sequence).children() ?? [];
  const isTime = ({ tag }: DerElement): boolean => tag === derTag.utcTime || tag === derTag.generalizedTime;
  // Behind thisUpdate and nextUpdate; before them are other sequences.
  const entries = fields.find(({ tag }, index) => tag === derTag.sequence && fields.slice(0, index).some(isTime));
  const rest = fields.filter((field) => field !== entries).map((field) => field.bytes);
  const head = [encodeDer(derTag.sequence, ...rest), ...signature.map((field) => field.bytes)];
  return {
    content: signed?.bytes ?? new Uint8Array(),
    head: encodeDer(derTag.sequence, ...head),
    entries: entries?.content ?? new Uint8Array(),
  };
}

function checkIssuer(
  pki: Pki,
  head: PkiCrl,
  { issuer, certificate, content }: CrlQuestion & { readonly content: Uint8Array },
): string | undefined {
  if (!isSame(new Uint8Array(head.issuer.valueBeforeDecode), certificate.issuer)) return "is of another authority";
  if (!mayUseKey(issuer, 6)) return "is signed with a key that is not for lists of revoked certificates";
  const { signature, signatureAlgorithm, signatureValue } = head;
  const signed = { content, algorithm: signatureAlgorithm, signature: signatureValue.valueBlock.valueHexView };
  if (signature.algorithmId !== signatureAlgorithm.algorithmId) return "contradicts itself about its signature";
  const outcome = checkSignature(pki, signed, issuer.publicKey);
  if (outcome === "weak") return "is signed with an algorithm that is not trusted";
  return outcome === "valid" ? undefined : "has no signature of the certificate's issuer";
}

const identifiers = {
  certificateIssuer: "2.5.29.29",
  crlReason: "2.5.29.21",
  deltaCrlIndicator: "2.5.29.27",
  issuingDistributionPoint: "2.5.29.28",
} as const;

/** Whether the list speaks of certificates such as this one, and of all of them. */
function checkScope(head: PkiCrl, { certificate, distributionPoint }: CrlQuestion): string | undefined {
  const extensions = head.crlExtensions?.extensions ?? [];
  const byIdentifier = (identifier: string): PkiExtension | undefined =>
    extensions.find(({ extnID }) => extnID === identifier);
  if (byIdentifier(identifiers.deltaCrlIndicator) !== undefined) return "is a delta, which is not understood";
  const known: string = identifiers.issuingDistributionPoint;
  const strange = extensions.find(({ critical, extnID }) => critical && extnID !== known);
  if (strange !== undefined) return `has a critical extension that is not understood, ${strange.extnID}`;
  const scope = byIdentifier(identifiers.issuingDistributionPoint);
  if (scope === undefined) return undefined;
  const fields = new Map(
    readExtension(scope)
      .children()
      .map((field) => [field.tag, field]),
  );
  const isSet = (number: number): boolean => (fields.get(contextTag(number, false))?.content[0] ?? 0) !== 0;
  if (isSet(4)) return "is an indirect list, which is not understood";
  if (fields.has(contextTag(3, false))) return "has only some reasons for a revocation";
  if (isSet(5) || isSet(certificate.isAuthority ? 1 : 2)) return "is for other kinds of certificates";
  // An authority with several lists signs them all: the one of another part would say nothing of this certificate.
  const name = fields.get(contextTag(0));
  const isOurs = name === undefined || fullNameUris(name).some((uri) => distributionPoint.addresses.includes(uri));
  return isOurs ? undefined : "is the list of another distribution point";
}

function findEntry(entries: Uint8Array, serialNumber: string): DerElement | undefined {
  const wanted = Buffer.from(serialNumber.padStart(serialNumber.length + (serialNumber.length % 2), "0"), "hex");
  for (let rest = entries; rest.length > 0;) {
    const entry = DerElement.parseFirst(rest);
    const { content } = DerElement.parseFirst(entry.expect(derTag.sequence).content).expect(derTag.integer);
    const [first] = content;
    // An INTEGER above 0 has a zero before a digit of 0x80 and above.
    if (isSame(first === 0 && content.length > 1 ? content.subarray(1) : content, wanted)) return entry;
    rest = rest.subarray(entry.bytes.length);
  }
  return undefined;
}

/** What a list says of a certificate. */
interface Revoked {
  readonly time: Date;
  readonly reason: number | undefined;
}

function readEntry(entry: DerElement): Revoked {
  const time = entry.child(1).time();
  const extensions = new Map(
    (entry.children()[2]?.children() ?? []).map((extension) => {
      const value = extension.children().at(-1)?.octetString() ?? new Uint8Array();
      return [extension.child(0).objectIdentifier(), DerElement.parse(value)];
    }),
  );
  // The serial number of somebody else's certificate, in a list that does not say that it has such.
  if (extensions.has(identifiers.certificateIssuer)) throw new DerError("A list is indirect and does not say so");
  return { time, reason: extensions.get(identifiers.crlReason)?.smallInteger() };
}

function judge(head: PkiCrl, revoked: Revoked | undefined, now: number): Answer {
  const nextUpdate = head.nextUpdate?.value;
  const until = checkDates({ thisUpdate: head.thisUpdate.value, nextUpdate }, now);
  // What is revoked stays revoked, however old the news is, unless it was only put on hold.
  if (revoked !== undefined && (typeof until === "number" || revoked.reason !== certificateHold)) {
    return { status: "revoked", detail: describeRevocation(revoked.time, revoked.reason) };
  }
  if (typeof until === "string") return unusable(until);
  // RFC 5280, section 5.1.2.5: authorities must say when the next list comes.
  if (nextUpdate === undefined) return unusable("does not say how long it holds");
  return { status: "good", validUntil: until };
}
