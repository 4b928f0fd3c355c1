import type { DatabaseOperation, SessionDatabase } from "rivulet/disk-store";
import type { Direction, Passed } from "./crash-points.ts";

export interface WatchedDatabaseOptions {
  readonly passed: Passed;
  /** An incoming QoS 2 message has been recorded as done, durably. */
  readonly recorded: (packetIdentifier: number) => void;
  /** Leaves out the sync, which is a mistake that the suite must find. */
  readonly isForgetful?: boolean;
}

/** Does the write and the sync of a batch one after the other, with crash points around them. */
export function watchDatabase(database: SessionDatabase, options: WatchedDatabaseOptions): SessionDatabase {
  const { passed, recorded, isForgetful = false } = options;
  return {
    read: (from, to) => database.read(from, to),
    close: () => database.close(),
    write: async (operations, sync) => {
      const directions = directionsOf(operations);
      for (const direction of directions) await passed(`${direction}: before the write`);
      await database.write(operations, false);
      for (const direction of directions) await passed(`${direction}: after the write, before the sync`);
      // The sync of anything covers all that was written before.
      if (sync) await database.write([{ key: "z", value: new Uint8Array(1) }], !isForgetful);
      for (const { key, value } of operations) {
        const packetIdentifier = /"in\/(\d+)$/.exec(key)?.[1];
        if (packetIdentifier !== undefined && value !== undefined) recorded(Number(packetIdentifier));
      }
      for (const direction of directions) await passed(`${direction}: after the sync`);
    },
  };
}

function directionsOf(operations: readonly DatabaseOperation[]): Direction[] {
  return (["out", "in"] as const).filter((direction) => operations.some(({ key }) => key.includes(`"${direction}/`)));
}
