import type { CertificateInfo } from "rivulet";
import { expect, it } from "vitest";
import { encodedCertificates } from "./encoded-certificates.ts";

// Nothing else of them is looked at.
const [own, issuer] = ["own\n", "issuer"].map((pem) => ({ pem }) as CertificateInfo);

it("the server's certificate stands alone, or before those of its issuers", () => {
  if (own === undefined || issuer === undefined) throw new Error("Two were made");
  const shown = { certificate: own, chain: [own, issuer] };
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  expect(decode(encodedCertificates(shown, false))).toBe("own\n");
  expect(decode(encodedCertificates(shown, true))).toBe("own\nissuer\n");
  expect(decode(encodedCertificates({ certificate: own, chain: [] }, true))).toBe("own\n");
});
