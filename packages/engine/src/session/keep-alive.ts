import { leastProgressBytes } from "../limits.ts";

// Theory of operation
//
// Two clocks run: the time since bytes last left, and the time since bytes last came. When either reaches the Keep
// Alive, a PINGREQ is due, the first so that the server does not give us up [MQTT-3.1.2-20], the second so that we
// find out about a connection that is half open. After a PINGREQ any byte is a sign of life. The connection is dead
// when none came for the ping timeout, and in any case 1.5 times the Keep Alive after the last byte that came, unless a
// longer ping timeout was asked for.
//
// These are deadlines, not ticks: a timer that fires late (a tab in the background, a laptop that slept) finds the
// truth at whatever time it is asked.

/** What has become due. */
export type KeepAliveVerdict = "alive" | "ping" | "dead";

/** Decides when to send PINGREQ and when to give a connection up. All times are in ms of one monotonic clock. */
export class KeepAlive {
  readonly #intervalMs: number;
  readonly #pingTimeoutMs: number;
  #lastSent: number;
  /** The last byte that came, and the last that counted as progress. */
  #lastByte: number;
  #lastReceived: number;
  /** Bytes of the packet that is arriving, since it last counted. */
  #partialBytes = 0;
  #pingSent: number | undefined;

  /** An interval of 0 turns it off; the ping timeout is half the interval when left out. */
  constructor(intervalMs: number, pingTimeoutMs: number | undefined, now: number) {
    this.#intervalMs = intervalMs;
    this.#pingTimeoutMs = pingTimeoutMs ?? intervalMs / 2;
    this.#lastSent = now;
    this.#lastByte = now;
    this.#lastReceived = now;
  }

  /** Whether a PINGREQ waits for its answer. */
  get isPingOutstanding(): boolean {
    return this.#pingSent !== undefined;
  }

  /** When `check` is to be asked next; Infinity when it is off. */
  get deadline(): number {
    if (this.#intervalMs === 0) return Infinity;
    return Math.min(this.#pingDue(), this.#dead());
  }

  sent(now: number): void {
    this.#lastSent = now;
  }

  /** Bytes came, which completed a packet or not: one that hardly grows is no sign of life. */
  received(byteLength: number, hasPacket: boolean, now: number): void {
    this.#lastByte = now;
    this.#partialBytes += byteLength;
    if (!hasPacket && this.#partialBytes < leastProgressBytes) return;
    this.#partialBytes = 0;
    this.#lastReceived = now;
  }

  pinged(now: number): void {
    this.#pingSent = now;
    // While the transport takes nothing it waits in the batch, where another one would say no more.
    this.#lastSent = now;
  }

  /** A PINGRESP came. */
  answered(): void {
    this.#pingSent = undefined;
  }

  /** The connection may be gone: a PINGREQ is due at once, unless one waits for its answer. */
  doubt(): void {
    if (!this.isPingOutstanding) this.#lastSent = -Infinity;
  }

  check(now: number): KeepAliveVerdict {
    if (this.#intervalMs === 0) return "alive";
    if (now >= this.#dead()) return "dead";
    return now >= this.#pingDue() ? "ping" : "alive";
  }

  #pingDue(): number {
    // One that is unanswered is not repeated, unless bytes have come since: then it is the answer that was lost.
    if (this.#pingSent !== undefined && this.#pingSent >= this.#lastReceived) return Infinity;
    return Math.min(this.#lastSent, this.#lastReceived) + this.#intervalMs;
  }

  #dead(): number {
    if (this.#pingSent === undefined) return Infinity;
    const unanswered = Math.max(this.#pingSent, this.#lastByte) + this.#pingTimeoutMs;
    const atTheLatest = this.#lastReceived + this.#intervalMs + Math.max(this.#intervalMs / 2, this.#pingTimeoutMs);
    // A PINGREQ that left later than that (we were asleep) still gets its time to be answered.
    return this.#pingSent < atTheLatest ? Math.min(unanswered, atTheLatest) : unanswered;
  }
}
