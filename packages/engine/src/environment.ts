/**
 * What the engine needs of the world beyond bytes: time and chance. It is injected once, when a client is made, so
 * that a test can own both.
 */
export interface Environment {
  /** A clock that never goes back, in ms. */
  now(): number;
  /** The time of the day, in ms since 1970, which outlives a process. */
  wallNow(): number;
  /** Calls back once, after `delayMs` or later. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  /** Calls off what `setTimeout` returned. */
  clearTimeout(timer: unknown): void;
  /** Fills an array with random bytes. */
  getRandomValues(bytes: Uint8Array): Uint8Array;
  /**
   * Calls back whenever timers may have been late, a connection may be possible again, or may be gone (a page becomes
   * visible, the network comes or goes): a client that is connected then checks its deadlines and asks the server for a
   * sign of life, and one that waits to connect again does so at once. Returns a function that calls it off. Where it is missing, timers are all there is.
   */
  onWake?(callback: () => void): () => void;
}
