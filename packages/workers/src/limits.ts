/**
 * Bytes that may wait in `readable` for a consumer that does not read. From there on the socket is not read, so that the
 * server stalls instead of our memory growing. What is held can exceed it by one chunk.
 */
export const readableHighWaterMarkBytes: number = 64 * 1024;

/**
 * Bytes that may wait in `writable` before its `desiredSize` falls to 0. Nothing is refused beyond it: a caller that does
 * not wait for `write` or `ready` holds what it has written.
 */
export const writableHighWaterMarkBytes: number = 64 * 1024;
