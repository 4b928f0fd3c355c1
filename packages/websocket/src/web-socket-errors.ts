import { InvalidOptionError, TransportError, type TransportErrorOptions } from "@rivulet/engine";

/** The connection could not be made, or has come to its end. */
export function connectionError(address: string, why: string, details?: TransportErrorOptions): TransportError {
  return new TransportError(`The connection to ${address} failed: ${why}`, { failure: "webSocket", ...details });
}

/** The connection was closed, by whichever side; the codes are those of RFC 6455 section 7.4.1. */
export function closedError(address: string, closeCode: number, reason: string, cause?: Error): TransportError {
  const why = reason || cause?.message || "no reason given";
  return connectionError(address, `close code ${closeCode}, ${why}`, { closeCode, cause });
}

/** The server chose none of the subprotocols that were offered. */
export function subprotocolError(address: string, offered: readonly string[], chosen: string): TransportError {
  return connectionError(address, `the server chose the subprotocol "${chosen}", not ${offered.join(" or ")}`);
}

/** For what the constructor of a WebSocket throws. A SyntaxError is about subprotocols, for the URL was parsed before. */
export function constructionError(address: string, cause: Error): Error {
  return cause.name === "SyntaxError"
    ? invalidOption("protocols", cause)
    : connectionError(address, cause.message, { cause });
}

/** An option that does not exist, or has a value that makes no sense. */
export function invalidOption(name: string, cause?: unknown): InvalidOptionError {
  const option = `webSocket.${name}`;
  return new InvalidOptionError(option, `${option} is unknown or invalid`, { cause });
}
