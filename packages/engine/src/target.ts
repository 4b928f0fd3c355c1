import { InvalidOptionError } from "./errors.ts";
import type { Credentials } from "./options.ts";
import type { TransportTarget } from "./transport.ts";

const defaultPorts: Readonly<Record<string, number>> = {
  "mqtt:": 1883,
  "tcp:": 1883,
  "mqtts:": 8883,
  "ssl:": 8883,
  "tls:": 8883,
  "ws:": 80,
  "wss:": 443,
};

/** A URL taken apart: where to connect to, and the credentials that stood in it. */
export interface ParsedTarget {
  readonly target: TransportTarget;
  readonly credentials: Credentials;
}

/**
 * Takes a URL apart. Its user name and password are percent-decoded, and are nowhere in `target`.
 *
 * @throws InvalidOptionError, which does not hold the credentials either.
 */
export function parseTarget(url: string | URL): ParsedTarget {
  const parsed = read(url);
  const { protocol: scheme, host, pathname, search, username, password } = parsed;
  // Where there is no host, what looks like a path may hold a password: only what is nothing but a path may stand there.
  if (host === "" && (scheme in defaultPorts || !pathname.startsWith("/"))) throw unreadable();
  const address = `${scheme}//${host}${pathname === "/" ? "" : pathname}`;
  const port = parsed.port === "" ? (defaultPorts[scheme] ?? 0) : Number(parsed.port);
  const hostname = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const path = `${pathname === "" ? "/" : pathname}${search}`;
  return {
    target: { url: address + search, address, scheme, hostname, port, path },
    credentials: { username: decode(username), password: decode(password) },
  };
}

function read(url: string | URL): URL {
  try {
    return new URL(url);
  } catch {
    throw unreadable();
  }
}

/** Neither the platform's error nor the text goes along: both may hold a password. */
function unreadable(): InvalidOptionError {
  return new InvalidOptionError("url", "The URL cannot be read: it has the form scheme://host:port/path");
}

function decode(text: string): string | undefined {
  try {
    return text === "" ? undefined : decodeURIComponent(text);
  } catch {
    throw new InvalidOptionError("url", "The user name or password in the URL has a % that begins no escape");
  }
}
