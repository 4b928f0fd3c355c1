import { PacketError } from "@rivulet/codec";
import {
  AuthenticationError,
  ConnectionRefusedError,
  InvalidOptionError,
  ServerDisconnectError,
  StoreError,
  UnsupportedError,
} from "../errors.ts";
import {
  defaultMaxDelayMs,
  defaultMinDelayMs,
  defaultStableAfterMs,
  maximumTimerDelayMs,
  protocolFaultsLimit,
} from "../limits.ts";
import type { ReconnectOptions } from "../options.ts";

/** Credentials that are wrong: 4 and 5 are what MQTT 3.1.1 says for 0x86 and 0x87. */
const credentialsRefused: readonly unknown[] = [4, 5, 0x86, 0x87];

/** What another attempt would only be told again; 1 and 2 are of MQTT 3.1.1. */
const final: readonly unknown[] = [
  ...credentialsRefused,
  ...[1, 2, 0x81, 0x82, 0x84, 0x85, 0x8a, 0x8c, 0x8e, 0x95, 0x9a, 0x9b, 0x9c, 0x9d], // [MQTT-3.1.4-3]
];

/** Why there is no connection. */
export interface Failure {
  readonly error: unknown;
  /** On the clock of `connected`. */
  readonly now: number;
  /** From 0 to below 1. */
  readonly random: number;
  /** Whether a connection was lost, and not an attempt to make one. */
  readonly wasConnected: boolean;
  /** Whether the server has named others that will be tried. */
  readonly isRedirected: boolean;
}

/** An attempt that is to be made. */
export interface Retry {
  readonly attempt: number;
  readonly delayMs: number;
}

/**
 * Decides when to connect again, and when to leave it. What it remembers of failures it forgets once a connection has
 * lasted.
 */
export class ReconnectPolicy {
  readonly #options: ReconnectOptions;
  /** Whether credentials may be others when they are asked for again. */
  readonly #asksForCredentials: boolean;
  #connectedAt = Infinity;
  #attempt = 0;
  #protocolFaults = 0;
  #hasAskedAgain = false;

  constructor(options: ReconnectOptions, asksForCredentials: boolean) {
    this.#options = options;
    this.#asksForCredentials = asksForCredentials;
  }

  /** A server has accepted us. */
  connected(now: number): void {
    this.#connectedAt = now;
  }

  /** Whether the connection has lasted. */
  isStable(now: number): boolean {
    return now - this.#connectedAt >= (this.#options.stableAfterMs ?? defaultStableAfterMs);
  }

  /** What to do after a failure; undefined: no more. */
  next({ error, now, random, wasConnected, isRedirected }: Failure): Retry | undefined {
    if (wasConnected && this.isStable(now)) {
      this.#attempt = 0;
      this.#protocolFaults = 0;
      this.#hasAskedAgain = false;
    }
    const wouldStop = this.#judge(error) && !isRedirected;
    const { minDelayMs = defaultMinDelayMs, maxAttempts = Infinity, retry } = this.#options;
    const { maxDelayMs = Math.max(defaultMaxDelayMs, minDelayMs) } = this.#options;
    this.#attempt += 1;
    const attempt = this.#attempt;
    if (attempt > maxAttempts) return undefined;
    const mostMs = Math.min(minDelayMs * 2 ** (attempt - 1), maxDelayMs, maximumTimerDelayMs);
    let delayMs: unknown = Math.round(random * mostMs); // [MQTT311-3.1.4-2]
    if (retry !== undefined) {
      const reasonCode = isOfServer(error) ? error.reasonCode : undefined;
      delayMs = retry({ attempt, delayMs: delayMs as number, wouldStop, error, reasonCode, wasConnected });
    } else if (wouldStop) return undefined;
    if (typeof delayMs !== "number" || !(delayMs >= 0)) return undefined;
    return { attempt, delayMs: Math.min(delayMs, maximumTimerDelayMs) };
  }

  /** Whether to stop; takes note of what counts in a row. */
  #judge(error: unknown): boolean {
    this.#protocolFaults = error instanceof PacketError ? this.#protocolFaults + 1 : 0;
    if (this.#protocolFaults >= protocolFaultsLimit) return true;
    if (this.#asksForCredentials && isOfServer(error) && credentialsRefused.includes(error.reasonCode)) {
      const hasAskedAgain = this.#hasAskedAgain;
      this.#hasAskedAgain = true;
      return hasAskedAgain;
    }
    return isFinal(error);
  }
}

/** Whether trying again is of no use. */
export function isFinal(error: unknown): boolean {
  if (isOfServer(error)) return final.includes(error.reasonCode);
  return [AuthenticationError, InvalidOptionError, StoreError, UnsupportedError].some((type) => error instanceof type);
}

/** Whether a server has said so; our own errors have Reason Codes, too. */
function isOfServer(error: unknown): error is ConnectionRefusedError | ServerDisconnectError {
  return error instanceof ConnectionRefusedError || error instanceof ServerDisconnectError;
}
