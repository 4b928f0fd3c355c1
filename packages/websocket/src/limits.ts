/** Bytes that may wait in `readable` before the source is paused, where it can be (Node, and Deno with `--unstable-net`). */
export const readableHighWaterMarkBytes: number = 64 * 1024;

/**
 * Bytes that the platform's WebSocket may have waiting to be sent. A write that takes it above settles when it has come
 * down again, so a server that does not read is owed this much and one chunk.
 */
export const outboundHighWaterMarkBytes: number = 256 * 1024;

/**
 * Bytes that may wait for a reader that does not read, where the platform's WebSocket cannot be paused (browsers,
 * Workers, Deno without `--unstable-net`). Beyond it the connection is closed with a TransportError. A single message
 * is always taken when nothing else waits.
 */
export const inboundLimitBytes: number = 16 * 1024 * 1024;

/**
 * Bytes of small messages that are handed over as one chunk, where the platform's WebSocket tells of each by itself. A
 * larger message goes its way at once. More costs memory for each connection, less costs processor time.
 */
export const gatheredBytesLimit: number = 16 * 1024;

/**
 * The largest WebSocket message that is accepted on Node, in bytes: that of the largest Control Packet, 2.1.4 of MQTT
 * 5.0. A larger one ends the connection with close code 1009. Browsers have limits of their own.
 */
export const maximumMessageBytes: number = 268_435_455 + 5;

/**
 * The first and the longest time between two looks at `bufferedAmount` while a write waits, in ms; it doubles in
 * between. There is no event for it. Shorter costs processor time while a server stalls, longer costs throughput.
 */
export const shortestPollMs: number = 1;
export const longestPollMs: number = 50;
