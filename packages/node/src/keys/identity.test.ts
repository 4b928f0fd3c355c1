import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { inspect } from "node:util";
import { InvalidOptionError, UnsupportedError, type TlsOptions } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createCertificateLab,
  type Authority,
  type CertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import { keyVector, nssPassphrase, vectorPassphrase } from "../../testing/key-vectors.ts";
import { encodeDer } from "./der.ts";
import { readIdentity } from "./identity.ts";
import { encodePem } from "./pem.ts";

const passphrase = vectorPassphrase;

let lab: CertificateLab;
let root: Authority;
let middle: Authority;
/** EC, from the authority in the middle. */
let client: IssuedCertificate;
let rsaClient: IssuedCertificate;

beforeAll(async () => {
  lab = await createCertificateLab();
  root = await lab.createAuthority({ commonName: "Root" });
  middle = await root.issueAuthority({ commonName: "Middle" });
  client = await middle.issue({ commonName: "client" });
  rsaClient = await middle.issue({ commonName: "rsa client", key: "RSA" });
});

afterAll(() => lab.cleanup());

async function failure(options: unknown): Promise<Error> {
  const error: unknown = await readIdentity(options as TlsOptions).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

function privateKey(issued: IssuedCertificate): KeyObject {
  return createPrivateKey(issued.key);
}

/** What `readIdentity` gives, as far as it can be compared. */
async function read(options: Parameters<typeof readIdentity>[0]): Promise<unknown> {
  const identity = await readIdentity(options);
  if (identity === undefined) return undefined;
  const key = identity.privateKey.export({ format: "pem", type: "pkcs8" });
  return { certificates: identity.certificates.map(hex), key };
}

function whatIsOf(issued: IssuedCertificate, ...certificates: readonly IssuedCertificate[]): unknown {
  const key = privateKey(issued).export({ format: "pem", type: "pkcs8" });
  return { certificates: [issued, ...certificates].map(({ der }) => hex(der)), key };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe("readIdentity of a certificate and a key", () => {
  it("is undefined without options", async () => {
    expect(await readIdentity({})).toBeUndefined();
    expect(await readIdentity({ keyFormat: "detect" })).toBeUndefined();
  });

  it("puts the leaf first and its issuers behind it", async () => {
    const shuffled = [root, rsaClient, client, middle].map(({ certificate }) => certificate).join("");
    expect(await read({ cert: shuffled, key: client.key })).toEqual(whatIsOf(client, middle, root));
    expect(await read({ cert: shuffled, key: rsaClient.key })).toEqual(whatIsOf(rsaClient, middle, root));
  });

  it("takes each certificate once", async () => {
    const cert = [client, root, middle, root, client].map(({ certificate }) => certificate).join("");
    expect(await read({ cert, key: client.key })).toEqual(whatIsOf(client, middle, root));
    const x5c = [client, root, middle, root].map(({ der }) => Buffer.from(der).toString("base64"));
    const jwk = { ...privateKey(client).export({ format: "jwk" }), x5c };
    expect(await read({ key: jwk })).toEqual(whatIsOf(client, middle, root));
  });

  it("reads files", async () => {
    const options = { cert: { file: client.certificateFile }, key: { file: client.keyFile } };
    expect(await read(options)).toEqual(whatIsOf(client));
  });

  it("finds both in one file, whichever option names it", async () => {
    const both = client.key + client.certificate;
    const expected = whatIsOf(client);
    expect(await read({ cert: both })).toEqual(expected);
    expect(await read({ key: both })).toEqual(expected);
    expect(await read({ cert: both, key: both })).toEqual(expected);
  });

  it("opens an encrypted key", async () => {
    const key = privateKey(client).export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase });
    expect(await read({ cert: client.certificate, key, passphrase })).toEqual(whatIsOf(client));
    expect(await failure({ cert: client.certificate, key })).toEqual(
      new InvalidOptionError("tls.passphrase", "tls.key is encrypted, and needs tls.passphrase"),
    );
    const file = await lab.write("encrypted.pem", key);
    expect(await failure({ cert: client.certificate, key: { file }, passphrase: "other" })).toEqual(
      new InvalidOptionError("tls.passphrase", `tls.passphrase does not open tls.key (file ${file})`),
    );
  });

  it("takes a JWK as text or object, and its certificates", async () => {
    const jwk = { ...privateKey(client).export({ format: "jwk" }) };
    const x5c = [client, middle].map(({ der }) => Buffer.from(der).toString("base64"));
    expect(await read({ key: { ...jwk, x5c } })).toEqual(whatIsOf(client, middle));
    expect(await read({ key: JSON.stringify({ ...jwk, x5c }) })).toEqual(whatIsOf(client, middle));
    expect(await read({ key: jwk, cert: client.certificate })).toEqual(whatIsOf(client));
    expect(await failure({ key: jwk })).toMatchObject({ option: "tls.cert" });
    expect(await failure({ key: { kty: "RSA" }, cert: client.certificate })).toMatchObject({ option: "tls.key" });
  });

  it.each([
    [
      "a key without a certificate",
      (): unknown => ({ key: client.key }),
      "tls.cert",
      "tls.cert is missing: a private key is of no use without its certificate",
    ],
    [
      "a key of PuTTY without one",
      (): unknown => ({ key: keyVector("ppk3_rsa") }),
      "tls.cert",
      "tls.cert is missing: a private key is of no use without its certificate",
    ],
    [
      "a certificate without a key",
      (): unknown => ({ cert: client.certificate }),
      "tls.key",
      "tls.key is missing: a certificate is of no use without its private key",
    ],
    [
      "a certificate in DER without a key",
      (): unknown => ({ cert: client.der }),
      "tls.key",
      "tls.key is missing: a certificate is of no use without its private key",
    ],
    [
      "another's key",
      (): unknown => ({ cert: client.certificate, key: rsaClient.key }),
      "tls.key",
      "tls.key holds a private key that belongs to none of the certificates",
    ],
    [
      "a key as the certificate",
      (): unknown => ({ cert: client.key, key: client.key }),
      "tls.cert",
      "tls.cert holds a private key, and no certificate",
    ],
    [
      "a certificate as the key",
      (): unknown => ({ cert: client.certificate, key: client.certificate }),
      "tls.key",
      "tls.key holds a certificate, and no private key",
    ],
    [
      "a public key",
      (): unknown => ({ cert: client.certificate, key: keyVector("ssh_rsa.pub") }),
      "tls.key",
      "tls.key holds a public key, where a private one is needed",
    ],
    [
      "a key file that does not exist",
      (): unknown => ({ cert: client.certificate, key: { file: "no.key" } }),
      "tls.key",
      "tls.key (file no.key) cannot be read: it does not exist",
    ],
    [
      "a number",
      (): unknown => ({ cert: client.certificate, key: 5 }),
      "tls.key",
      "tls.key must be text, bytes, or { file } with a path or a file: URL",
    ],
    [
      "PKCS#12 as a form of the key",
      (): unknown => ({ cert: client.certificate, key: client.key, keyFormat: "pfx" }),
      "tls.keyFormat",
      "tls.keyFormat is pfx, but PKCS#12 is given as tls.pfx",
    ],
    [
      "another form",
      (): unknown => ({ cert: client.certificate, key: client.key, keyFormat: "asc" }),
      "tls.keyFormat",
      "tls.keyFormat must be one of detect, pem, der, jwk, ssh, ppk, xml",
    ],
    [
      "a form that it is not",
      (): unknown => ({ cert: client.certificate, key: client.key, keyFormat: "ppk" }),
      "tls.key",
      "tls.key is not PPK, but PEM",
    ],
    [
      "a passphrase alone",
      (): unknown => ({ passphrase }),
      "tls.passphrase",
      "tls.passphrase is of no use without tls.key or tls.pfx",
    ],
    [
      "a passphrase of bytes",
      (): unknown => ({ passphrase: Buffer.from("x"), key: client.key }),
      "tls.passphrase",
      "tls.passphrase must be a string",
    ],
    [
      "PKCS#12 and a key",
      (): unknown => ({ pfx: new Uint8Array(9), key: client.key }),
      "tls.pfx",
      "tls.pfx has a certificate and its key, so tls.cert and tls.key must be left out",
    ],
  ])("refuses %s", async (_name, options, option, message) => {
    expect(await failure(options())).toEqual(new InvalidOptionError(option, message));
  });

  it("refuses a key that does not fit itself", async () => {
    const jwk = privateKey(rsaClient).export({ format: "jwk" });
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
    expect(await failure({ cert: rsaClient.certificate, key: { ...other, n: jwk.n, e: jwk.e } })).toEqual(
      new InvalidOptionError("tls.key", "tls.key is damaged: its private key does not fit its public one"),
    );
  });
});

