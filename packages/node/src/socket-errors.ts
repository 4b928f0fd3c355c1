import { TransportError, type TransportTarget } from "@rivulet/engine";

/** What the system's error codes mean, as the second half of a sentence. */
const meanings: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EADDRNOTAVAIL", "no local address or port is available"],
  ["EAI_AGAIN", "the host name could not be looked up for now"],
  ["ECONNABORTED", "connection aborted"],
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "connection reset by the server"],
  ["EHOSTDOWN", "the host is down"],
  ["EHOSTUNREACH", "the host cannot be reached"],
  ["EMFILE", "this process has too many open files"],
  ["ENETDOWN", "the network is down"],
  ["ENETUNREACH", "the network cannot be reached"],
  ["ENFILE", "this system has too many open files"],
  ["ENOTFOUND", "host name not found"],
  ["EPERM", "not permitted"],
  ["EPIPE", "the server has closed the connection"],
  ["ETIMEDOUT", "timed out"],
]);

/** Host and port as they stand in a URL. */
export function formatAddress(target: Pick<TransportTarget, "hostname" | "port">): string {
  const host = target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname;
  return `${host}:${target.port}`;
}

export function connectError(address: string, cause: unknown): TransportError {
  return new TransportError(`Cannot connect to ${address}: ${describe(cause)}`, { cause });
}

export function lostError(address: string, cause: unknown): TransportError {
  return new TransportError(`The connection to ${address} was lost: ${describe(cause)}`, { cause });
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Where a name has several addresses, `cause` is an AggregateError: its own code is that of its first error.
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  const known = code === undefined ? undefined : meanings.get(code);
  return known ?? (cause.message || code || cause.name);
}
