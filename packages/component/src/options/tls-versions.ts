import { UnsupportedError, type TlsVersion } from "rivulet";
import { MQTTError } from "../mqtt-error.ts";

/** The bits of each version, the oldest first: that of servers and that of clients, of which the latter counts. */
const versions: readonly { readonly version: TlsVersion; readonly mask: number; readonly client: number }[] = [
  { version: "TLSv1", mask: 0xc0, client: 0x80 },
  { version: "TLSv1.1", mask: 0x300, client: 0x200 },
  { version: "TLSv1.2", mask: 0xc00, client: 0x800 },
  { version: "TLSv1.3", mask: 0x3000, client: 0x2000 },
];

const sslBits = 0x3c;
const knownBits = 0x3fc0;

/** From the oldest version of TLS to the newest. */
export interface VersionRange {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
}

/** What is negotiated while `SSLEnabledProtocols` is not set: others than those that its documented default names. */
export const defaultVersions: VersionRange = { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" };

/**
 * Reads the bits of `SSLEnabledProtocols`.
 *
 * @throws MQTTError 270 for SSL 2 and 3, 10022 for bits that are none and for no version, 10042 for versions with a gap
 * between them, which nobody can ask a server for.
 */
export function parseProtocols(bits: number): VersionRange {
  if ((bits & sslBits) !== 0) {
    const detail =
      "SSLEnabledProtocols asks for SSL 2.0 or 3.0, which are broken, and which this OpenSSL does not have";
    throw new MQTTError(270, { detail, cause: new UnsupportedError("SSLEnabledProtocols", detail) });
  }
  const enabled = versions.filter(({ client }) => (bits & client) !== 0);
  const [first] = enabled;
  const last = enabled.at(-1);
  const isWhole = versions.every(({ mask, client }) => (bits & mask) === 0 || (bits & client) !== 0);
  if (bits !== (bits & knownBits) || !isWhole || first === undefined || last === undefined) {
    throw new MQTTError(10022, { detail: `SSLEnabledProtocols does not know the bits ${bits}` });
  }
  if (versions.indexOf(last) - versions.indexOf(first) >= enabled.length) {
    const detail = `SSLEnabledProtocols leaves out a version between ${first.version} and ${last.version}`;
    throw new MQTTError(10042, { detail });
  }
  return { minVersion: first.version, maxVersion: last.version };
}
