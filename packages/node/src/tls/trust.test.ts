import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import type { TlsOptions } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, type CertificateLab, createCertificateLab } from "../../testing/certificates.ts";
import { secureTo } from "../../testing/secure-harness.ts";
import { startTlsServer } from "../../testing/tls-servers.ts";
import { readSystemAuthorities, readTrust, type SystemTrust } from "./trust.ts";

let lab: CertificateLab;
let one: Authority;
let two: Authority;
let three: Authority;
beforeAll(async () => {
  lab = await createCertificateLab();
  [one, two, three] = await Promise.all([
    lab.createAuthority({ commonName: "One" }),
    lab.createAuthority({ commonName: "Two" }),
    lab.createAuthority({ commonName: "Three" }),
  ]);
});
afterAll(() => lab.cleanup());

const nothing: SystemTrust = { environment: {}, bundles: [], getCertificates: undefined };

async function subjectsOf(where: Partial<SystemTrust>): Promise<string[]> {
  const trust = await readSystemAuthorities({ ...nothing, ...where });
  return trust.certificates().map(({ subject }) => subject);
}

describe("the system's authorities", () => {
  it("are those that Node finds, where it can", async () => {
    const getCertificates = (type: "system" | "extra"): string[] => [(type === "system" ? one : two).certificate];
    expect(await subjectsOf({ getCertificates, bundles: [three.certificateFile] })).toEqual(["CN=One", "CN=Two"]);
  });

  it("are those of the first bundle that there is", async () => {
    const bundles = ["/does/not/exist", one.certificateFile, two.certificateFile];
    expect(await subjectsOf({ bundles })).toEqual(["CN=One"]);
    expect(await subjectsOf({ bundles, getCertificates: () => [] })).toEqual(["CN=One"]);
  });

  it("are those of SSL_CERT_FILE and SSL_CERT_DIR where they are set", async () => {
    const directory = join(lab.directory, "hashed");
    await mkdir(directory);
    await lab.write("hashed/5ad8a5d6.0", two.certificate);
    await lab.write("hashed/copy.pem", `# a comment\n${two.certificate}`);
    await lab.write("hashed/other.txt", "no certificate");
    const bundles = [three.certificateFile];
    const file = { SSL_CERT_FILE: one.certificateFile };
    const directories = { SSL_CERT_DIR: `/does/not/exist:${directory}` };
    expect(await subjectsOf({ bundles, environment: file })).toEqual(["CN=One"]);
    expect(await subjectsOf({ bundles, environment: directories })).toEqual(["CN=Two"]);
    expect(await subjectsOf({ bundles, environment: { ...file, ...directories } })).toEqual(["CN=One", "CN=Two"]);
  });

  it("are those of Node where the system has none, and always those of NODE_EXTRA_CA_CERTS", async () => {
    const trust = await readSystemAuthorities({
      ...nothing,
      environment: { NODE_EXTRA_CA_CERTS: one.certificateFile },
    });
    expect(trust.pem).toEqual([...rootCertificates, one.certificate.trim()]);
    expect(trust.certificates()).toHaveLength(trust.pem.length);
  });

  it("are nobody's who has not the permission, in Deno; the one for variables is not needed", async () => {
    const refused = new Error('Requires sys access to "ca"');
    const getCertificates = (): never => {
      throw refused;
    };
    await expect(subjectsOf({ getCertificates, bundles: [one.certificateFile] })).rejects.toMatchObject({
      name: "UnsupportedError",
      feature: "tls.systemCa",
      message: "The system's authorities may not be read: run Deno with --allow-sys=ca, or say in tls.ca whom to trust",
      cause: refused,
    });
    const environment = new Proxy({}, { get: getCertificates });
    expect(await subjectsOf({ environment, bundles: [one.certificateFile] })).toEqual(["CN=One"]);
  });

  it("are none where SSL_CERT_FILE names none", async () => {
    const trust = await readSystemAuthorities({ ...nothing, environment: { SSL_CERT_FILE: "/does/not/exist" } });
    expect(trust.pem).toEqual([]);
  });

  it("may have some that OpenSSL cannot read", async () => {
    const broken = one.certificate.replace(/\n.{8}/, "\nAAAAAAAA");
    const file = await lab.write("broken.pem", broken + two.certificate);
    expect(await subjectsOf({ bundles: [file] })).toEqual(["CN=Two"]);
  });

  it("are read once, and are the default", async () => {
    const trust = await readTrust({});
    expect(trust.pem.length).toBeGreaterThan(10);
    expect(await readTrust({ systemCa: true })).toBe(trust);
    expect((await readTrust({ ca: one.certificate })).pem).toHaveLength(1);
    expect((await readTrust({ ca: one.certificate, systemCa: true })).pem).toHaveLength(trust.pem.length + 1);
    expect((await readTrust({ systemCa: false })).pem).toEqual([]);
  });
});

describe("ca", () => {
  it("may be PEM, DER, P7B, files, a directory, or several of them", async () => {
    const issued = await one.issue({ commonName: "localhost", altNames: ["DNS:localhost"] });
    await using peer = await startTlsServer({ cert: issued.certificate, key: issued.key });
    const directory = join(lab.directory, "authorities");
    await mkdir(directory);
    await lab.write("authorities/two.pem", two.certificate);
    await lab.write("authorities/one.der", one.der);
    await lab.write("authorities/key.pem", one.key);
    const p7b = await lab.openssl("crl2pkcs7", "-nocrl", "-certfile", one.certificateFile);
    for (const ca of [
      one.certificate,
      two.certificate + one.certificate,
      one.der,
      p7b,
      { file: one.certificateFile },
      { file: new URL(`file://${one.certificateFile}`) },
      { directory },
      [two.certificate, { file: one.certificateFile }],
      [two.certificate, { directory }],
    ] satisfies TlsOptions["ca"][]) {
      const { socket } = await secureTo(peer.port, { ca });
      socket.destroy();
    }
    for (const options of [{}, { ca: two.certificate }, { systemCa: false }, { ca: two.certificate, systemCa: true }]) {
      await expect(secureTo(peer.port, options)).rejects.toThrow("No trusted authority stands behind the certificate");
    }
  });

  it("that cannot be read is an error that names the option", async () => {
    await using peer = await startTlsServer({ cert: one.certificate, key: one.key });
    for (const ca of [
      { file: "/does/not/exist" },
      "no certificate",
      new Uint8Array(20),
      { directory: "/does/not/exist" },
    ]) {
      const attempt = secureTo(peer.port, { ca });
      await expect(attempt).rejects.toMatchObject({ name: "InvalidOptionError", option: "tls.ca" });
    }
  });
});
