import type { Core } from "../core.ts";
import { MQTTError } from "../mqtt-error.ts";
import { unsupported } from "./unsupported.ts";

/** What `remoteHost`, `remotePort` and `sslEnabled` say together. */
export interface ServerAddress {
  /** For `MqttClient`: `mqtt:`, `mqtts:`, `ws:` or `wss:`. */
  readonly url: string;
  /** In the form that URLs have it in: IPv6 in brackets. */
  readonly hostname: string;
  readonly isWebSocket: boolean;
  /** Whether a `*` stood before it: a SOCKS proxy is to resolve the name. */
  readonly isForProxyToResolve: boolean;
}

/**
 * Where the server is. A WebSocket's own port and path are kept; without a port, `remotePort` is taken. `sslEnabled` makes
 * `ws://` secure, and `wss://` is secure without it: what is to be encrypted never goes out in the clear.
 *
 * @throws MQTTError 152 without a host, 153 for a scheme other than `ws` and `wss`, 102 for the address 0.0.0.0, 116 for a
 * port that is none, 11001 for what is no host name, 10043 for TCP where there are no sockets.
 */
export function readServer(core: Core): ServerAddress {
  const { remoteHost, remotePort, tls } = core.settings;
  const isForProxyToResolve = remoteHost.startsWith("*");
  const host = (isForProxyToResolve ? remoteHost.slice(1) : remoteHost).trim();
  if (host === "") throw new MQTTError(152, { detail: "RemoteHost is empty" });
  const [, scheme] = /^([a-z][a-z\d+.-]*):\/\//i.exec(host) ?? [];
  const isSecured = tls.sslEnabled || scheme?.toLowerCase() === "wss";
  const port = (): number => readPort(remotePort);
  const isWebSocket = scheme !== undefined;
  const url = isWebSocket ? webSocketUrl(host, { scheme, isSecured, port }) : plainUrl(host, { isSecured, port });
  const hostname = new URL(url).hostname;
  if (isUnspecified(hostname)) throw new MQTTError(102, { detail: `RemoteHost stands for no host: ${hostname}` });
  if (!isWebSocket && !core.platform.hasSockets) {
    const why = "it has no TCP; a host that begins with ws:// or wss:// is connected to over a WebSocket";
    throw unsupported(core, { code: 10_043, setting: "RemoteHost", why });
  }
  return { url, hostname, isWebSocket, isForProxyToResolve };
}

interface UrlParts {
  readonly isSecured: boolean;
  /** Looked at where the host does not bring one along. */
  readonly port: () => number;
}

function webSocketUrl(text: string, { scheme, isSecured, port }: UrlParts & { readonly scheme: string }): string {
  if (!/^wss?$/i.test(scheme))
    throw new MQTTError(153, { detail: `A host may begin with ws:// or wss://, not ${scheme}://` });
  const [authority = ""] = text.slice(scheme.length + "://".length).split(/[/\\?#]/, 1);
  const hostAndPort = authority.slice(authority.lastIndexOf("@") + 1);
  // A URL does not tell a port that was written from one that is the scheme's.
  const [, ownPort] = /:(\d+)$/.exec(hostAndPort) ?? [];
  if (hostAndPort.replace(/:\d*$/, "") === "")
    throw new MQTTError(152, { detail: "RemoteHost is a URL without a host" });
  const chosen = ownPort === undefined ? port() : readPort(Number(ownPort));
  const url = readUrl(text);
  // Some platforms escape there what others refuse.
  if (url.hostname.includes("%")) throw notFound();
  url.protocol = isSecured ? "wss:" : "ws:";
  url.port = String(chosen);
  url.hash = "";
  return url.href;
}

function plainUrl(host: string, { isSecured, port }: UrlParts): string {
  return `${isSecured ? "mqtts" : "mqtt"}://${urlHost(host)}:${port()}`;
}

/**
 * A host name or address as it stands in URLs: names in other scripts in their ASCII form, IPv6 in brackets.
 *
 * @throws MQTTError 11001 for what is neither.
 */
export function urlHost(host: string): string {
  // What would end the host within a URL, or hide credentials in it.
  if (/[\s/\\?#@%]/.test(host)) throw notFound();
  const isBare = host.includes(":") && !host.startsWith("[");
  // A host with a port would have several readings: the port has its own property.
  if (!isBare && /\]?:/.test(host.replace(/^\[.*\]$/, ""))) throw notFound();
  const { hostname } = readUrl(`http://${isBare ? `[${host}]` : host}`);
  // No longer name can be asked for (RFC 1035, 2.3.4).
  if (hostname.length > 255 || hostname.split(".").some((label) => label.length > 63)) throw notFound();
  return hostname;
}

/** The platform's error is not kept: it quotes the text, which may hold a password. */
function readUrl(text: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    // See below.
  }
  // Chromium escapes what cannot be in a host.
  if (url === undefined || url.hostname.includes("%")) throw notFound();
  return url;
}

function notFound(): MQTTError {
  return new MQTTError(11001, { detail: "The host is neither a host name nor an address" });
}

function readPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new MQTTError(116, { detail: `A port is a whole number from 1 to 65535, not ${port}` });
}

function isUnspecified(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "[::]" || hostname === "[::ffff:0:0]";
}
