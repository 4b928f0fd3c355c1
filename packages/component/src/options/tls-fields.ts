import type { Core } from "../core.ts";
import { TlsSettings } from "../settings/tls-settings.ts";
import { unsupported } from "./unsupported.ts";

/** A property or setting that needs TLS of our own. */
export type TlsField = Exclude<keyof TlsSettings, "sslEnabled">;

const defaults = /* @__PURE__ */ new TlsSettings();

/** What each is called. */
const tlsSettingNames: Readonly<Record<TlsField, string>> = {
  sslProvider: "SSLProvider",
  logSslPackets: "LogSSLPackets",
  openSslCaDir: "OpenSSLCADir",
  openSslCaFile: "OpenSSLCAFile",
  openSslCipherList: "OpenSSLCipherList",
  reuseSslSession: "ReuseSSLSession",
  caCertFilePaths: "SSLCACertFilePaths",
  caCerts: "SSLCACerts",
  checkCrl: "SSLCheckCRL",
  checkOcsp: "SSLCheckOCSP",
  cipherStrength: "SSLCipherStrength",
  clientCaCerts: "SSLClientCACerts",
  enabledCipherSuites: "SSLEnabledCipherSuites",
  enabledProtocols: "SSLEnabledProtocols",
  enableRenegotiation: "SSLEnableRenegotiation",
  includeCertChain: "SSLIncludeCertChain",
  keyLogFile: "SSLKeyLogFile",
  securityFlags: "SSLSecurityFlags",
  serverCaCerts: "SSLServerCACerts",
  tls12SignatureAlgorithms: "TLS12SignatureAlgorithms",
  tls12SupportedGroups: "TLS12SupportedGroups",
  tls13KeyShareGroups: "TLS13KeyShareGroups",
  tls13SignatureAlgorithms: "TLS13SignatureAlgorithms",
  tls13SupportedGroups: "TLS13SupportedGroups",
};

/**
 * For connections whose TLS is the platform's own affair: refuses what has been set.
 *
 * @throws MQTTError 270, naming the setting.
 */
export function refuseTlsFields(core: Pick<Core, "certificates" | "platform" | "settings">): void {
  const refuse = (setting: string): never => {
    throw unsupported(core, { code: 270, setting, why: "TLS is its own affair there" });
  };
  for (const [field, setting] of Object.entries(tlsSettingNames) as [TlsField, string][]) {
    if (core.settings.tls[field] !== defaults[field]) refuse(setting);
  }
  const { client, accepted } = core.certificates;
  if (client.selected !== undefined) refuse("SSLCert");
  if (accepted.selected !== undefined) refuse("SSLAcceptServerCert");
}
