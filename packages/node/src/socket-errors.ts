import { TransportError, unixPath, type TransportTarget } from "@rivulet/engine";
import { describeTlsFailure } from "./tls/tls-errors.ts";

/** What the system's error codes mean, as the second half of a sentence. */
const meanings: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EADDRINUSE", "the local address and port are in use"],
  ["EADDRNOTAVAIL", "no such local address or port is available"],
  ["EAFNOSUPPORT", "this system lacks the family of addresses"],
  ["EAI_AGAIN", "the host name could not be looked up for now"],
  ["ECONNABORTED", "connection aborted"],
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "connection reset by the server"],
  ["EHOSTDOWN", "the host is down"],
  ["EHOSTUNREACH", "the host cannot be reached"],
  ["EMFILE", "this process has too many open files"],
  ["ENETDOWN", "the network is down"],
  ["ENETUNREACH", "the network cannot be reached"],
  ["ENAMETOOLONG", "the path is too long"],
  ["ENFILE", "this system has too many open files"],
  ["ENOENT", "there is no such socket"],
  ["ENOTFOUND", "host name not found"],
  ["ENOTSOCK", "it is not a socket"],
  ["EPERM", "not permitted"],
  ["EPIPE", "the server has closed the connection"],
  ["ETIMEDOUT", "timed out"],
]);

/** Host and port as they stand in a URL. */
export function formatAddress(target: Pick<TransportTarget, "hostname" | "port">): string {
  const host = target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname;
  return `${host}:${target.port}`;
}

/** What is connected to, for messages: a Unix socket has no port. */
export function targetAddress(target: Pick<TransportTarget, "scheme" | "hostname" | "port" | "path">): string {
  return target.scheme === "mqtt+unix:" ? unixPath(target) : formatAddress(target);
}

export function connectError(address: string, cause: unknown): TransportError {
  return new TransportError(`Cannot connect to ${address}: ${describe(cause)}`, { cause });
}

/**
 * `cause` is what came of a connection that had been made; a failure of TLS is told from the server's hanging up. `more`
 * goes on with the sentence.
 */
export function lostError(address: string, cause: unknown, more?: string): TransportError {
  const failure = describeTlsFailure(cause);
  if (failure === undefined) {
    const why = [describe(cause), more].filter(Boolean).join(" ");
    return new TransportError(`The connection to ${address} was lost: ${why}`, { cause });
  }
  return new TransportError(`The connection to ${address} was lost: TLS has failed: ${failure}`, {
    cause,
    isTls: true,
  });
}

/** More waits for a reader than may, and the server cannot be made to wait. */
export function unreadError(address: string, limitBytes: number): TransportError {
  return new TransportError(`The connection to ${address} was ended: more than ${limitBytes} bytes wait to be read`);
}

function describe(cause: unknown): string {
  // Where a name has several addresses.
  if (cause instanceof AggregateError) return [...new Set(cause.errors.map(describe))].join(", ");
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  const known = code === undefined ? undefined : meanings.get(code);
  return known ?? (cause.message || code || cause.name);
}
