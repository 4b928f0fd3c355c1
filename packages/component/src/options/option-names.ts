/**
 * The properties and settings that options of `MqttClient` are made of here: what its errors are about. Options that no
 * setting changes are not in it.
 */
const names: Readonly<Record<string, string>> = {
  "tls.ca": "SSLServerCACerts, SSLCACertFilePaths, OpenSSLCAFile or OpenSSLCADir",
  "tls.cert": "SSLCert",
  "tls.key": "SSLCert",
  "tls.minVersion": "SSLEnabledProtocols",
  "tls.maxVersion": "SSLEnabledProtocols",
  "tls.cipherSuites": "SSLEnabledCipherSuites",
  "tls.cipherList": "OpenSSLCipherList",
  "tls.minCipherStrengthBits": "SSLCipherStrength",
  "tls.groups": "TLS12SupportedGroups, TLS13SupportedGroups or TLS13KeyShareGroups",
  "tls.signatureAlgorithms": "TLS12SignatureAlgorithms or TLS13SignatureAlgorithms",
  "tls.serverName": "RemoteHost",
  "tls.reuseSession": "ReuseSSLSession",
  "tls.keyLogFile": "SSLKeyLogFile",
  "tls.logRecords": "LogSSLPackets",
  "tls.allowExpired": "SSLSecurityFlags",
  "tls.allowUnknownAuthority": "SSLSecurityFlags",
  "tls.allowWrongUsage": "SSLSecurityFlags",
  "tls.allowHostnameMismatch": "SSLSecurityFlags",
  "tls.acceptServerCertificate": "SSLAcceptServerCert",
  "tls.ocsp": "SSLCheckOCSP",
  "tls.crl": "SSLCheckCRL",
  "socket.localAddress": "LocalHost",
  "socket.localPort": "LocalPort",
  "socket.family": "UseIPv6",
  "socket.noDelay": "TcpNoDelay",
};

/** What an option such as `tls.cipherSuites` is called here; undefined where it has no other name. */
export function settingOfOption(option: string): string | undefined {
  return Object.hasOwn(names, option) ? names[option] : undefined;
}

/** A message that speaks of settings instead of options. */
export function withSettingNames(message: string): string {
  return message.replace(/\b(?:tls|socket)\.[a-z]\w*/gi, (option) => settingOfOption(option) ?? option);
}
