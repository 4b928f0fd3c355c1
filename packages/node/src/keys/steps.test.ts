import { describe, expect, it } from "vitest";
import { perform, runLater, runNow, type Steps, type Task } from "./steps.ts";

function recording(name: string, log: string[]): Task<string> {
  return {
    now() {
      log.push(`${name} now`);
      return name;
    },
    later() {
      log.push(`${name} later`);
      return Promise.resolve(name);
    },
  };
}

function* two(log: string[]): Steps<string> {
  const first = yield* perform(recording("first", log));
  return `${first}, ${yield* perform(recording("second", log))}`;
}

const failing: Task<string> = {
  now() {
    throw new Error("no");
  },
  later: () => Promise.reject(new Error("no")),
};

function* recovering(): Steps<string> {
  try {
    return yield* perform(failing);
  } catch (error) {
    return `caught ${(error as Error).message}`;
  }
}

describe("steps", () => {
  it("are done at once", () => {
    const log: string[] = [];
    expect(runNow(two(log))).toBe("first, second");
    expect(log).toEqual(["first now", "second now"]);
  });

  it("are done later", async () => {
    const log: string[] = [];
    expect(await runLater(two(log))).toBe("first, second");
    expect(log).toEqual(["first later", "second later"]);
  });

  it("hand what a task throws to the code that asked for it", async () => {
    expect(runNow(recovering())).toBe("caught no");
    expect(await runLater(recovering())).toBe("caught no");
  });

  it("fail as a task does that nobody catches", async () => {
    expect(() => runNow(perform(failing))).toThrow("no");
    await expect(runLater(perform(failing))).rejects.toThrow("no");
  });
});
