import { StoreError, type SessionChange } from "@rivulet/engine";
import { execFile, spawn } from "node:child_process";
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sessionStoreScenarios, type SessionStoreHarness } from "../../../engine/testing/session-store-contract.ts";
import { MemoryDatabase } from "../../testing/memory-database.ts";
import { DiskSessionStore, diskSessionStore, type Durability } from "./disk-session-store.ts";

let root: string;
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "rivulet-disk-store-"));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

const place = (): string => join(root, `store-${(count += 1)}`);
const record = (key: string, byte = 1): { key: string; record: { key: string; packetIdentifier: number } } => ({
  key,
  record: { key, packetIdentifier: byte },
});

const plain = { type: "publish", topicName: "a", qos: 1, retain: false, duplicate: false } as const;

/** A record of some size, which cannot be compressed. */
function large(index: number): SessionChange {
  const payload = new Uint8Array(3_000).map((_, at) => Math.imul(at + index * 3_001, 2_654_435_761) >> 11);
  const key = `out/${index}`;
  return { key, record: { key, packet: { ...plain, payload } } };
}

function turned(bytes: Uint8Array, at: number): Uint8Array {
  bytes[at] = (bytes[at] as number) ^ 4; // There are more.
  return bytes;
}

describe.each<Durability>(["strict", "relaxed"])("the contract of session stores, %s", (durability) => {
  const harness: SessionStoreHarness = {
    isDurable: true,
    isShared: false,
    unfit: Symbol("that MessagePack does not know"),
    open: (name) => diskSessionStore({ directory: join(root, durability, name), durability }),
  };
  it.each(sessionStoreScenarios.filter((one) => one.applies(harness)))("$name", async ({ run }) => {
    await run(harness, assert);
  });
});

