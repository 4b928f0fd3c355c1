import type { ServerAuthentication } from "rivulet";

/**
 * The server's certificate in PEM, as events show it; with `isWhole` (`SSLIncludeCertChain`), those of its issuers behind it,
 * as far as they are known.
 */
export function encodedCertificates(
  { certificate, chain }: Pick<ServerAuthentication, "certificate" | "chain">,
  isWhole: boolean,
): Uint8Array<ArrayBuffer> {
  const shown = isWhole && chain.length > 0 ? chain : [certificate];
  return new TextEncoder().encode(shown.map(({ pem }) => (pem.endsWith("\n") ? pem : `${pem}\n`)).join(""));
}
