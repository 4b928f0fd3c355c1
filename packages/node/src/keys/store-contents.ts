import type { KeyObject } from "node:crypto";
import { findInPem, readPkcs7 } from "./certificates.ts";
import { certificatesOfJwk, parseJwks, readPrivateJwk, readPublicJwk } from "./jwk.ts";
import type { Kind } from "./kind.ts";
import { Effort } from "./pbe.ts";
import { decodeText, parsePem } from "./pem.ts";
import { openKeyStore } from "./pkcs12.ts";
import { isPrivate, privateKeyOf, readPkcs8, readPrivateBlock } from "./private-key.ts";
import { publicKeyOf } from "./public-key.ts";
import type { Steps } from "./steps.ts";
import { certificatesOfXml, hasXmlPrivateKey } from "./xml-key.ts";

/** What is in a store, as it stands there. */
interface StoreContents {
  /** DER. */
  readonly certificates: readonly Uint8Array[];
  readonly privateKeys: readonly KeyObject[];
  /** Those that come neither with a certificate nor with a private key. */
  readonly publicKeys: readonly KeyObject[];
}

/** How a store is read. */
interface StoreReading {
  readonly kind: Kind;
  readonly passphrase: string | undefined;
  /** Whether private keys count. */
  readonly wantsKeys: boolean;
}

const nothing: StoreContents = { certificates: [], privateKeys: [], publicKeys: [] };

/** Reads all that is in a store. */
export function* storeContents(bytes: Uint8Array, reading: StoreReading): Steps<StoreContents> {
  const { kind, passphrase } = reading;
  switch (kind) {
    case "pfx": {
      const { certificates, privateKeys } = yield* openKeyStore(bytes, passphrase);
      return { ...nothing, certificates, privateKeys: privateKeys.map(readPkcs8) };
    }
    case "pem":
      return yield* readPem(bytes, reading);
    case "certificate":
      return { ...nothing, certificates: [bytes] };
    case "pkcs7":
      return { ...nothing, certificates: readPkcs7(bytes) };
    case "json":
      return readJwks(decodeText(bytes));
    case "xml":
      return yield* readXml(bytes, reading);
    case "public":
    case "rsa-public":
    case "ssh-public":
    case "ssh2-public":
      return { ...nothing, publicKeys: [publicKeyOf(bytes, kind)] };
    default:
      return { ...nothing, privateKeys: [yield* privateKeyOf(bytes, { kind, passphrase })] };
  }
}

function* readPem(bytes: Uint8Array, { kind, passphrase, wantsKeys }: StoreReading): Steps<StoreContents> {
  const text = decodeText(bytes);
  const { certificates } = findInPem(text);
  const privateKeys: KeyObject[] = [];
  const effort = new Effort();
  for (const block of wantsKeys ? parsePem(text).filter(isPrivate) : []) {
    privateKeys.push(yield* readPrivateBlock(block, passphrase, effort));
  }
  const isFilled = certificates.length > 0 || privateKeys.length > 0;
  return { certificates, privateKeys, publicKeys: isFilled ? [] : [publicKeyOf(bytes, kind)] };
}

function readJwks(text: string): StoreContents {
  const keys = parseJwks(text);
  const hasCertificate = (jwk: Readonly<Record<string, unknown>>): boolean => jwk["x5c"] !== undefined;
  const isSecret = (jwk: Readonly<Record<string, unknown>>): boolean => jwk["d"] !== undefined;
  return {
    certificates: keys.flatMap(certificatesOfJwk),
    privateKeys: keys.filter(isSecret).map(readPrivateJwk),
    publicKeys: keys.filter((jwk) => !isSecret(jwk) && !hasCertificate(jwk)).map(readPublicJwk),
  };
}

function* readXml(bytes: Uint8Array, { kind, passphrase }: StoreReading): Steps<StoreContents> {
  const text = decodeText(bytes);
  const certificates = certificatesOfXml(text);
  if (hasXmlPrivateKey(text)) {
    return { ...nothing, certificates, privateKeys: [yield* privateKeyOf(bytes, { kind, passphrase })] };
  }
  // The key of a certificate may stand beside it.
  return { ...nothing, certificates, publicKeys: certificates.length > 0 ? [] : [publicKeyOf(bytes, kind)] };
}
