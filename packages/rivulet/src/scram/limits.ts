/** Bounds of SCRAM; the first two are options of `scram`. */

/**
 * The least iteration count that is accepted from a server, as RFC 5802 and RFC 7677 have it: who pretends to be the
 * server, and says less, gets a proof that is cheap to guess passwords against.
 */
export const defaultMinIterations = 4096;
/**
 * The greatest: a server cannot keep a processor busy for more than a second or two. It is more than what is
 * recommended today for SHA-1, the fastest of the three.
 */
export const defaultMaxIterations = 2_000_000;

/** Random bytes in a nonce of ours. */
export const nonceBytes = 24;