describe("a disk store", () => {
  it("lets nobody else look into a directory that it made, and leaves others as they are", async () => {
    // Windows has no such modes.
    const modeOf = async (path: string): Promise<number> =>
      process.platform === "win32" ? 0o700 : (await stat(path)).mode & 0o777;
    const directory = join(place(), "in");
    await using store = await diskSessionStore({ directory });
    expect(await modeOf(store.directory)).toBe(0o700);
    const own = place();
    await mkdir(own);
    const before = await modeOf(own);
    await using other = await diskSessionStore({ directory: own });
    expect(await modeOf(other.directory)).toBe(before);
  });

  it("makes its directory, with those that it is in", async () => {
    const directory = join(place(), "in", "another");
    await using store = await diskSessionStore({ directory });
    expect(store).toMatchObject({ directory, durability: "strict" });
    expect((await stat(directory)).isDirectory()).toBe(true);
  });

  it("syncs what it writes when it is strict, and nothing when it is relaxed", async () => {
    for (const durability of ["strict", "relaxed"] as const) {
      const database = new MemoryDatabase();
      await using store = await diskSessionStore({
        directory: place(),
        durability,
        openDatabase: async () => database,
      });
      await store.load("s");
      await store.write("s", [record("in/1")]);
      expect(database.writes.map(({ sync }) => sync)).toEqual([true, durability === "strict"]);
    }
  });

  it("writes what comes in one turn in one batch, and what comes meanwhile in the next", async () => {
    const database = new MemoryDatabase();
    const store = new DiskSessionStore(database, "here", "strict");
    const names = Array.from({ length: 50 }, (_, index) => `s${index}`);
    for (const name of names) await store.load(name);
    await Promise.all(names.map((name) => store.write(name, [record("in/1")])));
    expect(database.writes).toHaveLength(1);
    const writes = names.map((name) => store.write(name, [record("in/2")]));
    database.hold();
    await database.held();
    // One that has been released and loaded again may write while the batch of the others is under way.
    const late = ["a", "b"].map(async (name) => {
      await store.load(name);
      await store.write(name, [record("in/1")]);
    });
    database.go();
    await Promise.all([...writes, ...late]);
    expect(database.writes).toHaveLength(3);
    expect(database.writes.map(({ operations }) => operations.length)).toEqual([100, 100, 4]);
  });

  it("takes no more after a write that failed, and says why", async () => {
    const database = new MemoryDatabase();
    const store = new DiskSessionStore(database, "/data/sessions", "strict");
    await store.load("s");
    await store.load("t");
    const cause = new Error("IO error: /data/sessions/000003.log: No space left on device");
    database.failure = cause;
    const writes = await Promise.allSettled(["s", "t"].map((name) => store.write(name, [record("in/1")])));
    database.failure = undefined;
    writes.push(...(await Promise.allSettled([store.write("s", [record("in/2")])])));
    const reason = new StoreError("The session store in /data/sessions cannot be written to: the disk is full", {
      cause,
    });
    expect(writes).toEqual(writes.map(() => ({ status: "rejected", reason })));
    expect(database.writes).toEqual([]);
    await store.close();
  });

  it("loads at a time what different clients ask for, and a session only for the first", async () => {
    await using store = await diskSessionStore({ directory: place() });
    const loads = await Promise.allSettled(["s", "s", "t"].map((name) => store.load(name)));
    expect(loads.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await expect(store.load("s")).rejects.toThrow(/^The session s is in use by another client of the store in /);
  });

  it.each([
    ["directory", { directory: "" }],
    ["directory", { directory: 1 }],
    ["directory", {}],
    ["durability", { directory: "x", durability: "none" }],
  ])("refuses a %s that is none: %j", async (option, options) => {
    await expect(diskSessionStore(options as never)).rejects.toMatchObject({ name: "InvalidOptionError", option });
  });

  it("says where it cannot be", async () => {
    const file = place();
    await writeFile(file, "");
    await expect(diskSessionStore({ directory: file })).rejects.toThrow(
      new RegExp(`^The directory ${file} cannot be made: EEXIST`),
    );
  });
});

describe("a disk store that another process has open", () => {
  it("is refused until that process is killed", async () => {
    const directory = place();
    const code = `
      import { ClassicLevel } from "classic-level";
      await new ClassicLevel(${JSON.stringify(directory)}).open();
      console.log("open");
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    const error: unknown = await diskSessionStore({ directory }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toBe(
      `The session store in ${directory} is in use by another process, or by another store of this one`,
    );
    child.kill("SIGKILL");
    await once(child, "exit");
    // What is there now was not made by us.
    await (await diskSessionStore({ directory })).close();
  });
});

describe("a disk that takes no more", () => {
  it("is a StoreError, and what was written before is there", async () => {
    const directory = place();
    const entry = new URL("../disk-store.ts", import.meta.url).href;
    const code = `
      import { diskSessionStore } from ${JSON.stringify(entry)};
      const store = await diskSessionStore({ directory: ${JSON.stringify(directory)} });
      await store.load("s");
      let written = 0;
      try {
        for (;;) {
          const key = "out/" + written;
          const payload = new Uint8Array(10_000).map((_, index) => Math.imul(index, 2654435761) >> 7);
          await store.write("s", [{ key, record: { key, packet: { type: "publish", topicName: "a", payload, qos: 1 } } }]);
          written += 1;
        }
      } catch (error) {
        console.log(JSON.stringify({ written, name: error.name, message: error.message }));
      }
      process.exit();`;
    const script = join(root, "full.mts");
    await writeFile(script, code);
    // A limit on the size of a file does what a full disk would; its signal is ignored, so that the call fails instead.
    const node = `${process.execPath} --conditions=@rivulet/source --import tsx ${script}`;
    const { stdout } = await promisify(execFile)("sh", ["-c", `trap '' XFSZ; ulimit -f 200; exec ${node}`]);
    const { written, name, message } = JSON.parse(stdout) as { written: number; name: string; message: string };
    expect({ name, message }).toEqual({
      name: "StoreError",
      message: expect.stringMatching(`^The session store in ${directory} cannot be written to: `) as string,
    });
    expect(written).toBeGreaterThan(5);
    await using store = await diskSessionStore({ directory });
    expect((await store.load("s")).length).toBeGreaterThanOrEqual(written);
  });
});

describe("a disk store that is damaged", () => {
  async function filled(): Promise<string> {
    const directory = place();
    const store = await diskSessionStore({ directory });
    await store.load("s");
    for (let index = 0; index < 50; index += 1) await store.write("s", [large(index)]);
    await store.close();
    return directory;
  }

  async function damage(directory: string, file: RegExp, change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
    const name = (await readdir(directory)).find((each) => file.test(each));
    const path = join(directory, String(name));
    await writeFile(path, change(await readFile(path)));
  }

  async function failure(directory: string): Promise<unknown> {
    try {
      await using store = await diskSessionStore({ directory });
      await store.load("s");
      return undefined;
    } catch (error) {
      return error;
    }
  }

  it.each<[string, RegExp, (bytes: Uint8Array) => Uint8Array]>([
    ["its CURRENT is empty", /^CURRENT$/, () => new Uint8Array(0)],
    ["its CURRENT is something else", /^CURRENT$/, () => new TextEncoder().encode("MANIFEST-999999\n")],
    ["its MANIFEST is empty", /^MANIFEST/, () => new Uint8Array(0)],
    ["its MANIFEST is noise", /^MANIFEST/, (bytes) => bytes.map((byte, index) => byte ^ (index * 7 + 1))],
    ["a part of its log is zero", /\.log$/, (bytes) => bytes.fill(0, 40_000, 50_000)],
    ["the beginning of its log is noise", /\.log$/, (bytes) => bytes.fill(0xaa, 0, 10_000)],
    ["a bit of its log is turned", /\.log$/, (bytes) => turned(bytes, 40_000)],
    ["all of its log is lost", /\.log$/, () => new Uint8Array(0)],
  ])("says so, and where: %s", async (_, file, change) => {
    const directory = await filled();
    await damage(directory, file, change);
    const error = await failure(directory);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toContain(directory);
  });

  it("says so when a bit of a table is turned", async () => {
    const directory = await filled();
    await (await diskSessionStore({ directory })).close(); // The log becomes a table when it is opened again.
    await damage(directory, /\.ldb$/, (bytes) => turned(bytes, 20_000));
    const error = await failure(directory);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toContain(directory);
  });

  it("says so when a record is lost, changed or none", async () => {
    const database = new MemoryDatabase();
    const store = new DiskSessionStore(database, "here", "strict");
    await store.load("s");
    await store.write("s", [record("in/1"), record("in/2")]);
    const entries = new Map(database.entries);
    for (const [key, value] of [
      ['r"s"in/1', undefined],
      ['r"s"in/3', entries.get('r"s"in/1')],
      ['r"s"in/1', entries.get('r"s"in/2')],
      ['r"s"in/1', new Uint8Array([0xc1])],
      ['s"s"', undefined],
      ['s"s"', new Uint8Array([0xc1])],
      ['s"s"', new Uint8Array([1])],
    ] as const) {
      const damaged = new MemoryDatabase(new Map(entries));
      if (value === undefined) damaged.entries.delete(key);
      else damaged.entries.set(key, value);
      const other = new DiskSessionStore(damaged, "here", "strict");
      await expect(other.load("s")).rejects.toThrow(/^The session s in here is damaged: /);
      await expect(other.load("s")).rejects.toThrow(/^The session s in here is damaged: /); // It is not held.
    }
  });

  it("is not, when the end of its log was not written", async () => {
    const directory = await filled();
    await damage(directory, /\.log$/, (bytes) => bytes.subarray(0, -10));
    await using store = await diskSessionStore({ directory });
    expect(await store.load("s")).toHaveLength(49);
  });
});

describe("a database that is not ours", () => {
  it.each<[string, [string, Uint8Array][], RegExp]>([
    ["something else", [["a", new Uint8Array(1)]], /^What is in \S+ is no session store$/],
    ["of a version to come", [["v", new Uint8Array([2])]], /^The session store in \S+ is of version 2, not 1$/],
    ["with a version that is none", [["v", new Uint8Array([0xc1])]], /^The session store in \S+ is damaged: /],
  ])("is refused, and closed: %s", async (_, entries, message) => {
    const database = new MemoryDatabase(new Map(entries));
    const opening = diskSessionStore({ directory: place(), openDatabase: async () => database });
    await expect(opening).rejects.toThrow(message);
    expect(database.isClosed).toBe(true);
    expect([...database.entries]).toEqual(entries);
  });
});
