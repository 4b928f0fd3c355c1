/**
 * `npm test`: everything that has to pass, cheapest first. It goes on after a failure, so that one run shows them all.
 * Where there are two cores, some steps run side by side; what each says is printed whole, in the usual order.
 *
 *   npm test -- --only e2e,unit
 *
 * The last line on standard output is the total. It fails when anything failed, when a suite had no tests, and where
 * `CI` is set, when anything was skipped.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Sections } from "../e2e/support/sections.ts";
import { root } from "./lib/command.ts";
import { add, format, noTests, parse, type Totals } from "./lib/totals.ts";
import { failureLines } from "./lib/failure-lines.ts";
import { runInLanes, selectSteps, type Step } from "./test-steps.ts";

interface Outcome {
  readonly step: Step;
  readonly totals: Totals;
  readonly durationMs: number;
  /** Why it failed, where the totals do not say so. */
  readonly remark: string;
  /** What it said of its failures. */
  readonly failures: readonly string[];
}

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const selected = selectSteps(values.only.split(",").filter((name) => name !== ""));
/** More would take too much memory: each is a compiler, or the like. */
const laneLimit = 2;
const outcomes = new Map<string, Outcome>();
const sections = new Sections((text) => void process.stdout.write(text));
const outputs = new Map(selected.map((step) => [step, sections.open()]));
const start = performance.now();
await runInLanes(selected, Math.min(availableParallelism(), laneLimit), async (step) => {
  const output = outputs.get(step);
  outcomes.set(step.script, await runStep(step, (text) => output?.write(text)));
  output?.close();
});
conclude(selected.flatMap(({ script }) => outcomes.get(script) ?? []));

async function runStep(step: Step, write: (text: string) => void): Promise<Outcome> {
  write(`\n=== ${step.script} ===\n`);
  const missing = step.needs?.find((need) => (outcomes.get(need)?.totals.failed ?? 0) > 0);
  if (missing !== undefined) {
    const remark = `not run, because ${missing} failed`;
    return { step, totals: { ...noTests, failed: 1 }, durationMs: 0, remark, failures: [] };
  }
  const since = performance.now();
  const { succeeded, stdout } = await npmRun(step.script, write);
  const durationMs = performance.now() - since;
  const judged = judge(step, succeeded, stdout);
  return { step, durationMs, ...judged, failures: judged.totals.failed > 0 ? failureLines(stdout) : [] };
}

function judge(step: Step, succeeded: boolean, stdout: string): Pick<Outcome, "totals" | "remark"> {
  if (step.isSuite !== true) {
    const passed = step.isPreparation === true ? 0 : 1;
    return { totals: succeeded ? { ...noTests, passed } : { ...noTests, failed: 1 }, remark: "" };
  }
  const totals = parse(stdout);
  if (totals === undefined) {
    return { totals: { ...noTests, failed: 1 }, remark: "it gave no totals" };
  }
  if (totals.passed + totals.failed === 0) {
    return { totals: { ...totals, failed: 1 }, remark: "it ran no tests" };
  }
  return succeeded || totals.failed > 0
    ? { totals, remark: "" }
    : { totals: { ...totals, failed: 1 }, remark: "it failed beside its tests" };
}

/** Runs a script, passing on what it writes while it writes it. */
function npmRun(script: string, write: (text: string) => void): Promise<{ succeeded: boolean; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn("npm", ["run", "--silent", script], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      write(text);
    });
    child.stderr.setEncoding("utf8").on("data", write);
    child.once("error", (error) => {
      write(`${error.message}\n`);
      resolve({ succeeded: false, stdout });
    });
    child.once("close", (code) => resolve({ succeeded: code === 0, stdout }));
  });
}

function conclude(all: readonly Outcome[]): void {
  const total = all.reduce((sum, { totals }) => add(sum, totals), noTests);
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`.padStart(8);
  console.log("\n=== summary ===");
  for (const { step, totals, durationMs, remark, failures } of all) {
    const mark = totals.failed > 0 ? "FAILED" : "ok    ";
    console.log(
      `${mark} ${step.script.padEnd(22)} ${seconds(durationMs)}  ${format(totals)}${remark === "" ? "" : ` (${remark})`}`,
    );
    // The log of CI may be cut to its end.
    for (const line of failures) console.log(`         ${line}`);
  }
  console.log(`${" ".repeat(29)} ${seconds(performance.now() - start)}`);
  const forbidsSkipping = process.env["CI"] !== undefined && total.skipped > 0;
  if (forbidsSkipping) {
    console.log(`${total.skipped} skipped: in CI nothing is`);
  }
  console.log(format(total));
  process.exitCode = total.failed > 0 || total.passed === 0 || forbidsSkipping ? 1 : 0;
}
