import { expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/command.ts";
import { selectSteps, steps } from "./test-steps.ts";

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
  for (const { script, needs = [] } of steps) {
    expect(Object.keys(scripts)).toContain(script);
    for (const each of needs) {
      expect(order.slice(0, order.indexOf(script))).toContain(each);
    }
  }
});
