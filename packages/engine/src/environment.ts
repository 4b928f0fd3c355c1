/**
 * What the engine needs of the world beyond bytes: time and chance. It is injected once, when a client is made, so
 * that a test can own both.
 */
export interface Environment {
  /** A clock that never goes back, in ms. */
  now(): number;
  /** Calls back once, after `delayMs` or later. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  /** Calls off what `setTimeout` returned. */
  clearTimeout(timer: unknown): void;
  /** Fills an array with random bytes. */
  getRandomValues(bytes: Uint8Array): Uint8Array;
}
