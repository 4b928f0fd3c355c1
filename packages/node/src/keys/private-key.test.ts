import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificateLab, type CertificateLab } from "../../testing/certificates.ts";
import { keyVector, vectorPassphrase, type KeyVector } from "../../testing/key-vectors.ts";
import { encodePem } from "./pem.ts";
import { readKeyStore } from "./pkcs12.ts";
import { readPkcs8, readPrivateKey } from "./private-key.ts";
import { KeyProblem } from "./problems.ts";
import { readPublicKey } from "./public-key.ts";

const passphrase = vectorPassphrase;

/** A key of each type that TLS has a use for. */
const pairs = {
  RSA: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  "RSA-PSS": generateKeyPairSync("rsa-pss", { modulusLength: 2048 }),
  "P-256": generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "P-521": generateKeyPairSync("ec", { namedCurve: "P-521" }),
  Ed25519: generateKeyPairSync("ed25519"),
  Ed448: generateKeyPairSync("ed448"),
};
const types = Object.keys(pairs) as (keyof typeof pairs)[];
const { RSA: rsa, "P-256": ec } = pairs;

let lab: CertificateLab;

beforeAll(async () => {
  lab = await createCertificateLab();
});

afterAll(() => lab.cleanup());

async function read(source: string | Uint8Array, secret?: string): Promise<KeyObject> {
  return (await readPrivateKey(Buffer.from(source), { format: "detect", passphrase: secret })).key;
}

async function problem(source: string | Uint8Array, secret?: string): Promise<KeyProblem> {
  const error: unknown = await read(source, secret).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KeyProblem);
  return error as KeyProblem;
}

function pkcs8(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }) as string;
}

/** XML as .NET writes it. */
function xml(key: KeyObject, without: readonly string[] = []): string {
  const jwk = key.export({ format: "jwk" });
  const names = { n: "Modulus", e: "Exponent", p: "P", q: "Q", dp: "DP", dq: "DQ", qi: "InverseQ", d: "D" } as const;
  const elements = Object.entries(names).map(([short, name]) => {
    const value = Buffer.from(String(jwk[short]), "base64url").toString("base64");
    return without.includes(name) ? "" : `<${name}>${value}</${name}>`;
  });
  return `<RSAKeyValue>${elements.join("")}</RSAKeyValue>`;
}

