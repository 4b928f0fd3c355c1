import { InvalidOptionError, type ProxyOptions, type TlsOptions, type TransportOptions } from "@rivulet/engine";
import { parseException, type Exception } from "./exceptions.ts";
import type { UrlOrigin } from "./parse-proxy-url.ts";

/** The option `proxy` in one shape, each part of which is checked by itself. */
export interface ProxySettings {
  /** A URL or `"system"`. */
  readonly url: string;
  readonly origin: UrlOrigin;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly exceptions: readonly Exception[];
  readonly resolveNames: "here" | "proxy" | undefined;
  readonly tls: TlsOptions | undefined;
}

const names: ReadonlySet<string> = new Set<keyof ProxyOptions>([
  ...(["url", "username", "password", "headers", "exceptions", "resolveNames", "tls"] as const),
]);

/** Headers that make CONNECT what it is, or that would give it a body. */
const ownHeaders: ReadonlySet<string> = new Set(["host", "content-length", "transfer-encoding"]);

/**
 * @throws InvalidOptionError for an option that does not exist, or a value that is none. No error repeats a URL, a
 * user name, a password or a header's value.
 */
export function readProxyOptions(proxy: NonNullable<TransportOptions["proxy"]>): ProxySettings {
  const isWhole = typeof proxy === "string" || proxy instanceof URL;
  const options: unknown = isWhole ? { url: proxy } : proxy;
  if (!isObject(options)) {
    throw new InvalidOptionError("proxy", 'proxy is a URL, "system", or an object with the option url');
  }
  for (const key of Object.keys(options)) {
    if (!names.has(key)) throw new InvalidOptionError(`proxy.${key}`, `There is no option proxy.${key}`);
  }
  const option = isWhole ? "proxy" : "proxy.url";
  const { url, username, password, headers, exceptions, resolveNames, tls } = options;
  if (!(url instanceof URL) && (typeof url !== "string" || url === "")) {
    throw new InvalidOptionError(option, `${option} is a URL or "system"`);
  }
  if (tls !== undefined && !isObject(tls)) {
    throw new InvalidOptionError("proxy.tls", "proxy.tls is an object with options for TLS");
  }
  return {
    url: String(url),
    origin: { option, label: option },
    username: readText("proxy.username", username),
    password: readText("proxy.password", password),
    headers: readHeaders(headers),
    exceptions: readExceptions(exceptions),
    resolveNames: readResolveNames(resolveNames),
    tls,
  };
}

function readText(option: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new InvalidOptionError(option, `${option} is a string`);
}

function readHeaders(headers: unknown): ProxySettings["headers"] {
  if (headers === undefined) return [];
  if (!isObject(headers)) throw new InvalidOptionError("proxy.headers", "proxy.headers is an object");
  return Object.entries(headers).map(([name, value]) => {
    const option = `proxy.headers.${name}`;
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) {
      const message = `${JSON.stringify(name)} in proxy.headers is not the name of a header`;
      throw new InvalidOptionError("proxy.headers", message);
    }
    if (ownHeaders.has(name.toLowerCase())) {
      throw new InvalidOptionError(option, `${option} cannot be set: the header belongs to the client`);
    }
    // As RFC 9110 has it, of one byte a character; a line break would begin a header of its own.
    if (typeof value !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new InvalidOptionError(option, `${option} is one line of text in Latin-1`);
    }
    return [name, value];
  });
}

function readExceptions(exceptions: unknown): Exception[] {
  if (exceptions === undefined) return [];
  if (!Array.isArray(exceptions)) throw new InvalidOptionError("proxy.exceptions", "proxy.exceptions is an array");
  return exceptions.map((entry: unknown) => {
    const exception = typeof entry === "string" ? parseException(entry) : undefined;
    if (exception !== undefined) return exception;
    const message = `proxy.exceptions has host names, addresses and CIDR blocks, with a port or without, not ${JSON.stringify(entry)}`;
    throw new InvalidOptionError("proxy.exceptions", message);
  });
}

function readResolveNames(value: unknown): ProxySettings["resolveNames"] {
  if (value === undefined || value === "here" || value === "proxy") return value;
  const message = `proxy.resolveNames is "here" or "proxy", not ${JSON.stringify(value)}`;
  throw new InvalidOptionError("proxy.resolveNames", message);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