describe("readIdentity of PKCS#12", () => {
  const options: readonly (readonly [string, readonly string[]])[] = [
    ["openssl's own choice", []],
    ["Triple DES", ["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"]],
    ["AES-128 and SHA-512", ["-certpbe", "AES-128-CBC", "-keypbe", "AES-192-CBC", "-macalg", "sha512"]],
    ["certificates in plain", ["-certpbe", "NONE"]],
    ["nothing encrypted", ["-certpbe", "NONE", "-keypbe", "NONE"]],
    ["no MAC", ["-nomac"]],
    ["many iterations", ["-iter", "20000"]],
  ];

  function make(issued: IssuedCertificate, name: string, password: string, ...more: string[]): Promise<string> {
    const files = ["-inkey", issued.keyFile, "-in", issued.certificateFile, "-certfile", middle.chainFile];
    const out = `${lab.directory}/${name}`;
    return lab
      .openssl("pkcs12", "-export", ...files, "-out", out, "-passout", `pass:${password}`, ...more)
      .then(() => out);
  }

  it.each(options)("reads one with %s", async (name, more) => {
    for (const issued of [client, rsaClient]) {
      const file = await make(issued, `${name.replaceAll(/\W/g, "-")}.p12`, passphrase, ...more);
      expect(await read({ pfx: { file }, passphrase })).toEqual(whatIsOf(issued, middle));
      if (more.includes("-keypbe") && more.at(-1) === "NONE") continue;
      expect(await failure({ pfx: { file }, passphrase: "other" })).toEqual(
        new InvalidOptionError("tls.passphrase", `tls.passphrase does not open tls.pfx (file ${file})`),
      );
      expect(await failure({ pfx: { file } })).toEqual(
        new InvalidOptionError("tls.passphrase", `tls.pfx (file ${file}) is encrypted, and needs tls.passphrase`),
      );
    }
  });

  it.each(options)("reads one with an empty password and %s", async (name, more) => {
    const file = await make(client, `${name.replaceAll(/\W/g, "-")}-empty.p12`, "", ...more);
    expect(await read({ pfx: { file }, passphrase: "" })).toEqual(whatIsOf(client, middle));
    // Without a MAC, what no password means can only be taken literally, and it is the other thing.
    if (!more.includes("-nomac")) expect(await read({ pfx: { file } })).toEqual(whatIsOf(client, middle));
  });

  it.each(["pfx_rc2_40", "pfx_rc2_128", "pfx_3des"] as const)("reads %s", async (name) => {
    const identity = await readIdentity({ pfx: keyVector(name), passphrase });
    expect(identity?.certificates).toHaveLength(1);
    expect(identity?.privateKey.asymmetricKeyType).toBe("ec");
    expect(await failure({ pfx: keyVector(name), passphrase: "other" })).toMatchObject({ option: "tls.passphrase" });
  });

  it("reads what NSS writes, with indefinite lengths", async () => {
    const identity = await readIdentity({ pfx: keyVector("pfx_nss"), passphrase: nssPassphrase });
    const other = await readIdentity({ pfx: keyVector("pfx_3des"), passphrase });
    expect(identity?.certificates.map(hex)).toEqual(other?.certificates.map(hex));
    expect(identity?.privateKey.export({ format: "jwk" })).toEqual(other?.privateKey.export({ format: "jwk" }));
  });

  it("says that RC4 cannot be read", async () => {
    const error = await failure({ pfx: keyVector("pfx_rc4"), passphrase });
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error.message).toBe("tls.pfx is encrypted with RC4, which cannot be read");
  });

  it("refuses several keys, none, and a key without its certificate", async () => {
    const none = `${lab.directory}/none.p12`;
    const password = ["-passout", `pass:${passphrase}`, "-out"];
    await lab.openssl("pkcs12", "-export", "-nokeys", "-in", client.certificateFile, ...password, none);
    expect(await failure({ pfx: { file: none }, passphrase })).toMatchObject({
      message: `tls.pfx (file ${none}) holds no private key`,
    });
    const alone = `${lab.directory}/alone.p12`;
    await lab.openssl("pkcs12", "-export", "-nocerts", "-inkey", client.keyFile, ...password, alone);
    expect(await failure({ pfx: { file: alone }, passphrase })).toMatchObject({
      message: `tls.pfx (file ${alone}) holds no certificate`,
    });
    const twice = await lab.write("twice.p12", keyStore(bag(privateKey(client)), bag(privateKey(rsaClient))));
    expect(await failure({ pfx: { file: twice } })).toMatchObject({
      message: `tls.pfx (file ${twice}) holds 2 private keys, and it is not clear which one is meant`,
    });
  });

  it.each([
    ["text", (): Uint8Array => Buffer.from("hello"), "tls.pfx is not a PKCS#12 file"],
    ["PEM", (): Uint8Array => Buffer.from(client.key), "tls.pfx is not a PKCS#12 file: it is PEM"],
    ["a certificate", (): Uint8Array => client.der, "tls.pfx is not a PKCS#12 file: it is a certificate"],
    ["half of it", (): Uint8Array => keyVector("pfx_3des").subarray(0, 400), "tls.pfx is damaged"],
    ["half of NSS's", (): Uint8Array => keyVector("pfx_nss").subarray(0, 400), "tls.pfx is damaged"],
    ["more behind it", (): Uint8Array => Buffer.concat([keyVector("pfx_3des"), Buffer.alloc(9)]), "tls.pfx is damaged"],
    ["nothing", (): Uint8Array => new Uint8Array(0), "tls.pfx is empty"],
  ])("refuses %s", async (_name, pfx, message) => {
    expect(await failure({ pfx: pfx(), passphrase })).toEqual(new InvalidOptionError("tls.pfx", message));
  });

  it("refuses a Java key store", async () => {
    const error = await failure({ pfx: Uint8Array.of(0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2), passphrase });
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error.message).toBe(
      "tls.pfx is a Java key store (JKS), which Node cannot open: convert it to PKCS#12 or PEM",
    );
  });

  it("bounds the iterations of a hostile file", async () => {
    for (const [count, message] of [
      [0, "tls.pfx is damaged"],
      [4_000_001, "tls.pfx needs more than 4000000 iterations to be decrypted, which is the limit"],
    ] as const) {
      expect(await failure({ pfx: withMac(count), passphrase })).toMatchObject({ message });
    }
    const cert = client.certificate;
    expect(await failure({ cert, key: encryptedWith(pbkdf2(10_000_001)), passphrase })).toMatchObject({
      message: "tls.key needs more than 10000000 iterations to be decrypted, which is the limit",
    });
    expect(await failure({ cert, key: encryptedWith(pbkdf2(0)), passphrase })).toMatchObject({
      message: "tls.key is damaged",
    });
    const limit = "tls.key needs more than 268435456 bytes of memory, or longer, than scrypt may take";
    for (const [cost, blockSize, parallelization, message] of [
      [2 ** 24, 8, 1, limit],
      [2 ** 17, 8, 1000, limit],
      [3, 8, 1, "tls.key is damaged"],
    ] as const) {
      const key = encryptedWith(scrypt(cost, blockSize, parallelization));
      expect(await failure({ cert, key, passphrase })).toMatchObject({ message });
    }
  });

  it("names the algorithm that it does not know", async () => {
    const error = await failure({ cert: client.certificate, key: encryptedWith(algorithm("2a03")), passphrase });
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error.message).toBe("tls.key is encrypted with 1.2.3, which cannot be read");
  });
});

