import { expect, test } from "vitest";
import { indexedDbSessionStore } from "./indexed-db.ts";

// What it does in a browser, e2e/durability tests in one.

test("needs IndexedDB", async () => {
  await expect(indexedDbSessionStore()).rejects.toMatchObject({
    name: "UnsupportedError",
    feature: "indexedDB",
    message: "This platform has no IndexedDB",
  });
});

test("refuses a durability that it does not know", async () => {
  await expect(indexedDbSessionStore({ durability: "none" as "strict" })).rejects.toMatchObject({
    name: "InvalidOptionError",
    option: "durability",
  });
});
