import { expect, test } from "vitest";
import { packageEntries } from "./package-entries.ts";

const built = (name: string): Record<string, string> => ({
  types: `./dist/${name}.d.ts`,
  default: `./dist/${name}.js`,
});

test("one source is one entry, chosen everywhere", () => {
  const exports = { ".": { "@rivulet/source": "./src/mod.ts", ...built("mod") }, "./package.json": "./package.json" };
  expect(packageEntries({ name: "p", exports })).toEqual([{ name: "mod", conditions: ["default"] }]);
});

test("an entry knows every condition that chooses it", () => {
  const exports = {
    ".": {
      "@rivulet/source": { browser: "./src/browser.ts", node: "./src/node.ts", default: "./src/browser.ts" },
      browser: built("browser"),
      node: built("node"),
      default: built("browser"),
    },
  };
  expect(packageEntries({ name: "p", exports })).toEqual([
    { name: "browser", conditions: ["browser", "default"] },
    { name: "node", conditions: ["node"] },
  ]);
});

test.each([
  ["another file than the source's", { "@rivulet/source": "./src/mod.ts", ...built("main") }],
  [
    "a platform that has no source",
    { "@rivulet/source": { node: "./src/node.ts" }, node: built("node"), deno: built("deno") },
  ],
  [
    "platforms in another order",
    {
      "@rivulet/source": { node: "./src/node.ts", default: "./src/mod.ts" },
      default: built("mod"),
      node: built("node"),
    },
  ],
  ["types that come second", { "@rivulet/source": "./src/mod.ts", default: "./dist/mod.js", types: "./dist/mod.d.ts" }],
  ["no source", built("mod")],
  ["a source outside src", { "@rivulet/source": "./lib/mod.ts", ...built("mod") }],
])("refuses exports with %s", (_, target) => {
  expect(() => packageEntries({ name: "p", exports: { ".": target } })).toThrow(/^p: /);
});
