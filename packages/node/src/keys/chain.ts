import type { X509Certificate } from "node:crypto";

/** A certificate, that of its issuer behind it, and so on, as far as they are among `all`. */
export function chainFrom(first: X509Certificate, all: readonly X509Certificate[]): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const left = new Set(all);
  let current: X509Certificate | undefined = first;
  while (current !== undefined) {
    const last: X509Certificate = current;
    chain.push(last);
    left.delete(last);
    current = [...left].find((certificate) => last.checkIssued(certificate));
  }
  return chain;
}
