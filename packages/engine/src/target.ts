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
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // Neither the platform's error nor the text goes along: both may hold a password.
    throw new InvalidOptionError("url", "The URL cannot be read: it has the form scheme://host:port/path");
  }
  const { protocol, pathname, search } = parsed;
  const path = `${pathname === "" ? "/" : pathname}${search}`;
  const hostname = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = parsed.port === "" ? (defaultPorts[protocol] ?? 0) : Number(parsed.port);
  const authority = parsed.port === "" ? parsed.hostname : `${parsed.hostname}:${parsed.port}`;
  const shownPath = path === "/" ? "" : path;
  return {
    target: { url: `${protocol}//${authority}${shownPath}`, scheme: protocol, hostname, port, path },
    credentials: {
      username: parsed.username === "" ? undefined : decode(parsed.username),
      password: parsed.password === "" ? undefined : decode(parsed.password),
    },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InvalidOptionError("url", "The user name or password in the URL has a % that begins no escape");
  }
}
