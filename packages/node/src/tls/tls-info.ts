import type { CipherNameAndProtocol, TLSSocket } from "node:tls";
import type { TlsInfo } from "@rivulet/engine";
import { cipherName, cipherStrengthBits } from "./cipher-suites.ts";

/** Groups by the names that people know. */
const groupNames: ReadonlyMap<string, string> = new Map([
  ["prime256v1", "P-256"],
  ["secp384r1", "P-384"],
  ["secp521r1", "P-521"],
]);

/** What stands in the certificates is not known here. */
export type AgreedTls = Omit<TlsInfo, "certificates" | "problems" | "keyExchangeStrengthBits"> & {
  /** Undefined also where the server's own key was used. */
  readonly keyExchangeStrengthBits: number | undefined;
};

/** What has been agreed on, other than by certificates; undefined when the connection is lost. */
export function describeAgreement(socket: TLSSocket, serverName: string | undefined): AgreedTls | undefined {
  // Some platforms have forgotten it by then.
  const cipher = socket.getCipher() as CipherNameAndProtocol | null | undefined;
  if (cipher === null || cipher === undefined) return undefined;
  const { standardName, version } = cipher;
  return {
    protocol: socket.getProtocol() ?? version,
    cipherSuite: standardName,
    cipher: cipherName(standardName),
    cipherStrengthBits: cipherStrengthBits(standardName),
    ...describeKeyExchange(socket, standardName),
    alpnProtocol: typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : undefined,
    serverName,
    isSessionReused: socket.isSessionReused(),
  };
}

function describeKeyExchange(
  socket: TLSSocket,
  cipherSuite: string,
): Pick<TlsInfo, "keyExchange" | "keyExchangeStrengthBits"> {
  const { type, name, size } = (socket.getEphemeralKeyInfo() ?? {}) as { type?: string; name?: string; size?: number };
  if (type === "ECDH" && name !== undefined) {
    return { keyExchange: groupNames.get(name) ?? name, keyExchangeStrengthBits: size };
  }
  if (type !== undefined) return { keyExchange: name ?? type, keyExchangeStrengthBits: size };
  const isRsa = /^TLS_RSA_/.test(cipherSuite);
  return { keyExchange: isRsa ? "RSA" : undefined, keyExchangeStrengthBits: undefined };
}
