/**
 * Shows that a client with a durable store loses nothing, and doubles nothing, whatever moment it dies at.
 *
 *   node --import tsx e2e/durability/run.ts [--times 20] [--seed N] [--only processes|power|IndexedDB]
 *
 * The last line on standard output is the total.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBroker } from "../support/broker.ts";
import { bundleProcesses } from "../support/bundle-processes.ts";
import { root } from "../support/bundles.ts";
import { startChromiumSuite } from "./chromium.ts";
import { crashPoints } from "./crash-points.ts";
import type { Verdict } from "./judge.ts";
import type * as KillTest from "./kill-test.ts";
import type { LaneResult } from "./lane.ts";

const { values } = parseArgs({
  options: {
    times: { type: "string", default: "20" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    only: { type: "string", default: "" },
  },
});
const times = Number(values.times);
const output = join(root, ".cache/e2e/durability");
let passed = 0;
let failed = 0;

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => process.exit(code)); // what was started is ended on exit
}

console.log(`Seed ${values.seed}`);
await bundle();
// As a bundle it has Rivulet from its sources, as the processes that it kills.
const { killProcesses, failPower } = (await import(join(output, "kill-test.mjs"))) as typeof KillTest;
{
  await using broker = await startBroker();
  const options = { url: broker.urls.tcp, random: randomFrom(Number(values.seed)), times };
  const script = join(output, "child.mjs");
  const few = { ...options, times: Math.ceil(times / 4) };
  // A process takes with it nothing that the operating system has: that is enough for both.
  for (const [durability, each] of [
    ["strict", options],
    ["relaxed", few],
  ] as const) {
    await check(`processes, ${durability}: nothing is lost or doubled`, async () => {
      const result = await killProcesses({ ...each, durability, script });
      console.log(figures(result));
      for (const point of crashPoints) {
        if (result.kills.get(point) !== each.times) throw new Error(`It was not killed ${each.times} times ${point}`);
      }
      expectFaultless(result);
    });
  }
  await check("power failures: nothing is lost or doubled", async () => {
    const result = await failPower(few);
    console.log(figures(result));
    expectFaultless(result);
  });
  for (const defect of ["the sync is left out", "what is not written yet is sent"] as const) {
    await check(`power failures: it is found out when ${defect}`, async () => {
      const { faults } = await failPower({ ...few, defect });
      if (faults.length === 0) throw new Error("Nothing was found");
      console.log(`  ${faults.length} faults, such as: ${String(faults[0])}`);
    });
  }
  await check("the broker dropped no message", async () => {
    const dropped = await broker.droppedMessages();
    if (dropped > 0) throw new Error(`It dropped ${dropped}`);
  });
}
if (values.only === "" || values.only.startsWith("IndexedDB")) await runChromium();
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
// Lives that a power failure has ended still have their timers.
process.exit(failed === 0 && passed > 0 ? 0 : 1);

async function runChromium(): Promise<void> {
  const suite = await startChromiumSuite();
  await using broker = await startBroker();
  try {
    for (const { name, run } of suite.scenarios) await check(name, run);
    await check("IndexedDB: pages that are closed and crash lose and double nothing", async () => {
      const random = randomFrom(Number(values.seed));
      const endings = Array.from({ length: times }, (_, index) =>
        index % 2 === 0 ? ("closed" as const) : ("crashed" as const),
      );
      const verdict = await suite.endPages({ url: broker.urls.ws, random, endings });
      const { stored, received, doubled, faults } = verdict;
      console.log(`  ${times} pages ended, each other one by a crash`);
      console.log(`  out: ${stored} stored, ${received} received, ${doubled.out} of them again at QoS 1`);
      expectFaultless(verdict);
      if (faults.length === 0 && stored < times) throw new Error("Hardly anything was stored");
    });
  } finally {
    await suite.close();
  }
}

async function check(name: string, run: () => Promise<void>): Promise<void> {
  if (!name.includes(values.only)) return;
  const start = performance.now();
  let fault: unknown;
  try {
    await run();
  } catch (error) {
    fault = error;
  }
  const mark = fault === undefined ? "ok    " : "FAILED";
  console.log(`${mark} ${name} (${Math.round(performance.now() - start)} ms)`);
  if (fault === undefined) passed += 1;
  else failed += 1;
  if (fault instanceof Error) console.log(fault.message.replaceAll(/^/gm, "       "));
}

function expectFaultless({ faults }: Verdict): void {
  if (faults.length > 0) throw new Error(`${faults.length} faults\n${faults.slice(0, 20).join("\n")}`);
}

function figures({ kills, stored, received, handled, handledAgain, doubled }: LaneResult): string {
  return [
    ...[...kills].map(([point, count]) => `  ${String(count).padStart(3)} ends ${point}`),
    `  out: ${stored} stored, ${received} received, ${doubled.out} of them again at QoS 1`,
    `  in: ${handled} handled, ${doubled.in} of them again at QoS 1, ${handledAgain} at QoS 2 that were not done`,
  ].join("\n");
}

async function bundle(): Promise<void> {
  const entryPoints = ["child", "kill-test"].map((name) => join(root, "e2e/durability", `${name}.ts`));
  await bundleProcesses({ entryPoints, outdir: output, external: ["classic-level", "pkijs", "asn1js", "socks"] });
}

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