describe("readPrivateKey of OpenSSL's forms", () => {
  it.each(types)("reads PKCS#8 of %s", async (type) => {
    const { privateKey } = pairs[type];
    expect((await read(pkcs8(privateKey))).equals(privateKey)).toBe(true);
    const der = privateKey.export({ format: "der", type: "pkcs8" });
    expect((await read(der)).equals(privateKey)).toBe(true);
    expect((await read(der.toString("base64"))).equals(privateKey)).toBe(true);
    // A passphrase that is not needed does no harm.
    expect((await read(der, passphrase)).equals(privateKey)).toBe(true);
  });

  it.each(types)("reads encrypted PKCS#8 of %s", async (type) => {
    const { privateKey } = pairs[type];
    for (const cipher of ["aes-256-cbc", "aes-128-cbc", "des-ede3-cbc"]) {
      const pem = privateKey.export({ format: "pem", type: "pkcs8", cipher, passphrase });
      expect((await read(pem, passphrase)).equals(privateKey)).toBe(true);
      const der = privateKey.export({ format: "der", type: "pkcs8", cipher, passphrase });
      expect((await read(der, passphrase)).equals(privateKey)).toBe(true);
    }
  });

  it("reads PKCS#1 and SEC1", async () => {
    const keys = [
      [rsa.privateKey, "pkcs1"],
      [ec.privateKey, "sec1"],
    ] as const;
    for (const [key, type] of keys) {
      expect((await read(key.export({ format: "der", type }))).equals(key)).toBe(true);
      expect((await read(key.export({ format: "pem", type }))).equals(key)).toBe(true);
      const encrypted = key.export({ format: "pem", type, cipher: "aes-256-cbc", passphrase });
      expect(encrypted).toContain("Proc-Type: 4,ENCRYPTED");
      expect((await read(encrypted, passphrase)).equals(key)).toBe(true);
      expect(await problem(encrypted)).toMatchObject({ kind: "passphrase-missing" });
      expect(await problem(encrypted, "other")).toMatchObject({ kind: "passphrase-wrong" });
    }
  });

  it.each([
    ["PBKDF2 with SHA-512", ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512", "-iter", "10000"]],
    ["PBKDF2 with SHA-1", ["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA1"]],
    ["scrypt", ["-v2", "aes-256-cbc", "-scrypt"]],
    ["the derivation of PKCS#12", ["-v1", "PBE-SHA1-3DES"]],
  ])("reads what openssl encrypts with %s", async (_name, options) => {
    const file = await lab.write("key.pem", pkcs8(ec.privateKey));
    const pem = await lab.openssl("pkcs8", "-topk8", "-in", file, ...options, "-passout", `pass:${passphrase}`);
    expect((await read(pem, passphrase)).equals(ec.privateKey)).toBe(true);
    expect(await problem(pem)).toMatchObject({ kind: "passphrase-missing" });
    for (const wrong of ["", "other", `${passphrase} `]) {
      expect(await problem(pem, wrong)).toMatchObject({ kind: "passphrase-wrong" });
    }
  });

  it("reads what old versions of it have encrypted", async () => {
    const { privateKeys } = await readKeyStore(keyVector("pfx_3des"), passphrase);
    const expected = privateKeys.map(readPkcs8).map(pkcs8);
    for (const name of ["pem_md5_des", "pem_sha1_des", "pem_sha1_3des"] as const) {
      expect([pkcs8(await read(keyVector(name), passphrase))]).toEqual(expected);
      expect(await problem(keyVector(name), "other")).toMatchObject({ kind: "passphrase-wrong" });
    }
    expect(await problem(keyVector("pem_des"), passphrase)).toMatchObject({
      kind: "unsupported",
      message: "is encrypted with a cipher that Node has not",
    });
  });

  it("finds the key among other things", async () => {
    const parameters = await lab.openssl("ecparam", "-name", "prime256v1", "-genkey");
    expect(parameters).toContain("EC PARAMETERS");
    expect((await read(parameters)).asymmetricKeyType).toBe("ec");
    const text = `Bag Attributes\n  localKeyID: 01\n${pkcs8(ec.privateKey)}\n${keyVector("ssh_rsa.pub").toString()}`;
    expect((await read(text)).equals(ec.privateKey)).toBe(true);
    expect((await read(`\uFEFF${pkcs8(ec.privateKey).replaceAll("\n", "\r\n")}`)).equals(ec.privateKey)).toBe(true);
  });
});

const sshKeys = ["rsa", "ecdsa", "ecdsa384", "ecdsa521", "ed25519", "dsa"] as const;

describe("readPrivateKey of OpenSSH and PuTTY", () => {
  it.each([
    ...sshKeys.map((type) => [`ssh_${type}`, type] as const),
    ...sshKeys.map((type) => [`ppk3_${type}`, type] as const),
    ["ppk2_rsa", "rsa"],
    ["ppk2_ecdsa", "ecdsa"],
    ["ppk2_ed25519", "ed25519"],
    ["ppk2_dsa", "dsa"],
  ] as const)("reads %s", async (name, type) => {
    const expected = await readPublicKey(keyVector(`ssh_${type}.pub`), "key");
    expect(createPublicKey(await read(keyVector(name))).equals(expected)).toBe(true);
  });

  it.each([
    ["sshenc_rsa", "rsa"],
    ["sshenc_ecdsa", "ecdsa"],
    ["sshenc_ed25519", "ed25519"],
    ["sshc_aes128-cbc", "ed25519"],
    ["sshc_aes128-gcm", "ed25519"],
    ["sshc_3des-cbc", "ed25519"],
    ["ppk2enc_ecdsa", "ecdsa"],
    ["ppk2enc_ed25519", "ed25519"],
    ["ppk3enc_ecdsa", "ecdsa"],
    ["ppk3enc_ed25519", "ed25519"],
    ["ppk3_argon2i", "ed25519"],
    ["ppk3_argon2d", "ed25519"],
  ] as const)("reads %s, which is encrypted", async (name, type) => {
    const expected = await readPublicKey(keyVector(`ssh_${type}.pub`), "key");
    expect(createPublicKey(await read(keyVector(name), passphrase)).equals(expected)).toBe(true);
    expect(await problem(keyVector(name))).toMatchObject({ kind: "passphrase-missing" });
    expect(await problem(keyVector(name), "other")).toMatchObject({ kind: "passphrase-wrong" });
    expect(await problem(keyVector(name), "")).toMatchObject({ kind: "passphrase-wrong" });
  });

  it("takes Windows line ends", async () => {
    const text = Buffer.from(keyVector("ppk3_ecdsa")).toString().replaceAll("\n", "\r\n");
    expect((await read(text)).asymmetricKeyType).toBe("ec");
  });

  it("says which cipher it cannot read", async () => {
    expect(await problem(keyVector("sshc_chacha20-poly1305"), passphrase)).toMatchObject({
      kind: "unsupported",
      message: "is encrypted with chacha20-poly1305@openssh.com, which cannot be read",
    });
  });

  it.each([
    ["a changed comment", (text: string): string => text.replace("Comment: test", "Comment: best"), "is damaged"],
    ["a changed type", (text: string): string => text.replace("nistp256", "nistp384"), "is damaged"],
    [
      "no private part",
      (text: string): string => text.slice(0, text.indexOf("Private-Lines")),
      "is damaged: it has no private part",
    ],
    ["no public part", (text: string): string => text.replace("Public-Lines: 3", "Public-Lins: 3"), "is damaged"],
    ["half a block", (text: string): string => text.replace("Private-Lines: 1", "Private-Lines: 900"), "is damaged"],
    [
      "a number of lines that is none",
      (text: string): string => text.replace("Private-Lines: 1", "Private-Lines: x"),
      "is damaged",
    ],
    ["no MAC", (text: string): string => text.slice(0, text.indexOf("Private-MAC")), "is damaged"],
    [
      "another version",
      (text: string): string => text.replace("File-3", "File-4"),
      "is a PPK file of a version other than 2 and 3",
    ],
    [
      "another encryption",
      (text: string): string => text.replace(": none", ": rot13"),
      "is encrypted in a way that is not known",
    ],
  ])("refuses a PPK file with %s", async (_name, change, message) => {
    expect(await problem(change(Buffer.from(keyVector("ppk3_ecdsa")).toString()))).toMatchObject({ message });
  });

  it.each([
    ["memory", /Argon2-Memory: \d+/, "Argon2-Memory: 999999999", /^needs more of Argon2 than the limits/],
    ["passes", /Argon2-Passes: \d+/, "Argon2-Passes: 999999999", /^needs more of Argon2 than the limits/],
    ["no memory", /Argon2-Memory: \d+/, "Argon2-Memory: 0", /^is damaged$/],
    ["too little memory", /Argon2-Memory: \d+/, "Argon2-Memory: 1", /^is damaged$/],
    ["a fraction", /Argon2-Passes: \d+/, "Argon2-Passes: 1.5", /^is damaged$/],
    ["another derivation", /Argon2id/, "Argon3", /^is encrypted in a way that is not known$/],
  ])("bounds Argon2: %s", async (_name, field, value, message) => {
    const text = Buffer.from(keyVector("ppk3enc_ecdsa")).toString().replace(field, value);
    expect((await problem(text, passphrase)).message).toMatch(message);
  });

  it("bounds bcrypt", async () => {
    const hostile = changeOpenSsh("sshenc_ed25519", (bytes) => {
      const rounds = bytes.indexOf(Buffer.from("00000010", "hex"), 39 + 20);
      bytes.writeUInt32BE(1_000_000, rounds);
    });
    expect(await problem(hostile, passphrase)).toMatchObject({
      message: "needs 1000000 rounds to be decrypted, and the limit is 256",
    });
    const none = changeOpenSsh("sshenc_ed25519", (bytes) => {
      bytes.writeUInt32BE(0, bytes.indexOf(Buffer.from("00000010", "hex"), 39 + 20));
    });
    expect(await problem(none, passphrase)).toMatchObject({ message: "is damaged" });
  });

  it("refuses damaged OpenSSH keys", async () => {
    const several = changeOpenSsh("ssh_ed25519", (bytes) => bytes.writeUInt32BE(2, 15 + 8 + 8 + 4));
    expect(await problem(several)).toMatchObject({
      message: "holds several keys, and it is not clear which one is meant",
    });
    const magic = changeOpenSsh("ssh_ed25519", (bytes) => bytes.writeUInt8(1, 0));
    expect(await problem(magic)).toMatchObject({ message: "is damaged" });
    // The first of the two numbers that have to be the same stands behind the public key.
    const check = changeOpenSsh("ssh_ed25519", (bytes) => bytes.writeUInt8((bytes[98] ?? 0) ^ 1, 98));
    expect(await problem(check)).toMatchObject({ message: "is damaged" });
  });
});

describe("readPrivateKey of JWK and XML", () => {
  it.each(["RSA", "P-256", "P-521", "Ed25519", "Ed448"] as const)("reads a JWK of %s", async (type) => {
    const { privateKey, publicKey } = pairs[type];
    const jwk = privateKey.export({ format: "jwk" });
    expect((await read(JSON.stringify(jwk))).equals(privateKey)).toBe(true);
    expect(
      (await read(` \n${JSON.stringify({ keys: [{ ...jwk, kid: "1", use: "sig" }] }, null, 2)}`)).equals(privateKey),
    ).toBe(true);
    expect(await problem(JSON.stringify(publicKey.export({ format: "jwk" })))).toMatchObject({
      message: "holds a public key, where a private one is needed",
    });
  });

  it("reads XML", async () => {
    expect((await read(xml(rsa.privateKey))).equals(rsa.privateKey)).toBe(true);
    const document = `<?xml version="1.0"?>\r\n<!-- D: -->\r\n${xml(rsa.privateKey).replaceAll("><", ">\n  <")}`;
    expect((await read(document)).equals(rsa.privateKey)).toBe(true);
    expect(await problem(xml(rsa.privateKey, ["D"]))).toMatchObject({
      message: "holds a public key, where a private one is needed",
    });
    for (const name of ["Modulus", "Exponent", "P", "Q", "InverseQ"]) {
      expect(await problem(xml(rsa.privateKey, [name]))).toMatchObject({
        message: `is damaged: ${name} is missing or not Base64`,
      });
    }
  });

  it("reads XML of DSA", async () => {
    const key = await read(keyVector("ssh_dsa"));
    // SEQUENCE { 0, p, q, g, y, x } of integers.
    const text = await lab.openssl("dsa", "-in", await lab.write("dsa.pem", pkcs8(key)), "-text", "-noout");
    const number = (name: string): string => {
      const [, digits = ""] = new RegExp(`^${name}: *\\n((?: +[0-9a-f:]+\\n)+)`, "im").exec(text) ?? [];
      return Buffer.from(digits.replaceAll(/[^0-9a-f]/g, ""), "hex").toString("base64");
    };
    const names = { P: "P", Q: "Q", G: "G", Y: "pub", X: "priv" };
    const elements = Object.entries(names).map(([name, label]) => `<${name}>${number(label)}</${name}>`);
    const document = `<DSAKeyValue>${elements.join("")}</DSAKeyValue>`;
    expect((await read(document)).export({ format: "pem", type: "pkcs8" })).toBe(pkcs8(key));
    expect((await readPublicKey(document, "key")).equals(createPublicKey(key))).toBe(true);
    expect(await problem(document.replace(/<X>.*<\/X>/, ""))).toMatchObject({
      message: "holds a public key, where a private one is needed",
    });
  });

  it.each([
    [
      "a JWK without primes",
      JSON.stringify({ kty: "RSA", n: "AQAB", e: "AQAB", d: "AQAB" }),
      "has no p, q, dp, dq and qi, without which Node reads no JSON Web Key",
    ],
    [
      "a JWK of three primes",
      JSON.stringify({ kty: "RSA", n: "AQAB", e: "AQAB", d: "AQAB", oth: [] }),
      "has more than two primes",
    ],
    [
      "a JWK with a number",
      JSON.stringify({ kty: "EC", crv: "P-256", x: 5, y: "AQAB", d: "AQAB" }),
      "is damaged: x of the JSON Web Key is missing or is not Base64url",
    ],
    ["an encrypted JWK", JSON.stringify({ ciphertext: "AQAB" }), "is an encrypted JSON Web Key"],
    [
      "a JWK with a damaged x5c",
      JSON.stringify({ ...ec.privateKey.export({ format: "jwk" }), x5c: ["AQAB"] }),
      "is damaged: a certificate cannot be read",
    ],
    [
      "a JWK with another x5c",
      JSON.stringify({ ...ec.privateKey.export({ format: "jwk" }), x5c: "AQAB" }),
      "is damaged: its x5c is not a list",
    ],
    [
      "a JWK with numbers in x5c",
      JSON.stringify({ ...ec.privateKey.export({ format: "jwk" }), x5c: [5] }),
      "is damaged: its x5c is not Base64",
    ],
    ["XML with a number of 0", xml(rsa.privateKey).replace(/<P>.*<\/P>/, "<P>AA==</P>"), "is damaged"],
    [
      "XML with a huge number",
      xml(rsa.privateKey).replace(/<P>.*<\/P>/, `<P>${"/".repeat(4000)}</P>`),
      "has a number that is too large",
    ],
  ])("refuses %s", async (_name, source, message) => {
    expect(await problem(source)).toMatchObject({ message });
  });
});

describe("readPrivateKey of something else", () => {
  it.each([
    ["text", "hello", "holds no private key of a known form (a file is given as { file })"],
    [
      "a public key",
      rsa.publicKey.export({ format: "pem", type: "spki" }) as string,
      "holds a public key, where a private one is needed",
    ],
    [
      "a public key in DER",
      rsa.publicKey.export({ format: "der", type: "spki" }),
      "holds a public key, where a private one is needed",
    ],
    [
      "a public key of RSA in DER",
      rsa.publicKey.export({ format: "der", type: "pkcs1" }),
      "holds a public key, where a private one is needed",
    ],
    ["a public key of SSH", keyVector("ssh_rsa.pub"), "holds a public key, where a private one is needed"],
    ["a public key of RFC 4716", keyVector("ssh2_rsa.pub"), "holds a public key, where a private one is needed"],
    [
      "PKCS#12",
      keyVector("pfx_3des"),
      "holds a key store (PKCS#12), which belongs in tls.pfx, where a private key is needed",
    ],
    ["other PEM", "-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----", "holds no private key"],
    [
      "an unknown private key",
      "-----BEGIN ANY PRIVATE KEY-----\nAAAA\n-----END ANY PRIVATE KEY-----",
      "holds a private key of a kind that is not known",
    ],
    [
      "two private keys",
      pkcs8(rsa.privateKey) + pkcs8(ec.privateKey),
      "holds several private keys, and it is not clear which one is meant",
    ],
    [
      "a damaged key",
      encodePem("PRIVATE KEY", Buffer.alloc(40, 1)),
      "is damaged: the private key in it cannot be read",
    ],
    ["half a key", pkcs8(rsa.privateKey).slice(0, 300), "is damaged: a PEM block has no end"],
    [
      "a Java key store",
      Uint8Array.of(0xfe, 0xed, 0xfe, 0xed),
      "is a Java key store (JKS), which Node cannot open: convert it to PKCS#12 or PEM",
    ],
  ])("refuses %s", async (_name, source, message) => {
    expect(await problem(source)).toMatchObject({ message });
  });

  it("refuses a certificate", async () => {
    const { certificate, der } = await lab.createSelfSigned({ commonName: "leaf" });
    expect(await problem(certificate)).toMatchObject({ message: "holds a certificate, and no private key" });
    expect(await problem(der)).toMatchObject({ message: "holds a certificate, where a private key is needed" });
  });

  it("holds a key to the form that was named", async () => {
    const forms = [
      ["pem", pkcs8(ec.privateKey)],
      ["der", ec.privateKey.export({ format: "der", type: "pkcs8" })],
      ["jwk", JSON.stringify(ec.privateKey.export({ format: "jwk" }))],
      ["ssh", keyVector("ssh_ed25519")],
      ["ppk", keyVector("ppk3_ed25519")],
      ["xml", xml(rsa.privateKey)],
    ] as const;
    for (const [format, source] of forms) {
      const bytes = Buffer.from(source);
      expect((await readPrivateKey(bytes, { format, passphrase: undefined })).key.type).toBe("private");
      const other = format === "xml" ? "ppk" : "xml";
      await expect(readPrivateKey(bytes, { format: other, passphrase: undefined })).rejects.toThrow(
        `is not ${other.toUpperCase()}, but `,
      );
    }
  });
});

/** Changes the bytes within a PEM block. */
function changeOpenSsh(name: KeyVector, change: (bytes: Buffer) => void): string {
  const text = Buffer.from(keyVector(name)).toString();
  const bytes = Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  change(bytes);
  return encodePem("OPENSSH PRIVATE KEY", bytes);
}
