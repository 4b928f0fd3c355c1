import { InvalidOptionError, type TlsOptions, UnsupportedError } from "@rivulet/engine";
import { describe, expect, it } from "vitest";
import { cipherName, cipherStrengthBits } from "./cipher-suites.ts";
import { readTlsOptions } from "./tls-options.ts";

/** What TypeScript would not let pass, JavaScript does. */
function read(options: object): ReturnType<typeof readTlsOptions> {
  return readTlsOptions(options);
}

function errorOf(options: object): unknown {
  try {
    read(options);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("options for TLS", () => {
  it("have defaults", () => {
    expect(readTlsOptions()).toEqual({ minVersion: "TLSv1.2", maxVersion: "TLSv1.3" });
    expect(read({ ca: undefined, minVersion: undefined })).toEqual(readTlsOptions({}));
    expect(read({ ca: [{ directory: "authorities" }, "PEM"] })).toEqual(readTlsOptions({}));
  });

  it.each<[string, object, string]>([
    ["rejectUnauthorized", { rejectUnauthorized: false }, "There is no option tls.rejectUnauthorized"],
    ["toString", { toString: 1 }, "There is no option tls.toString"],
    ["ca", { ca: 5 }, "tls.ca must be text, bytes, { file }, { directory }, or a list of these, not a number"],
    ["ca", { ca: { file: 5 } }, "not an object"],
    ["ca", { ca: [{ directory: 5 }] }, "not such a list"],
    ["systemCa", { systemCa: "yes" }, 'tls.systemCa must be true or false, not "yes"'],
    ["cert", { cert: {} }, "tls.cert must be text, bytes or { file }, not an object"],
    ["key", { key: true }, "tls.key must be text, bytes, { file } or a JWK, not true"],
    ["keyFormat", { cert: "c", key: "k", keyFormat: "pfx" }, 'tls.keyFormat must be "detect" or'],
    ["pfx", { pfx: "text" }, "tls.pfx must be bytes or { file }, not a string"],
    ["passphrase", { passphrase: 1234 }, "tls.passphrase must be a string, not a number"],
    ["minVersion", { minVersion: "SSLv3" }, 'tls.minVersion must be "TLSv1" or "TLSv1.1" or'],
    ["maxVersion", { maxVersion: 1.3 }, "not 1.3"],
    ["cipherSuites", { cipherSuites: "AES128-SHA" }, "tls.cipherSuites must be a list of names, one at least"],
    ["cipherSuites", { cipherSuites: [] }, "tls.cipherSuites must be a list of names, one at least, not such a list"],
    ["minCipherStrengthBits", { minCipherStrengthBits: -1 }, "must be a whole number from 0 on, not -1"],
    ["groups", { groups: [5] }, "tls.groups must be a list of names"],
    ["signatureAlgorithms", { signatureAlgorithms: [""] }, "tls.signatureAlgorithms must be a list of names"],
    ["alpnProtocols", { alpnProtocols: ["x".repeat(256)] }, "must be a list of names of 1 to 255 bytes"],
    ["serverName", { serverName: "a b" }, 'must be a host name, an address, or empty, not "a b"'],
    ["reuseSession", { reuseSession: 1 }, "tls.reuseSession must be true or false, not 1"],
    ["keyLogFile", { keyLogFile: new URL("http://localhost/") }, "must be a path or a file: URL"],
    ["allowExpired", { allowExpired: 1 }, "tls.allowExpired must be true or false"],
    ["allowUnknownAuthority", { allowUnknownAuthority: null }, "not null"],
    ["allowHostnameMismatch", { allowHostnameMismatch: "true" }, "true or false"],
    ["allowWrongUsage", { allowWrongUsage: 0 }, "true or false"],
    ["allowRevoked", { allowRevoked: [] }, "not such a list"],
    [
      "acceptServerCertificate",
      { acceptServerCertificate: { sha256: "" } },
      "must be text, bytes, { file }, or a list",
    ],
    ["verifyServerCertificate", { verifyServerCertificate: true }, "must be a function, not true"],
    ["ocspStapling", { ocspStapling: true }, 'must be "off" or "ifAvailable" or "required", not true'],
    ["ocsp", { ocsp: "on" }, 'not "on"'],
    ["crl", { crl: "always" }, 'not "always"'],
    ["pfx", { pfx: new Uint8Array(1), key: "k" }, "does not go with tls.key"],
    ["pfx", { pfx: new Uint8Array(1), cert: "c" }, "does not go with tls.cert"],
    ["passphrase", { passphrase: "secret" }, "tls.passphrase is of no use without a private key"],
    ["keyFormat", { keyFormat: "pem" }, "tls.keyFormat is of no use without a private key"],
    [
      "maxVersion",
      { maxVersion: "TLSv1.1" },
      "tls.maxVersion is TLSv1.1, and must not be below tls.minVersion, which is TLSv1.2, its default",
    ],
    [
      "maxVersion",
      { minVersion: "TLSv1.3", maxVersion: "TLSv1.2" },
      "must not be below tls.minVersion, which is TLSv1.3",
    ],
    [
      "cipherSuites",
      { cipherSuites: ["TLS_NO_SUCH"] },
      'There is no cipher suite "TLS_NO_SUCH", which is in tls.cipherSuites',
    ],
    ["cipherSuites", { cipherSuites: ["HIGH:!aNULL"] }, 'There is no cipher suite "HIGH:!aNULL"'],
    [
      "cipherSuites",
      { cipherSuites: ["TLS_AES_128_GCM_SHA256"], maxVersion: "TLSv1.2" },
      "None of tls.cipherSuites goes with TLSv1.2",
    ],
    [
      "cipherSuites",
      { cipherSuites: ["AES128-SHA"], minVersion: "TLSv1.3" },
      "None of tls.cipherSuites goes with TLSv1.3",
    ],
    ["groups", { groups: ["P-257"] }, 'There is no group "P-257", which is in tls.groups'],
    ["signatureAlgorithms", { signatureAlgorithms: ["rsa_md5"] }, 'There is no signature algorithm "rsa_md5"'],
    [
      "minCipherStrengthBits",
      { cipherSuites: ["AES128-SHA"], minCipherStrengthBits: 256 },
      "None of tls.cipherSuites has a key of 256 bits, as tls.minCipherStrengthBits demands",
    ],
    ["minCipherStrengthBits", { minCipherStrengthBits: 512 }, "No cipher suite has a key of 512 bits"],
    ["minCipherStrengthBits", { cipherSuites: ["NULL-SHA256"] }, "None of tls.cipherSuites has a key of 128 bits"],
    ["cipherList", { cipherList: " " }, 'tls.cipherList must be a list of ciphers, not " "'],
    ["cipherList", { cipherList: "nonsense" }, 'OpenSSL finds no cipher in "nonsense", which is tls.cipherList'],
    [
      "cipherList",
      { cipherList: "HIGH", cipherSuites: ["AES128-SHA"] },
      "tls.cipherList does not go with tls.cipherSuites",
    ],
    [
      "cipherList",
      { cipherList: "TLS_AES_128_GCM_SHA256", maxVersion: "TLSv1.2" },
      "None of tls.cipherList goes with TLSv1.2",
    ],
    ["logRecords", { logRecords: "yes" }, 'tls.logRecords must be true or false, not "yes"'],
  ])("refuses %s %o", (name, options, message) => {
    const error = errorOf(options);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option: `tls.${name}` });
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toMatch(/secret|1234/);
  });

  it.each<[string, object, string]>([
    [
      "cipherSuites",
      { cipherSuites: ["TLS_RSA_WITH_3DES_EDE_CBC_SHA"] },
      "not supported by the OpenSSL of this platform",
    ],
    ["cipherSuites", { cipherSuites: ["TLS_DH_anon_WITH_AES_128_GCM_SHA256"] }, "it goes without a certificate"],
    ["cipherSuites", { cipherSuites: ["TLS_ECDH_anon_WITH_AES_128_CBC_SHA"] }, "it goes without a certificate"],
    ["cipherSuites", { cipherSuites: ["PSK-AES128-GCM-SHA256"] }, "it goes without a certificate"],
    ["cipherSuites", { cipherSuites: ["AECDH-AES128-SHA"] }, "it goes without a certificate"],
    ["cipherSuites", { cipherSuites: ["TLS_ECDH_RSA_WITH_AES_128_CBC_SHA"] }, "not supported by the OpenSSL"],
    ["cipherSuites", { cipherSuites: ["TLS_DHE_RSA_WITH_DES_CBC_SHA"] }, "not supported by the OpenSSL"],
  ])("does not support %s %o", (name, options, message) => {
    const error = errorOf(options);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({ feature: `tls.${name}` });
    expect((error as Error).message).toContain(message);
  });

  it.each<[TlsOptions, object]>([
    [
      { cipherSuites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "AES256-SHA", "tls_aes_128_gcm_sha256"] },
      { ciphers: "ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA:TLS_AES_128_GCM_SHA256", maxVersion: "TLSv1.3" },
    ],
    [{ cipherSuites: ["AES256-SHA"] }, { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }],
    [{ cipherSuites: ["TLS_AES_128_GCM_SHA256"] }, { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" }],
    [
      { cipherSuites: ["AES128-SHA", "AES256-SHA"], minCipherStrengthBits: 256 },
      { ciphers: "AES256-SHA", maxVersion: "TLSv1.2" },
    ],
    [{ groups: ["secp256r1", "P-256", "x25519", "ffdhe2048"] }, { ecdhCurve: "P-256:X25519:ffdhe2048" }],
    [
      { signatureAlgorithms: ["ecdsa_secp256r1_sha256", "rsa_pkcs1_sha256", "RSA-PSS+SHA256", "ed25519"] },
      { sigalgs: "ecdsa_secp256r1_sha256:RSA+SHA256:RSA-PSS+SHA256:ed25519" },
    ],
    [{ cipherSuites: ["TLS_DHE_DSS_WITH_AES_256_GCM_SHA384"] }, { ciphers: "DHE-DSS-AES256-GCM-SHA384" }],
    [{ signatureAlgorithms: ["DSA+SHA256"] }, { sigalgs: "DSA+SHA256" }],
    [
      { cipherList: "HIGH, !aNULL;!MD5" },
      { ciphers: "HIGH:!aNULL:!MD5", minVersion: "TLSv1.2", maxVersion: "TLSv1.3" },
    ],
    [{ cipherList: "TLS_AES_128_GCM_SHA256" }, { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" }],
    [{ alpnProtocols: ["mqtt"] }, { ALPNProtocols: ["mqtt"] }],
  ])("translates %o", (options, expected) => {
    expect(readTlsOptions(options)).toMatchObject(expected);
  });

  it("leave only strong suites where that is demanded", () => {
    const ciphers = readTlsOptions({ minCipherStrengthBits: 256 }).ciphers?.split(":") ?? [];
    expect(ciphers).toContain("TLS_AES_256_GCM_SHA384");
    expect(ciphers).toContain("ECDHE-RSA-CHACHA20-POLY1305");
    expect(ciphers.filter((name) => /128|NULL|RC4|DES/.test(name))).toEqual([]);
  });
});

describe("a cipher", () => {
  it.each([
    ["TLS_AES_256_GCM_SHA384", "AES-256-GCM", 256],
    ["TLS_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305", 256],
    ["TLS_AES_128_CCM_8_SHA256", "AES-128-CCM-8", 128],
    ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "AES-128-CBC", 128],
    ["TLS_RSA_WITH_3DES_EDE_CBC_SHA", "3DES-EDE-CBC", 112],
    ["TLS_RSA_WITH_RC4_128_MD5", "RC4-128", 128],
    ["TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384", "ARIA-256-GCM", 256],
    ["TLS_RSA_WITH_NULL_SHA256", "NULL", 0],
  ])("of %s is %s with %i bits", (suite, name, bits) => {
    expect(cipherName(suite)).toBe(name);
    expect(cipherStrengthBits(suite)).toBe(bits);
  });
});
