import { StoreError } from "@rivulet/engine";
import { readFile } from "node:fs/promises";
import { replaceFile } from "./replace-file.ts";

/**
 * Writes a file as a whole, as `replaceFile`.
 *
 * @throws (as a rejection) StoreError
 */
export async function writeSessionFile(path: string, bytes: Uint8Array): Promise<void> {
  await replaceFile(path, bytes);
}

/** @throws (as a rejection) StoreError */
export async function readSessionFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { message } = cause as Error; // Of the file system.
    throw new StoreError(`The file ${path} cannot be read: ${message}`, { cause });
  }
}
