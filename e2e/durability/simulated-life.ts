import type { Duplex, SessionStore } from "rivulet";
import { DiskSessionStore } from "rivulet/disk-store";
import type { CrashPoint } from "./crash-points.ts";
import { ForgetfulDatabase } from "./forgetful-database.ts";
import type { StartLife } from "./lane.ts";
import { live } from "./life.ts";
import { watchDatabase } from "./watched-database.ts";

/** A mistake that a client or its store could make. */
export type Defect = "the sync is left out" | "what is not written yet is sent";

/**
 * Lives in this process, each of which ends with a power failure: the connection is gone, nothing that it still wanted to do
 * is done, and its store has forgotten what was not synced.
 */
export function simulatedLives(defect?: Defect): StartLife {
  let database = new ForgetfulDatabase();
  return ({ crash, ...task }, heard) => {
    let duplex: Duplex | undefined;
    let isDead = false;
    let passes = 0;
    const journal = (line: string): void => {
      if (!isDead) heard(line);
    };
    const seen = new Map<number, number>();
    let end: (value?: unknown) => void = () => undefined;
    const ended = new Promise((resolve) => (end = resolve));
    let crashed: (point: string) => void = () => undefined;
    const crashing = new Promise<string>((resolve) => (crashed = resolve));
    const passed = async (point: CrashPoint): Promise<void> => {
      if (!isDead) {
        if (point !== crash?.point || ++passes < crash.pass) return;
        isDead = true;
        database = database.crash();
        duplex?.abort();
        crashed(point);
      }
      await new Promise(() => undefined);
    };
    const watched = watchDatabase(database, {
      passed,
      recorded: (packetIdentifier) => journal(`recorded ${seen.get(packetIdentifier) ?? ""}`),
      isForgetful: defect === "the sync is left out",
    });
    const disk = new DiskSessionStore(watched, "memory", "strict");
    const store = defect === "what is not written yet is sent" ? hasty(disk) : disk;
    const opened = (each: Duplex): void => void (duplex = each);
    const living = live(task, { store, passed, journal, seen, opened, ended }).then(async () => {
      await disk.close();
      return undefined;
    });
    return { end, over: Promise.race([living, crashing]) };
  };
}

/** A store that says that a write is done when it has begun. */
function hasty(store: DiskSessionStore): SessionStore {
  let last = Promise.resolve();
  return {
    load: (session) => store.load(session),
    write: (session, changes) => {
      last = last.then(() => store.write(session, changes));
      return Promise.resolve();
    },
    release: async (session) => {
      await last;
      await store.release(session);
    },
  };
}
