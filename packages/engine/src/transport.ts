import type { Duplex } from "./duplex.ts";
import type { ServerAuthentication, TlsOptions } from "./tls.ts";

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

/** Options for transports over TCP; WebSockets, TLS and proxies stand on the same socket. Refused in browsers. */
export interface SocketOptions {
  /** The local address to connect from, or a name that stands for one. Default: the system's choice. */
  readonly localAddress?: string | undefined;
  /** The local port to connect from. Default: 0, the system's choice. */
  readonly localPort?: number | undefined;
  /**
   * Which addresses of a host name are connected to: of one family only, both with IPv6 first, or both as the platform
   * orders them. Default: `"any"`.
   */
  readonly family?: 4 | 6 | "prefer6" | "any" | undefined;
  /** Send each batch at once instead of waiting to fill a segment (Nagle's algorithm off). Default: true. */
  readonly noDelay?: boolean | undefined;
  /** TCP's own keep-alive probes, which see to NATs and dead peers below MQTT. Default: false. */
  readonly keepAlive?: boolean | SocketKeepAliveOptions | undefined;
  /**
   * What becomes of bytes that have not been delivered when the connection is closed: with false it is reset at once
   * and they are lost; with a number the end is orderly, and a reset follows after so many seconds. Default: the
   * system's way, orderly and in the background.
   */
  readonly linger?: false | number | undefined;
  /** Bytes that may wait to be sent before writes wait. Default: 64 KiB. */
  readonly sendBufferBytes?: number | undefined;
  /** Bytes that may wait to be read before the server is made to wait. Default: 64 KiB. */
  readonly receiveBufferBytes?: number | undefined;
  /**
   * The most that is sent, and the most that is read, in bytes a second, spread evenly; one number is for each of them.
   * Default: no limit.
   */
  readonly maxTransferRate?: number | TransferRateOptions | undefined;
}

/** Limits in bytes a second, each way by itself. */
export interface TransferRateOptions {
  /** Default: no limit. */
  readonly send?: number | undefined;
  /** Default: no limit. */
  readonly receive?: number | undefined;
}

/** Probes of TCP's keep-alive. */
export interface SocketKeepAliveOptions {
  /** How long a connection is silent before it is probed, in ms. Default: the system's, often two hours. */
  readonly initialDelayMs?: number | undefined;
}

/** Options for transports over WebSocket. */
export interface WebSocketOptions {
  /** Subprotocols to offer. Default: `["mqtt"]`, and `["mqttv3.1"]` for MQTT 3.1 [MQTT-6.0.0-3]. */
  readonly protocols?: readonly string[] | undefined;
  /** Headers for the upgrade request. Refused in browsers, which cannot send any. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Whether to offer the compression of RFC 7692. Default: false. Refused in browsers, which decide by themselves. */
  readonly perMessageDeflate?: boolean | undefined;
  /** The largest message that is taken, in bytes. Default: 256 MiB. Refused in browsers. */
  readonly maxPayloadBytes?: number | undefined;
}

/** A proxy between the client and the server. Refused in browsers, which have settings of their own. */
export interface ProxyOptions {
  /**
   * Where the proxy is: `http:` and `https:` (CONNECT), `socks4:`, `socks4a:`, `socks5:` (names are resolved here) or
   * `socks5h:` (names are resolved by the proxy), with user name and password if it wants them; or `"system"`: what
   * the environment's `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
   */
  readonly url: string | URL;
  /** Wins over the user name in the URL. */
  readonly username?: string | undefined;
  /** Wins over the password in the URL. */
  readonly password?: string | undefined;
  /** Headers for CONNECT. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Hosts that are connected to directly: names (which stand for what is under them too), addresses, CIDR blocks, each
   * with a port or without; `*` stands for any part of a name.
   */
  readonly exceptions?: readonly string[] | undefined;
  /** Who resolves the server's name. Default: the proxy for `http:`, `https:`, `socks4a:` and `socks5h:`. */
  readonly resolveNames?: "here" | "proxy" | undefined;
  /** For the connection to an `https:` proxy. */
  readonly tls?: TlsOptions | undefined;
}

/** The options of `connect` that only transports understand. One that a transport cannot honour, it must refuse. */
export interface TransportOptions {
  readonly socket?: SocketOptions | undefined;
  /** TLS. Applies to URLs with a scheme that asks for it. Refused in browsers, where it is the browser's affair. */
  readonly tls?: TlsOptions | undefined;
  /** A proxy, its URL, or `"system"`. Default: none. */
  readonly proxy?: string | URL | ProxyOptions | undefined;
  readonly webSocket?: WebSocketOptions | undefined;
}

/** What of a connection stands: that to the proxy, TLS with the server, the connection that MQTT is spoken on. */
export type Milestone = "proxy" | "tls" | "host";

/** What a transport is given while it opens a connection. */
export interface TransportContext {
  /** Aborted when the attempt is over. `open` then rejects with the signal's reason and leaves nothing behind. */
  readonly signal: AbortSignal;
  /**
   * Tells the client how far the attempt has got; shown as the event `connectionStatus`, or with `"tls"`, as
   * `tlsStatus`. `reached` says that something stands from now on.
   */
  report(status: string, about?: "tls", reached?: Milestone): void;
  /**
   * Shows the server's certificate as the event `tlsServerAuthentication`, and returns whether to go on: `accept`,
   * unless a listener has decided otherwise.
   */
  verify(authentication: ServerAuthentication): boolean;
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
