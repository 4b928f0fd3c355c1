import { createSecureContext } from "node:tls";
import { InvalidOptionError, type TlsOptions, UnsupportedError } from "@rivulet/engine";
import { minCipherStrengthBits } from "./limits.ts";

/** A cipher suite by its two names, and the bits of the cipher's key. */
interface CipherSuite {
  readonly iana: string;
  readonly openssl: string;
  readonly bits: number;
}

/** All that show a certificate: the name of IANA, and that of OpenSSL where it has another; the best ones first. */
const names = `
TLS_AES_256_GCM_SHA384
TLS_CHACHA20_POLY1305_SHA256
TLS_AES_128_GCM_SHA256
TLS_AES_128_CCM_8_SHA256
TLS_AES_128_CCM_SHA256
TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 ECDHE-ECDSA-AES256-GCM-SHA384
TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 ECDHE-RSA-AES256-GCM-SHA384
TLS_DHE_RSA_WITH_AES_256_GCM_SHA384 DHE-RSA-AES256-GCM-SHA384
TLS_DHE_DSS_WITH_AES_256_GCM_SHA384 DHE-DSS-AES256-GCM-SHA384
TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 ECDHE-ECDSA-CHACHA20-POLY1305
TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 ECDHE-RSA-CHACHA20-POLY1305
TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 DHE-RSA-CHACHA20-POLY1305
TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8 ECDHE-ECDSA-AES256-CCM8
TLS_ECDHE_ECDSA_WITH_AES_256_CCM ECDHE-ECDSA-AES256-CCM
TLS_DHE_RSA_WITH_AES_256_CCM_8 DHE-RSA-AES256-CCM8
TLS_DHE_RSA_WITH_AES_256_CCM DHE-RSA-AES256-CCM
TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384 ECDHE-ECDSA-ARIA256-GCM-SHA384
TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384 ECDHE-ARIA256-GCM-SHA384
TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384 DHE-RSA-ARIA256-GCM-SHA384
TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 ECDHE-ECDSA-AES128-GCM-SHA256
TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 ECDHE-RSA-AES128-GCM-SHA256
TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 DHE-RSA-AES128-GCM-SHA256
TLS_DHE_DSS_WITH_AES_128_GCM_SHA256 DHE-DSS-AES128-GCM-SHA256
TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 ECDHE-ECDSA-AES128-CCM8
TLS_ECDHE_ECDSA_WITH_AES_128_CCM ECDHE-ECDSA-AES128-CCM
TLS_DHE_RSA_WITH_AES_128_CCM_8 DHE-RSA-AES128-CCM8
TLS_DHE_RSA_WITH_AES_128_CCM DHE-RSA-AES128-CCM
TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256 ECDHE-ECDSA-ARIA128-GCM-SHA256
TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256 ECDHE-ARIA128-GCM-SHA256
TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256 DHE-RSA-ARIA128-GCM-SHA256
TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384 ECDHE-ECDSA-AES256-SHA384
TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384 ECDHE-RSA-AES256-SHA384
TLS_DHE_RSA_WITH_AES_256_CBC_SHA256 DHE-RSA-AES256-SHA256
TLS_DHE_DSS_WITH_AES_256_CBC_SHA256 DHE-DSS-AES256-SHA256
TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384 ECDHE-ECDSA-CAMELLIA256-SHA384
TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384 ECDHE-RSA-CAMELLIA256-SHA384
TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256 DHE-RSA-CAMELLIA256-SHA256
TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 ECDHE-ECDSA-AES128-SHA256
TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256 ECDHE-RSA-AES128-SHA256
TLS_DHE_RSA_WITH_AES_128_CBC_SHA256 DHE-RSA-AES128-SHA256
TLS_DHE_DSS_WITH_AES_128_CBC_SHA256 DHE-DSS-AES128-SHA256
TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256 ECDHE-ECDSA-CAMELLIA128-SHA256
TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256 ECDHE-RSA-CAMELLIA128-SHA256
TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256 DHE-RSA-CAMELLIA128-SHA256
TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA ECDHE-ECDSA-AES256-SHA
TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA ECDHE-RSA-AES256-SHA
TLS_DHE_RSA_WITH_AES_256_CBC_SHA DHE-RSA-AES256-SHA
TLS_DHE_DSS_WITH_AES_256_CBC_SHA DHE-DSS-AES256-SHA
TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA DHE-RSA-CAMELLIA256-SHA
TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA ECDHE-ECDSA-AES128-SHA
TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA ECDHE-RSA-AES128-SHA
TLS_DHE_RSA_WITH_AES_128_CBC_SHA DHE-RSA-AES128-SHA
TLS_DHE_DSS_WITH_AES_128_CBC_SHA DHE-DSS-AES128-SHA
TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA DHE-RSA-CAMELLIA128-SHA
TLS_RSA_WITH_AES_256_GCM_SHA384 AES256-GCM-SHA384
TLS_RSA_WITH_AES_256_CCM_8 AES256-CCM8
TLS_RSA_WITH_AES_256_CCM AES256-CCM
TLS_RSA_WITH_ARIA_256_GCM_SHA384 ARIA256-GCM-SHA384
TLS_RSA_WITH_AES_128_GCM_SHA256 AES128-GCM-SHA256
TLS_RSA_WITH_AES_128_CCM_8 AES128-CCM8
TLS_RSA_WITH_AES_128_CCM AES128-CCM
TLS_RSA_WITH_ARIA_128_GCM_SHA256 ARIA128-GCM-SHA256
TLS_RSA_WITH_AES_256_CBC_SHA256 AES256-SHA256
TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256 CAMELLIA256-SHA256
TLS_RSA_WITH_AES_128_CBC_SHA256 AES128-SHA256
TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256 CAMELLIA128-SHA256
TLS_RSA_WITH_AES_256_CBC_SHA AES256-SHA
TLS_RSA_WITH_CAMELLIA_256_CBC_SHA CAMELLIA256-SHA
TLS_RSA_WITH_AES_128_CBC_SHA AES128-SHA
TLS_RSA_WITH_CAMELLIA_128_CBC_SHA CAMELLIA128-SHA
TLS_ECDHE_ECDSA_WITH_NULL_SHA ECDHE-ECDSA-NULL-SHA
TLS_ECDHE_RSA_WITH_NULL_SHA ECDHE-RSA-NULL-SHA
TLS_RSA_WITH_NULL_SHA256 NULL-SHA256
TLS_RSA_WITH_NULL_SHA NULL-SHA
TLS_RSA_WITH_NULL_MD5 NULL-MD5
TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA ECDHE-ECDSA-DES-CBC3-SHA
TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA ECDHE-RSA-DES-CBC3-SHA
TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA DHE-RSA-DES-CBC3-SHA
TLS_RSA_WITH_3DES_EDE_CBC_SHA DES-CBC3-SHA
TLS_ECDHE_ECDSA_WITH_RC4_128_SHA ECDHE-ECDSA-RC4-SHA
TLS_ECDHE_RSA_WITH_RC4_128_SHA ECDHE-RSA-RC4-SHA
TLS_RSA_WITH_RC4_128_SHA RC4-SHA
TLS_RSA_WITH_RC4_128_MD5 RC4-MD5`;

