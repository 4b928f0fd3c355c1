/** `@rivulet/node/disk-store`: sessions on disk, for Node, Bun and Deno. */
export {
  DiskSessionStore,
  diskSessionStore,
  type DiskSessionStoreOptions,
  type Durability,
} from "./store/disk-session-store.ts";
export { openLevelDatabase } from "./store/level-database.ts";
export { readSessionFile, writeSessionFile } from "./store/session-file.ts";
export type { DatabaseOperation, SessionDatabase } from "./store/session-database.ts";
