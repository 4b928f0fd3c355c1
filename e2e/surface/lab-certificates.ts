import { createHash, X509Certificate } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import {
  createCertificateLab,
  type Authority,
  type CertificateLab,
  type CertificateRequest,
  type IssuedCertificate,
} from "../../packages/node/testing/certificates.ts";
import { answerOcsp, startResponderServer, type ResponderServer } from "../../packages/node/testing/revocation-lab.ts";
import type { CertificateName, LabCertificate, LabCertificates } from "./lab-calls.ts";

const password = "s3cret of a key";
const day = 86_400_000;
const fromNow = (days: number): Date => new Date(Date.now() + days * day);

type Issuer = "authority" | "intermediate" | "stranger" | "self";

const client = {
  altNames: ["DNS:a-client", "email:client@example.com"],
  extendedKeyUsage: ["clientAuth"],
  keyUsage: ["digitalSignature", "nonRepudiation"],
};

const requests: Readonly<Record<CertificateName, Partial<CertificateRequest> & { readonly by?: Issuer }>> = {
  server: { keyUsage: ["digitalSignature", "keyAgreement"] },
  rsaServer: { key: "RSA", keyUsage: ["digitalSignature", "keyEncipherment"] },
  chainedServer: { by: "intermediate" },
  expired: { notBefore: fromNow(-20), notAfter: fromNow(-10) },
  future: { notBefore: fromNow(10), notAfter: fromNow(20) },
  elsewhere: { commonName: "elsewhere.example", altNames: ["DNS:elsewhere.example"] },
  stranger: { by: "stranger", keyUsage: ["digitalSignature", "keyAgreement"] },
  selfSigned: { by: "self" },
  forClients: { extendedKeyUsage: ["clientAuth"] },
  checked: {},
  revoked: {},
  client: { ...client, commonName: "a client" },
  rsaClient: { ...client, commonName: "a client with RSA", key: "RSA", by: "intermediate" },
  strangeClient: { ...client, commonName: "a strange client", by: "stranger" },
};

/** Certificates, with who issued them. */
export interface CertificateStock {
  readonly openssl: CertificateLab;
  readonly authority: Authority;
  /** For `checked` and `revoked`. */
  readonly responder: ResponderServer;
  readonly certificates: LabCertificates;
  readonly issued: Readonly<Record<CertificateName, IssuedCertificate>>;
  close(): Promise<void>;
}

/** Makes all of them; it takes a second or two. */
export async function stockCertificates(): Promise<CertificateStock> {
  const openssl = await createCertificateLab();
  const remove = (): void => rmSync(openssl.directory, { recursive: true, force: true });
  process.once("exit", remove); // also when a run dies
  const responder = await startResponderServer();
  const authority = await openssl.createAuthority({ commonName: "The authority of the checks" });
  const stranger = await openssl.createAuthority({ commonName: "Another authority" });
  const intermediate = await authority.issueAuthority({ commonName: "The authority below" });
  const issuers = { authority, stranger, intermediate };
  const common = {
    commonName: "localhost",
    altNames: ["DNS:localhost", "DNS:broker.test", "IP:127.0.0.1", "IP:::1"],
    extendedKeyUsage: ["serverAuth"],
  };
  const urls = { ocspUrl: responder.url("/ocsp"), crlUrl: responder.url("/list.crl") };
  const issue = async (name: CertificateName): Promise<IssuedCertificate> => {
    const { by = "authority", ...own } = requests[name];
    const request = { ...common, ...own, ...(name === "checked" || name === "revoked" ? urls : {}) };
    return by === "self" ? openssl.createSelfSigned(request) : issuers[by].issue(request);
  };
  const names = Object.keys(requests) as CertificateName[]; // a literal: its keys are the names
  const issued = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await issue(name)] as const)),
  ) as CertificateStock["issued"];
  await authority.revoke(issued.revoked, "keyCompromise");
  responder.on("/ocsp", ({ body }) => answerOcsp(openssl, authority, body));
  responder.on("/list.crl", (await authority.createCrl()).der);
  const forms = await Promise.all(names.map(async (name) => [name, await allForms(openssl, issued[name])] as const));
  const hash = (await openssl.openssl("x509", "-in", authority.certificateFile, "-noout", "-hash")).trim();
  const authorityDirectory = join(openssl.directory, "hashed");
  await mkdir(authorityDirectory);
  await writeFile(join(authorityDirectory, `${hash}.0`), authority.certificate);
  const certificates = {
    ...(Object.fromEntries(forms) as Record<CertificateName, LabCertificate>),
    authority: authority.certificate,
    authorityFile: authority.certificateFile,
    authorityDirectory,
    intermediate: intermediate.certificate,
    intermediateFile: intermediate.certificateFile,
    strangersAuthority: stranger.certificate,
  };
  return {
    ...{ openssl, authority, responder, certificates, issued },
    close: async () => {
      await responder[Symbol.asyncDispose]();
      process.off("exit", remove);
      await openssl.cleanup();
    },
  };
}

async function allForms(
  { openssl }: CertificateLab,
  { commonName, serialNumber, certificate, key, chain, der, ...files }: IssuedCertificate,
): Promise<LabCertificate> {
  const { certificateFile, keyFile, chainFile } = files;
  const path = (name: string): string => join(dirname(certificateFile), name);
  const combinedFile = path("combined.pem");
  const encryptedFile = path("encrypted.pem");
  const encryptedKeyFile = path("encrypted-key.pem");
  const pfxFile = path("certificate.pfx");
  const p7bFile = path("certificate.p7b");
  const secret = `pass:${password}`;
  await openssl("pkcs8", "-topk8", "-in", keyFile, "-out", encryptedKeyFile, "-passout", secret);
  await openssl("crl2pkcs7", "-nocrl", "-certfile", chainFile, "-out", p7bFile);
  await openssl(
    ...["pkcs12", "-export", "-in", chainFile, "-inkey", keyFile, "-name", commonName],
    ...["-passout", secret, "-out", pfxFile],
  );
  await writeFile(combinedFile, chain + key);
  await writeFile(encryptedFile, chain + (await readFile(encryptedKeyFile, "utf8")));
  const { publicKey, validFrom, validTo } = new X509Certificate(der);
  const fingerprint = (digest: string): string => createHash(digest).update(der).digest("hex").toUpperCase();
  return {
    ...{ commonName, serialNumber, certificate, key, chain, der, password },
    ...{ certificateFile, keyFile, chainFile, combinedFile, encryptedFile, pfxFile, p7bFile },
    pfx: new Uint8Array(await readFile(pfxFile)),
    fingerprints: { md5: fingerprint("md5"), sha1: fingerprint("sha1"), sha256: fingerprint("sha256") },
    validFromMs: Date.parse(validFrom),
    validToMs: Date.parse(validTo),
    publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}
