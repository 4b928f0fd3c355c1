/**
 * Finds out which row of component-surface.tsv works on which runtime: each has checks that look at what others see of
 * it. packages/component/SURFACE.md says what comes of it.
 *
 *   npm run test:surface -- [--runtime node] [--row TEXT] [--check TEXT] [--source] [--write]
 *
 * `--source` runs the packages' sources, which need no build. The last line on standard output is the total.
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";

import { readSurface, type SurfaceRow } from "../../packages/component/testing/component-surface.ts";
import { isBuilt, root } from "../support/bundles.ts";
import { runtimeNames, type RuntimeName } from "./check.ts";
import { checks } from "./checks/list.ts";
import { unprovokable } from "./checks/unprovokable.ts";
import { isDocumentCurrent, writeDocument } from "./document.ts";
import { openCheckLab, placeOf, startSharedLab, type SharedLab } from "./lab-server.ts";
import { hasLook } from "./look.ts";
import type { Verdict } from "./order.ts";
import { listingFaults, rowsThatWorkNowhere, type Evidence } from "./results.ts";
import { startRuntime, type Runtime } from "./runtimes.ts";

const { values: wanted } = parseArgs({
  options: {
    runtime: { type: "string", default: "" },
    row: { type: "string", default: "" },
    check: { type: "string", default: "" },
    source: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
/** How long a check may take, on a machine that is busy. */
const timeoutMs = 90_000;
/** How many are under way at a time. */
const concurrency = 6;

const evidence: Evidence = { rows: readSurface(), checks, unprovokable };
const results = new Map<string, Map<RuntimeName, Verdict>>();
const isWhole = wanted.runtime + wanted.row + wanted.check === "";
let lastId = 0;
let passed = 0;
let failed = 0;

process.setMaxListeners(100); // Each of what is started has one.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
if (!wanted.source && !isBuilt()) {
  execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
}

if (isWhole) judge("the table and the checks", listingFaults(evidence));
const lab = await startSharedLab();
try {
  for (const name of runtimeNames.filter((each) => each.startsWith(wanted.runtime))) await runAll(name);
} finally {
  await lab.stop();
}
if (isWhole) await judgeWhole();
console.log(`\n${passed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function judgeWhole(): Promise<void> {
  judge("every row works somewhere", rowsThatWorkNowhere(evidence, results));
  if (wanted.write && failed === 0) await writeDocument(evidence, results);
  const isCurrent = failed > 0 || (await isDocumentCurrent(evidence, results));
  judge("packages/component/SURFACE.md", isCurrent ? [] : ["It is out of date: `npm run test:surface -- --write`"]);
}

function judge(title: string, faults: readonly string[]): void {
  if (faults.length === 0) {
    passed++;
    return;
  }
  failed++;
  console.log(`  FAILED   ${title}\n${faults.map((fault) => `           ${fault}`).join("\n")}`);
}

async function runAll(name: RuntimeName): Promise<void> {
  console.log(`\n${name}`);
  const runtime = await startRuntime(name, { fromSource: wanted.source });
  const isWanted = (text: string, filter: string): boolean => text.toLowerCase().includes(filter.toLowerCase());
  const chosen = checks.filter(
    ({ title, rows }) => isWanted(title, wanted.check) && rows.some((row) => isWanted(row, wanted.row)),
  );
  const looks = evidence.rows.filter((row) => hasLook(row) && isWanted(row.title, wanted.row) && wanted.check === "");
  const run = async (check: string | SurfaceRow): Promise<void> => {
    const start = performance.now();
    const verdict = await runOne({ lab, name, runtime, check });
    note(name, check, verdict, performance.now() - start);
  };
  try {
    const shared = chosen.filter(({ isAlone = false }) => !isAlone).map(({ title }) => title);
    await inParallel([...looks, ...shared], run);
    for (const { title, isAlone = false } of chosen) if (isAlone) await run(title);
  } finally {
    await runtime.close();
  }
  judge(`${name} leaves no error unhandled`, runtime.unhandled);
}

async function inParallel<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

interface Run {
  readonly lab: SharedLab;
  readonly name: RuntimeName;
  readonly runtime: Runtime;
  readonly check: string | SurfaceRow;
}

async function runOne({ lab: shared, name, runtime, check }: Run): Promise<Verdict> {
  const own = await openCheckLab(shared, name);
  try {
    const order = { id: ++lastId, runtime: name, check, lab: own.url, broker: placeOf(shared.broker, name), timeoutMs };
    return (await runtime.perform(order)).verdict;
  } catch (error) {
    return { status: "failed", error: String(error) };
  } finally {
    await own.close();
  }
}

function note(name: RuntimeName, check: string | SurfaceRow, verdict: Verdict, durationMs: number): void {
  const title = typeof check === "string" ? check : `${check.title} is there`;
  if (verdict.status === "failed") {
    failed++;
    console.log(`  FAILED   ${title}\n${verdict.error.replaceAll(/^/gm, "           ")}`);
    return;
  }
  passed++;
  if (typeof check !== "string") return;
  const word = { works: "works", refused: "refused", absent: "no", unknown: "unknown" }[verdict.status];
  const why = verdict.status === "works" ? "" : ` (${verdict.why})`;
  const time = durationMs < 1000 ? "" : ` [${(durationMs / 1000).toFixed(1)} s]`;
  console.log(`  ${word.padEnd(7)}  ${title}${why}${time}`);
  const row = results.get(title) ?? new Map<RuntimeName, Verdict>();
  results.set(title, row.set(name, verdict));
}
