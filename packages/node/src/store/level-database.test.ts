import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UnsupportedError } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLevelDatabase, openLevelOf } from "./level-database.ts";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "rivulet-level-"));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

describe("a LevelDB", () => {
  it("gives back what was put, in a range, and not as Buffers", async () => {
    const database = await openLevelDatabase(join(root, "a"));
    await database.write([{ key: "a", value: new Uint8Array([1]) }], false);
    await database.write(
      [{ key: "b", value: new Uint8Array(0) }, { key: "a" }, { key: "c", value: new Uint8Array(3) }],
      true,
    );
    const entries = await database.read("a", "c");
    expect(entries).toEqual([["b", new Uint8Array(0)]]);
    expect(entries[0]?.[1].constructor).toBe(Uint8Array);
    await database.close();
  });

  it("says which package it needs", async () => {
    const name = "no-such-package-anywhere";
    const error: unknown = await openLevelOf(join(root, "b"), () => import(/* @vite-ignore */ name)).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({
      feature: "classic-level",
      message: "The disk store needs the package classic-level: install it",
    });
  });

  it("says why the package cannot be loaded", async () => {
    const notCapable = Object.assign(new Error("Requires ffi access"), { name: "NotCapable" });
    const fail = (error: unknown) => (): Promise<never> => Promise.reject(error);
    await expect(openLevelOf(root, fail(notCapable))).rejects.toThrow(
      "The disk store needs the permissions --allow-ffi and --allow-env for the package classic-level: Requires ffi access",
    );
    await expect(openLevelOf(root, fail(new Error("No native build was found")))).rejects.toThrow(
      "The package classic-level cannot be loaded here: No native build was found",
    );
  });

  it("says why it cannot be opened", async () => {
    class Broken {
      open(): Promise<void> {
        return Promise.reject(new Error("IO error: no such device"));
      }
    }
    await expect(openLevelOf("/data/sessions", async () => ({ ClassicLevel: Broken }))).rejects.toThrow(
      "The session store in /data/sessions cannot be opened: IO error: no such device",
    );
  });
});
