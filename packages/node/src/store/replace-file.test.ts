import { StoreError } from "@rivulet/engine";
import { mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { replaceFile, type FileCalls } from "./replace-file.ts";
import { syncDirectory } from "./sync-directory.ts";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "rivulet-replace-file-"));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

const calls: FileCalls = { open, rename, rm, syncDirectory };
const [before, after] = ["before", "after"].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array];
const fail = (): Promise<never> => Promise.reject(new Error("ENOSPC: no space left on device"));

/** File calls that fail at one step; the others are those of the file system. */
function failing(step: "write" | "sync" | "close" | keyof FileCalls): FileCalls {
  if (step === "open" || step === "rename" || step === "syncDirectory") return { ...calls, [step]: fail };
  const openToFail: typeof open = async (...args) => {
    const handle = await open(...args);
    const write = async (): Promise<never> => {
      await handle.write(after, 0, 3); // A part of it is written.
      return fail();
    };
    if (step === "write") handle.writeFile = write;
    if (step === "sync") handle.sync = fail;
    if (step === "close") {
      const close = handle.close.bind(handle);
      handle.close = () => close().then(fail);
    }
    return handle;
  };
  return { ...calls, open: openToFail };
}

describe("replaceFile", () => {
  it("makes a file, and replaces it; nobody else may read it", async () => {
    const directory = await mkdtemp(join(root, "a-"));
    const path = join(directory, "file");
    for (const bytes of [before, after, new Uint8Array(0)]) {
      await replaceFile(path, bytes);
      expect(new Uint8Array(await readFile(path))).toEqual(bytes);
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(["file"]);
  });

  it.each(["open", "write", "sync", "close", "rename"] as const)(
    "leaves the old file when it fails: %s",
    async (step) => {
      const directory = await mkdtemp(join(root, "b-"));
      const path = join(directory, "file");
      await writeFile(path, before);
      const error: unknown = await replaceFile(path, after, failing(step)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StoreError);
      expect((error as Error).message).toBe(`The file ${path} cannot be written: ENOSPC: no space left on device`);
      expect(new Uint8Array(await readFile(path))).toEqual(before);
      expect(await readdir(directory)).toEqual(["file"]);
    },
  );

  it("says so when only the directory could not be synced", async () => {
    const path = join(await mkdtemp(join(root, "c-")), "file");
    await expect(replaceFile(path, after, failing("syncDirectory"))).rejects.toThrow(StoreError);
    expect(new Uint8Array(await readFile(path))).toEqual(after);
  });

  it("does all that a power failure could undo before it is over, in this order", async () => {
    const path = join(await mkdtemp(join(root, "d-")), "file");
    const steps: string[] = [];
    await replaceFile(path, after, {
      open: async (...args) => {
        const handle = await open(...args);
        const sync = handle.sync.bind(handle);
        handle.sync = () => {
          steps.push("sync");
          return sync();
        };
        return handle;
      },
      rename: (...args) => {
        steps.push("rename");
        return rename(...args);
      },
      rm,
      syncDirectory: (directory) => {
        steps.push("sync the directory");
        return syncDirectory(directory);
      },
    });
    expect(steps).toEqual(["sync", "rename", "sync the directory"]);
  });

  it("says where it cannot write", async () => {
    const path = join(root, "nowhere", "file");
    await expect(replaceFile(path, after)).rejects.toThrow(`The file ${path} cannot be written: ENOENT`);
  });
});
