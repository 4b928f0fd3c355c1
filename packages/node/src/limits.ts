/**
 * Bytes that may wait in `readable` for a consumer that does not read. From there on the socket is paused, so that the
 * server stalls instead of our memory growing. What is held can exceed it by one chunk (64 KiB on Node).
 */
export const readableHighWaterMarkBytes: number = 64 * 1024;

/**
 * Bytes that may wait in `readable` where the socket cannot be paused, as with TLS in Deno, whose `node:tls` reads on.
 * The connection ends there.
 */
export const unpausableLimitBytes: number = 16 * 1024 * 1024;

/**
 * Bytes that are gathered before the socket is given them. Less than half of the codec's buffer, so that two batches fit
 * into one.
 */
export const gatheredBytesLimit: number = 24 * 1024;

/** Bytes that leave so, while the system takes them at once, before a write waits for a turn of the event loop. */
export const turnBytesLimit: number = 256 * 1024;

/**
 * Bytes that may wait in `writable` before its `desiredSize` falls to 0. Nothing is refused beyond it: a caller that does
 * not wait for `write` or `ready` holds what it has written. Below it, Node keeps at most its own high-water mark, what
 * was gathered, and one chunk.
 */
export const writableHighWaterMarkBytes: number = 64 * 1024;

/** How long an address of a host may keep silent before the next one is tried beside it (RFC 8305, section 5). */
export const connectionAttemptDelayMs: number = 250;

/** With a limit to the rate, bytes go in slices of what it allows in this time. */
export const sliceMs: number = 50;
