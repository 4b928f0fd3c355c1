/** Values of `firewallType`. */
export const FirewallTypes = { fwNone: 0, fwTunnel: 1, fwSOCKS4: 2, fwSOCKS5: 3, fwSOCKS4A: 10 } as const;

/** One of `FirewallTypes`. */
export type FirewallType = (typeof FirewallTypes)[keyof typeof FirewallTypes];

/** Values of `sslCertStoreType` and `sslAcceptServerCertStoreType`. */
export const CertStoreTypes = {
  cstUser: 0,
  cstMachine: 1,
  cstPFXFile: 2,
  cstPFXBlob: 3,
  cstJKSFile: 4,
  cstJKSBlob: 5,
  cstPEMKeyFile: 6,
  cstPEMKeyBlob: 7,
  cstPublicKeyFile: 8,
  cstPublicKeyBlob: 9,
  cstSSHPublicKeyBlob: 10,
  cstP7BFile: 11,
  cstP7BBlob: 12,
  cstSSHPublicKeyFile: 13,
  cstPPKFile: 14,
  cstPPKBlob: 15,
  cstXMLFile: 16,
  cstXMLBlob: 17,
  cstJWKFile: 18,
  cstJWKBlob: 19,
  cstBCFKSFile: 21,
  cstBCFKSBlob: 22,
  cstPKCS11: 23,
  cstAuto: 99,
} as const;

/** One of `CertStoreTypes`. */
export type CertStoreType = (typeof CertStoreTypes)[keyof typeof CertStoreTypes];

/** Values of `sslProvider`. */
export const SslProviders = { sslpAutomatic: 0, sslpPlatform: 1, sslpInternal: 2 } as const;

/** One of `SslProviders`. */
export type SslProvider = (typeof SslProviders)[keyof typeof SslProviders];

/** Values of `version`. */
export const MqttVersions = { mvV3: 0, mvV5: 1 } as const;

/** One of `MqttVersions`. */
export type MqttVersion = (typeof MqttVersions)[keyof typeof MqttVersions];

/** Values of the configuration setting `LogLevel`. */
export const LogLevels = { None: 0, Info: 1, Verbose: 2, Debug: 3 } as const;

/** One of `LogLevels`. */
export type LogLevel = (typeof LogLevels)[keyof typeof LogLevels];
