import type { Duplex } from "./duplex.ts";

/** Where a transport is to connect to, taken apart from the URL. Credentials have been removed. */
export interface TransportTarget {
  /** The whole URL without user name and password. Its query may hold a token: show `address` instead. */
  readonly url: string;
  /** What may be shown of the URL, in errors for example: all of it but the query. */
  readonly address: string;
  /** The scheme with its colon, such as `"mqtt:"`. */
  readonly scheme: string;
  /** Host name or address; an IPv6 address without brackets. */
  readonly hostname: string;
  /** The port of the URL, or the scheme's default. */
  readonly port: number;
  /** Path and query, `"/"` at least. */
  readonly path: string;
}

/** Options for transports over TCP. */
export interface SocketOptions {
  /** Send each batch at once instead of waiting to fill a segment (Nagle's algorithm off). Default: true. */
  readonly noDelay?: boolean;
}

/** Options for transports over WebSocket. */
export interface WebSocketOptions {
  /** Subprotocols to offer. Default: `["mqtt"]`, and `["mqttv3.1"]` for MQTT 3.1 [MQTT-6.0.0-3]. */
  readonly protocols?: readonly string[];
  /** Headers for the upgrade request. Refused in browsers, which cannot send any. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The options of `connect` that only transports understand. One that a transport cannot honour, it must refuse. */
export interface TransportOptions {
  readonly socket?: SocketOptions;
  readonly webSocket?: WebSocketOptions;
}

/** What a transport is given while it opens a connection. */
export interface TransportContext {
  /** Aborted when the attempt is over. `open` then rejects with the signal's reason and leaves nothing behind. */
  readonly signal: AbortSignal;
  /** Tells the client how far the attempt has got; shown as the event `connectionStatus`. */
  report(status: string): void;
}

/**
 * Opens connections for some URL schemes. Anything that can produce a `Duplex` can be a transport.
 *
 * @example
 * ```ts
 * import type { Duplex, Transport } from "@rivulet/engine";
 *
 * declare function openSerialPort(path: string): Promise<Duplex>;
 * const serial: Transport = { schemes: ["mqtt+serial:"], open: (target) => openSerialPort(target.path) };
 * ```
 */
export interface Transport {
  /** The URL schemes, each with its colon. */
  readonly schemes: readonly string[];
  /**
   * Opens a connection.
   *
   * @throws TransportError when it cannot be made, UnsupportedError when an option cannot be honoured here.
   */
  open(target: TransportTarget, options: TransportOptions, context: TransportContext): Promise<Duplex>;
}
