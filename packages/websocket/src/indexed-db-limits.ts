/**
 * How long `load` waits for a session that another page has, in ms: long enough for a page that has just been left to be
 * gone. After that it is refused.
 */
export const patienceMs: number = 1_000;

/** How often it looks in between, in ms, where there are no Web Locks. */
export const pollMs: number = 200;

/**
 * How long a page that is not heard of keeps a session, in ms, where there are no Web Locks. Timers of a page in the
 * background fire once a minute. Longer keeps others waiting after a crash.
 */
export const leaseMs: number = 90_000;
