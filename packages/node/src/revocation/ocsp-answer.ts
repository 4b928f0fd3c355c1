import { contextTag, derTag, DerElement } from "../keys/der.ts";
import { certificateHold, checkDates, describeRevocation, unusable, type Answer } from "./answer.ts";
import {
  certificateFacts,
  formatSerial,
  hashBytes,
  isIssuedBy,
  isSame,
  mayUseKey,
  readExtension,
  type CertificateFacts,
} from "./certificate.ts";
import { clockSkewMs, signerLimit } from "./limits.ts";
import {
  encodeNode,
  readStructure,
  type BasicOcspResponse,
  type Pki,
  type PkiExtension,
  type PkiSingleResponse,
} from "./pki.ts";
import { checkSignature } from "./signature.ts";

/** What an OCSP answer must be about, and when. */
export interface OcspQuestion {
  readonly certificate: CertificateFacts;
  readonly issuer: CertificateFacts;
  /** ms since 1970. */
  readonly now: number;
  /** What was sent; undefined for an answer that was not asked for. */
  readonly nonce: Uint8Array | undefined;
}

/**
 * Reads an OCSP answer (RFC 6960, sections 3.2 and 4.2). Whatever the bytes are, the outcome is an `Answer`.
 *
 * It must be signed by the certificate's issuer itself, or with a certificate that the issuer has given to the
 * responder for this purpose. Whether that one is revoked is not asked: it is either marked so that nobody needs to
 * (id-pkix-ocsp-nocheck), or there would be no end to it.
 */
export function readOcspAnswer(pki: Pki, bytes: Uint8Array, question: OcspQuestion): Answer {
  try {
    const [status, content] = DerElement.parse(bytes).expect(derTag.sequence).children();
    const code = status?.expect(derTag.enumerated).smallInteger() ?? -1;
    if (code !== 0) return unusable(`is an error, ${errors[code] ?? code}`);
    const [type, response] = content?.expect(contextTag(0)).child(0, derTag.sequence).children() ?? [];
    if (type?.objectIdentifier() !== basicResponse) return unusable("is of a kind that is not understood");
    const basic = response && readStructure(pki, pki.pkijs.BasicOCSPResponse, response.octetString());
    if (basic === undefined) return unusable("is no OCSP answer");
    const problem = checkSigner(pki, basic, question) ?? checkExtensions(basic, question.nonce);
    return problem === undefined ? findStatus(basic.tbsResponseData.responses, question) : unusable(problem);
  } catch {
    return unusable("is no OCSP answer");
  }
}

const basicResponse = "1.3.6.1.5.5.7.48.1.1";
const nonceIdentifier = "1.3.6.1.5.5.7.48.1.2";
const ocspSigning = "1.3.6.1.5.5.7.3.9";

const errors: Readonly<Record<number, string>> = {
  1: "malformedRequest",
  2: "internalError",
  3: "tryLater",
  5: "sigRequired",
  6: "unauthorized",
};

/** What is wrong with the signature, if something is. */
function checkSigner(pki: Pki, basic: BasicOcspResponse, { issuer, now }: OcspQuestion): string | undefined {
  const { tbsResponseData, signatureAlgorithm, signature } = basic;
  const signed = {
    content: tbsResponseData.tbsView,
    algorithm: signatureAlgorithm,
    signature: signature.valueBlock.valueHexView,
  };
  const byIssuer = checkSignature(pki, signed, issuer.publicKey);
  if (byIssuer === "valid") return undefined;
  if (byIssuer === "weak") return "is signed with an algorithm that is not trusted";
  // The name or key that the answer gives for its signer proves nothing; the signature does.
  for (const raw of (basic.certs ?? []).slice(0, signerLimit)) {
    const signer = certificateFacts(raw);
    if (signer === undefined || checkSignature(pki, signed, signer.publicKey) !== "valid") continue;
    if (!isIssuedBy(pki, signer, issuer))
      return "is signed by somebody whom the certificate's issuer has not authorized";
    if (!signer.extendedKeyUsage.includes(ocspSigning) || !mayUseKey(signer, 0)) {
      return "is signed with a certificate that was not issued for OCSP";
    }
    const isCurrent = +signer.validFrom <= now + clockSkewMs && +signer.validTo >= now - clockSkewMs;
    return isCurrent ? undefined : "is signed with a certificate that has expired or is not valid yet";
  }
  return "has no signature of the certificate's issuer";
}