const suites: readonly CipherSuite[] = names
  .trim()
  .split("\n")
  .map((line) => {
    const [iana = "", openssl = iana] = line.split(" ");
    return { iana, openssl, bits: cipherStrengthBits(iana) };
  });

const suitesByName: ReadonlyMap<string, CipherSuite> = new Map(
  suites.flatMap((suite) => [
    [suite.iana, suite],
    [suite.openssl.toUpperCase(), suite],
  ]),
);

/** Suites that OpenSSL has dropped: key exchanges without forward secrecy of their own, and ciphers that are broken. */
const dropped = /^TLS_ECDH_|_WITH_DES_|^TLS_DHE_DSS_WITH_3DES_/i;

/** Suites that no option of ours goes with: nobody shows a certificate there. */
const withoutCertificate = /(?:^|_|-)(?:anon|PSK|SRP)(?:_|-)|^A(?:EC)?DH-/i;

/**
 * The list of suites as OpenSSL takes it; undefined where the platform's own list does.
 *
 * @throws InvalidOptionError for a name that is none, where `minCipherStrengthBits` leaves none, and for a list that
 * OpenSSL finds nothing in; UnsupportedError for a suite that this OpenSSL does not have.
 */
export function cipherList(options: TlsOptions): string | undefined {
  if (options.cipherList !== undefined) return checkList(options.cipherList, options);
  const least = options.minCipherStrengthBits ?? minCipherStrengthBits;
  // The platform's own list holds nothing below 128 bits.
  if (options.cipherSuites === undefined && least <= 128) return undefined;
  const asked = options.cipherSuites?.map(findSuite) ?? suites.filter(({ openssl }) => isAvailable(openssl));
  const strong = asked.filter(({ bits }) => bits >= least);
  if (strong.length > 0) return strong.map(({ openssl }) => openssl).join(":");
  const what = options.cipherSuites === undefined ? "No cipher suite" : "None of tls.cipherSuites";
  throw new InvalidOptionError(
    "tls.minCipherStrengthBits",
    `${what} has a key of ${least} bits, as tls.minCipherStrengthBits demands`,
  );
}

