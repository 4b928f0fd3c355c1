import type { TlsInfo } from "./tls.ts";

/** What is known of a connection's two ends. Never holds a user name or a password. */
export interface ConnectionInfo {
  /** What carries the bytes: `"tcp"`, `"websocket"`, ... */
  readonly transport: string;
  /** The address connected to, without credentials. */
  readonly url: string;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  /** The WebSocket subprotocol that the server chose. */
  readonly subprotocol?: string | undefined;
  /** The address of the proxy in between, without credentials; `remoteAddress` and `remotePort` are its ends then. */
  readonly proxy?: string | undefined;
  /** Where there is a proxy: the address of the server that it was asked for, unless it was asked for a name. */
  readonly serverAddress?: string | undefined;
  /** What TLS has agreed on, where the platform tells. */
  readonly tls?: TlsInfo | undefined;
}

/**
 * A connection, whatever carries it: an ordered, lossless stream of bytes each way [MQTT-4.2-1].
 *
 * Back-pressure is the streams' own: an adapter stops reading from its source while `readable` is full, and a write
 * to `writable` settles when the transport has taken the bytes. Chunks may be cut anywhere.
 */
export interface Duplex {
  /** Bytes from the server. Ends when the server has closed its side; errors with a `TransportError` when it is lost. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Bytes to the server. Closing it ends our side after what was written; a chunk must not be changed once written. */
  readonly writable: WritableStream<Uint8Array>;
  /**
   * Bytes that `writable`, while no write is under way, is certain to take without waiting, up to the next callbacks of
   * `atTurnEnd`. A message for which there is room counts as sent when it is published. Missing is 0: each write tells.
   */
  readonly room?: number;
  /**
   * Calls back later, when what runs now has come to its end, and before the event loop turns: then what has gathered
   * is best written. Where it is missing, that is a microtask.
   */
  atTurnEnd?(callback: () => void): void;
  readonly info: ConnectionInfo;
  /**
   * Settles when both directions are over: resolves after an orderly close, rejects with a `TransportError` after any
   * other. It never causes an unhandled rejection.
   */
  readonly closed: Promise<void>;
  /** Ends both directions at once and frees what the connection holds. Does nothing the second time. */
  abort(reason?: unknown): void;
}
