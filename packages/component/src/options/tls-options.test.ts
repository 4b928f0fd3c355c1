import { UnsupportedError, type TlsOptions } from "rivulet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createCertificateLab,
  type CertificateLab,
  type IssuedCertificate,
} from "../../../node/testing/certificates.ts";
import { noCertificates } from "../certificates/certificates.ts";
import { nodeCertificates } from "../certificates/node-certificate-reader.ts";
import { CertStoreTypes, SslProviders } from "../enumerations.ts";
import { MQTTError } from "../mqtt-error.ts";
import { nodeFiles } from "../node-files.ts";
import type { Platform } from "../platform.ts";
import { Settings } from "../settings/settings.ts";
import type { TlsSettings } from "../settings/tls-settings.ts";
import { tlsOptions, type TlsCore } from "./tls-options.ts";

const createClient = (): never => {
  throw new Error("Nothing connects here");
};
const node: Platform = {
  ...{ name: "Node", createClient, files: nodeFiles, certificates: nodeCertificates, hasSockets: true },
};
const browser: Platform = {
  ...{ name: "a browser", createClient, files: undefined, certificates: undefined, hasSockets: false },
};

let lab: CertificateLab;
let certificate: IssuedCertificate;
let client: IssuedCertificate;
beforeAll(async () => {
  lab = await createCertificateLab();
  const root = await lab.createAuthority({ commonName: "Root" });
  const middle = await root.issueAuthority({ commonName: "Middle" });
  certificate = await root.issue({ commonName: "localhost" });
  client = await middle.issue({ commonName: "client" });
});
afterAll(() => lab.cleanup());

interface Subject extends TlsCore {
  readonly logged: string[];
}

function coreWith(tls: Partial<TlsSettings> = {}, platform: Platform = node, remoteHost = "broker.example"): Subject {
  const settings = new Settings();
  Object.assign(settings.tls, tls);
  settings.remoteHost = remoteHost;
  const logged: string[] = [];
  return {
    ...{ settings, platform, certificates: noCertificates(platform), logged },
    log: (level, type, message) => logged.push(`${level} ${type}: ${message}`),
  };
}

/** Without what is always there. */
function optionsOf(tls: Partial<TlsSettings>): Omit<TlsOptions, "serverName" | "verifyServerCertificate"> {
  const { serverName, verifyServerCertificate, ...rest } = tlsOptions(coreWith(tls), "broker.example") ?? {};
  expect([serverName, typeof verifyServerCertificate]).toEqual(["broker.example", "function"]);
  return rest;
}

function textOf(source: unknown): string {
  return typeof source === "string" ? source : "no text";
}

