import { contextTag, derTag, encodeDer } from "../keys/der.ts";
import { hashBytes, type CertificateFacts } from "./certificate.ts";

/**
 * Asks about one certificate (RFC 6960, section 4.1). The hashes that name it are SHA-1, the one that every responder
 * knows (RFC 5019, section 2.1.1): they are a name, and nothing is believed because of them.
 */
export function encodeOcspRequest(
  certificate: CertificateFacts,
  { issuer, nonce }: { readonly issuer: CertificateFacts; readonly nonce: Uint8Array },
): Uint8Array {
  const certificateId = sequence(
    sequence(sha1, encodeDer(derTag.null)),
    encodeDer(derTag.octetString, hashBytes("sha1", certificate.issuer)),
    encodeDer(derTag.octetString, hashBytes("sha1", issuer.publicKeyBits)),
    encodeDer(derTag.integer, certificate.serialBytes),
  );
  const nonceValue = encodeDer(derTag.octetString, encodeDer(derTag.octetString, nonce));
  const extensions = encodeDer(contextTag(2), sequence(sequence(nonceIdentifier, nonceValue)));
  return sequence(sequence(sequence(sequence(certificateId)), extensions));
}

function sequence(...contents: readonly Uint8Array[]): Uint8Array {
  return encodeDer(derTag.sequence, ...contents);
}

/** 1.3.14.3.2.26 */
const sha1 = Uint8Array.of(0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a);

/** 1.3.6.1.5.5.7.48.1.2 */
const nonceIdentifier = Uint8Array.of(0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02);
