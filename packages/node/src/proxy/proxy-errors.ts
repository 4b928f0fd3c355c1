/** What can go wrong on the way through a proxy. Each says which of the two hops it was, and never a password. */

import { InvalidOptionError, TransportError, UnsupportedError } from "@rivulet/engine";
import { formatAddress } from "../socket-errors.ts";
import type { HostAndPort } from "./exceptions.ts";
import type { ResolvedProxy } from "./resolved-proxy.ts";

/** The proxy was willing, and the server did not let itself be reached: another of its addresses may. */
export class ServerUnreachableError extends TransportError {}

const failure = "proxy";

/** `error` is what the TCP connector has thrown. */
export function proxyUnreachable(proxy: ResolvedProxy, error: TransportError): TransportError {
  const prefix = `Cannot connect to ${formatAddress(proxy)}: `;
  const why = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  return new TransportError(`Cannot reach the proxy ${proxy.address}: ${why}`, {
    cause: error.cause ?? error,
    failure,
  });
}

/** `error` is what TLS has thrown; the options that it names are those of the proxy. */
export function proxyNotSecure(proxy: ResolvedProxy, error: unknown): unknown {
  if (error instanceof InvalidOptionError) {
    return new InvalidOptionError(ofProxy(error.option), `For the proxy: ${error.message}`, { cause: error });
  }
  if (error instanceof UnsupportedError) {
    return new UnsupportedError(ofProxy(error.feature), `For the proxy: ${error.message}`, { cause: error });
  }
  if (!(error instanceof TransportError)) return error;
  const message = `The connection to the proxy ${proxy.address} could not be made secure: ${error.message}`;
  return new TransportError(message, { cause: error, isTls: error.isTls, failure });
}

export function proxyLost(proxy: ResolvedProxy, cause: Error): TransportError {
  const code = "code" in cause ? cause.code : undefined;
  const why = code === "ECONNRESET" ? "connection reset" : code === "EPIPE" ? "it has closed it" : cause.message;
  return new TransportError(`The connection to the proxy ${proxy.address} was lost: ${why}`, { cause, failure });
}

export function proxyClosed(proxy: ResolvedProxy): TransportError {
  return new TransportError(`The proxy ${proxy.address} closed the connection before it had answered`, { failure });
}

/** `what` ends the sentence: `with more than ... bytes`, `as no SOCKS5 proxy does`. */
export function proxyAnswered(proxy: ResolvedProxy, what: string): TransportError {
  return new TransportError(`The proxy ${proxy.address} answered ${what}`, { failure });
}

export function proxyWantsCredentials(proxy: ResolvedProxy, more = ""): TransportError {
  return new TransportError(`The proxy ${proxy.address} wants a user name and a password${more}`, { failure });
}

export function proxyRefusedCredentials(proxy: ResolvedProxy, what = "the user name and the password"): TransportError {
  return new TransportError(`The proxy ${proxy.address} refused ${what}`, { failure });
}

export function proxyRefused(proxy: ResolvedProxy, target: HostAndPort, why: string): TransportError {
  return new TransportError(`The proxy ${proxy.address} refused to connect to ${formatAddress(target)}: ${why}`, {
    failure,
  });
}

export function serverUnreachable(proxy: ResolvedProxy, target: HostAndPort, why: string): TransportError {
  const message = `The proxy ${proxy.address} could not connect to ${formatAddress(target)}: ${why}`;
  return new ServerUnreachableError(message, { failure });
}

function ofProxy(name: string): string {
  return name === "tls" || name.startsWith("tls.") ? `proxy.${name}` : name;
}
