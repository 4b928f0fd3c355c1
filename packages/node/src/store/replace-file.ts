import { StoreError } from "@rivulet/engine";
import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "./sync-directory.ts";

/** What it takes of the file system. */
export interface FileCalls {
  readonly open: typeof open;
  readonly rename: typeof rename;
  readonly rm: typeof rm;
  readonly syncDirectory: (directory: string) => Promise<void>;
}

/**
 * Gives a file new contents, all or none: whatever happens meanwhile, the power's failure included, there is either the
 * old file or the new one. Only the user may read it.
 *
 * @throws (as a rejection) StoreError; the old file is there then, unless only its directory could not be synced.
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  calls: FileCalls = { open, rename, rm, syncDirectory },
): Promise<void> {
  // In the same directory, because a rename is atomic within one file system only.
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const handle = await calls.open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync(); // Before the rename, or the new name may come to stand for an empty file.
    } finally {
      await handle.close();
    }
    await calls.rename(temporary, path);
    await calls.syncDirectory(dirname(path));
  } catch (cause) {
    await calls.rm(temporary, { force: true }).catch(() => undefined);
    const { message } = cause as Error; // Of the file system.
    throw new StoreError(`The file ${path} cannot be written: ${message}`, { cause });
  }
}
