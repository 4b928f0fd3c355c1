import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { sessionStoreScenarios, type SessionStoreHarness } from "../testing/session-store-contract.ts";
import { MemorySessionStore } from "./session-store.ts";

const harness: SessionStoreHarness = {
  isDurable: false,
  isShared: false,
  open: async () => Object.assign(new MemorySessionStore(), { close: () => Promise.resolve() }),
};

describe("the contract of session stores, in memory", () => {
  it.each(sessionStoreScenarios.filter((one) => one.applies(harness)))("$name", async ({ run }) => {
    await run(harness, assert);
  });
});
