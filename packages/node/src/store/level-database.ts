import { StoreError, UnsupportedError } from "@rivulet/engine";
import type { DatabaseOperation, SessionDatabase } from "./session-database.ts";

/** The part of a `ClassicLevel` that is used here. */
interface Level {
  open(): Promise<void>;
  close(): Promise<void>;
  batch(
    operations: ({ type: "put"; key: string; value: Uint8Array } | { type: "del"; key: string })[],
    options: { sync: boolean },
  ): Promise<void>;
  iterator(range: { gte: string; lt: string }): { all(): Promise<[string, Uint8Array][]> };
}

/** The part of the package that is used here. */
interface LevelModule {
  readonly ClassicLevel: new (directory: string, encodings: { keyEncoding: "utf8"; valueEncoding: "view" }) => Level;
}

/**
 * Opens a LevelDB. It has its log written and, when asked, synced for each batch, reads it when it is opened again, and
 * compacts by itself. One process at a time can have it open: a lock on a file of the directory, which ends with the
 * process, sees to that.
 *
 * @throws (as a rejection) UnsupportedError without the package classic-level; StoreError.
 */
export function openLevelDatabase(directory: string): Promise<SessionDatabase> {
  return openLevelOf(directory, importLevel);
}

/** The same, with the package that `load` gives. */
export async function openLevelOf(directory: string, load: () => Promise<unknown>): Promise<SessionDatabase> {
  const { ClassicLevel } = await loadLevel(load);
  const level = new ClassicLevel(directory, { keyEncoding: "utf8", valueEncoding: "view" });
  try {
    await level.open();
  } catch (cause) {
    throw new StoreError(`The session store in ${directory} ${whyNotOpened(cause)}`, { cause });
  }
  return new LevelDatabase(level);
}

/** Loads the package; where there is none, a bundler does not mind as long as nobody opens a store. */
async function importLevel(): Promise<unknown> {
  try {
    return await import("classic-level");
  } catch (cause) {
    throw unavailable(cause);
  }
}

async function loadLevel(load: () => Promise<unknown>): Promise<LevelModule> {
  try {
    return (await load()) as LevelModule;
  } catch (cause) {
    throw unavailable(cause);
  }
}

function unavailable(cause: unknown): UnsupportedError {
  if (cause instanceof UnsupportedError) return cause;
  const { code, name, message } = Object(cause) as Partial<Error & { code: unknown }>;
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
    return new UnsupportedError("classic-level", "The disk store needs the package classic-level: install it", {
      cause,
    });
  }
  const what =
    name === "NotCapable"
      ? "The disk store needs the permissions --allow-ffi and --allow-env for the package classic-level"
      : "The package classic-level cannot be loaded here";
  return new UnsupportedError("classic-level", `${what}: ${String(message)}`, { cause });
}

function whyNotOpened(error: unknown): string {
  const { cause } = Object(error) as { cause?: unknown };
  const { code, message } = Object(cause ?? error) as Partial<Error & { code: unknown }>;
  if (code === "LEVEL_LOCKED") return "is in use by another process, or by another store of this one";
  if (code === "LEVEL_CORRUPTION") return `is damaged: ${String(message)}`;
  return `cannot be opened: ${String(message)}`;
}

class LevelDatabase implements SessionDatabase {
  readonly #level: Level;

  constructor(level: Level) {
    this.#level = level;
  }

  async read(from: string, to: string): Promise<readonly (readonly [string, Uint8Array])[]> {
    const entries = await this.#level.iterator({ gte: from, lt: to }).all();
    // They come as Buffers, which are not what a payload is to be a view of.
    return entries.map(([key, { buffer, byteOffset, length }]) => [key, new Uint8Array(buffer, byteOffset, length)]);
  }

  write(operations: readonly DatabaseOperation[], sync: boolean): Promise<void> {
    const batch = operations.map(({ key, value }) =>
      value === undefined ? ({ type: "del", key } as const) : ({ type: "put", key, value } as const),
    );
    return this.#level.batch(batch, { sync });
  }

  close(): Promise<void> {
    return this.#level.close();
  }
}
