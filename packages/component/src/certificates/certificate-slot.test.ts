import { join } from "node:path";
import { UnsupportedError } from "rivulet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createCertificateLab,
  type CertificateLab,
  type IssuedCertificate,
} from "../../../node/testing/certificates.ts";
import { CertStoreTypes } from "../enumerations.ts";
import { MQTTError } from "../mqtt-error.ts";
import type { Platform } from "../platform.ts";
import { CertificateSlot } from "./certificate-slot.ts";
import { nodeCertificates } from "./node-certificate-reader.ts";

const node: Pick<Platform, "certificates" | "name"> = { name: "Node", certificates: nodeCertificates };
const browser: Pick<Platform, "certificates" | "name"> = { name: "a browser", certificates: undefined };

let lab: CertificateLab;
let first: IssuedCertificate;
let second: IssuedCertificate;
let pfxFile: string;

beforeAll(async () => {
  lab = await createCertificateLab();
  first = await lab.createSelfSigned({ commonName: "first", subject: "/C=DE/O=Example, Inc./OU=Test/CN=first" });
  second = await lab.createSelfSigned({
    commonName: "second",
    subject: "/C=DE/CN=second of two/emailAddress=a@b.example",
  });
  pfxFile = join(lab.directory, "first.pfx");
  const inputs = ["-in", first.certificateFile, "-inkey", first.keyFile, "-certfile", second.certificateFile];
  await lab.openssl("pkcs12", "-export", ...inputs, "-passout", "pass:s3cret", "-out", pfxFile);
});

afterAll(() => lab.cleanup());

function slotWith(storeType: number, store: string | Uint8Array, storePassword = ""): CertificateSlot {
  return Object.assign(new CertificateSlot(node, "sslCert"), { storeType, store, storePassword });
}

function pfxSlot(): CertificateSlot {
  return slotWith(CertStoreTypes.cstPFXFile, pfxFile, "s3cret");
}

function errorOf(act: () => void): MQTTError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(MQTTError);
    return error as MQTTError;
  }
  throw new Error("Nothing failed");
}

