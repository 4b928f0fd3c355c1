/** The most bytes of an HTTP proxy's answers, interim ones together with the last, before the tunnel begins. */
export const proxyHeaderBytesLimit: number = 64 * 1024;

/** The most characters of what an HTTP proxy says that an error repeats. */
export const proxyReasonLengthLimit = 200;

/** SOCKS5 counts user names, passwords and host names in one byte (RFC 1928, RFC 1929). SOCKS4 is held to the same. */
export const socksTextBytesLimit = 255;

/**
 * How long the library for SOCKS would wait for a proxy. The signal of the attempt ends it long before; but the library
 * keeps some KiB of each handshake for that long, also of one that has succeeded.
 */
export const socksHandshakeMs: number = 10 * 60 * 1000;
