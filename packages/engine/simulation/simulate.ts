/**
 * `npm run simulate`: worlds of clients and a broker, by the thousand, each decided by its seed.
 *
 *   npm run simulate                           what CI runs
 *   npm run simulate -- --seeds 1000000        a night's work
 *   npm run simulate -- --seed 4711            one seed, with its transcript
 *   npm run simulate -- --seed 4711 --shrink   the least of it that still fails
 *   npm run simulate -- --mutants              whether it catches a client with defects (part of what CI runs)
 *   npm run simulate -- --mutant "forgets"     only those with this in their names
 *
 * It fails when an invariant did not hold, when a mutant escapes, and, of a run as long as CI's, when something that has
 * to happen did not happen often enough.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { bundle } from "./bundle.ts";
import { situations } from "./checks/situations.ts";
import { huntMutants, type Hunt } from "./mutants/hunt.ts";
import { messagesPerSeed } from "./scenario/limits.ts";
import { runSeeds, type Findings } from "./workers.ts";

/** Seeds of a run in CI. */
const usualSeeds = 3000;
/** How often each situation has to have come about in one. */
const leastCount = 100;

const none = { passed: 0, failed: 0 };

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    first: { type: "string", default: "1" },
    seed: { type: "string" },
    shrink: { type: "boolean", default: false },
    mutants: { type: "boolean", default: false },
    mutant: { type: "string" },
    workers: { type: "string", default: String(Math.min(2, availableParallelism())) },
  },
});

const workers = Number(values.workers);
const file = await bundle("simulation");
if (values.seed !== undefined) await replay(Number(values.seed), values.shrink);
else if (values.mutants || values.mutant !== undefined) conclude(await hunt());
else conclude(await runMany(), values.seeds === undefined ? await hunt() : none);

interface Totals {
  readonly passed: number;
  readonly failed: number;
}

/** Says how all of it went, in the last line. */
function conclude(...all: readonly Totals[]): void {
  const [passed, failed] = all.reduce(([good, bad], one) => [good + one.passed, bad + one.failed], [0, 0]);
  console.log(`${passed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function hunt(): Promise<Totals> {
  const start = performance.now();
  const tell = ({ mutant, isCaught, how }: Hunt): void => {
    console.log(`${isCaught ? "caught " : "ESCAPED"}  a client that ${mutant.name}: ${how}`);
  };
  const hunts = await huntMutants(workers, tell, values.mutant);
  const failed = hunts.filter(({ isCaught }) => !isCaught).length;
  console.log(`${hunts.length} mutants, ${failed} escaped, ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return { passed: hunts.length - failed, failed };
}

async function runMany(): Promise<Totals> {
  const [first, count] = [Number(values.first), Number(values.seeds ?? usualSeeds)];
  const start = performance.now();
  let shown = start;
  const findings = await runSeeds(file, { first, count, workers, stopsAtFailure: false }, ({ seeds, failures }) => {
    if (performance.now() - shown < 10_000) return;
    shown = performance.now();
    console.log(`${seeds} of ${count} seeds, ${failures.length} failed`);
  });
  const seconds = (performance.now() - start) / 1000;
  const rare = report(findings, count >= usualSeeds);
  console.log(`${findings.seeds} seeds, ${findings.seeds * messagesPerSeed} messages, ${seconds.toFixed(0)} s`);
  const failed = findings.failures.length;
  if (failed > 0) await replay(findings.failures[0]?.seed ?? 0, true);
  return { passed: findings.seeds - failed + situations.length - rare, failed: failed + rare };
}

/** Shows what was found; returns how many situations were too rare. */
function report({ failures, counts }: Findings, isLongEnough: boolean): number {
  let rare = 0;
  for (const name of situations) {
    const count = counts.get(name) ?? 0;
    const isRare = isLongEnough && count < leastCount;
    if (isRare) rare += 1;
    console.log(`${isRare ? "RARE " : "     "}${String(count).padStart(9)}  ${name}`);
  }
  for (const { seed, failure } of failures.slice(0, 20)) {
    console.log(`FAILED seed ${seed} after ${failure.at} ms: ${failure.invariant}: ${failure.what}`);
  }
  return rare;
}

/** Shows what happens in one seed; when it fails and is to be shrunk, in the least of it that fails in the same way. */
async function replay(seed: number, isShrunk: boolean): Promise<void> {
  // It runs in this thread: the same code, in the same order, whatever the others do.
  const { inspect } = (await import(file)) as typeof import("./worker.ts");
  const { failures, transcript, remark } = await inspect(seed, isShrunk);
  console.log(`\n${transcript.join("\n")}\n`);
  console.log(remark);
  for (const { at, invariant, what } of failures.slice(0, 5)) console.log(`${at} ms: ${invariant}: ${what}`);
  if (failures.length > 0) process.exitCode = 1;
}
