import type { TlsOptions } from "@rivulet/engine";

export const proxySchemes = ["http:", "https:", "socks4:", "socks4a:", "socks5:", "socks5h:"] as const;

export type ProxyScheme = (typeof proxySchemes)[number];

/** A proxy that applies to a target: all of it is checked, and every default is filled in. Holds secrets. */
export interface ResolvedProxy {
  readonly scheme: ProxyScheme;
  /** An IPv6 address without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** What may be shown, in errors and in `ConnectionInfo.proxy`: `http://127.0.0.1:3128`. */
  readonly address: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** For CONNECT. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Who resolves the server's name. */
  readonly resolveNames: "here" | "proxy";
  /** For the connection to an `https:` proxy. */
  readonly tls: TlsOptions;
}
