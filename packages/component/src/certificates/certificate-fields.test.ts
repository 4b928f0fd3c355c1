import { expect, it } from "vitest";
import { createCertificateLab } from "../../../node/testing/certificates.ts";
import { CertificateFields } from "./certificate-fields.ts";
import { nodeCertificates } from "./node-certificate-reader.ts";

it("tells what the certificate says", async () => {
  await using lab = await createCertificateLab();
  const root = await lab.createAuthority({ commonName: "root", subject: "/O=Example, Inc./CN=root" });
  // As local times, which are what is shown.
  const [notBefore, notAfter] = [new Date(2024, 1, 3, 4, 5, 6), new Date(2055, 11, 27, 18, 9, 10)];
  const issued = await root.issue({
    ...{ commonName: "broker", key: "RSA", notBefore, notAfter },
    altNames: ["DNS:broker.example", "IP:127.0.0.1", "email:a@b.example"],
    extendedKeyUsage: ["clientAuth", "1.2.3.4"],
    keyUsage: ["digitalSignature", "nonRepudiation", "keyCertSign", "cRLSign"],
  });
  const info = nodeCertificates.read(issued.der);
  const fields = CertificateFields.of(info);
  const colons = (digits: string): string => digits.toLowerCase().replaceAll(/..(?=.)/g, "$&:");
  expect(fields.effectiveDate).toBe("03-Feb-2024 04:05:06");
  expect(fields.expirationDate).toBe("27-Dec-2055 18:09:10");
  expect(fields.extendedKeyUsage).toBe("1.3.6.1.5.5.7.3.2,1.2.3.4");
  expect(fields.fingerprint).toBe(colons(info.fingerprints.md5));
  expect(fields.fingerprintSha1).toBe(colons(info.fingerprints.sha1));
  expect(fields.fingerprintSha256).toBe(colons(info.fingerprints.sha256));
  expect(fields.issuer).toBe('CN=root, O="Example, Inc."');
  expect(fields.subject).toBe("CN=broker");
  expect(fields.privateKey).toBe("");
  expect(fields.publicKey).toBe(info.publicKey);
  expect(fields.publicKeyAlgorithm).toBe("RSA");
  expect(fields.publicKeyLength).toBe(2048);
  expect(fields.serialNumber).toBe(issued.serialNumber);
  expect(fields.signatureAlgorithm).toBe("ecdsa-with-SHA256");
  expect(fields.subjectAltNames).toBe("broker.example, 127.0.0.1, a@b.example");
  expect(fields.thumbprintMd5).toBe(info.fingerprints.md5);
  expect(fields.thumbprintSha1).toBe(info.fingerprints.sha1);
  expect(fields.thumbprintSha256).toBe(info.fingerprints.sha256);
  expect(fields.usage).toBe("Digital Signature, Non-Repudiation, Certificate Signing, CRL Signing");
  expect(fields.usageFlags).toBe(0xc6);
  expect(fields.version).toBe("V3");
  expect(new TextDecoder().decode(fields.encoded)).toBe(issued.certificate);
});

it("has defaults", () => {
  const { prototype } = CertificateFields;
  const names = Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor");
  const fields = CertificateFields.of(undefined);
  const values = names.map((name) => [name, Reflect.get(prototype, name, fields) as unknown]);
  const others = values.filter(([, value]) => value !== "");
  expect(values.length).toBe(22);
  expect(Object.fromEntries(others)).toEqual({ publicKeyLength: 0, usageFlags: 0, encoded: new Uint8Array() });
});
