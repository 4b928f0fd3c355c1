import { expect, test } from "vitest";
import { lockProblems } from "./lock.ts";

const needsBinary = { optionalDependencies: { "@tool/linux": "1.0.0" } };

test.each([
  ["a dependency at the top", { "node_modules/tool": needsBinary, "node_modules/@tool/linux": {} }],
  [
    "a dependency in the package's own directory",
    {
      "node_modules/a/node_modules/tool": needsBinary,
      "node_modules/a/node_modules/tool/node_modules/@tool/linux": {},
    },
  ],
  [
    "a dependency beside a nested package",
    {
      "node_modules/a/node_modules/tool": needsBinary,
      "node_modules/a/node_modules/@tool/linux": {},
    },
  ],
  ["a workspace's dependency", { "packages/p": needsBinary, "node_modules/@tool/linux": {} }],
  ["a link to a workspace", { "node_modules/p": { resolved: "packages/p" }, "packages/p": {} }],
])("passes %s", (_, packages) => {
  expect(lockProblems({ packages: { "": {}, ...packages } })).toEqual([]);
});

test.each([
  ["a dependency that is nowhere", { "node_modules/tool": needsBinary }],
  [
    "a dependency that only another package can see",
    {
      "node_modules/tool": needsBinary,
      "node_modules/a/node_modules/@tool/linux": {},
    },
  ],
  ["a dependency of the root", { "": needsBinary }],
])("finds %s", (_, packages) => {
  expect(lockProblems({ packages })).toEqual([expect.stringContaining("the lock file has no @tool/linux")]);
});

test("finds a recorded registry", () => {
  const packages = { "node_modules/tool": { resolved: "https://registry.example/tool-1.0.0.tgz" } };
  expect(lockProblems({ packages })).toEqual(['node_modules/tool records where it came from: "resolved"']);
});
