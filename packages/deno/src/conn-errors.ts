import { TransportError, type TransportTarget } from "@rivulet/engine";

/** What the names of Deno's errors mean, as the second half of a sentence. */
const meanings: ReadonlyMap<string, string> = new Map([
  ["AddrNotAvailable", "no local address or port is available"],
  ["BadResource", "the connection is closed"],
  ["BrokenPipe", "the server has closed the connection"],
  ["ConnectionAborted", "connection aborted"],
  ["ConnectionRefused", "connection refused"],
  ["ConnectionReset", "connection reset by the server"],
  ["Interrupted", "interrupted"],
  ["NotFound", "there is no such socket"],
  ["TimedOut", "timed out"],
  ["UnexpectedEof", "the server has closed the connection"],
]);

/** Host and port as they stand in a URL. */
export function formatAddress(target: Pick<TransportTarget, "hostname" | "port">): string {
  const host = target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname;
  return `${host}:${target.port}`;
}

export function connectError(address: string, cause: unknown, permission = `--allow-net=${address}`): TransportError {
  const name = cause instanceof Error ? cause.name : "";
  if (name === "NotCapable" || name === "PermissionDenied") {
    const why = `Deno was not given the permission; run it with ${permission}`;
    return new TransportError(`Cannot connect to ${address}: ${why}`, { cause });
  }
  return new TransportError(`Cannot connect to ${address}: ${describe(cause)}`, { cause });
}

/** TLS could not be made. */
export function tlsError(address: string, cause: unknown): TransportError {
  return new TransportError(`Cannot make TLS with ${address}: ${describe(cause)}`, {
    cause,
    isTls: true,
    failure: "handshake",
  });
}

export function lostError(address: string, cause: unknown): TransportError {
  return new TransportError(`The connection to ${address} was lost: ${describe(cause)}`, { cause });
}

/** On a connection without TLS, reading has failed before anything had come. */
export function unansweredError(address: string, cause: unknown): TransportError {
  const error = lostError(address, cause);
  if (!(cause instanceof Deno.errors.ConnectionReset)) return error;
  const expected = "before it answered, as one does that expects TLS (mqtts:) or a WebSocket (ws:)";
  return new TransportError(`${error.message} ${expected}`, { cause });
}

/** The first answer on a connection without TLS; undefined when it is none of TLS, whose alerts begin with these bytes. */
export function tlsAlertError(address: string, answer: Uint8Array): TransportError | undefined {
  if (answer[0] !== 0x15 || answer[1] !== 0x03) return undefined;
  return new TransportError(`The server at ${address} speaks TLS there, which the scheme mqtts: asks for`);
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const known = meanings.get(cause.name);
  if (known !== undefined) return known;
  if (cause.message.startsWith("failed to lookup address information")) return "host name not found";
  return cause.message === "" ? cause.name : cause.message;
}
