/** The largest value of a Variable Byte Integer, and so of a Remaining Length, in bytes (section 1.5.5). */
export const maximumVariableByteInteger = 268_435_455;

/** The largest Control Packet that the protocol can express, in bytes: a header of five and the largest Remaining Length. */
export const maximumControlPacketSize = 268_435_460;

/** The longest fixed header, in bytes: a byte and a Remaining Length. */
export const maximumHeaderBytes = 5;

/** The longest string or binary value, in bytes (sections 1.5.4 and 1.5.6). */
export const maximumFieldBytes = 65_535;

/**
 * Decoders keep short strings that they have seen, since topics come again and again. Longer ones than this, in bytes,
 * are never kept; with the number of slots it bounds what all of them hold (two caches, at most 256 KiB together).
 */
export const cachedStringMaximumBytes = 128;

/** Slots of each string cache; a power of two. */
export const cachedStringSlots = 1024;

/**
 * A packet that spans chunks is gathered in a buffer of its own. Up to this many bytes it is allocated at once; beyond,
 * the buffer doubles as bytes really arrive, so that a header that promises 256 MiB costs nothing by itself.
 */
export const initialBodyBytes = 262_144;

/** What `BatchWriter` allocates at a time, in bytes; a larger batch gets a buffer of its own. */
export const batchBufferBytes = 65_536;

/** What it allocates first, in bytes; it grows by four times. */
export const firstBatchBufferBytes = 256;
