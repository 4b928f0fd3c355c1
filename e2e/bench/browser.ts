/**
 * Measures the client against MQTT.js in Chromium, over WebSocket to a peer that only answers what it must: each from its
 * file for a script tag, each run in a page and process of its own that warms up first; the two take turns. What counts is
 * the CPU time of the page's main thread, which Chromium itself tells (`ThreadTime` of the DevTools protocol): waiting is
 * not in it, nor what other programs do meanwhile, nor Chromium's network process, which is the same for both.
 *
 *     npm run build && npm run bench:browser    prints the table, and fails where a target is missed
 *     npm run bench:browser -- --quick          is over in a minute, and is noisy
 *     npm run bench:browser -- --case "QoS 1"   only the cases whose name has that in it
 *     npm run bench:browser -- --rounds 9       instead of 5
 *     npm run bench:browser -- --no-check       only prints
 *     npm run bench:browser -- --protocol 5     MQTT 5.0 instead of 3.1.1, which is what the targets are about
 */
import { parseArgs } from "node:util";
import { isBuilt } from "../support/bundles.ts";
import { browserCases, evaluation } from "./browser/cases.ts";
import type { ClientResult } from "./client/results.ts";
import { formatBrowserResults, summarizeBrowser, type BrowserOutcome, type BrowserRound } from "./browser/results.ts";
import { launchChromium, runEvaluation, runTask } from "./browser/run.ts";
import { startBenchSite } from "./browser/site.ts";
import type { BrowserLibrary } from "./browser/task.ts";

const { values } = parseArgs({
  options: {
    case: { type: "string", default: "" },
    "no-check": { type: "boolean", default: false },
    protocol: { type: "string", default: "4" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
const wallMs = values.quick ? 500 : 1500;
const protocolVersion = values.protocol === "5" ? 5 : 4;

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => process.exit(code)); // what was started is ended on exit
}

if (!isBuilt()) console.error('What is measured is missing or older than its sources; "npm run build" makes it anew');
const site = await startBenchSite();
const browser = await launchChromium();
const results: ClientResult[] = [];
try {
  for (const { name, task, targetRatio } of browserCases.filter((each) => each.name.includes(values.case))) {
    const url = site.webSocket(task.kind === "receive" ? task.frames : "many packets each");
    const target = targetRatio === undefined ? undefined : { ratio: targetRatio };
    const taken = await takeTurns(rounds, (library) =>
      runTask(browser, site, { assignment: { library, url, protocolVersion, task }, wallMs }),
    );
    results.push(summarizeBrowser(name, target, taken));
  }
  if (evaluation.name.includes(values.case)) {
    // They are short, and so they are noisy.
    const taken = await takeTurns(4 * rounds, (library) => runEvaluation(browser, site, library));
    results.push(summarizeBrowser(evaluation.name, { value: evaluation.targetMs }, taken));
  }
} finally {
  await browser.close();
  await site.close();
}
report(browser.version());

async function takeTurns(
  times: number,
  run: (library: BrowserLibrary) => Promise<BrowserOutcome>,
): Promise<BrowserRound[]> {
  const done: BrowserRound[] = [];
  while (done.length < times) {
    if (done.length % 2 === 1) done.push({ rivulet: await run("rivulet"), "mqtt.js": await run("mqtt.js") });
    else done.push({ "mqtt.js": await run("mqtt.js"), rivulet: await run("rivulet") });
  }
  process.stderr.write(".");
  return done;
}

function report(chromium: string): void {
  console.log(`\n${formatBrowserResults(results)}`);
  const version = protocolVersion === 5 ? "5.0" : "3.1.1";
  console.log(`Chromium ${chromium}, MQTT ${version}, 64 B, ${rounds} rounds, medians; CPU time of the main thread`);
  const missed = results.filter(({ met }) => met === false);
  if (missed.length > 0) console.log(`Missed: ${missed.map(({ name }) => name).join("; ")}`);
  if (!values["no-check"] && (missed.length > 0 || results.length === 0)) process.exitCode = 1;
}
