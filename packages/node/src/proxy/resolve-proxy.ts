import { isIP } from "node:net";
import { InvalidOptionError, UnsupportedError, type TransportOptions, type TransportTarget } from "@rivulet/engine";
import { formatAddress } from "../socket-errors.ts";
import { socksTextBytesLimit } from "./limits.ts";
import { parseProxyUrl } from "./parse-proxy-url.ts";
import { readProxyOptions, type ProxySettings } from "./proxy-options.ts";
import type { ProxyScheme, ResolvedProxy } from "./resolved-proxy.ts";
import { findSystemProxy, type ProxyEnvironment } from "./system-proxy.ts";

/**
 * The proxy through which a target is to be connected to; undefined: directly, as always with Unix sockets.
 *
 * With `"system"`, headers, `tls` and `resolveNames` that do not fit the proxy which the environment names are left aside.
 *
 * @throws InvalidOptionError for options that are wrong, UnsupportedError for a target that this proxy cannot carry.
 */
export function resolveProxy(
  target: Pick<TransportTarget, "scheme" | "hostname" | "port">,
  proxy: TransportOptions["proxy"],
  environment: ProxyEnvironment = process.env,
): ResolvedProxy | undefined {
  if (proxy === undefined) return undefined;
  const settings = readProxyOptions(proxy);
  const resolved = settings.url === "system" ? fromSystem(target, settings, environment) : fromUrl(settings);
  if (resolved === undefined || target.scheme.endsWith("+unix:")) return undefined;
  if (settings.exceptions.some((isExcepted) => isExcepted(target))) return undefined;
  if (isSocks4(resolved.scheme) && isIP(target.hostname) === 6) {
    const message = `SOCKS4 proxies cannot connect to IPv6 addresses, such as ${formatAddress(target)}: socks5: can`;
    throw new UnsupportedError("proxy", message);
  }
  return resolved;
}

function fromSystem(
  target: Pick<TransportTarget, "scheme" | "hostname" | "port">,
  settings: ProxySettings,
  environment: ProxyEnvironment,
): ResolvedProxy | undefined {
  const found = findSystemProxy(target, environment);
  if (found === undefined) return undefined;
  const label = `The environment variable ${found.variable}`;
  const origin = { option: settings.origin.option, label };
  const { scheme } = parseProxyUrl(found.url, origin);
  return fromUrl({
    ...settings,
    ...{ url: found.url, origin },
    headers: isHttp(scheme) ? settings.headers : [],
    tls: scheme === "https:" ? settings.tls : undefined,
    resolveNames: scheme === "socks4:" ? undefined : settings.resolveNames,
  });
}

function fromUrl(settings: ProxySettings): ResolvedProxy {
  const url = parseProxyUrl(settings.url, settings.origin);
  const { scheme } = url;
  // An empty one in the options takes back what the URL says.
  const username = (settings.username ?? url.username) || undefined;
  const password = (settings.password ?? url.password) || undefined;
  checkCredentials(scheme, username, password);
  const { headers, tls, resolveNames } = settings;
  if (headers.length > 0) {
    if (!isHttp(scheme)) throw unfit("headers", "http: and https: proxies", scheme);
    const hasCredentials = username !== undefined || password !== undefined;
    if (hasCredentials && headers.some(([name]) => name.toLowerCase() === "proxy-authorization")) {
      const option = "proxy.headers.Proxy-Authorization";
      throw new InvalidOptionError(option, `${option} does not go with a user name or a password`);
    }
  }
  if (tls !== undefined && scheme !== "https:") throw unfit("tls", "https: proxies", scheme);
  if (resolveNames === "proxy" && scheme === "socks4:") {
    const message = 'proxy.resolveNames "proxy" needs another proxy than socks4:, such as socks4a:';
    throw new InvalidOptionError("proxy.resolveNames", message);
  }
  return {
    ...url,
    ...{ username, password, headers, tls: tls ?? {} },
    resolveNames: resolveNames ?? (scheme === "socks4:" || scheme === "socks5:" ? "here" : "proxy"),
  };
}

/** What each protocol cannot say is refused here, before anything is connected to. */
function checkCredentials(scheme: ProxyScheme, username: string | undefined, password: string | undefined): void {
  const invalid = (name: "username" | "password", what: string): InvalidOptionError =>
    new InvalidOptionError(`proxy.${name}`, `The ${name === "username" ? "user name" : name} for the proxy ${what}`);
  if (isHttp(scheme)) {
    // RFC 7617, section 2.
    if (username?.includes(":"))
      throw invalid("username", "has a colon in it, which Basic authentication cannot carry");
    if (hasControls(username)) throw invalid("username", "has control characters in it");
    if (hasControls(password)) throw invalid("password", "has control characters in it");
    return;
  }
  const isTooLong = (text = ""): boolean => Buffer.byteLength(text) > socksTextBytesLimit;
  if (isTooLong(username)) throw invalid("username", `is longer than ${socksTextBytesLimit} bytes`);
  if (isTooLong(password)) throw invalid("password", `is longer than ${socksTextBytesLimit} bytes`);
  if (isSocks4(scheme)) {
    if (password !== undefined) throw invalid("password", "cannot be told to it: SOCKS4 knows user names only");
    if (username?.includes("\0")) throw invalid("username", "has a NUL character in it");
  } else if (password !== undefined && (username ?? "") === "") {
    throw invalid("password", "needs a user name");
  }
}

function unfit(name: "headers" | "tls", what: string, scheme: ProxyScheme): InvalidOptionError {
  return new InvalidOptionError(`proxy.${name}`, `proxy.${name} is for ${what}, not for ${scheme}`);
}

function hasControls(text = ""): boolean {
  return /\p{Cc}/u.test(text);
}

function isHttp(scheme: ProxyScheme): boolean {
  return scheme === "http:" || scheme === "https:";
}

function isSocks4(scheme: ProxyScheme): boolean {
  return scheme === "socks4:" || scheme === "socks4a:";
}
