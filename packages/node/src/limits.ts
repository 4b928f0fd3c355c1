/**
 * Bytes that may wait in `readable` for a consumer that does not read. From there on the socket is paused, so that the
 * server stalls instead of our memory growing. What is held can exceed it by one chunk (64 KiB on Node).
 */
export const readableHighWaterMarkBytes: number = 64 * 1024;

/** Bytes that are gathered before the socket is given them, and a write waits for a turn of the event loop. */
export const gatheredBytesLimit: number = 32 * 1024;

/**
 * Bytes that may wait in `writable` before its `desiredSize` falls to 0. Nothing is refused beyond it: a caller that does
 * not wait for `write` or `ready` holds what it has written. Below it, Node keeps at most its own high-water mark, what
 * was gathered, and one chunk.
 */
export const writableHighWaterMarkBytes: number = 64 * 1024;
