import { mkdtempSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cruise, type IConfiguration, type ICruiseResult } from "dependency-cruiser";
import { afterEach, expect, test } from "vitest";

const configuration = createRequire(import.meta.url)("../dependency-cruiser.cjs") as IConfiguration;
const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) {
    rmSync(directory, { recursive: true });
  }
});

/** The names of the rules that a tree of files breaks. */
async function rulesBroken(files: Record<string, string>): Promise<string[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "layers-")));
  directories.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const { output } = await cruise(["."], {
    ...configuration.options,
    baseDir: root,
    validate: true,
    ruleSet: { forbidden: configuration.forbidden ?? [] },
  });
  return (output as ICruiseResult).summary.violations.map(({ rule }) => rule.name);
}

const nothing = "export {};";
const from = (path: string): string => `export * from "${path}";`;

test("passes imports that point down", async () => {
  const broken = await rulesBroken({
    "packages/codec/src/mod.ts": nothing,
    "packages/engine/src/mod.ts": from("../../codec/src/mod.ts"),
    "packages/node/src/mod.ts": `import "node:net"; ${from("../../engine/src/mod.ts")}`,
    "packages/deno/testing/mod.ts": from("../../node/testing/peer.ts"),
    "packages/node/testing/peer.ts": nothing,
    "packages/rivulet/src/node.ts": from("../../node/src/mod.ts"),
    "e2e/main.ts": from("../packages/rivulet/src/node.ts"),
  });
  expect(broken).toEqual([]);
});

test.each<[string, string, Record<string, string>]>([
  [
    "one-way-codec",
    "the codec uses the engine",
    { "packages/codec/src/mod.ts": from("../../engine/src/mod.ts"), "packages/engine/src/mod.ts": nothing },
  ],
  [
    "one-way-engine",
    "the engine uses a type of a transport",
    {
      "packages/engine/src/mod.ts": 'import type { X } from "../../node/src/mod.ts"; export type Y = X;',
      "packages/node/src/mod.ts": "export type X = 1;",
    },
  ],
  [
    "one-way-node",
    "one transport uses another",
    { "packages/node/src/mod.ts": from("../../websocket/src/mod.ts"), "packages/websocket/src/mod.ts": nothing },
  ],
  [
    "one-way-rivulet",
    "a package uses the playground",
    { "packages/rivulet/src/mod.ts": from("../../../playground/page.ts"), "playground/page.ts": nothing },
  ],
  ["no-cycles", "two files use each other", { "e2e/a.ts": from("./b.ts"), "e2e/b.ts": from("./a.ts") }],
  ["no-platform", "the codec uses a builtin", { "packages/codec/src/mod.ts": 'import "node:buffer";' }],
  [
    "no-platform",
    "the engine uses a type of a builtin",
    {
      "packages/engine/src/mod.ts": 'import type { Socket } from "node:net"; export type S = Socket;',
    },
  ],
  [
    "no-tests-in-sources",
    "a source uses a test's helper",
    { "packages/codec/src/mod.ts": from("../testing/hex.ts"), "packages/codec/testing/hex.ts": nothing },
  ],
  [
    "no-scripts-in-packages",
    "a test uses a script",
    { "packages/codec/src/mod.test.ts": from("../../../.ci/x.ts"), ".ci/x.ts": nothing },
  ],
  ["resolvable", "a file that is not there is imported", { "e2e/a.ts": from("./nowhere.ts") }],
])("%s: refuses when %s", async (rule, _, files) => {
  expect(await rulesBroken(files)).toContain(rule);
});
