import { UnsupportedError } from "@rivulet/engine";
import { expect, test } from "vitest";
import { checkRevocation } from "./check-revocation.ts";
import { loadPki, type Pki } from "./pki.ts";

test("what is written down of the libraries is what they have", async () => {
  // The compiler is the test.
  const pki: Pki = { asn1js: await import("asn1js"), pkijs: await import("pkijs") };
  const loaded = await loadPki("tls.crl");
  expect(loaded.pkijs.Certificate).toBe(pki.pkijs.Certificate);
  expect(loaded.asn1js.fromBER).toBe(pki.asn1js.fromBER);
});

test.each([
  [{ ocspStapling: "ifAvailable" }, "tls.ocspStapling"],
  [{ ocsp: "required" }, "tls.ocsp"],
  [{ crl: "ifAvailable", ocsp: "off" }, "tls.crl"],
] as const)("without the libraries, %o says what to install", async (options, feature) => {
  const cause = new Error("Cannot find package");
  const importer = (name: string): Promise<unknown> => (name === "pkijs" ? Promise.reject(cause) : import("asn1js"));
  const { signal } = new AbortController();
  const error: unknown = await checkRevocation([], { ...options, signal, importer }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UnsupportedError);
  expect(error).toMatchObject({
    feature,
    message: `${feature} needs the packages pkijs and asn1js: install them beside this one`,
    cause,
  });
});

test("the libraries are not loaded where nothing is to be checked", async () => {
  const importer = (): Promise<never> => Promise.reject(new Error("Not needed"));
  const { signal } = new AbortController();
  expect(await checkRevocation([], { signal, importer })).toEqual([]);
  expect(await checkRevocation([], { ocspStapling: "off", ocsp: "off", crl: "off", signal, importer })).toEqual([]);
});
