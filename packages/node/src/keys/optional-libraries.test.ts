import { UnsupportedError } from "@rivulet/engine";
import { expect, it, vi } from "vitest";
import { keyVector, vectorPassphrase } from "../../testing/key-vectors.ts";
import { openCertificateStore } from "./certificate-store.ts";
import { readPrivateKey } from "./private-key.ts";

// As if they were not installed.
vi.mock("bcrypt-pbkdf", () => {
  throw new Error("not found");
});
vi.mock("@noble/hashes/argon2.js", () => {
  throw new Error("not found");
});

vi.mock("node:module", () => ({
  createRequire: () => () => {
    throw new Error("not found");
  },
}));

it.each([
  ["sshenc_ed25519", "Install the package bcrypt-pbkdf to open an OpenSSH key with a passphrase"],
  ["ppk3enc_ed25519", "Install the package @noble/hashes to open a PPK file with a passphrase"],
] as const)("says which package %s needs", async (name, message) => {
  const error: unknown = await readPrivateKey(keyVector(name), {
    format: "detect",
    passphrase: vectorPassphrase,
  }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UnsupportedError);
  expect(error).toMatchObject({ message, feature: "tls.key" });
  const openNow = (): unknown => openCertificateStore(keyVector(name), { passphrase: vectorPassphrase });
  expect(openNow).toThrow(UnsupportedError);
  expect(openNow).toThrow(expect.objectContaining({ message }));
});

it.each(["ssh_ed25519", "ppk3_ed25519", "ppk2enc_ed25519"] as const)("reads %s without any", async (name) => {
  const { key } = await readPrivateKey(keyVector(name), { format: "detect", passphrase: vectorPassphrase });
  expect(key.asymmetricKeyType).toBe("ed25519");
});
