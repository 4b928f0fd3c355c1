import type { AuthoritySource, TlsOptions } from "rivulet";
import type { Core } from "../core.ts";
import { SslProviders } from "../enumerations.ts";
import { MQTTError } from "../mqtt-error.ts";
import { relaxations } from "./security-flags.ts";
import { parseCertificates } from "./certificate-list.ts";
import { refuseTlsFields } from "./tls-fields.ts";
import {
  allGroups13,
  parseCipherSuites,
  parseGroups12,
  parseGroups13,
  parseKeyShareGroup,
  parseSignatures12,
  parseSignatures13,
} from "./tls-names.ts";
import { defaultVersions, parseProtocols, type VersionRange } from "./tls-versions.ts";

export { encodedCertificates } from "./encoded-certificates.ts";

/** What of `Core` TLS depends on. */
export type TlsCore = Pick<Core, "settings" | "certificates" | "platform" | "log">;

/**
 * All that is set for TLS, as an option of `MqttClient`; undefined where TLS is the platform's own affair. As long as nothing
 * has changed it is the same object, since sessions of TLS are taken up again for that object only.
 *
 * `sslProvider` has one implementation to choose: the OpenSSL (in Deno, the rustls) of the runtime, which stands for the
 * internal one, and for the platform's. Of the latter it is documented that `LogSSLPackets`, `SSLKeyLogFile` and
 * `SSLEnableRenegotiation` have no effect.
 *
 * @param hostname That the server's certificate must be for; a name of one is told to the server (SNI).
 * @throws MQTTError 10022 for names, bits and certificates that are none; 10042 for what cannot be done together, or not here;
 * 270 for SSL 2 and 3, and for whatever is set where TLS is the platform's own affair, as that of WebSockets is in Deno; 273
 * and 281 for what cannot be shown as the client's certificate.
 */
export function tlsOptions(core: TlsCore, hostname: string): TlsOptions | undefined {
  if (!hasOwnTls(core)) {
    refuseTlsFields(core);
    return undefined;
  }
  const versions = readVersions(core);
  const options: TlsOptions = {
    ...readAuthorities(core),
    ...readIdentity(core),
    ...versions,
    ...readCiphers(core),
    ...readKeyExchange(core, versions ?? defaultVersions),
    ...relaxations(core.settings.tls),
    ...readDebugging(core),
    ...readSession(core),
    serverName: hostname.replace(/^\[(.*)\]$/, "$1"),
    verifyServerCertificate: keepDecision,
  };
  return sameAsBefore(core.certificates, options);
}

function hasOwnTls({ platform, settings }: TlsCore): boolean {
  const { certificates, hasSockets, hasWebSocketSockets = hasSockets } = platform;
  const isWebSocket = /^\*?\s*wss?:/i.test(settings.remoteHost.trim());
  return certificates !== undefined && (hasWebSocketSockets || !isWebSocket);
}

/** One function for all, and no decision of its own: where there is one, Deno shows the certificate. */
function keepDecision({ accept }: { readonly accept: boolean }): boolean {
  return accept;
}

const lastOptions = new WeakMap<object, { readonly text: string; readonly options: TlsOptions }>();

/** Everything in the options can be written down, but for the one function. */
function sameAsBefore(owner: object, options: TlsOptions): TlsOptions {
  const text = JSON.stringify(options);
  const last = lastOptions.get(owner);
  if (last?.text === text) return last.options;
  lastOptions.set(owner, { text, options });
  return options;
}

function readVersions({ settings, log }: TlsCore): VersionRange | undefined {
  const { enabledProtocols } = settings.tls;
  if (enabledProtocols === undefined) return undefined;
  const versions = parseProtocols(enabledProtocols);
  if (versions.minVersion === "TLSv1" || versions.minVersion === "TLSv1.1") {
    log(1, "Info", `SSLEnabledProtocols=${enabledProtocols} allows ${versions.minVersion}, which is no longer secure`);
  }
  return versions;
}

/** Files and directories that are named replace the system's authorities; certificates that are given stand beside them. */
function readAuthorities(core: TlsCore): Pick<TlsOptions, "ca" | "systemCa"> {
  const { caCertFilePaths, openSslCaFile, openSslCaDir, serverCaCerts, clientCaCerts } = core.settings.tls;
  // Servers alone look at these, but nobody should find out there that they are garbage.
  parseCertificates(core, "SSLClientCACerts", clientCaCerts);
  const given = parseCertificates(core, "SSLServerCACerts", serverCaCerts);
  const named: AuthoritySource[] = [
    ...(caCertFilePaths === undefined ? [] : existingFiles(core, caCertFilePaths)),
    ...(openSslCaFile === "" ? [] : [{ file: openSslCaFile }]),
    ...(openSslCaDir === "" ? [] : [{ directory: openSslCaDir }]),
  ];
  const systemCa = named.length === 0;
  if (given.length === 0 && systemCa) return {};
  return { ca: [...named, ...given], systemCa };
}