describe("hostile keys", () => {
  it("are refused before they are used", async () => {
    const key = join(lab.directory, "huge.pem");
    const numbers = Array.from({ length: 7 }, (_, index) => encodeDer(0x02, Buffer.alloc(3000, index + 1)));
    const huge = sequence(number(0), encodeDer(0x02, Buffer.alloc(3000, 0x41)), number(65_537), ...numbers.slice(0, 6));
    await lab.write("huge.pem", encodePem("RSA PRIVATE KEY", huge));
    const spki = sequence(
      algorithm("2a864886f70d010101", Buffer.of(5, 0)),
      encodeDer(0x03, Buffer.of(0), sequence(encodeDer(0x02, Buffer.alloc(3000, 0x41)), number(65_537))),
    );
    const file = await lab.write("huge.pub", encodePem("PUBLIC KEY", spki));
    const from = ["-CA", root.certificateFile, "-CAkey", root.keyFile, "-subj", "/CN=huge", "-new"];
    const cert = await lab.openssl("x509", ...from, "-force_pubkey", file);
    expect(await failure({ cert, key: { file: key } })).toEqual(
      new InvalidOptionError("tls.key", `tls.key (file ${key}) has a number that is too large`),
    );
    const jwk = { ...privateKey(rsaClient).export({ format: "jwk" }), n: "A".repeat(5000) };
    expect(await failure({ cert: rsaClient.certificate, key: jwk })).toEqual(
      new InvalidOptionError("tls.key", "tls.key has a number that is too large"),
    );
  });

  it("that cannot sign are refused", async () => {
    const { privateKey: x25519, publicKey } = generateKeyPairSync("x25519");
    const file = await lab.write("x25519.pub", publicKey.export({ format: "pem", type: "spki" }));
    const from = ["-CA", root.certificateFile, "-CAkey", root.keyFile, "-subj", "/CN=x25519", "-new"];
    const cert = await lab.openssl("x509", ...from, "-force_pubkey", file);
    const error = await failure({ cert, key: x25519.export({ format: "pem", type: "pkcs8" }) });
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error.message).toBe("tls.key is a key of the type x25519, with which TLS cannot prove who the client is");
  });
});