/** Colons are what Node knows of the characters that may stand between ciphers there. */
function checkList(list: string, { cipherSuites }: TlsOptions): string {
  if (cipherSuites !== undefined) {
    throw new InvalidOptionError("tls.cipherList", "tls.cipherList does not go with tls.cipherSuites");
  }
  const ciphers = list
    .split(/[\s:,;]+/)
    .filter(Boolean)
    .join(":");
  try {
    createSecureContext({ ciphers });
    return ciphers;
  } catch (cause) {
    const message = `OpenSSL finds no cipher in ${JSON.stringify(list.slice(0, 128))}, which is tls.cipherList`;
    throw new InvalidOptionError("tls.cipherList", message, { cause });
  }
}

function findSuite(name: string): CipherSuite {
  const suite = suitesByName.get(name.toUpperCase());
  if (suite === undefined) {
    if (withoutCertificate.test(name)) {
      throw new UnsupportedError(
        "tls.cipherSuites",
        `${name} of tls.cipherSuites is not supported: it goes without a certificate`,
      );
    }
    if (dropped.test(name)) throw notHere(name);
    throw new InvalidOptionError(
      "tls.cipherSuites",
      `There is no cipher suite "${name}", which is in tls.cipherSuites`,
    );
  }
  if (!isAvailable(suite.openssl)) throw notHere(name);
  return suite;
}

function notHere(name: string): UnsupportedError {
  const message = `${name} of tls.cipherSuites is not supported by the OpenSSL of this platform`;
  return new UnsupportedError("tls.cipherSuites", message);
}

const availability = new Map<string, boolean>();

/** Whether this OpenSSL knows the suite, at any of its levels of security. */
function isAvailable(openssl: string): boolean {
  let isKnown = availability.get(openssl);
  if (isKnown === undefined) {
    try {
      createSecureContext({ ciphers: openssl });
      isKnown = true;
    } catch {
      isKnown = false;
    }
    availability.set(openssl, isKnown);
  }
  return isKnown;
}

/** The cipher of a suite, such as `AES-256-GCM`. */
export function cipherName(iana: string): string {
  return iana
    .replace(/^TLS_(?:.*_WITH_)?/, "")
    .replace(/_(?:SHA\d*|MD5)$/, "")
    .replaceAll("_", "-");
}

/** The bits of the key of a suite's cipher; 0 where nothing is encrypted. */
export function cipherStrengthBits(iana: string): number {
  const bits = /_(?:AES|ARIA|CAMELLIA|RC4)_(\d+)/.exec(iana)?.[1];
  if (bits !== undefined) return Number(bits);
  if (iana.includes("CHACHA20")) return 256;
  // Three keys of 56 bits, of which one is lost to a meeting in the middle.
  return iana.includes("3DES") ? 112 : 0;
}
