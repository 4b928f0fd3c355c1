/**
 * Finds out which option works on which runtime: each is tried against a counterpart that has to see its effect, or is
 * refused by name. Anything else fails. README.md has the table that comes of it.
 *
 *   npm run test:options -- [--runtime deno] [--option tls.ca] [--write]
 *
 * The last line on standard output is the total.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";

import { isBuilt, root } from "../support/bundles.ts";
import { Absent, Refused, type CheckContext, type OptionCheck } from "./check.ts";
import { checks } from "./checks/list.ts";
import { openLab, type Lab } from "./lab.ts";
import { startRecorder, type Recorder } from "./recorder.ts";
import { runtimeNames, startRuntime, type Runtime, type RuntimeName } from "./runtimes.ts";
import { checkTable, writeTable, type Cells, type Verdict } from "./table.ts";

const { values: wanted } = parseArgs({
  options: {
    runtime: { type: "string", default: "" },
    option: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const timeoutMs = 60_000;

process.setMaxListeners(50); // Each of what is started has one.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
if (!isBuilt()) execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });

const cells: Cells = new Map();
let failed = 0;
let passed = 0;
const lab = await openLab();
try {
  for (const name of runtimeNames.filter((each) => each.startsWith(wanted.runtime))) await runAll(name);
} finally {
  await lab.stop();
}
if (wanted.runtime === "" && wanted.option === "" && failed === 0) {
  if (wanted.write) writeTable(cells);
  else if (checkTable(cells)) passed++;
  else failed++;
}
console.log(`\n${passed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function runAll(name: RuntimeName): Promise<void> {
  console.log(`\n${name}`);
  const ca = lab.authority.certificate;
  const common = await startRuntime(name, { ca });
  try {
    for (const check of checks.filter(({ option }) => option.startsWith(wanted.option))) {
      const environment = common.tellsOfTls ? check.environment?.(lab) : undefined;
      const own = environment && (await startRuntime(name, { ca, environment }));
      const verdict = await judge(check, own ?? common).finally(() => own?.close());
      if (verdict === undefined) continue;
      passed++;
      const row = cells.get(check.option) ?? new Map<RuntimeName, Verdict>();
      // An option that is refused in one form may work in another.
      row.set(name, best(row.get(name), verdict));
      cells.set(check.option, row);
    }
  } finally {
    await common.close();
  }
}

function best(one: Verdict | undefined, other: Verdict): Verdict {
  return (["works", "refused", "no"] as const).find((verdict) => verdict === one || verdict === other) ?? other;
}

/** What becomes of one check; undefined when it fails. */
async function judge(check: OptionCheck, runtime: Runtime): Promise<Verdict | undefined> {
  const title = check.what === undefined ? check.option : `${check.option}: ${check.what}`;
  const recorders: Recorder[] = [];
  await mkdir(lab.directory, { recursive: true });
  const directory = await mkdtemp(join(lab.directory, "check-"));
  const { promise: late, resolve: stop } = timer(timeoutMs);
  try {
    const run = check.run(contextOf(check, { lab, runtime, recorders, directory }));
    if ((await Promise.race([run, late])) === "late") throw new Error(`It took longer than ${timeoutMs} ms`);
    console.log(`  works    ${title}`);
    return "works";
  } catch (error) {
    if (error instanceof Refused || error instanceof Absent) {
      const verdict = error instanceof Refused ? "refused" : "no";
      console.log(`  ${verdict.padEnd(7)}  ${title}`);
      return verdict;
    }
    failed++;
    console.log(`  FAILED   ${title}\n${String((error as Error).stack ?? error).replaceAll(/^/gm, "           ")}`);
    return undefined;
  } finally {
    stop();
    for (const recorder of recorders) await recorder.close();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Stage {
  readonly lab: Lab;
  readonly runtime: Runtime;
  readonly recorders: Recorder[];
  readonly directory: string;
}

function contextOf(check: OptionCheck, { lab, runtime, recorders, directory }: Stage): CheckContext {
  const schemes = { tcp: ["mqtt", "mqtts"], ws: ["ws", "wss"] }[runtime.carries];
  const secured = new Set<Recorder>();
  let isKnown = false;
  return {
    lab,
    runtime,
    record: async (options = {}) => {
      const recorder = await startRecorder({ to: lab.ports[runtime.carries], ...options });
      recorders.push(recorder);
      const isSecured = options.tls !== undefined || recorders.some(({ port }) => port === options.to && isTls(port));
      if (isSecured) secured.add(recorder);
      return recorder;
      function isTls(port: number): boolean {
        return [...secured].some((each) => each.port === port);
      }
    },
    url: (recorder, host = "127.0.0.1") => `${schemes[secured.has(recorder) ? 1 : 0] ?? ""}://${host}:${recorder.port}`,
    attempt: async (url, options, more) => {
      const outcome = await runtime.perform({ url, options, ...more });
      const { name, about = "-" } = outcome.error ?? {};
      const isAbout =
        check.option === about ||
        check.option.startsWith(`${about}.`) ||
        `${about}.`.startsWith(`${check.takes ?? "-"}.`);
      const isRefused = name === "UnsupportedError" && isAbout;
      if (isRefused && !isKnown) throw new Refused(outcome.error?.message);
      // What has worked once is not refused afterwards.
      if (outcome.roundTrips && name === undefined) isKnown = hasOption(check.option, options);
      return outcome;
    },
    file: (name) => join(directory, name),
  };
}

/** Whether the options have the one that is checked. */
function hasOption(option: string, options: object): boolean {
  let value: unknown = options;
  for (const name of option.split(".")) value = (value as Record<string, unknown> | undefined)?.[name];
  return value !== undefined;
}

function timer(delayMs: number): { readonly promise: Promise<"late">; readonly resolve: () => void } {
  let handle: NodeJS.Timeout;
  const promise = new Promise<"late">((resolve) => {
    handle = setTimeout(() => resolve("late"), delayMs);
  });
  return { promise, resolve: () => clearTimeout(handle) };
}