describe("what errors tell", () => {
  it("is neither the passphrase nor any part of a key", async () => {
    const secret = "do-not-tell-anyone";
    const key = privateKey(client).export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" });
    const jwk = privateKey(client).export({ format: "jwk" });
    const { certificate: cert } = client;
    const cases: readonly unknown[] = [
      { cert, key, passphrase: secret },
      { cert, key: `${client.key.slice(0, 100)}${secret}`, passphrase: secret },
      { cert, key: client.key.replaceAll("-----", ""), passphrase: secret },
      { cert, key: secret },
      { cert: secret },
      { cert, key: `{"kty":"EC","d":"${secret}` },
      { cert, key: `{${secret}}` },
      { cert, key: { ...jwk, d: `${secret} ` } },
      { cert, key: { ...jwk, d: 5, x: secret } },
      { cert, key: { ...jwk, x: secret } },
      { cert, key: { kty: secret } },
      { cert, key: `<RSAKeyValue><Modulus>${secret}</Modulus><D>${secret}</D></RSAKeyValue>` },
      { cert, key: `PuTTY-User-Key-File-3: ${secret}\nEncryption: ${secret}` },
      { cert, key: Buffer.from(keyVector("ppk3_ecdsa")).toString().replace("test key", secret) },
      { cert, key: keyVector("ppk3enc_ecdsa"), passphrase: secret },
      { cert, key: keyVector("sshenc_ecdsa"), passphrase: secret },
      { cert, key: `ssh-rsa ${secret}` },
      { cert, key: `-----BEGIN ${secret}-----\n${secret}\n-----END ${secret}-----` },
      { cert, key: `-----BEGIN ${secret} PRIVATE KEY-----\n${secret}\n-----END x-----` },
      { cert, key: rsaClient.key, passphrase: secret },
      { pfx: keyVector("pfx_3des"), passphrase: secret },
      { pfx: keyVector("pfx_rc2_40").subarray(0, 500), passphrase: secret },
      { passphrase: secret },
      { cert, key: client.key, keyFormat: "xml", passphrase: secret },
    ];
    const parts = [jwk.d ?? "", client.key.slice(60, 90), rsaClient.key.slice(60, 90), secret];
    for (const options of cases) {
      const error = await failure(options);
      expect(["InvalidOptionError", "UnsupportedError"]).toContain(error.name);
      const text = inspect(error, { depth: 10, showHidden: true });
      for (const part of parts) expect(text).not.toContain(part);
    }
  });
});

