import { open } from "node:fs/promises";

/** Makes durable which files there are in a directory: without it a power failure may take a new name back. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows has no such call, and does it by itself.
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