function checkExtensions({ tbsResponseData }: BasicOcspResponse, nonce: Uint8Array | undefined): string | undefined {
  const extensions = tbsResponseData.responseExtensions ?? [];
  const strange = notUnderstood(extensions);
  if (strange !== undefined) return strange;
  const echoed = extensions.find(({ extnID }) => extnID === nonceIdentifier);
  // Many responders prepare their answers and cannot repeat what they are sent. Their dates have to do.
  if (nonce === undefined || echoed === undefined) return undefined;
  // RFC 8954 wraps it in an OCTET STRING; some do not.
  const value = echoed.extnValue.valueBlock.valueHexView;
  const isOurs = isSame(value, nonce) || isSame(readExtension(echoed).octetString(), nonce);
  return isOurs ? undefined : "is not to our request: its nonce is another";
}

function notUnderstood(extensions: readonly PkiExtension[]): string | undefined {
  const strange = extensions.find(({ critical, extnID }) => critical && extnID !== nonceIdentifier);
  return strange && `has a critical extension that is not understood, ${strange.extnID}`;
}

function findStatus(responses: readonly PkiSingleResponse[], question: OcspQuestion): Answer {
  const answers = responses.filter((one) => isAbout(one, question)).map((one) => readStatus(one, question));
  const byStatus = (status: Answer["status"]): Answer | undefined => answers.find((answer) => answer.status === status);
  return byStatus("revoked") ?? byStatus("good") ?? answers[0] ?? unusable("is about another certificate");
}

function isAbout({ certID }: PkiSingleResponse, { certificate, issuer }: OcspQuestion): boolean {
  const hash = hashes.get(certID.hashAlgorithm.algorithmId);
  if (hash === undefined) return false;
  return (
    formatSerial(certID.serialNumber.valueBlock.valueHexView) === certificate.serialNumber &&
    isSame(certID.issuerNameHash.valueBlock.valueHexView, hashBytes(hash, certificate.issuer)) &&
    isSame(certID.issuerKeyHash.valueBlock.valueHexView, hashBytes(hash, issuer.publicKeyBits))
  );
}

const hashes: ReadonlyMap<string, string> = new Map([
  ["1.3.14.3.2.26", "sha1"],
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
]);

function readStatus(response: PkiSingleResponse, { now }: OcspQuestion): Answer {
  const strange = notUnderstood(response.singleExtensions ?? []);
  if (strange !== undefined) return unusable(strange);
  const encoded = encodeNode(response.certStatus);
  if (encoded === undefined) return unusable("is no OCSP answer");
  const status = DerElement.parse(encoded);
  const until = checkDates({ thisUpdate: response.thisUpdate, nextUpdate: response.nextUpdate }, now);
  if (status.tag === revokedTag) {
    const reason = status.children()[1]?.child(0, derTag.enumerated).smallInteger();
    // What is revoked stays revoked, however old the news is, unless it was only put on hold.
    if (typeof until === "number" || reason !== certificateHold) {
      return { status: "revoked", detail: describeRevocation(status.child(0).time(), reason) };
    }
  }
  if (typeof until === "string") return unusable(until);
  return status.tag === goodTag ? { status: "good", validUntil: until } : { status: "unknown" };
}

/** CertStatus: good [0] NULL, revoked [1] RevokedInfo, unknown [2] NULL, all IMPLICIT. */
const goodTag = 0x80;
const revokedTag = 0xa1;
