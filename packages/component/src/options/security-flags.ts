import type { RevocationCheck, TlsOptions } from "rivulet";
import { MQTTError } from "../mqtt-error.ts";

/** The bits of `SSLSecurityFlags`. */
const flags = {
  expired: 0x1,
  /** Times of trust lists. */
  listTime: 0x2,
  /** Validity of a certificate beyond that of its issuer. */
  nestedTime: 0x4,
  unknownAuthority: 0x10,
  wrongUsage: 0x20,
  revocationUnknown: 0x100,
  listSignerRevocationUnknown: 0x200,
  authorityRevocationUnknown: 0x400,
  rootRevocationUnknown: 0x800,
  trustTestRoot: 0x4000,
  allowTestRoot: 0x8000,
  hostnameMismatch: 0x8000_0000,
} as const;

const knownBits = Object.values(flags).reduce((all, flag) => (all | flag) >>> 0, 0);

/** What `SSLSecurityFlags` and the two checks of revocation come to. */
export type Relaxations = Pick<
  TlsOptions,
  "allowExpired" | "allowUnknownAuthority" | "allowWrongUsage" | "allowHostnameMismatch" | "ocsp" | "crl"
>;

/** The settings that they are made of. */
export interface SecuritySettings {
  /** As a signed or unsigned number of 32 bits. */
  readonly securityFlags: number;
  readonly checkOcsp: 0 | 1 | 2;
  readonly checkCrl: 0 | 1 | 2;
}

const modes: readonly RevocationCheck[] = ["off", "ifAvailable", "required"];

/**
 * Each bit becomes the option that allows that one problem. Bits about trust lists, nested times and the revocation of roots
 * relax checks that are not made, so that nothing is ever refused for them.
 *
 * @throws MQTTError 10022 for bits that are none; 10042 for test roots, of which there are none here, and for what is unknown
 * about authorities alone where `SSLCheckCRL` demands to know all.
 */
export function relaxations({ securityFlags, checkOcsp, checkCrl }: SecuritySettings): Relaxations {
  const bits = securityFlags >>> 0;
  const has = (flag: number): boolean => (bits & flag) !== 0;
  if (!Number.isInteger(securityFlags) || (bits & ~knownBits) !== 0) {
    throw new MQTTError(10022, { detail: `SSLSecurityFlags does not know the bits 0x${bits.toString(16)}` });
  }
  if (has(flags.allowTestRoot | flags.trustTestRoot)) {
    const detail = "SSLSecurityFlags cannot allow test roots, which this platform does not know: see SSLServerCACerts";
    throw new MQTTError(10042, { detail });
  }
  const mayBeUnknown = has(flags.revocationUnknown);
  if (has(flags.authorityRevocationUnknown) && checkCrl === 2 && !mayBeUnknown) {
    const detail = "SSLSecurityFlags=0x400 does not go with SSLCheckCRL=2, which is about the whole chain: add 0x100";
    throw new MQTTError(10042, { detail });
  }
  const ocsp = relaxed(checkOcsp, mayBeUnknown);
  const crl = relaxed(checkCrl, mayBeUnknown);
  return {
    ...(has(flags.expired) && { allowExpired: true }),
    ...(has(flags.unknownAuthority) && { allowUnknownAuthority: true }),
    ...(has(flags.wrongUsage) && { allowWrongUsage: true }),
    ...(has(flags.hostnameMismatch) && { allowHostnameMismatch: true }),
    ...(ocsp !== "off" && { ocsp }),
    ...(crl !== "off" && { crl }),
  };
}

/** An answer that cannot be had refuses nobody then; one that says revoked does. */
function relaxed(check: 0 | 1 | 2, mayBeUnknown: boolean): RevocationCheck {
  return modes[mayBeUnknown ? Math.min(check, 1) : check] ?? "off";
}
