import type { TlsOptions } from "@rivulet/engine";
import { maxSessions } from "./limits.ts";

/** A session of TLS that can be taken up again. The server shows no certificate then: what it showed is kept. */
export interface KeptSession {
  readonly session: Buffer;
  /** DER, the server's first. */
  readonly certificates: readonly Uint8Array[];
  readonly opensslError: string | undefined;
}

/*
 * Sessions belong to an object of options, so that those of one client are not taken up by another, which may have another
 * certificate of its own. The key tells what else they depend on: the server, and the files' contents.
 */
const sessions = new WeakMap<TlsOptions, Map<string, KeptSession>>();

export function findSession(options: TlsOptions, key: string): KeptSession | undefined {
  return sessions.get(options)?.get(key);
}

/** Keeps a session in the place of the one before. */
export function keepSession(options: TlsOptions, key: string, session: KeptSession): void {
  let kept = sessions.get(options);
  if (kept === undefined) {
    kept = new Map();
    sessions.set(options, kept);
  }
  kept.delete(key);
  kept.set(key, session);
  for (const oldest of kept.keys()) {
    if (kept.size <= maxSessions) break;
    kept.delete(oldest);
  }
}

export function forgetSession(options: TlsOptions, key: string): void {
  sessions.get(options)?.delete(key);
}
