import type { Duplex as NodeDuplex } from "node:stream";
import { TransportError, type Duplex } from "@rivulet/engine";
import { lostError } from "./socket-errors.ts";

/** An alert of TLS, of any version from SSL 3.0 on, begins with these bytes (RFC 8446, 5.1). */
const tlsAlert = [0x15, 0x03] as const;

const expected = "before it answered, as one does that expects TLS (mqtts:) or a WebSocket (ws:)";

/**
 * Ends a connection without TLS on which the server's first answer shows that it expects something else, with an error
 * that says so. To be called in the turn in which the duplex was made of the socket.
 */
export function judgeFirstAnswer(socket: NodeDuplex, duplex: Pick<Duplex, "abort">, address: string): void {
  const onData = (chunk: Uint8Array): void => {
    socket.off("error", onError);
    if (tlsAlert.some((byte, index) => chunk[index] !== byte)) return;
    duplex.abort(new TransportError(`The server at ${address} speaks TLS there, which the scheme mqtts: asks for`));
  };
  const onError = (cause: Error & { readonly code?: string }): void => {
    if (cause.code === "ECONNRESET") duplex.abort(lostError(address, cause, expected));
  };
  // Before the duplex hears of it.
  socket.prependOnceListener("data", onData);
  socket.prependOnceListener("error", onError);
}
