import type { Socket } from "node:net";
import type { ConnectionInfo, TransportContext, TransportOptions, TransportTarget } from "@rivulet/engine";

/** A connection that nothing has been read from or written to. */
export interface Dialled {
  /** A socket of `node:net`, or with TLS of `node:tls`. */
  readonly socket: Socket;
  readonly info: ConnectionInfo;
}

/**
 * Connects a socket, for `wss:` with TLS on it. Leaves nothing behind when it rejects, which it does with the signal's
 * reason when that is aborted; afterwards the socket is the caller's.
 */
export type Dial = (target: TransportTarget, options: TransportOptions, context: TransportContext) => Promise<Dialled>;
