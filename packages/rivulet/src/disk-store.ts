/** `rivulet/disk-store`: sessions on disk, for Node, Bun and Deno. */
import type { MqttClient } from "@rivulet/engine";
import { readSessionFile, writeSessionFile } from "@rivulet/node/disk-store";
import { restoreSession, saveSession } from "./session.ts";

export {
  DiskSessionStore,
  diskSessionStore,
  openLevelDatabase,
  type DatabaseOperation,
  type DiskSessionStoreOptions,
  type Durability,
  type SessionDatabase,
} from "@rivulet/node/disk-store";

/**
 * Saves to a file what must not be lost of a client's Session, as `saveSession` does. The file is replaced as a whole:
 * whatever happens meanwhile, there is either what was saved before or what is saved now. Only the user may read it.
 *
 * @throws (as a rejection) StoreError when the file cannot be written.
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { MqttClient } from "rivulet";
 * import { restoreSessionFile, saveSessionFile } from "rivulet/disk-store";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "session-")), "kitchen");
 * const before = new MqttClient("mqtt://broker.example", { clientId: "kitchen" });
 * void before.publish("home/kitchen/door", "open", { qos: 1 }).catch(() => undefined); // It waits for a connection.
 * await saveSessionFile(before, path);
 *
 * const after = new MqttClient("mqtt://broker.example", { clientId: "kitchen" });
 * await restoreSessionFile(after, path);
 * console.log(after.exportSession().records.length); // => 1
 * ```
 */
export async function saveSessionFile(client: Pick<MqttClient, "exportSession">, path: string): Promise<void> {
  await writeSessionFile(path, saveSession(client));
}

/**
 * Gives a client what `saveSessionFile` has saved, as `restoreSession` does.
 *
 * @throws (as a rejection) StoreError when there is no such file or it cannot be read, and as `restoreSession`. Nothing
 * has changed then.
 */
export async function restoreSessionFile(client: Pick<MqttClient, "importSession">, path: string): Promise<void> {
  restoreSession(client, await readSessionFile(path));
}
