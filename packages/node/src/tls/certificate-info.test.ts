import { X509Certificate } from "node:crypto";
import { InvalidOptionError } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CertificateLab, createCertificateLab } from "../../testing/certificates.ts";
import { certificateInfo } from "./certificate-info.ts";

let lab: CertificateLab;
beforeAll(async () => {
  lab = await createCertificateLab();
});
afterAll(() => lab.cleanup());

describe("certificateInfo", () => {
  it("tells every field as openssl wrote it", async () => {
    const root = await lab.createAuthority({ commonName: "Root", subject: "/C=DE/O=Example, Inc./CN=Röot" });
    const issued = await root.issue({
      commonName: "broker",
      altNames: ["DNS:broker.example", "IP:127.0.0.1", "IP:2001:db8::1", "email:a@b.example", "URI:mqtts://broker/"],
      notBefore: new Date("2024-02-03T04:05:06Z"),
      notAfter: new Date("2055-06-07T08:09:10Z"),
      extendedKeyUsage: ["serverAuth", "clientAuth", "1.2.3.4"],
      keyUsage: ["digitalSignature", "keyAgreement", "decipherOnly"],
    });
    const x509 = new X509Certificate(issued.certificate);
    expect(certificateInfo(issued.der)).toEqual({
      subject: "CN=broker",
      issuer: "CN=Röot,O=Example\\, Inc.,C=DE",
      serialNumber: issued.serialNumber,
      version: 3,
      validFrom: new Date("2024-02-03T04:05:06Z"),
      validTo: new Date("2055-06-07T08:09:10Z"),
      subjectAltNames: [
        "DNS:broker.example",
        "IP Address:127.0.0.1",
        "IP Address:2001:db8::1",
        "email:a@b.example",
        "URI:mqtts://broker/",
      ],
      keyUsage: ["Digital Signature", "Key Agreement", "Decipher Only"],
      keyUsageFlags: 0x8088,
      extendedKeyUsage: ["serverAuth", "clientAuth", "1.2.3.4"],
      extendedKeyUsageIdentifiers: ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.2.3.4"],
      isAuthority: false,
      publicKeyAlgorithm: "EC",
      publicKeyLengthBits: 256,
      publicKey: x509.publicKey.export({ type: "spki", format: "pem" }),
      signatureAlgorithm: "ecdsa-with-SHA256",
      fingerprints: {
        md5: (await lab.openssl("x509", "-in", issued.certificateFile, "-noout", "-fingerprint", "-md5"))
          .replace(/^.*=/, "")
          .replaceAll(/[:\s]/g, ""),
        sha1: x509.fingerprint.replaceAll(":", ""),
        sha256: x509.fingerprint256.replaceAll(":", ""),
      },
      pem: issued.certificate,
      bytes: issued.der,
    });
    expect(certificateInfo(root.der)).toMatchObject({
      isAuthority: true,
      keyUsage: ["Digital Signature", "Certificate Sign", "CRL Sign"],
      keyUsageFlags: 0x86,
      extendedKeyUsage: [],
      subjectAltNames: [],
    });
  });

  it.each([
    ["RSA", "RSA", 2048, "sha256WithRSAEncryption"],
    ["RSA-1024", "RSA", 1024, "sha256WithRSAEncryption"],
    ["EC-P384", "EC", 384, "ecdsa-with-SHA256"],
    ["EC-P521", "EC", 521, "ecdsa-with-SHA256"],
    ["Ed25519", "Ed25519", 256, "Ed25519"],
  ] as const)(
    "knows a key of the kind %s",
    async (key, publicKeyAlgorithm, publicKeyLengthBits, signatureAlgorithm) => {
      const { der } = await lab.createSelfSigned({ commonName: key, key });
      expect(certificateInfo(der)).toMatchObject({ publicKeyAlgorithm, publicKeyLengthBits, signatureAlgorithm });
    },
  );

  it("knows signatures by RSASSA-PSS", async () => {
    const request = { commonName: "pss", key: "RSA", signatureOptions: ["rsa_padding_mode:pss"] } as const;
    const { der } = await lab.createSelfSigned(request);
    expect(certificateInfo(der).signatureAlgorithm).toBe("RSASSA-PSS");
  });

  it("writes names as RFC 4514 does", async () => {
    const subject = '/DC=example/O= a#b \\\\ "c" <d>;e/OU=#1 /emailAddress=a@b.example/pseudonym=x/CN=x\\+y=z';
    const { der } = await lab.createSelfSigned({ commonName: "names", subject });
    expect(certificateInfo(der).subject).toBe(
      'CN=x\\+y=z,2.5.4.65=#0c0178,emailAddress=a@b.example,OU=\\#1\\ ,O=\\ a#b \\\\ \\"c\\" \\<d\\>\\;e,DC=example',
    );
  });

  it("knows the rarer kinds of names", async () => {
    const { der } = await lab.createSelfSigned({
      commonName: "names",
      altNames: ["RID:1.2.3.4", "otherName:1.2.3.4;UTF8:x", "dirName:other", "IP:10.0.0.1"],
      extensions: ["[other]", "O = Example", "CN = other"],
    });
    expect(certificateInfo(der).subjectAltNames).toEqual([
      "Registered ID:1.2.3.4",
      "othername:1.2.3.4",
      "DirName:CN=other,O=Example",
      "IP Address:10.0.0.1",
    ]);
  });

  it("refuses what is no certificate, and copies what it is given", async () => {
    const { der } = await lab.createSelfSigned({ commonName: "broken" });
    for (const bytes of [
      new Uint8Array(),
      der.subarray(0, 100),
      Uint8Array.of(0x30, 0),
      new Uint8Array(50).fill(0x30),
    ]) {
      expect(() => certificateInfo(bytes)).toThrow(InvalidOptionError);
      expect(() => certificateInfo(bytes)).toThrow(/^The certificate cannot be read: /);
    }
    const padded = new Uint8Array(der.length + 8);
    padded.set(der, 4);
    const info = certificateInfo(padded.subarray(4, -4));
    padded.fill(0);
    expect(info.bytes).toEqual(der);
  });

  it("never throws anything else, whatever octet is changed", async () => {
    const { der } = await lab.createSelfSigned({ commonName: "fuzz", altNames: ["DNS:a", "IP:1.2.3.4"] });
    for (let index = 0; index < der.length; index++) {
      for (const value of [0, 0x30, 0x7f, 0x80, 0xff]) {
        const changed = Uint8Array.from(der);
        changed[index] = value;
        try {
          certificateInfo(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidOptionError);
        }
      }
    }
  });
});