describe("damaged files", () => {
  const names = [
    "pfx_rc2_40",

    "ppk3_ecdsa",
    "ppk2enc_ed25519",
    "ssh_ed25519",
    "ssh_ecdsa",
    "pem_md5_des",
    "pem_des",
  ] as const;

  it.each(names)("of %s are read or refused, and nothing else", async (name) => {
    const vector = keyVector(name);
    // The same every time.
    let seed = 12_345;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const isText = vector[0] !== 0x30;
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(vector);
      for (let changes = 1 + random(3); changes > 0; changes--) {
        bytes[random(bytes.length)] = isText ? 32 + random(95) : random(256);
      }
      const damaged = round % 5 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
      const given = name.startsWith("pfx") ? { pfx: damaged } : { cert: client.certificate, key: damaged };
      const error: unknown = await readIdentity({ ...given, passphrase }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) continue;
      expect(error instanceof InvalidOptionError || error instanceof UnsupportedError, inspect(error)).toBe(true);
    }
  });
});

/** PKCS#12 without a MAC, and with these bags in plain. */
function keyStore(...bags: readonly Uint8Array[]): Uint8Array {
  const safe = sequence(data(sequence(...bags)));
  return sequence(number(3), data(safe));
}

function withMac(iterations: number): Uint8Array {
  const sha1 = algorithm("2b0e03021a");
  const mac = sequence(sequence(sha1, octets(new Uint8Array(20))), octets(new Uint8Array(8)), number(iterations));
  return sequence(number(3), data(sequence()), mac);
}

