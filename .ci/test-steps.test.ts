import { expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/command.ts";
import { runInLanes, selectSteps, steps, type Step } from "./test-steps.ts";

test("without names it is everything", () => {
  expect(selectSteps([])).toEqual(steps);
});

test("a name brings what it needs, in the usual order", () => {
  expect(selectSteps(["e2e", "unit"]).map(({ script }) => script)).toEqual(["setup", "test:unit", "build", "test:e2e"]);
  expect(selectSteps(["lint"]).map(({ script }) => script)).toEqual(["lint"]);
});

test("an unknown name is an error", () => {
  expect(() => selectSteps(["e2d"])).toThrow('There is no step "e2d"');
});

test("every step is a script of package.json, and stands after what it needs", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const order = steps.map(({ script }) => script);
  for (const { script, needs = [], after = [] } of steps) {
    expect(Object.keys(scripts)).toContain(script);
    for (const each of [...needs, ...after]) {
      expect(order.slice(0, order.indexOf(script))).toContain(each);
    }
  }
});

/** Runs steps in lanes; the test says when each ends, and asks which are running. */
function watch(
  steps: readonly Step[],
  lanes: number,
): { readonly over: Promise<void>; running(): Promise<string[]>; end(script: string): void } {
  const ends = new Map<string, () => void>();
  const run = ({ script }: Step): Promise<void> =>
    new Promise((resolve) => {
      ends.set(script, () => {
        ends.delete(script);
        resolve();
      });
    });
  return {
    over: runInLanes(steps, lanes, run),
    running: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return [...ends.keys()];
    },
    end: (script) => ends.get(script)?.(),
  };
}

const busy = { kind: "busy" } as const;

test("steps of one kind run side by side, as many as there are lanes, and any other alone", async () => {
  const all: Step[] = [
    { script: "a", ...busy },
    { script: "b", ...busy },
    { script: "c" },
    { script: "d", kind: "waiting" },
    { script: "e" },
    { script: "f", ...busy },
    { script: "g", kind: "waiting" },
  ];
  const lanes = watch(all, 2);
  expect(await lanes.running()).toEqual(["a", "b"]);
  lanes.end("a");
  expect(await lanes.running()).toEqual(["b", "f"]);
  lanes.end("f");
  expect(await lanes.running()).toEqual(["b"]);
  lanes.end("b");
  expect(await lanes.running()).toEqual(["c"]);
  lanes.end("c");
  expect(await lanes.running()).toEqual(["d", "g"]);
  lanes.end("d");
  lanes.end("g");
  expect(await lanes.running()).toEqual(["e"]);
  lanes.end("e");
  await lanes.over;
});

test("with one lane they run one after the other", async () => {
  const all: Step[] = [
    { script: "a", ...busy },
    { script: "b", ...busy },
  ];
  const lanes = watch(all, 1);
  expect(await lanes.running()).toEqual(["a"]);
  lanes.end("a");
  expect(await lanes.running()).toEqual(["b"]);
  lanes.end("b");
  await lanes.over;
});

test("a step waits for what it needs and for what it comes after; another one takes its place", async () => {
  const all: Step[] = [
    { script: "a", ...busy },
    { script: "b", needs: ["a"], ...busy },
    { script: "c", after: ["a", "not chosen"], ...busy },
    { script: "d", ...busy },
  ];
  const lanes = watch(all, 2);
  expect(await lanes.running()).toEqual(["a", "d"]);
  lanes.end("a");
  expect(await lanes.running()).toEqual(["d", "b"]);
  lanes.end("b");
  expect(await lanes.running()).toEqual(["d", "c"]);
  lanes.end("c");
  lanes.end("d");
  await lanes.over;
});
