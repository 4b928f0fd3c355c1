import type { CertificateInfo } from "rivulet";
import type { Platform } from "../platform.ts";
import { CertificateSlot } from "./certificate-slot.ts";

/** The certificates of an `MQTT` object. */
export interface Certificates {
  /** Who the client is to a server that asks: `sslCert*`. */
  readonly client: CertificateSlot;
  /** The server's certificate that is accepted whatever is wrong with it: `sslAcceptServerCert*`. */
  readonly accepted: CertificateSlot;
  /** What the server has shown, kept after the end of the connection: `sslServerCert*`. */
  server: CertificateInfo | undefined;
}

/** Nothing chosen, nothing shown. */
export function noCertificates(platform: Platform): Certificates {
  return {
    client: new CertificateSlot(platform, "sslCert"),
    accepted: new CertificateSlot(platform, "sslAcceptServerCert"),
    server: undefined,
  };
}
