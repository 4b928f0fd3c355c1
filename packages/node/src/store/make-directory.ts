import { StoreError } from "@rivulet/engine";
import { chmod, mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { syncDirectory } from "./sync-directory.ts";

/**
 * Makes a directory, those that it is in included, so that they outlive a power failure. Only the user may look into one
 * that was made; who may look into one that was there is its owner's affair.
 *
 * @throws StoreError
 */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    const first = await mkdir(directory, { recursive: true });
    if (first === undefined) return;
    // Not by mkdir, which would do it to those that it is in too.
    await chmod(directory, 0o700);
    let parent = resolve(directory);
    do {
      parent = dirname(parent);
      await syncDirectory(parent);
    } while (parent !== dirname(resolve(first)));
  } catch (cause) {
    const { message } = cause as Error; // Of the file system.
    throw new StoreError(`The directory ${directory} cannot be made: ${message}`, { cause });
  }
}
