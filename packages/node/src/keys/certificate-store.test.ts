import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InvalidOptionError, UnsupportedError } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificateLab, type CertificateLab, type IssuedCertificate } from "../../testing/certificates.ts";
import { keyVector, nssPassphrase, vectorPassphrase, type KeyVector } from "../../testing/key-vectors.ts";
import { certificateInfo } from "../tls/certificate-info.ts";
import { openCertificateStore, readCertificate, type StoreEntry, type StoreFormat } from "./certificate-store.ts";

let lab: CertificateLab;
let root: IssuedCertificate;
let below: IssuedCertificate;
let leaf: IssuedCertificate;

beforeAll(async () => {
  lab = await createCertificateLab();
  const authority = await lab.createAuthority({ commonName: "root" });
  const intermediate = await authority.issueAuthority({ commonName: "below" });
  root = authority;
  below = intermediate;
  leaf = await intermediate.issue({ commonName: "leaf" });
});

afterAll(() => lab.cleanup());

/** What a store is made of: names of certificates with those of their issuers, and whether there is a key. */
function outline(entries: readonly StoreEntry[]): string[] {
  return entries.map(({ certificate, chain, privateKey }) => {
    const names = [certificate, ...chain].map((one) => one?.subject.replace("CN=", "") ?? "no certificate");
    return `${names.join(" < ")}${privateKey === undefined ? "" : " with key"}`;
  });
}

function isSameKey(pem: string | undefined, key: string): boolean {
  return pem !== undefined && createPrivateKey(pem).equals(createPrivateKey(key));
}

async function makePfx(...options: readonly string[]): Promise<Buffer> {
  const file = join(lab.directory, "store.pfx");
  const chain = await lab.write("whole-chain.pem", leaf.chain + root.certificate);
  const inputs = ["-in", chain, "-inkey", leaf.keyFile, "-passout", "pass:s3cret"];
  await lab.openssl("pkcs12", "-export", ...inputs, ...options, "-out", file);
  return readFile(file);
}

