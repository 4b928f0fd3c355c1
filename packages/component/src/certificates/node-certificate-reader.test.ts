import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidOptionError, UnsupportedError } from "rivulet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createCertificateLab,
  type CertificateLab,
  type IssuedCertificate,
} from "../../../node/testing/certificates.ts";
import { keyVector, vectorPassphrase } from "../../../node/testing/key-vectors.ts";
import { CertStoreTypes } from "../enumerations.ts";
import { nodeCertificates } from "./node-certificate-reader.ts";

let lab: CertificateLab;
let issued: IssuedCertificate;
let pfxFile: string;

beforeAll(async () => {
  lab = await createCertificateLab();
  issued = await lab.createSelfSigned({ commonName: "me" });
  pfxFile = join(lab.directory, "me.pfx");
  const inputs = ["-in", issued.certificateFile, "-inkey", issued.keyFile, "-passout", "pass:s3cret"];
  await lab.openssl("pkcs12", "-export", ...inputs, "-out", pfxFile);
});

afterAll(() => lab.cleanup());

const {
  cstPFXFile,
  cstPFXBlob,
  cstPEMKeyFile,
  cstPEMKeyBlob,
  cstPublicKeyFile,
  cstPublicKeyBlob,
  cstSSHPublicKeyFile,
  cstSSHPublicKeyBlob,
  cstP7BFile,
  cstP7BBlob,
  cstPPKFile,
  cstPPKBlob,
  cstXMLFile,
  cstXMLBlob,
  cstJWKFile,
  cstJWKBlob,
  cstAuto,
} = CertStoreTypes;

function open(store: string | Uint8Array, type: number, password = ""): string {
  const [entry, ...more] = nodeCertificates.open(store, type, password);
  expect(more).toEqual([]);
  const subject = entry?.certificate?.subject ?? "no certificate";
  return entry?.privateKey === undefined ? subject : `${subject} with key`;
}

describe("nodeCertificates.open", () => {
  it("opens PKCS#12: a file, bytes, Base64, and bytes in a string", () => {
    const bytes = readFileSync(pfxFile);
    expect(open(pfxFile, cstPFXFile, "s3cret")).toBe("CN=me with key");
    expect(open(Buffer.from(pfxFile), cstPFXFile, "s3cret")).toBe("CN=me with key");
    for (const type of [cstPFXBlob, cstAuto]) {
      expect(open(bytes, type, "s3cret")).toBe("CN=me with key");
      expect(open(bytes.toString("base64"), type, "s3cret")).toBe("CN=me with key");
      expect(open(bytes.toString("latin1"), type, "s3cret")).toBe("CN=me with key");
    }
    expect(open(pfxFile, cstAuto, "s3cret")).toBe("CN=me with key");
  });

  it("opens a file and what is in it, for each kind", async () => {
    const p7b = await lab.openssl("crl2pkcs7", "-nocrl", "-certfile", issued.certificateFile);
    const jwk = JSON.stringify({ kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    const xml = `<X509Certificate>${Buffer.from(issued.der).toString("base64")}</X509Certificate>`;
    const kinds: readonly [number, number, string | Uint8Array, string][] = [
      [cstPEMKeyFile, cstPEMKeyBlob, issued.key + issued.certificate, "CN=me with key"],
      [cstPublicKeyFile, cstPublicKeyBlob, issued.certificate, "CN=me"],
      [cstPublicKeyFile, cstPublicKeyBlob, issued.der, "CN=me"],
      [cstSSHPublicKeyFile, cstSSHPublicKeyBlob, keyVector("ssh_rsa.pub"), "no certificate"],
      [cstP7BFile, cstP7BBlob, p7b, "CN=me"],
      [cstPPKFile, cstPPKBlob, keyVector("ppk3enc_ed25519"), "no certificate with key"],
      [cstXMLFile, cstXMLBlob, xml, "CN=me"],
      [cstJWKFile, cstJWKBlob, jwk, "no certificate"],
    ];
    for (const [fileType, blobType, content, expected] of kinds) {
      const file = await lab.write("store.dat", content);
      const text = typeof content === "string" ? content : Buffer.from(content).toString("latin1");
      for (const type of [fileType, cstAuto]) expect(open(file, type, vectorPassphrase)).toBe(expected);
      for (const type of [blobType, cstAuto]) {
        expect(open(Buffer.from(content), type, vectorPassphrase)).toBe(expected);
        expect(open(text, type, vectorPassphrase)).toBe(expected);
      }
    }
  });

  it.each([
    ["cstUser", "A certificate store of the user is one of Windows"],
    ["cstMachine", "A certificate store of the machine is one of Windows"],
    ["cstJKSFile", "A Java key store (JKS) must be converted to PKCS#12"],
    ["cstBCFKSBlob", "A Bouncy Castle key store (BCFKS) must be converted to PKCS#12"],
    ["cstPKCS11", "A security key (PKCS#11) cannot be asked from here"],
  ] as const)("says why %s is not opened", (type, message) => {
    const attempt = (): unknown => nodeCertificates.open("MY", CertStoreTypes[type], "");
    expect(attempt).toThrow(UnsupportedError);
    expect(attempt).toThrow(expect.objectContaining({ message }));
  });

  it("says which file is not there, with each type", () => {
    const missing = join(lab.directory, "missing.pfx");
    for (const type of [cstPFXFile, cstAuto]) {
      expect(() => nodeCertificates.open(missing, type, "")).toThrow(InvalidOptionError);
      expect(() => nodeCertificates.open(missing, type, "")).toThrow(`The file ${missing} cannot be read (ENOENT)`);
    }
  });

  it("takes text for what it is that is too long for the name of a file", () => {
    expect(() => nodeCertificates.open("A".repeat(300), cstAuto, "")).toThrow(
      expect.objectContaining({ message: "the store is not a store of a known kind, but something unknown" }),
    );
  });

  it("shows nothing of what it cannot read", () => {
    const text = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----";
    expect(() => nodeCertificates.open(text, cstPEMKeyBlob, "hush-hush")).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/hush|c2Vj|secret/) as string }),
    );
  });
});

describe("nodeCertificates.read", () => {
  it("reads PEM and DER", () => {
    for (const bytes of [Buffer.from(issued.certificate), issued.der]) {
      expect(nodeCertificates.read(bytes).subject).toBe("CN=me");
    }
    expect(() => nodeCertificates.read(Buffer.from("x"))).toThrow(InvalidOptionError);
  });
});
