/**
 * Runs vitest with the given arguments and prints how many tests passed. The summary of vitest alone would not do: it
 * leaves out files that could not be loaded.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { root } from "./lib/command.ts";
import { format, noTests, ofVitest, type Totals, type VitestReport } from "./lib/totals.ts";

const args = process.argv.slice(2);
const report = join(root, `.cache/test/vitest-${process.pid}.json`);
mkdirSync(dirname(report), { recursive: true });
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const { status } = spawnSync(process.execPath, [vitest, "run", ...reporters, ...args], {
  cwd: root,
  stdio: ["ignore", "inherit", "inherit"],
});

const counted = count();
// An error outside of any test, or a coverage threshold that was missed, is in the exit code alone.
const totals = status !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
console.log(format(totals));
process.exitCode = status ?? 1;

function count(): Totals {
  try {
    return ofVitest(JSON.parse(readFileSync(report, "utf8")) as VitestReport);
  } catch {
    return noTests;
  } finally {
    rmSync(report, { force: true });
  }
}