describe("subject", () => {
  const full = 'CN=first, OU=Test, O="Example, Inc.", C=DE';

  it.each([full, "C=DE,O=Example\\, Inc.,OU=Test,CN=first", "first", "OU=Test", "*"])(
    "finds the certificate by %s, and tells its full subject",
    (wanted) => {
      const slot = pfxSlot();
      slot.subject = wanted;
      expect(slot.subject).toBe(full);
      expect(slot.selected?.certificate?.pem).toBe(first.certificate);
      expect(slot.selected?.privateKey).toContain("BEGIN PRIVATE KEY");
      expect(new TextDecoder().decode(slot.encoded)).toBe(first.certificate);
    },
  );

  it("prefers what is the same to what contains it", async () => {
    const longer = await lab.createSelfSigned({ commonName: "second", subject: "/C=DE/CN=first of all" });
    const shorter = await lab.createSelfSigned({ commonName: "second", subject: "/CN=first" });
    const slot = slotWith(CertStoreTypes.cstPEMKeyBlob, longer.certificate + shorter.certificate);
    slot.subject = "CN=first";
    expect(slot.subject).toBe("CN=first");
    slot.subject = "CN=first of";
    expect(slot.subject).toBe("CN=first of all, C=DE");
  });

  it("finds those without a key too", () => {
    const slot = pfxSlot();
    slot.subject = "E=a@b.example";
    expect(slot.subject).toBe("E=a@b.example, CN=second of two, C=DE");
    expect(slot.selected?.privateKey).toBeUndefined();
  });

  it("becomes empty, with nothing chosen, when nothing matches or nothing is wanted", () => {
    for (const wanted of ["somebody else", ""]) {
      const slot = pfxSlot();
      slot.subject = "*";
      slot.subject = wanted;
      expect(slot.subject).toBe("");
      expect(slot.selected).toBeUndefined();
      expect(slot.encoded).toEqual(new Uint8Array());
    }
  });

  it("chooses a key without a certificate only where any will do", () => {
    const slot = slotWith(CertStoreTypes.cstPEMKeyBlob, first.key);
    slot.subject = "first";
    expect(slot.selected).toBeUndefined();
    slot.subject = "*";
    expect(slot.selected?.certificate).toBeUndefined();
    expect(slot.selected?.privateKey).toBe(first.key);
    expect(slot.subject).toBe("");
  });

  it("reads the store anew each time, and keeps what it has found", () => {
    const slot = pfxSlot();
    slot.subject = "*";
    slot.store = join(lab.directory, "missing.pfx");
    expect(slot.selected?.certificate?.pem).toBe(first.certificate);
    expect(errorOf(() => (slot.subject = "*")).code).toBe(271);
    expect(slot.selected).toBeUndefined();
  });

  it.each([
    ["the password is wrong", () => slotWith(CertStoreTypes.cstPFXFile, pfxFile, "other")],
    ["it is something else", () => slotWith(CertStoreTypes.cstPEMKeyFile, pfxFile, "s3cret")],
    ["there is no file", () => slotWith(CertStoreTypes.cstPFXFile, join(lab.directory, "missing.pfx"))],
    ["nobody has said where it is", () => new CertificateSlot(node, "sslCert")],
  ])("fails with 271 when %s", (_why, makeSlot) => {
    const slot = makeSlot();
    const error = errorOf(() => (slot.subject = "*"));
    expect(error).toMatchObject({ code: 271, group: "SSL" });
    expect(error.message).not.toMatch(/s3cret/);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("says of a store of Windows that it is not supported", () => {
    const error = errorOf(() => (new CertificateSlot(node, "sslCert").subject = "*"));
    expect(error.cause).toBeInstanceOf(UnsupportedError);
  });
});

describe("encoded", () => {
  it.each([
    ["PEM", () => first.certificate],
    ["bytes of PEM", () => Buffer.from(first.certificate)],
    ["DER", () => first.der],
    ["Base64", () => Buffer.from(first.der).toString("base64")],
  ])("finds the private key of %s in the store", (_form, encoded) => {
    const slot = pfxSlot();
    slot.encoded = encoded();
    expect(slot.subject).toBe('CN=first, OU=Test, O="Example, Inc.", C=DE');
    expect(slot.selected?.privateKey).toContain("BEGIN PRIVATE KEY");
  });

  it("finds a key that lies in the store alone", () => {
    const slot = slotWith(CertStoreTypes.cstPEMKeyBlob, first.key);
    slot.encoded = first.certificate;
    expect(slot.selected?.certificate?.pem).toBe(first.certificate);
    expect(slot.selected?.fingerprints).toEqual(slot.selected?.certificate?.fingerprints);
    expect(slot.selected?.privateKey).toBe(first.key);
    expect(slot.subject).toContain("CN=first");
  });

  it("takes the key that comes with it, and needs no store then", () => {
    const slot = new CertificateSlot(node, "sslCert");
    slot.encoded = first.certificate + first.key;
    expect(slot.selected?.privateKey).toBe(first.key);
    expect(slot.subject).toContain("CN=first");
  });

  it("chooses a certificate whose key is nowhere, with an empty subject", () => {
    for (const slot of [new CertificateSlot(node, "sslAcceptServerCert"), pfxSlot()]) {
      slot.subject = "";
      slot.encoded = second.certificate;
      expect(slot.subject).toBe("");
      expect(slot.selected?.certificate?.pem).toBe(second.certificate);
      expect(slot.selected?.privateKey).toBeUndefined();
      expect(new TextDecoder().decode(slot.encoded)).toBe(second.certificate);
      slot.encoded = "";
      expect(slot.selected).toBeUndefined();
    }
  });

  it("fails with 272 for what is no certificate, and with 271 when the store cannot be opened", () => {
    expect(errorOf(() => (pfxSlot().encoded = "anything")).code).toBe(272);
    expect(errorOf(() => (pfxSlot().encoded = first.key)).code).toBe(272);
    const slot = slotWith(CertStoreTypes.cstPFXFile, pfxFile, "other");
    expect(errorOf(() => (slot.encoded = first.certificate)).code).toBe(271);
  });
});

describe("what makes no sense", () => {
  it.each([
    ["storeType", 20, "sslCertStoreType must be one of CertStoreTypes"],
    ["storeType", "0", "sslCertStoreType must be one of CertStoreTypes"],
    ["store", 1, "sslCertStore must be a string or bytes"],
    ["storePassword", undefined, "sslCertStorePassword must be a string"],
    ["subject", null, "sslCertSubject must be a string"],
    ["encoded", [], "sslCertEncoded must be a string or bytes"],
  ])("is refused: %s %s", (property, value, message) => {
    const slot = new CertificateSlot(node, "sslCert");
    const error = errorOf(() => Object.assign(slot, { [property]: value }));
    expect(error.code).toBe(10022);
    expect(error.message).toContain(message);
    expect(slot).toMatchObject({ store: "MY", storeType: 0, storePassword: "", subject: "" });
  });
});

describe("in a browser", () => {
  it("nothing can be set but the defaults", () => {
    const slot = new CertificateSlot(browser, "sslAcceptServerCert");
    Object.assign(slot, { store: "MY", storeType: 0, storePassword: "", subject: "", encoded: "" });
    const changes: readonly Readonly<Record<string, unknown>>[] = [
      { store: "other" },
      { storeType: CertStoreTypes.cstAuto },
      { storePassword: "s3cret" },
      { subject: "*" },
      { encoded: first.der },
    ];
    for (const change of changes) {
      const error = errorOf(() => Object.assign(slot, change));
      expect(error).toMatchObject({ code: 270, group: "SSL", cause: expect.any(UnsupportedError) as unknown });
      expect(error.message).toContain("sslAcceptServerCert");
      expect(error.message).toContain("a browser");
    }
    expect(slot).toMatchObject({ store: "MY", storeType: 0, storePassword: "", subject: "" });
  });
});