function failure(act: () => unknown): MQTTError {
  try {
    act();
  } catch (error) {
    if (error instanceof MQTTError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}

describe("the options for TLS", () => {
  it("are hardly any while nothing is set", () => {
    expect(optionsOf({})).toEqual({});
  });

  it.each<[Partial<TlsSettings>, TlsOptions]>([
    [{ enabledProtocols: 4032 }, { minVersion: "TLSv1", maxVersion: "TLSv1.2" }],
    [{ enabledProtocols: 3072 }, { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }],
    [{ enabledProtocols: 0x3c00 }, { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" }],
    [{ enabledProtocols: 0x2800 }, { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" }],
    [{ enabledCipherSuites: "*" }, {}],
    [
      { enabledCipherSuites: "TLS_AES_128_GCM_SHA256; TLS_RSA_WITH_AES_128_CBC_SHA;" },
      { cipherSuites: ["TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA"] },
    ],
    [
      { openSslCipherList: "HIGH:!aNULL", cipherStrength: 256 },
      { cipherList: "HIGH:!aNULL", minCipherStrengthBits: 256 },
    ],
    [
      { keyLogFile: "keys", logSslPackets: true },
      { keyLogFile: "keys", logRecords: true },
    ],
    [{ keyLogFile: "keys", logSslPackets: true, sslProvider: SslProviders.sslpPlatform }, {}],
    [{ enableRenegotiation: true }, {}],
    [{ enableRenegotiation: false, sslProvider: SslProviders.sslpPlatform }, {}],
    [{ reuseSslSession: true }, { reuseSession: true }],
    [{ reuseSslSession: false }, { reuseSession: false }],
    [
      { checkOcsp: 1, checkCrl: 2 },
      { ocsp: "ifAvailable", crl: "required" },
    ],
    [
      { checkOcsp: 2, checkCrl: 2, securityFlags: 0x100 },
      { ocsp: "ifAvailable", crl: "ifAvailable" },
    ],
    [{ securityFlags: 0x1 }, { allowExpired: true }],
    [{ securityFlags: 0x10 }, { allowUnknownAuthority: true }],
    [{ securityFlags: 0x20 }, { allowWrongUsage: true }],
    [{ securityFlags: 0x8000_0000 }, { allowHostnameMismatch: true }],
    [{ securityFlags: -0x8000_0000 }, { allowHostnameMismatch: true }],
    [{ securityFlags: 0x2 | 0x4 | 0x200 | 0x400 | 0x800 }, {}],
  ])("of %o are %o", (tls, expected) => {
    expect(optionsOf(tls)).toEqual(expected);
  });

  it.each<[Partial<TlsSettings>, TlsOptions]>([
    [{ tls13SupportedGroups: "ecdhe_x448,FFDHE_2048" }, { groups: ["X448", "ffdhe2048"] }],
    [{ tls12SupportedGroups: "ecdhe_secp521r1" }, { groups: ["P-521"] }],
    [
      { tls13SupportedGroups: "ecdhe_x25519,ecdhe_secp256r1", tls12SupportedGroups: "ecdhe_secp384r1,ecdhe_secp256r1" },
      { groups: ["X25519", "P-256", "P-384"] },
    ],
    [
      { tls12SupportedGroups: "ecdhe_secp384r1", enabledProtocols: 12288 },
      { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" },
    ],
    [
      { tls13KeyShareGroups: "ecdhe_secp256r1", tls13SupportedGroups: "ecdhe_x25519,ecdhe_secp256r1" },
      { groups: ["P-256", "X25519"] },
    ],
    [{ tls12SignatureAlgorithms: "" }, {}],
    [
      { tls12SignatureAlgorithms: "sha256-rsa,sha1-dsa", enabledProtocols: 3072 },
      { minVersion: "TLSv1.2", maxVersion: "TLSv1.2", signatureAlgorithms: ["RSA+SHA256", "DSA+SHA1"] },
    ],
    [
      { tls12SignatureAlgorithms: "sha256-rsa,sha384-ecdsa" },
      { signatureAlgorithms: ["rsa_pss_rsae_sha256", "RSA+SHA256", "ECDSA+SHA384"] },
    ],
    [
      { tls13SignatureAlgorithms: "rsa_pss_sha512,ed25519", tls12SignatureAlgorithms: "sha256-ecdsa" },
      { signatureAlgorithms: ["rsa_pss_rsae_sha512", "rsa_pss_pss_sha512", "ed25519", "ECDSA+SHA256"] },
    ],
    [
      { tls13SignatureAlgorithms: "ed448", enabledProtocols: 3072 },
      { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
    ],
  ])("of the key exchange %o are %o", (tls, expected) => {
    expect(optionsOf(tls)).toEqual(expected);
  });

  it("put the group that gets the key share before all that there are", () => {
    const { groups = [] } = optionsOf({ tls13KeyShareGroups: "ffdhe_3072" });
    expect(groups[0]).toBe("ffdhe3072");
    expect([...groups].sort()).toEqual([
      "P-256",
      "P-384",
      "P-521",
      "X25519",
      "X448",
      "ffdhe2048",
      "ffdhe3072",
      "ffdhe4096",
      "ffdhe6144",
      "ffdhe8192",
    ]);
  });

  it.each<[number, string, Partial<TlsSettings>]>([
    [270, "SSL 2.0 or 3.0", { enabledProtocols: 48 }],
    [270, "SSL 2.0 or 3.0", { enabledProtocols: 4032 + 12 }],
    [10042, "leaves out a version between TLSv1.1 and TLSv1.3", { enabledProtocols: 768 + 12288 }],
    [10022, "does not know the bits 1024", { enabledProtocols: 1024 }],
    [10022, "does not know the bits 0", { enabledProtocols: 0 }],
    [10022, "does not know the bits 19456", { enabledProtocols: 3072 + 0x4000 }],
    [10042, "CALG_AES_256 of SSLEnabledCipherSuites", { enabledCipherSuites: "CALG_AES_256;CALG_3DES" }],
    [10042, "OpenSSLCipherList", { enabledCipherSuites: "TLS_AES_128_GCM_SHA256", openSslCipherList: "HIGH" }],
    [10042, "SSLEnableRenegotiation", { enableRenegotiation: false }],
    [10042, "SSLSecurityFlags", { securityFlags: 0x4000 }],
    [10042, "SSLSecurityFlags", { securityFlags: 0x8000 }],
    [10042, "SSLSecurityFlags=0x400", { securityFlags: 0x400, checkCrl: 2 }],
    [10022, "SSLSecurityFlags does not know the bits 0x8", { securityFlags: 8 }],
    [10022, 'TLS12SupportedGroups does not know "ecdhe_x25519"', { tls12SupportedGroups: "ecdhe_x25519" }],
    [10022, 'TLS13SupportedGroups does not know "P-256"', { tls13SupportedGroups: "P-256" }],
    [10022, 'TLS13KeyShareGroups does not know "x"', { tls13KeyShareGroups: "x" }],
    [10042, "TLS13KeyShareGroups", { tls13KeyShareGroups: "ecdhe_x25519,ecdhe_secp256r1" }],
    [10022, "TLS13KeyShareGroups", { tls13KeyShareGroups: "ecdhe_x448", tls13SupportedGroups: "ecdhe_x25519" }],
    [10022, 'TLS12SignatureAlgorithms does not know "md5-rsa"', { tls12SignatureAlgorithms: "md5-rsa" }],
    [10022, 'TLS13SignatureAlgorithms does not know "rsa"', { tls13SignatureAlgorithms: "rsa" }],
    [10022, "SSLServerCACerts", { serverCaCerts: "garbage" }],
    [10022, "SSLClientCACerts", { clientCaCerts: "garbage" }],
    [10022, "SSLCACerts", { caCerts: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }],
    [10022, "SSLCACertFilePaths", { caCertFilePaths: "/nowhere/a.pem;/nowhere/b.pem" }],
  ])("are refused with %i %s", (code, message, tls) => {
    const error = failure(() => tlsOptions(coreWith(tls), "broker.example"));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("garbage");
  });

  it("are the same object as long as nothing changes", () => {
    const core = coreWith({ cipherStrength: 128 });
    const first = tlsOptions(core, "broker.example");
    expect(tlsOptions(core, "broker.example")).toBe(first);
    core.settings.tls.cipherStrength = 256;
    const second = tlsOptions(core, "broker.example");
    expect(second).not.toBe(first);
    expect(tlsOptions(core, "broker.example")).toBe(second);
    expect(tlsOptions(coreWith({ cipherStrength: 256 }), "broker.example")).not.toBe(second);
  });

  it("decide nothing about the server's certificate by themselves", async () => {
    const { verifyServerCertificate } = tlsOptions(coreWith(), "broker.example") ?? {};
    for (const accept of [true, false]) expect(await verifyServerCertificate?.({ accept } as never)).toBe(accept);
  });

  it("have an address without the brackets of URLs as their name", () => {
    expect(tlsOptions(coreWith(), "[::1]")?.serverName).toBe("::1");
  });

  it("warn of versions that are not secure", () => {
    const core = coreWith({ enabledProtocols: 4032 });
    tlsOptions(core, "broker.example");
    expect(core.logged).toEqual(["1 Info: SSLEnabledProtocols=4032 allows TLSv1, which is no longer secure"]);
    const recent = coreWith({ enabledProtocols: 12288 });
    tlsOptions(recent, "broker.example");
    expect(recent.logged).toEqual([]);
  });
});

describe("authorities", () => {
  it("that are given stand beside those of the system", () => {
    const text = `${certificate.certificate}\r\n${client.certificate}`;
    const { ca, systemCa } = optionsOf({ serverCaCerts: text });
    expect(ca).toHaveLength(2);
    expect(systemCa).toBe(true);
  });

  it("in files and directories replace those of the system", () => {
    const { certificateFile: file } = certificate;
    const directory = lab.directory;
    expect(optionsOf({ openSslCaFile: file })).toEqual({ ca: [{ file }], systemCa: false });
    expect(optionsOf({ openSslCaDir: directory })).toEqual({ ca: [{ directory }], systemCa: false });
    const all = { openSslCaDir: directory, openSslCaFile: file, serverCaCerts: certificate.certificate };
    expect(optionsOf(all)).toEqual({ ca: [{ file }, { directory }, certificate.certificate.trim()], systemCa: false });
  });

  it("are taken from those files that are there", () => {
    const { certificateFile: file } = certificate;
    const caCertFilePaths = `/nowhere/a.pem; ${file} ;${client.certificateFile}`;
    expect(optionsOf({ caCertFilePaths })).toEqual({
      ca: [{ file }, { file: client.certificateFile }],
      systemCa: false,
    });
  });

  it("for clients are of no use, and no obstacle", () => {
    expect(optionsOf({ clientCaCerts: certificate.certificate })).toEqual({});
  });
});

describe("certificates", () => {
  it("of the client are shown with their issuers, and with SSLCACerts", () => {
    const core = coreWith({ caCerts: certificate.certificate });
    core.certificates.client.storeType = CertStoreTypes.cstPEMKeyBlob;
    core.certificates.client.store = client.chain + client.key;
    core.certificates.client.subject = "*";
    const { cert, key } = tlsOptions(core, "broker.example") ?? {};
    expect(textOf(cert).match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    expect(textOf(key)).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it("without a private key cannot be shown", () => {
    const core = coreWith();
    core.certificates.client.encoded = client.certificate;
    expect(failure(() => tlsOptions(core, "broker.example")).code).toBe(273);
  });

  it("that are accepted become pins", () => {
    const core = coreWith();
    core.certificates.accepted.encoded = certificate.certificate;
    const { acceptServerCertificate } = tlsOptions(core, "broker.example") ?? {};
    expect(textOf(acceptServerCertificate).trim()).toBe(certificate.certificate.trim());
  });
});

describe("where TLS is the platform's own affair", () => {
  const deno: Platform = { ...node, name: "Deno", hasWebSocketSockets: false };

  it("there are no options", () => {
    expect(tlsOptions(coreWith({ sslEnabled: true }, browser), "broker.example")).toBeUndefined();
    expect(tlsOptions(coreWith({}, deno, "wss://broker.example"), "broker.example")).toBeUndefined();
    expect(tlsOptions(coreWith({}, deno), "broker.example")).toBeDefined();
  });

  it.each<[string, Partial<TlsSettings>]>([
    ["SSLProvider", { sslProvider: SslProviders.sslpInternal }],
    ["SSLCheckOCSP", { checkOcsp: 1 }],
    ["TLS13SupportedGroups", { tls13SupportedGroups: "ecdhe_x25519" }],
  ])("%s is refused", (setting, tls) => {
    for (const core of [coreWith(tls, browser), coreWith(tls, deno, "wss://broker.example")]) {
      const error = failure(() => tlsOptions(core, "broker.example"));
      expect(error.code).toBe(270);
      expect(error.message).toContain(`${setting} is not supported in ${core.platform.name}`);
      expect(error.cause).toBeInstanceOf(UnsupportedError);
    }
  });

  it("a certificate that is chosen is refused", () => {
    const core = coreWith({}, deno, "wss://broker.example");
    core.certificates.accepted.encoded = certificate.certificate;
    expect(failure(() => tlsOptions(core, "broker.example")).message).toContain("SSLAcceptServerCert");
  });
});
