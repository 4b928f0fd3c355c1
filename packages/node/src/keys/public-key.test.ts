import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { InvalidOptionError, UnsupportedError } from "@rivulet/engine";
import { describe, expect, it } from "vitest";
import { keyVector } from "../../testing/key-vectors.ts";
import { readPublicKey } from "./public-key.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");

function xml({ publicKey }: { readonly publicKey: KeyObject }, prefix = ""): string {
  const { n = "", e = "" } = publicKey.export({ format: "jwk" });
  const tag = (name: string, value: string): string => `<${prefix}${name}>${value}</${prefix}${name}>`;
  const base64 = (value: string): string => Buffer.from(value, "base64url").toString("base64");
  return tag("RSAKeyValue", tag("Modulus", base64(n)) + tag("Exponent", base64(e)));
}

describe("readPublicKey", () => {
  it.each([
    ["PEM", rsa.publicKey.export({ format: "pem", type: "spki" }), rsa.publicKey],
    ["PEM of RSA", rsa.publicKey.export({ format: "pem", type: "pkcs1" }), rsa.publicKey],
    ["DER", rsa.publicKey.export({ format: "der", type: "spki" }), rsa.publicKey],
    ["DER of RSA", rsa.publicKey.export({ format: "der", type: "pkcs1" }), rsa.publicKey],
    ["EC in DER", ec.publicKey.export({ format: "der", type: "spki" }), ec.publicKey],
    ["Ed25519 in Base64 alone", ed.publicKey.export({ format: "der", type: "spki" }).toString("base64"), ed.publicKey],
    ["XML", xml(rsa), rsa.publicKey],
    ["XML with a prefix", `<?xml version="1.0"?>\n${xml(rsa, "ds:")}`, rsa.publicKey],
    ["JWK as text", JSON.stringify(rsa.publicKey.export({ format: "jwk" })), rsa.publicKey],
    ["a set of one JWK", JSON.stringify({ keys: [ec.publicKey.export({ format: "jwk" })] }), ec.publicKey],
  ])("reads %s", async (_name, source, key) => {
    expect((await readPublicKey(source, "key")).equals(key)).toBe(true);
  });

  it("reads a JWK as an object, and takes only what is public of it", async () => {
    const jwk = { ...ed.privateKey.export({ format: "jwk" }), kid: 1 };
    const key = await readPublicKey(jwk, "key");
    expect(key.type).toBe("public");
    expect(key.equals(ed.publicKey)).toBe(true);
  });

  it.each([
    ["ssh_rsa.pub", "rsa"],
    ["ssh_ecdsa.pub", "ec"],
    ["ssh_ecdsa384.pub", "ec"],
    ["ssh_ecdsa521.pub", "ec"],
    ["ssh_ed25519.pub", "ed25519"],
    ["ssh_dsa.pub", "dsa"],
  ] as const)("reads the line of %s", async (name, type) => {
    const key = await readPublicKey(keyVector(name), "key");
    expect(key.asymmetricKeyType).toBe(type);
    // That it is the right one is tested with the private keys.
    expect(createPublicKey(key.export({ format: "pem", type: "spki" })).equals(key)).toBe(true);
  });

  it("reads RFC 4716, also with a header over several lines", async () => {
    const text = Buffer.from(keyVector("ssh2_rsa.pub")).toString();
    const key = await readPublicKey(keyVector("ssh_rsa.pub"), "key");
    expect((await readPublicKey(text, "key")).equals(key)).toBe(true);
    const long = text.replace(/\nComment.*\n/, "\nComment: one \\\ntwo\nSubject: me\n");
    expect((await readPublicKey(long, "key")).equals(key)).toBe(true);
  });

  it.each([
    [
      "a private key",
      rsa.privateKey.export({ format: "pem", type: "pkcs8" }),
      "key holds a private key, and no public one",
    ],
    [
      "a private key in DER",
      ec.privateKey.export({ format: "der", type: "pkcs8" }),
      "key holds a private key, and no public key",
    ],
    ["text", "hello", "key holds something unknown, and no public key"],
    ["other PEM", "-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----", "key holds no public key"],
    [
      "damaged PEM",
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
      "key is damaged: the public key in it cannot be read",
    ],
    ["a damaged line of SSH", "ssh-rsa AAAAB3NzaC1yc2EAAAA=", "key is damaged"],
    ["a line of SSH that is cut off", "ssh-rsa AAAA", "key is damaged"],
    ["RFC 4716 without its end", "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", "key is damaged: it has no end"],
    ["XML without a key", "<a/>", "key holds no RSAKeyValue"],
    [
      "XML with half a key",
      "<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue>",
      "key is damaged: Exponent is missing or not Base64",
    ],
    ["XML that is cut off", "<RSAKeyValue><Modulus>AQAB", "key is damaged: Modulus is missing or not Base64"],
    ["JSON that is none", "{", "key is damaged: it is not JSON"],
    ["JSON that is no key", "{}", "key is not a JSON Web Key: it has no known kty"],
    [
      "a JWK without its numbers",
      { kty: "RSA", n: "AQAB" },
      "key is damaged: e of the JSON Web Key is missing or is not Base64url",
    ],
    [
      "a JWK with wrong numbers",
      { kty: "EC", crv: "P-256", x: "AQAB", y: "AQAB" },
      "key is damaged: its numbers make no key",
    ],
    ["a secret JWK", { kty: "oct", k: "AQAB" }, "key holds a secret key, where one of a pair is needed"],
    [
      "a set of two",
      JSON.stringify({ keys: [{}, {}] }),
      "key holds a set of 2 JSON Web Keys, and it is not clear which one is meant",
    ],
  ])("refuses %s", async (_name, source, message) => {
    const error: unknown = await readPublicKey(source, "key").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ message, option: "key" });
  });

  it("refuses keys of security keys, certificates of SSH, and types that it does not know", async () => {
    const line = (type: string): string => {
      const field = Buffer.concat([Buffer.of(0, 0, 0, type.length), Buffer.from(type)]);
      return `${type} ${field.toString("base64")}`;
    };
    for (const [type, message] of [
      ["sk-ssh-ed25519@openssh.com", "key is a key that never leaves its security key (FIDO)"],
      ["ssh-rsa-cert-v01@openssh.com", "key is a certificate of SSH, which TLS has no use for"],
      ["ssh-new", "key is a key of a type that is not known"],
    ] as const) {
      const error: unknown = await readPublicKey(line(type), "key").catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UnsupportedError);
      expect(error).toMatchObject({ message });
    }
  });
});