describe("openCertificateStore of certificates", () => {
  it.each([
    ["AES", []],
    ["Triple DES", ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"]],
  ])("opens PKCS#12 with %s, in bytes and in Base64", async (_name, options) => {
    const pfx = await makePfx(...options);
    for (const bytes of [pfx, Buffer.from(pfx.toString("base64")), new Uint8Array(pfx)]) {
      for (const format of ["pfx", "detect"] as const) {
        const entries = openCertificateStore(bytes, { format, passphrase: "s3cret" });
        expect(outline(entries)).toEqual(["leaf < below < root with key", "below < root", "root"]);
        const [entry] = entries;
        expect(entry?.certificate).toEqual(certificateInfo(leaf.der));
        expect(isSameKey(entry?.privateKey, leaf.key)).toBe(true);
        expect(entry?.fingerprints).toEqual(certificateInfo(leaf.der).fingerprints);
      }
    }
  });

  it.each(["pfx_rc2_40", "pfx_rc2_128", "pfx_3des"] as const)("opens %s of old tools", (name) => {
    const [entry] = openCertificateStore(keyVector(name), { passphrase: vectorPassphrase });
    expect(entry?.certificate?.publicKey).toBe(entry?.publicKey);
    expect(createPublicKey(entry?.privateKey ?? "").export({ format: "pem", type: "spki" })).toBe(entry?.publicKey);
  });

  it("opens what NSS writes", () => {
    const [entry] = openCertificateStore(keyVector("pfx_nss"), { format: "pfx", passphrase: nssPassphrase });
    expect(entry?.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it("opens PEM with a key, encrypted or not, whatever the order", async () => {
    const encrypted = await lab.openssl("pkcs8", "-topk8", "-in", leaf.keyFile, "-passout", "pass:s3cret");
    for (const key of [leaf.key, encrypted]) {
      for (const text of [leaf.chain + key, key + root.certificate + leaf.chain]) {
        const [entry] = openCertificateStore(Buffer.from(text), { format: "pem", passphrase: "s3cret" });
        expect(entry?.certificate?.subject).toBe("CN=leaf");
        expect(entry?.chain[0]?.subject).toBe("CN=below");
        expect(isSameKey(entry?.privateKey, leaf.key)).toBe(true);
      }
    }
  });

  it("keeps certificates apart from keys that are not theirs", () => {
    const entries = openCertificateStore(Buffer.from(leaf.certificate + root.key));
    expect(outline(entries)).toEqual(["no certificate with key", "leaf"]);
  });

  it("gives each of several keys its certificate, and each certificate once", () => {
    const text = [leaf.key, root.key, leaf.certificate, root.certificate, leaf.certificate].join("");
    expect(outline(openCertificateStore(Buffer.from(text)))).toEqual(["leaf with key", "root with key"]);
  });

  it("opens certificates without a key: PEM, DER, Base64, PKCS#7", async () => {
    const p7b = await lab.openssl("crl2pkcs7", "-nocrl", "-certfile", leaf.chainFile);
    const p7bDer = Buffer.from(p7b.replaceAll(/-----.*-----|\s/g, ""), "base64");
    const open = (bytes: string | Uint8Array, format: StoreFormat): string[] =>
      outline(openCertificateStore(Buffer.from(bytes), { format }));
    for (const format of ["certificate", "detect"] as const) {
      expect(open(leaf.certificate, format)).toEqual(["leaf"]);
      expect(open(leaf.der, format)).toEqual(["leaf"]);
      expect(open(Buffer.from(leaf.der).toString("base64"), format)).toEqual(["leaf"]);
    }
    for (const format of ["pkcs7", "detect"] as const) {
      for (const bytes of [p7b, p7bDer]) expect(open(bytes, format)).toEqual(["leaf < below", "below"]);
    }
    // Nobody needs a passphrase for what is public.
    const encrypted = await lab.openssl("pkcs8", "-topk8", "-in", leaf.keyFile, "-passout", "pass:s3cret");
    expect(open(leaf.certificate + encrypted, "certificate")).toEqual(["leaf"]);
  });

  it("lists those that have issued others last", () => {
    const text = root.certificate + below.certificate + leaf.certificate;
    expect(outline(openCertificateStore(Buffer.from(text)))).toEqual(["leaf < below < root", "root", "below < root"]);
  });
});

describe("openCertificateStore of keys", () => {
  it.each([
    ["ssh_rsa", "ssh_rsa.pub", "RSA"],
    ["ssh_ecdsa", "ssh_ecdsa.pub", "EC"],
    ["ssh_ecdsa384", "ssh_ecdsa384.pub", "EC"],
    ["ssh_ecdsa521", "ssh_ecdsa521.pub", "EC"],
    ["ssh_ed25519", "ssh_ed25519.pub", "Ed25519"],
    ["ssh_dsa", "ssh_dsa.pub", "DSA"],
  ] as const)("knows %s by the fingerprints that SSH shows", (name, publicName, algorithm) => {
    const line = Buffer.from(keyVector(publicName)).toString();
    const blob = Buffer.from(line.split(" ")[1] ?? "", "base64");
    const hash = (type: string): string => createHash(type).update(blob).digest("hex").toUpperCase();
    const fingerprints = { md5: hash("md5"), sha1: hash("sha1"), sha256: hash("sha256") };
    const [alone] = openCertificateStore(Buffer.from(line), { format: "ssh-public" });
    expect(alone).toMatchObject({ certificate: undefined, chain: [], privateKey: undefined, fingerprints });
    const [entry] = openCertificateStore(keyVector(name), { format: "pem" });
    expect(entry).toMatchObject({ fingerprints, publicKeyAlgorithm: algorithm, publicKey: alone?.publicKey });
    expect(entry?.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it.each(["sshenc_rsa", "sshenc_ecdsa", "sshenc_ed25519", "sshc_aes128-gcm", "sshc_3des-cbc"] as const)(
    "opens %s, which is encrypted, at once",
    (name) => {
      const [entry] = openCertificateStore(keyVector(name), { passphrase: vectorPassphrase });
      expect(createPrivateKey(entry?.privateKey ?? "").type).toBe("private");
      expect(() => openCertificateStore(keyVector(name), { passphrase: "other" })).toThrow(InvalidOptionError);
    },
  );

  it.each(["ppk2_rsa", "ppk2enc_ecdsa", "ppk3_ed25519", "ppk3enc_ed25519", "ppk3_argon2d", "ppk3_argon2i"] as const)(
    "opens %s at once",
    (name: KeyVector) => {
      for (const format of ["ppk", "detect"] as const) {
        const [entry] = openCertificateStore(keyVector(name), { format, passphrase: vectorPassphrase });
        expect(createPrivateKey(entry?.privateKey ?? "").type).toBe("private");
      }
    },
  );

  it("opens keys with scrypt and PBES1 at once", async () => {
    const pem = await lab.openssl("pkcs8", "-topk8", "-scrypt", "-in", leaf.keyFile, "-passout", "pass:s3cret");
    const [entry] = openCertificateStore(Buffer.from(pem), { passphrase: "s3cret" });
    expect(isSameKey(entry?.privateKey, leaf.key)).toBe(true);
    const [old] = openCertificateStore(keyVector("pem_md5_des"), { passphrase: vectorPassphrase });
    expect(createPrivateKey(old?.privateKey ?? "").type).toBe("private");
  });

  it("opens JSON Web Keys with their certificates, and sets of several", () => {
    const jwk = createPrivateKey(leaf.key).export({ format: "jwk" });
    const x5c = [leaf.der, below.der].map((der) => Buffer.from(der).toString("base64"));
    const other = generateKeyPairSync("ed25519");
    const keys = [
      other.publicKey.export({ format: "jwk" }),
      { ...jwk, x5c },
      other.privateKey.export({ format: "jwk" }),
    ];
    for (const format of ["jwk", "detect"] as const) {
      const open = (value: object): string[] =>
        outline(openCertificateStore(Buffer.from(JSON.stringify(value)), { format }));
      expect(open({ ...jwk, x5c })).toEqual(["leaf < below with key", "below"]);
      expect(open(jwk)).toEqual(["no certificate with key"]);
      expect(open({ keys })).toEqual(["leaf < below with key", "no certificate with key", "below", "no certificate"]);
    }
  });

  it("opens XML: private keys, public ones, and certificates", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const xml = (key: KeyObject): string => {
      const jwk = key.export({ format: "jwk" });
      const names = {
        n: "Modulus",
        e: "Exponent",
        p: "P",
        q: "Q",
        dp: "DP",
        dq: "DQ",
        qi: "InverseQ",
        d: "D",
      } as const;
      const values = Object.entries(names).map(([short, name]) => {
        const value: unknown = jwk[short];
        return typeof value === "string"
          ? `<${name}>${Buffer.from(value, "base64url").toString("base64")}</${name}>`
          : "";
      });
      return `<RSAKeyValue>${values.join("")}</RSAKeyValue>`;
    };
    const self = await lab.createSelfSigned({ commonName: "self", key: "RSA" });
    const element = (der: Uint8Array): string =>
      `<ds:X509Certificate>\n${Buffer.from(der).toString("base64")}\n</ds:X509Certificate>`;
    const open = (text: string): StoreEntry[] => openCertificateStore(Buffer.from(text), { format: "xml" });
    expect(
      isSameKey(open(xml(privateKey))[0]?.privateKey, privateKey.export({ format: "pem", type: "pkcs8" }) as string),
    ).toBe(true);
    expect(open(xml(publicKey))[0]?.publicKey).toBe(publicKey.export({ format: "pem", type: "spki" }));
    const certificates = `<X509Data>${element(leaf.der)}${element(below.der)}</X509Data>`;
    expect(outline(open(certificates))).toEqual(["leaf < below", "below"]);
    const own = xml(createPrivateKey(self.key)) + element(self.der);
    expect(outline(open(`<KeyInfo>${own}</KeyInfo>`))).toEqual(["self with key"]);
    expect(() => open("<X509Certificate>!</X509Certificate>")).toThrow(
      "the store is damaged: a certificate in it is not Base64",
    );
  });
});

describe("openCertificateStore refuses", () => {
  it.each<[string, () => Uint8Array, StoreFormat, string]>([
    ["nothing", () => new Uint8Array(), "detect", "the store is empty"],
    [
      "anything",
      () => Buffer.from("anything"),
      "detect",
      "the store is not a store of a known kind, but something unknown",
    ],
    ["PEM as PKCS#12", () => Buffer.from(leaf.chain), "pfx", "the store is not a key store (PKCS#12), but PEM"],
    ["PKCS#12 as PEM", () => keyVector("pfx_3des"), "pem", "the store is not PEM, but a key store (PKCS#12)"],
    ["a key as PPK", () => keyVector("ssh_rsa"), "ppk", "the store is not a key in PPK, but PEM"],
    [
      "half of DER",
      () => leaf.der.subarray(0, 100),
      "certificate",
      "the store is damaged: a certificate cannot be read",
    ],
    [
      "PEM of nothing",
      () => Buffer.from("-----BEGIN X-----\nAAAA\n-----END X-----"),
      "pem",
      "the store holds no public key",
    ],
  ])("%s", (_name, bytes, format, message) => {
    const open = (): unknown => openCertificateStore(bytes(), { format });
    expect(open).toThrow(InvalidOptionError);
    expect(open).toThrow(expect.objectContaining({ message }));
  });

  it("a passphrase that is missing or wrong", async () => {
    const pfx = await makePfx();
    const open = (passphrase?: string): unknown => openCertificateStore(pfx, { passphrase, label: "client.pfx" });
    expect(open).toThrow("client.pfx is encrypted, and needs the passphrase");
    expect(() => open("other")).toThrow("the passphrase does not open client.pfx");
  });

  it.each([
    ["JKS", "feedfeed00000002"],
    ["BKS", "0000000200000014"],
  ])("%s, which Node cannot open", (_name, hex) => {
    expect(() => openCertificateStore(Buffer.from(hex.padEnd(64, "0"), "hex"))).toThrow(UnsupportedError);
  });

  it("keys that take longer to derive together than one may", async () => {
    const algorithm = ["-v2", "aes-256-cbc", "-iter", "2000000"];
    const secret = ["-passout", "pass:s3cret"];
    const pem = await lab.openssl("pkcs8", "-topk8", "-in", leaf.keyFile, ...algorithm, ...secret);
    // The second one says that it has 8,388,607 iterations, which it may have alone.
    const der = Buffer.from(pem.replaceAll(/-----.*?-----|\s/g, ""), "base64").toString("hex");
    const longer = Buffer.from(der.replace("02031e8480", "02037fffff"), "hex").toString("base64");
    const second = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${longer}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
    expect(() => openCertificateStore(Buffer.from(pem + second), { passphrase: "s3cret" })).toThrow(
      "the store needs more than 10000000 iterations to be decrypted, which is the limit",
    );
  });

  it("a store that is too large", () => {
    expect(() => openCertificateStore(new Uint8Array(16 * 1024 * 1024 + 1))).toThrow("has more than 16777216 bytes");
  });
});

describe("readCertificate", () => {
  it("reads PEM, DER and Base64, and of several the first that has not issued another", () => {
    const expected = certificateInfo(leaf.der);
    const base64 = Buffer.from(leaf.der).toString("base64");
    for (const bytes of [leaf.der, Buffer.from(leaf.certificate), Buffer.from(base64), Buffer.from(leaf.chain)]) {
      expect(readCertificate(bytes)).toEqual(expected);
    }
  });

  it("refuses what is none", () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    expect(() => readCertificate(publicKey.export({ format: "der", type: "spki" }))).toThrow(
      expect.objectContaining({ message: "the certificate is a key alone" }),
    );
    expect(() => readCertificate(Buffer.from("x"))).toThrow(InvalidOptionError);
  });
});
