import { constants, createHash } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext, type SecureContextOptions } from "node:tls";
import { InvalidOptionError, type TlsOptions, type TransportTarget } from "@rivulet/engine";
import { readIdentity } from "../keys/identity.ts";
import { toPem } from "./certificate-info.ts";
import { maxSecureContexts } from "./limits.ts";
import { openKeyLog } from "./key-log.ts";
import { readTlsOptions, type TlsSettings } from "./tls-options.ts";
import { readPins, readTrust, type Trust } from "./trust.ts";

/** All that a handshake needs, files read. */
export interface Preparation {
  readonly settings: TlsSettings;
  readonly secureContext: SecureContext;
  readonly trust: Trust;
  /** SHA-256 fingerprints that are accepted whatever is wrong. */
  readonly pins: ReadonlySet<string>;
  /** What is told to the server; empty for none. */
  readonly serverName: string;
  /** What the server's certificate must be for. */
  readonly hostname: string;
  /** Tells sessions of TLS apart: the server, and all that the files say. */
  readonly sessionKey: string;
}

/** @throws InvalidOptionError, UnsupportedError naming the option. */
export async function prepare(target: TransportTarget, options: TlsOptions): Promise<Preparation> {
  const settings = readTlsOptions(options);
  const [trust, identity, pins] = await Promise.all([readTrust(options), readIdentity(options), readPins(options)]);
  if (options.keyLogFile !== undefined) await openKeyLog(options.keyLogFile);
  const { minVersion, maxVersion, ciphers, ecdhCurve, sigalgs } = settings;
  const isOld = minVersion === "TLSv1" || minVersion === "TLSv1.1";
  // Their signatures are by MD5 and SHA-1, which OpenSSL allows at its lowest level of security only.
  const hasOwnLevel = ciphers?.includes("@SECLEVEL=") === true;
  const allCiphers = isOld && !hasOwnLevel ? `${ciphers ?? DEFAULT_CIPHERS}:@SECLEVEL=0` : ciphers;
  const contextOptions: SecureContextOptions = {
    ca: [...trust.pem],
    minVersion,
    maxVersion,
    // The server's wish for another handshake is not heard (RFC 5246, 7.4.1.1).
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(allCiphers === undefined ? {} : { ciphers: allCiphers }),
    ...(ecdhCurve === undefined ? {} : { ecdhCurve }),
    ...(sigalgs === undefined ? {} : { sigalgs }),
    ...(identity === undefined
      ? {}
      : {
          cert: identity.certificates.map((der) => toPem("CERTIFICATE", der)).join(""),
          key: identity.privateKey.export({ type: "pkcs8", format: "pem" }),
        }),
  };
  const digest = createHash("sha256").update(JSON.stringify(contextOptions)).digest("base64");
  // A dot at the end is for the resolver alone (RFC 6066, 3).
  const name = (options.serverName ?? target.hostname).replace(/\.$/, "");
  return {
    settings,
    secureContext: findSecureContext(contextOptions, digest),
    trust,
    pins,
    serverName: isIP(name.replace(/%.*$/, "")) === 0 ? name : "",
    hostname: name || target.hostname,
    sessionKey: JSON.stringify([target.hostname, target.port, name, settings.ALPNProtocols, digest]),
  };
}

/** A context with all authorities of a system takes 20 ms to make, which a reconnecting client need not spend again. */
const secureContexts = new Map<string, SecureContext>();

function findSecureContext(options: SecureContextOptions, digest: string): SecureContext {
  const context = secureContexts.get(digest) ?? makeSecureContext(options);
  secureContexts.delete(digest);
  // One with a private key is not kept longer than it is needed.
  if (options.key === undefined) secureContexts.set(digest, context);
  for (const oldest of secureContexts.keys()) {
    if (secureContexts.size <= maxSecureContexts) break;
    secureContexts.delete(oldest);
  }
  return context;
}

function makeSecureContext(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options);
  } catch (cause) {
    const reason: unknown = cause instanceof Error && "reason" in cause ? cause.reason : undefined;
    const why = typeof reason === "string" ? `OpenSSL says "${reason}"` : "OpenSSL does not say why";
    // The rest has been tried by itself, or has been read before.
    const [option, what] =
      options.cert === undefined ? ["tls", "The options"] : ["tls.cert", "The certificate of tls.cert or tls.pfx"];
    throw new InvalidOptionError(option, `${what} cannot be used for TLS: ${why}`, { cause });
  }
}
