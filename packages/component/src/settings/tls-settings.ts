/** TLS. */
export class TlsSettings {
  sslEnabled = false;
  /** One of `SslProviders`. */
  sslProvider = 0;

  // Configuration settings of SSL: empty or undefined is "not set", where nothing else is said.
  logSslPackets = false;
  openSslCaDir = "";
  openSslCaFile = "";
  openSslCipherList = "";
  /** Undefined: not set, and True reads back. */
  reuseSslSession: boolean | undefined = undefined;
  /** Paths; undefined: not set, and the documented list reads back. */
  caCertFilePaths: string | undefined = undefined;
  caCerts = "";
  checkCrl: 0 | 1 | 2 = 0;
  checkOcsp: 0 | 1 | 2 = 0;
  cipherStrength: number | undefined = undefined;
  /** For servers, and checked like the others. */
  clientCaCerts = "";
  enabledCipherSuites = "*";
  /** Bits; undefined: not set, and 4032 reads back. */
  enabledProtocols: number | undefined = undefined;
  /** Undefined: not set, and False reads back. */
  enableRenegotiation: boolean | undefined = undefined;
  includeCertChain = false;
  keyLogFile = "";
  securityFlags = 0;
  serverCaCerts = "";
  tls12SignatureAlgorithms: string | undefined = undefined;
  tls12SupportedGroups: string | undefined = undefined;
  tls13KeyShareGroups: string | undefined = undefined;
  tls13SignatureAlgorithms: string | undefined = undefined;
  tls13SupportedGroups: string | undefined = undefined;
}
