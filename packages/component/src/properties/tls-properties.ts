import { SslProviders } from "../enumerations.ts";
import { MQTTError } from "../mqtt-error.ts";
import { unsupported } from "../options/unsupported.ts";
import { ClientCertificateProperties } from "./client-certificate-properties.ts";

/** Whether there is TLS, and whose. */
export abstract class TlsProperties extends ClientCertificateProperties {
  /** Whether the next connection is made with TLS; a `remoteHost` that begins with `wss://` has it in any case. Default: false. */
  get sslEnabled(): boolean {
    return this.core.settings.tls.sslEnabled;
  }
  set sslEnabled(value: boolean) {
    if (typeof (value as unknown) !== "boolean") throw new MQTTError(10022, { detail: "sslEnabled is true or false" });
    this.core.settings.tls.sslEnabled = value;
  }

  /**
   * Whose TLS it is, one of `SslProviders`. There is that of the runtime for all of them; only, `LogSSLPackets`,
   * `SSLKeyLogFile` and `SSLEnableRenegotiation` have no effect with `sslpPlatform`. Default: 0, `sslpAutomatic`.
   *
   * @throws MQTTError 10022 for what is none, 270 for another than the default where TLS is the platform's own affair.
   */
  get sslProvider(): number {
    return this.core.settings.tls.sslProvider;
  }
  set sslProvider(value: number) {
    const known: readonly number[] = Object.values(SslProviders);
    if (!known.includes(value)) throw new MQTTError(10022, { detail: `sslProvider cannot be ${String(value)}` });
    if (value !== SslProviders.sslpAutomatic && this.core.platform.certificates === undefined) {
      throw unsupported(this.core, { code: 270, setting: "sslProvider", why: "TLS is its own affair" });
    }
    this.core.settings.tls.sslProvider = value;
  }
}
