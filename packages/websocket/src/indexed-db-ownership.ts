import { StoreError, type Environment } from "@rivulet/engine";
import type { Database } from "./indexed-db-database.ts";
import { leaseMs, patienceMs, pollMs } from "./indexed-db-limits.ts";

// Theory of operation
//
// A session belongs to one client at a time, of whatever page of the origin. With Web Locks the browser sees to that, and
// a page that crashes has lost its own. Where there are none (on http: pages), the database has a lease for each session:
// who has it, and until when. It is renewed by a timer, and looked at in each transaction that writes: nothing is written
// under a lease that somebody else has taken, however late the timer was.

/** The clock of leases. */
export type LeaseClock = Pick<Environment, "wallNow" | "setTimeout" | "clearTimeout">;

/** A session that is ours. */
export interface Ownership {
  /** Looks, within a transaction, whether it still is; calls `fail` if not. */
  check?(leases: IDBObjectStore, fail: (error: StoreError) => void): void;
  release(): void;
}

interface LeaseRecord {
  readonly owner: string;
  /** In ms since 1970. */
  readonly until: number;
}

const inUse = (session: string, cause?: unknown): StoreError =>
  new StoreError(`The session ${session} is in use by another page or client`, { cause });

/** @throws (as a rejection) StoreError when somebody else has it. */
export function lockSession(locks: LockManager, name: string, session: string): Promise<Ownership> {
  return new Promise((resolve, reject) => {
    const hold = (): Promise<void> => new Promise<void>((release) => resolve({ release }));
    locks
      .request(JSON.stringify([name, session]), { signal: AbortSignal.timeout(patienceMs) }, hold)
      .catch((cause: unknown) => reject(inUse(session, cause)));
  });
}

/** @throws (as a rejection) StoreError when somebody else has it. */
export async function leaseSession(database: Database, session: string, clock: LeaseClock): Promise<Ownership> {
  const owner = crypto.getRandomValues(new Uint32Array(4)).join();
  let until = 0;
  const renew = async (): Promise<boolean> => {
    const now = clock.wallNow();
    const isOurs = await putLease(database, session, { owner, until: now + leaseMs }, now);
    until = isOurs ? now + leaseMs : 0;
    return isOurs;
  };
  for (let waitedMs = 0; !(await renew()); waitedMs += pollMs) {
    if (waitedMs >= patienceMs) throw inUse(session);
    await new Promise<void>((resolve) => clock.setTimeout(resolve, pollMs));
  }
  let timer: unknown;
  const renewLater = (): void => {
    timer = clock.setTimeout(() => {
      // Without it, the next write says so.
      renew().then((isOurs) => {
        if (isOurs && timer !== undefined) renewLater();
      }, release);
    }, leaseMs / 3);
  };
  const release = (): void => {
    if (timer === undefined) return;
    clock.clearTimeout(timer);
    timer = undefined;
    globalThis.removeEventListener?.("pagehide", release);
    // One that may have ended is somebody else's by now.
    if (isFree({ owner, until }, clock.wallNow())) return;
    // All of it at once: a page that is left hears of no answer any more.
    const giveBack = database.transact("readwrite", (_, leases) => {
      leases.put({ owner, until: 0 }, session);
      leases.transaction.commit();
      return undefined;
    });
    giveBack.catch(() => undefined); // It ends by itself.
  };
  renewLater();
  // The next page need not wait. One that comes back from the cache finds the lease its own, or taken.
  globalThis.addEventListener?.("pagehide", release);
  return {
    release,
    check: (leases, fail) => {
      const request = leases.get(session) as IDBRequest<LeaseRecord | undefined>;
      request.onsuccess = () => {
        if (request.result?.owner !== owner) fail(new StoreError(`The session ${session} has gone to another page`));
      };
    },
  };
}

/** Whether it could be had. */
async function putLease(database: Database, session: string, lease: LeaseRecord, now: number): Promise<boolean> {
  let isOurs = false;
  await database.transact("readwrite", (_, leases) => {
    const request = leases.get(session) as IDBRequest<LeaseRecord | undefined>;
    request.onsuccess = () => {
      isOurs = request.result?.owner === lease.owner || isFree(request.result, now);
      if (isOurs) leases.put(lease, session);
    };
    return undefined;
  });
  return isOurs;
}

function isFree(lease: LeaseRecord | undefined, now: number): boolean {
  // One that ends later than any can was made by a clock that was wrong.
  return lease === undefined || lease.until <= now || lease.until > now + leaseMs;
}
