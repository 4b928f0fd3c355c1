import type { DetailedPeerCertificate, PeerCertificate, TLSSocket, TlsOptions } from "node:tls";

import { answerOcsp, requestOcsp } from "../../packages/node/testing/revocation-lab.ts";
import type { Agreed, PeerTls } from "./lab-calls.ts";
import type { CertificateStock } from "./lab-certificates.ts";

/** The server's end of TLS. */
export interface ServerTls {
  readonly options: TlsOptions;
  readonly stapledAnswer: Buffer | undefined;
}

/** What Node needs for it. */
export async function serverTls(stock: CertificateStock, tls: PeerTls): Promise<ServerTls> {
  const { certificate = "server", asksForCertificate = false, hidesChain = false, staples } = tls;
  const issued = stock.issued[certificate];
  return {
    options: {
      cert: hidesChain ? issued.certificate : issued.chain,
      key: issued.key,
      requestCert: asksForCertificate !== false,
      rejectUnauthorized: asksForCertificate === "required",
      ca: stock.authority.certificate,
      ...(tls.minVersion !== undefined && { minVersion: tls.minVersion }),
      ...(tls.maxVersion !== undefined && { maxVersion: tls.maxVersion }),
      ...(tls.ciphers === undefined ? isOld(tls) && { ciphers: oldCiphers } : { ciphers: tls.ciphers }),
      ...(tls.groups !== undefined && { ecdhCurve: tls.groups }),
      ...(tls.signatureAlgorithms !== undefined && { sigalgs: tls.signatureAlgorithms }),
      ...(tls.alpnProtocols !== undefined && { ALPNProtocols: [...tls.alpnProtocols] }),
    },
    stapledAnswer: staples === undefined ? undefined : await answerAbout(stock, issued, staples),
  };
}

/** OpenSSL keeps TLS 1.0 and 1.1 behind its lowest level of security. */
const oldCiphers = "DEFAULT:@SECLEVEL=0";

function isOld({ minVersion, maxVersion }: PeerTls): boolean {
  return [minVersion, maxVersion].some((version) => version === "TLSv1" || version === "TLSv1.1");
}

/** What openssl's responder says, with a signature that is right or wrong. */
async function answerAbout(
  { openssl, authority }: CertificateStock,
  issued: CertificateStock["issued"]["server"],
  staples: "good" | "bad",
): Promise<Buffer> {
  const request = await requestOcsp(openssl, authority, issued);
  const more = staples === "bad" ? { arguments: ["-badsig"] } : {};
  return Buffer.from(await answerOcsp(openssl, authority, request, more));
}

/** What the server's end knows. */
export function agreedOn(socket: TLSSocket): Agreed {
  const { servername } = socket as TLSSocket & { readonly servername?: string | false };
  const clientChain = namesIn(socket.getPeerCertificate(true));
  return {
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher().standardName,
    serverName: servername || undefined,
    alpn: socket.alpnProtocol || undefined,
    isReused: socket.isSessionReused(),
    clientSubject: clientChain[0],
    clientChain,
    clientCertificate: bytesOf(socket.getPeerCertificate()),
  };
}

/** It is an empty object where there is none. */
function bytesOf({ raw }: Partial<PeerCertificate>): Uint8Array | undefined {
  return raw === undefined ? undefined : new Uint8Array(raw);
}

/** The chain ends with a certificate that is its own issuer, or has none. */
function namesIn(certificate: DetailedPeerCertificate | undefined): string[] {
  const names: string[] = [];
  const seen = new Set<unknown>();
  for (let each = certificate; each !== undefined && !seen.has(each); each = each.issuerCertificate) {
    seen.add(each);
    // It is an empty object where there is none.
    const { subject } = each as Partial<DetailedPeerCertificate>;
    if (subject === undefined) break;
    names.push(String(subject.CN));
  }
  return names;
}
