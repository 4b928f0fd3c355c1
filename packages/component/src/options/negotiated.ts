import type { TlsInfo } from "rivulet";

/** What TLS has agreed on, each as its setting reads: empty before there was a connection with TLS. */
export const negotiated: Readonly<Record<NegotiatedSetting, (tls: TlsInfo | undefined) => string>> = {
  SSLNegotiatedCipher: (tls) => tls?.cipher ?? "",
  SSLNegotiatedCipherStrength: (tls) => show(tls?.cipherStrengthBits),
  SSLNegotiatedCipherSuite: (tls) => tls?.cipherSuite ?? "",
  SSLNegotiatedKeyExchange: (tls) => tls?.keyExchange ?? "",
  SSLNegotiatedKeyExchangeStrength: (tls) => show(tls?.keyExchangeStrengthBits),
  SSLNegotiatedVersion: (tls) => tls?.protocol ?? "",
};

/** The settings that tell of it. */
export type NegotiatedSetting =
  | "SSLNegotiatedCipher"
  | "SSLNegotiatedCipherStrength"
  | "SSLNegotiatedCipherSuite"
  | "SSLNegotiatedKeyExchange"
  | "SSLNegotiatedKeyExchangeStrength"
  | "SSLNegotiatedVersion";

/** Where the platform does not tell, there is nothing to show. */
function show(bits: number | undefined): string {
  return bits === undefined ? "" : String(bits);
}