/** Of the files of `SSLCACertFilePaths`, those that are there. */
function existingFiles({ platform }: TlsCore, paths: string): readonly { readonly file: string }[] {
  const files = paths
    .split(";")
    .map((path) => path.trim())
    .filter((path) => path !== "")
    .filter((path) => isReadable(platform, path))
    .map((file) => ({ file }));
  if (files.length > 0) return files;
  throw new MQTTError(10022, { detail: "SSLCACertFilePaths names no file that can be read" });
}

function isReadable({ files }: TlsCore["platform"], path: string): boolean {
  try {
    return files?.read(path) !== undefined;
  } catch {
    return false;
  }
}

function readIdentity(core: TlsCore): Pick<TlsOptions, "cert" | "key" | "acceptServerCertificate"> {
  const { client, accepted } = core.certificates;
  const more = parseCertificates(core, "SSLCACerts", core.settings.tls.caCerts);
  const pinned = accepted.selected?.certificate?.pem;
  const accept = pinned === undefined ? {} : { acceptServerCertificate: pinned };
  if (client.selected === undefined) return accept;
  const { certificate, chain, privateKey } = client.selected;
  if (certificate === undefined) throw new MQTTError(281, { detail: "What is chosen by SSLCert is a key alone" });
  if (privateKey === undefined) {
    throw new MQTTError(273, { detail: `SSLCertStore has no private key for ${certificate.subject}` });
  }
  const issuers = chain.map(({ pem }) => pem);
  return { ...accept, cert: [certificate.pem, ...issuers, ...more].join("\n"), key: privateKey };
}

function readCiphers({ settings }: TlsCore): Pick<TlsOptions, "cipherSuites" | "cipherList" | "minCipherStrengthBits"> {
  const { enabledCipherSuites, openSslCipherList, cipherStrength } = settings.tls;
  const cipherSuites = parseCipherSuites(enabledCipherSuites);
  if (cipherSuites !== undefined && openSslCipherList !== "") {
    throw new MQTTError(10042, {
      detail: "SSLEnabledCipherSuites does not go with OpenSSLCipherList: one can be obeyed",
    });
  }
  return {
    ...(cipherSuites !== undefined && { cipherSuites }),
    ...(openSslCipherList !== "" && { cipherList: openSslCipherList }),
    ...(cipherStrength !== undefined && { minCipherStrengthBits: cipherStrength }),
  };
}

/**
 * A ClientHello has one list of groups and one of signature algorithms for all versions that it offers: what is set for each
 * of them is put together, TLS 1.3 first.
 */
function readKeyExchange(
  { settings }: TlsCore,
  { minVersion, maxVersion }: VersionRange,
): Pick<TlsOptions, "groups" | "signatureAlgorithms"> {
  const { tls12SupportedGroups, tls12SignatureAlgorithms } = settings.tls;
  const { tls13KeyShareGroups, tls13SupportedGroups, tls13SignatureAlgorithms } = settings.tls;
  const has13 = maxVersion === "TLSv1.3";
  const has12 = minVersion !== "TLSv1.3";
  const of12 = has12 ? parseGroups12(tls12SupportedGroups ?? "") : [];
  const of13 = has13 ? parseGroups13(tls13SupportedGroups ?? "") : [];
  const share = has13 ? parseKeyShareGroup(tls13KeyShareGroups ?? "") : undefined;
  if (share !== undefined && of13.length > 0 && !of13.includes(share)) {
    throw new MQTTError(10022, { detail: "TLS13KeyShareGroups names a group that is not in TLS13SupportedGroups" });
  }
  const groups = new Set([...of13, ...of12]);
  // The first one gets the key share.
  const all = share === undefined ? [...groups] : [...new Set([share, ...(groups.size > 0 ? groups : allGroups13)])];
  const signatures = new Set([
    ...(has13 ? parseSignatures13(tls13SignatureAlgorithms ?? "") : []),
    ...(has12 ? parseSignatures12(tls12SignatureAlgorithms ?? "", has13) : []),
  ]);
  return {
    ...(all.length > 0 && { groups: all }),
    ...(signatures.size > 0 && { signatureAlgorithms: [...signatures] }),
  };
}

function readDebugging({ settings }: TlsCore): Pick<TlsOptions, "keyLogFile" | "logRecords"> {
  const { sslProvider, logSslPackets, keyLogFile, enableRenegotiation } = settings.tls;
  if (sslProvider === SslProviders.sslpPlatform) return {};
  if (enableRenegotiation === false) {
    const detail = "SSLEnableRenegotiation cannot be False: OpenSSL tells every server that it renegotiates securely";
    throw new MQTTError(10042, { detail });
  }
  return { ...(keyLogFile !== "" && { keyLogFile }), ...(logSslPackets && { logRecords: true }) };
}

/** Absent while nobody has asked: platforms that cannot do it refuse to. */
function readSession({ settings }: TlsCore): Pick<TlsOptions, "reuseSession"> {
  const { reuseSslSession } = settings.tls;
  return reuseSslSession === undefined ? {} : { reuseSession: reuseSslSession };
}
