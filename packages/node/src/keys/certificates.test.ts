import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { InvalidOptionError, UnsupportedError } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createCertificateLab,
  type Authority,
  type CertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import { keyVector } from "../../testing/key-vectors.ts";
import { readCertificates, type CertificateSource } from "./certificates.ts";
import { encodeDer } from "./der.ts";

let lab: CertificateLab;
let root: Authority;
let leaf: IssuedCertificate;
/** Both certificates, the authority's first. */
let p7b: string;

beforeAll(async () => {
  lab = await createCertificateLab();
  root = await lab.createAuthority({ commonName: "Root" });
  leaf = await root.issue({ commonName: "leaf" });
  const files = ["-certfile", root.certificateFile, "-certfile", leaf.certificateFile];
  p7b = await lab.openssl("crl2pkcs7", "-nocrl", ...files);
});

afterAll(() => lab.cleanup());

/** What follows the line of dashes in PEM, as DER. */
function unarmour(pem: string): Uint8Array {
  return Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
}

async function failure(source: unknown): Promise<unknown> {
  return readCertificates(source as CertificateSource, "tls.ca").then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("readCertificates", () => {
  it.each([
    ["PEM", (): CertificateSource => leaf.certificate],
    ["PEM as bytes", (): CertificateSource => Buffer.from(leaf.certificate)],
    ["PEM with Windows line ends", (): CertificateSource => leaf.certificate.replaceAll("\n", "\r\n")],
    ["PEM in UTF-16", (): CertificateSource => Buffer.from(`\uFEFF${leaf.certificate}`, "utf16le")],
    ["PEM with text around it", (): CertificateSource => `Subject: leaf\n${leaf.certificate}\nthat was it\n`],
    ["PEM with the private key before it", (): CertificateSource => leaf.key + leaf.certificate],
    ["DER", (): CertificateSource => leaf.der],
    [
      "DER as a part of other bytes",
      (): CertificateSource => Buffer.concat([root.der, leaf.der]).subarray(root.der.length),
    ],
    ["Base64 alone", (): CertificateSource => Buffer.from(leaf.der).toString("base64")],
    ["a file", (): CertificateSource => ({ file: leaf.certificateFile })],
    ["a file by its URL", (): CertificateSource => ({ file: pathToFileURL(leaf.certificateFile) })],
    ["a file by its URL as text", (): CertificateSource => ({ file: pathToFileURL(leaf.certificateFile).href })],
  ])("reads %s", async (_name, source) => {
    expect((await readCertificates(source(), "tls.ca")).map(hex)).toEqual([hex(leaf.der)]);
  });

  it.each([
    ["PKCS#7 in PEM", (): CertificateSource => p7b],
    ["PKCS#7 in DER", (): CertificateSource => unarmour(p7b)],
    ["PKCS#7 with indefinite lengths", (): CertificateSource => indefinite(unarmour(p7b))],
    ["several in one text", (): CertificateSource => root.certificate + leaf.certificate + root.certificate],
    ["a list", (): CertificateSource => [root.der, { file: leaf.certificateFile }, leaf.certificate]],
  ])("reads %s, each certificate once", async (_name, source) => {
    expect((await readCertificates(source(), "tls.ca")).map(hex).sort()).toEqual([hex(root.der), hex(leaf.der)].sort());
  });

  it("reads what OpenSSL calls a trusted certificate", async () => {
    const trusted = await lab.openssl("x509", "-in", leaf.certificateFile, "-trustout", "-addtrust", "serverAuth");
    expect(trusted).toContain("TRUSTED CERTIFICATE");
    expect((await readCertificates(trusted, "tls.ca")).map(hex)).toEqual([hex(leaf.der)]);
  });

  it("reads the certificates of a directory, and nothing else that is in it", async () => {
    const directory = join(lab.directory, "authorities");
    await mkdir(join(directory, "inner.pem"), { recursive: true });
    await lab.write("authorities/root.crt", root.der);
    await lab.write("authorities/leaf.pem", leaf.certificate);
    await lab.write("authorities/key.pem", leaf.key);
    await lab.write("authorities/README", "not a certificate");
    await lab.write("authorities/README.txt", leaf.certificate.slice(0, 100));
    await symlink("leaf.pem", join(directory, "5ad8a5d6.0"));
    await symlink("nowhere", join(directory, "5ad8a5d7.0"));
    for (const given of [directory, pathToFileURL(directory)]) {
      const found = await readCertificates({ directory: given }, "tls.ca");
      expect(found.map(hex).sort()).toEqual([hex(root.der), hex(leaf.der)].sort());
    }
    await rm(directory, { recursive: true });
  });

  it("refuses a directory without certificates, without permission, or that is none", async () => {
    const directory = join(lab.directory, "empty");
    await mkdir(directory);
    await lab.write("empty/key.pem", leaf.key);
    const label = `tls.ca (directory ${directory})`;
    expect(await failure({ directory })).toEqual(new InvalidOptionError("tls.ca", `${label} holds no certificate`));
    expect(await failure({ directory: "does-not-exist" })).toMatchObject({
      name: "InvalidOptionError",
      message: "tls.ca (directory does-not-exist) cannot be read: it does not exist",
    });
    expect(await failure({ directory: leaf.certificateFile })).toMatchObject({
      message: expect.stringContaining("a part of its path is not a directory") as string,
    });
    await lab.write("empty/damaged.pem", leaf.certificate.slice(0, 300));
    expect(await failure({ directory })).toMatchObject({
      message: `tls.ca (file damaged.pem of ${directory}) is damaged: a PEM block has no end`,
    });
  });

  it.each([
    [
      "a file that does not exist",
      (): unknown => ({ file: "no-such.pem" }),
      "tls.ca (file no-such.pem) cannot be read: it does not exist",
    ],
    [
      "a directory as a file",
      (): unknown => ({ file: "." }),
      "tls.ca (file .) cannot be read: it is not a regular file",
    ],
    [
      "a device",
      (): unknown => ({ file: "/dev/zero" }),
      "tls.ca (file /dev/zero) cannot be read: it is not a regular file",
    ],
    [
      "a URL of the web",
      (): unknown => ({ file: new URL("https://example.com/") }),
      "tls.ca has a URL that is not one of a file",
    ],
    ["a path with a zero", (): unknown => ({ file: "a\0b" }), "tls.ca names a file that cannot exist"],
    ["an empty path", (): unknown => ({ file: "" }), "tls.ca names a file that cannot exist"],
    ["a number", (): unknown => 5, "tls.ca must be text, bytes, or { file } with a path or a file: URL"],
    [
      "a file by a number",
      (): unknown => ({ file: 5 }),
      "tls.ca must be text, bytes, or { file } with a path or a file: URL",
    ],
    ["an empty text", (): unknown => "", "tls.ca is empty"],
    [
      "a path as text",
      (): unknown => "./ca.pem",
      "tls.ca holds what may be a path (a file is given as { file }), and no certificate",
    ],
    ["other text", (): unknown => "hello", "tls.ca holds no certificate"],
    ["other bytes", (): unknown => Uint8Array.of(1, 2, 3), "tls.ca holds no certificate"],
    ["too much", (): unknown => new Uint8Array(16 * 1024 * 1024 + 1), "tls.ca has more than 16777216 bytes"],
    ["a private key", (): unknown => leaf.key, "tls.ca holds a private key, and no certificate"],
    ["a private key in DER", (): unknown => unarmour(leaf.key), "tls.ca holds a private key, and no certificate"],
    [
      "a private key of PuTTY",
      (): unknown => keyVector("ppk3_ed25519"),
      "tls.ca holds a private key (PPK), and no certificate",
    ],
    [
      "a public key of SSH",
      (): unknown => keyVector("ssh_rsa.pub"),
      "tls.ca holds a public key (SSH), and no certificate",
    ],
    [
      "a key store",
      (): unknown => keyVector("pfx_3des"),
      "tls.ca holds a key store (PKCS#12), which belongs in tls.pfx, and no certificate",
    ],
    ["half a file of DER", (): unknown => leaf.der.subarray(0, 200), "tls.ca is damaged: a certificate cannot be read"],
    [
      "DER and more",
      (): unknown => Buffer.concat([leaf.der, root.der]),
      "tls.ca is damaged: a certificate cannot be read",
    ],
    ["half a file of PEM", (): unknown => leaf.certificate.slice(0, 200), "tls.ca is damaged: a PEM block has no end"],
    [
      "PEM with another's end",
      (): unknown => leaf.certificate.replace("END CERT", "END X509 CERT"),
      "tls.ca is damaged: a PEM block has no end of its own",
    ],
    [
      "PEM with other letters",
      (): unknown => leaf.certificate.replace("\nMI", "\nM?"),
      "tls.ca is damaged: a PEM block is not Base64",
    ],
    [
      "PEM that is no certificate",
      (): unknown => leaf.certificate.replace(/\nMI[^-]+/, "\nAAAA\n"),
      "tls.ca is damaged: a certificate cannot be read",
    ],
    ["half a file of PKCS#7", (): unknown => unarmour(p7b).subarray(0, 200), "tls.ca is damaged"],
    ["a list with a bad one", (): unknown => [leaf.der, "hello"], "tls.ca holds no certificate"],
  ])("refuses %s", async (_name, source, message) => {
    const error = await failure(source());
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ message, option: "tls.ca" });
  });

  it("refuses a certificate request and a list of revoked certificates", async () => {
    const request = await lab.openssl("req", "-new", "-key", leaf.keyFile, "-subj", "/CN=leaf");
    expect(await failure(request)).toMatchObject({ message: "tls.ca holds a certificate request, and no certificate" });
    const list = "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n";
    expect(await failure(list)).toMatchObject({
      message: "tls.ca holds a list of revoked certificates, and no certificate",
    });
  });

  it("refuses a pipe instead of waiting for its writer", async () => {
    const { execFileSync } = await import("node:child_process");
    const file = join(lab.directory, "pipe");
    execFileSync("mkfifo", [file]);
    expect(await failure({ file })).toMatchObject({
      message: `tls.ca (file ${file}) cannot be read: it is not a regular file`,
    });
  });

  it.each([
    ["JKS", "feedfeed00000002", "a Java key store (JKS)"],
    ["JCEKS", "cececece00000002", "a Java key store (JCEKS)"],
    ["BKS", "0000000200000014aabb", "a Bouncy Castle key store (BKS or UBER)"],
    ["a keychain", "6b79636800010000", "a macOS keychain"],
    ["an SST", "000000004345525401000000", "a Windows certificate store (SST)"],
    ["PVK", "1ef1b5b000000000", "a Windows private key file (PVK)"],
    ["NSS", Buffer.from("SQLite format 3\0").toString("hex"), "a SQLite database, perhaps of NSS"],
    ["BCFKS", hex(bcfks()), "a Bouncy Castle key store (BCFKS)"],
  ])("says of %s what it is and what to do", async (_name, beginning, what) => {
    const error = await failure(Uint8Array.from(Buffer.from(beginning, "hex")));
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({
      message: `tls.ca is ${what}, which Node cannot open: convert it to PKCS#12 or PEM`,
      feature: "tls.ca",
    });
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** ObjectStore with EncryptedObjectStoreData (PBES2) and an integrity check, as far as one looks at it. */
function bcfks(): Uint8Array {
  const algorithm = encodeDer(0x30, encodeDer(0x06, Buffer.from("2a864886f70d01050d", "hex")));
  const data = encodeDer(0x30, algorithm, encodeDer(0x04, new Uint8Array(64)));
  return encodeDer(0x30, data, encodeDer(0x30, algorithm));
}

/** The outer levels of PKCS#7 with indefinite lengths, as streaming writers make them. */
function indefinite(der: Uint8Array): Uint8Array {
  // SEQUENCE, OBJECT IDENTIFIER, [0], SEQUENCE; each length has four octets here.
  const end = new Uint8Array(6);
  const content = der.subarray(4 + 11 + 4 + 4);
  const open = (tag: number): Uint8Array => Uint8Array.of(tag, 0x80);
  return Buffer.concat([open(0x30), der.subarray(4, 15), open(0xa0), open(0x30), content, end]);
}