/** A keyBag. */
function bag(key: KeyObject): Uint8Array {
  const pkcs8 = key.export({ format: "der", type: "pkcs8" });
  return sequence(identifier("2a864886f70d010c0a0101"), encodeDer(0xa0, pkcs8));
}

/** ContentInfo of the type data. */
function data(content: Uint8Array): Uint8Array {
  return sequence(identifier("2a864886f70d010701"), encodeDer(0xa0, octets(content)));
}

function encryptedWith(scheme: Uint8Array): Uint8Array {
  return sequence(scheme, octets(new Uint8Array(64)));
}

function pbes2(derivation: Uint8Array): Uint8Array {
  const aes256 = algorithm("60864801650304012a", octets(new Uint8Array(16)));
  return algorithm("2a864886f70d01050d", sequence(derivation, aes256));
}

function pbkdf2(iterations: number): Uint8Array {
  return pbes2(algorithm("2a864886f70d01050c", sequence(octets(new Uint8Array(8)), number(iterations))));
}

function scrypt(...costs: readonly number[]): Uint8Array {
  return pbes2(algorithm("2b06010401da47040b", sequence(octets(new Uint8Array(8)), ...costs.map(number))));
}

function algorithm(hexadecimal: string, ...parameters: readonly Uint8Array[]): Uint8Array {
  return sequence(identifier(hexadecimal), ...parameters);
}

function identifier(hexadecimal: string): Uint8Array {
  return encodeDer(0x06, Buffer.from(hexadecimal, "hex"));
}

function number(value: number): Uint8Array {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  return encodeDer(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

function octets(bytes: Uint8Array): Uint8Array {
  return encodeDer(0x04, bytes);
}

function sequence(...elements: readonly Uint8Array[]): Uint8Array {
  return encodeDer(0x30, ...elements);
}
