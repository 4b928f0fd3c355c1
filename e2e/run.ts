/**
 * Runs the scenarios in every cell of the matrix, runtime x transport x protocol version, against brokers of its own.
 *
 *   npm run test:e2e -- [--runtime deno] [--transport ws] [--version 5] [--scenario "will:"]
 *
 * Two cells run side by side where there are two cores, since most of them wait more than they compute: one takes the
 * next cell from the beginning of the matrix, the other one from its end, which is where the browsers are. Each of the
 * two has brokers and browsers of its own.
 *
 * Results go to .cache/e2e/results.json; the last line on standard output is the total.
 */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

import { browserNames, type BrowserName } from "./hosts/browser.ts";
import type { PageName } from "./hosts/page-server.ts";
import { runWorkerd } from "./hosts/run-workerd.ts";
import { runCommandLine, type CommandLineRuntime } from "./hosts/run-command-line.ts";
import type { Transport } from "./scenarios/fault-calls.ts";
import type { Cell, ProtocolVersion, ScenarioResult } from "./scenarios/scenario.ts";
import { openStage, type Stage } from "./stage.ts";
import { deceivedUsername } from "./support/broker-configuration.ts";
import { bundleHosts, isBuilt, root, type Bundles } from "./support/bundles.ts";
import { findMosquitto } from "./support/find-executable.ts";
import { Sections } from "./support/sections.ts";

type Runtime = CommandLineRuntime | "workerd" | `${BrowserName}-${PageName}`;

interface Column {
  readonly runtime: Runtime;
  readonly transport: Transport;
  /** Default: all. */
  readonly versions?: readonly ProtocolVersion[];
  /** Only scenarios whose name contains it. Default: all. */
  readonly only?: string;
}

const matrix: readonly Column[] = [
  { runtime: "node", transport: "tcp" },
  { runtime: "node", transport: "tls" },
  { runtime: "node", transport: "ws" },
  { runtime: "node", transport: "wss" },
  { runtime: "bun", transport: "tcp" },
  { runtime: "bun", transport: "tls", versions: [5] },
  { runtime: "bun", transport: "ws" },
  { runtime: "deno", transport: "tcp" },
  { runtime: "deno", transport: "tls", versions: [5] },
  { runtime: "deno", transport: "ws" },
  { runtime: "workerd", transport: "tcp" },
  { runtime: "workerd", transport: "tls", versions: [5] },
  { runtime: "workerd", transport: "ws", versions: [5] },
  { runtime: "workerd", transport: "wss", versions: [5] },
  { runtime: "chromium-umd", transport: "ws" },
  { runtime: "chromium-spa", transport: "ws" },
  // TLS is the browser's own affair: once will do.
  { runtime: "chromium-spa", transport: "wss", versions: [5] },
  { runtime: "chromium-worker", transport: "ws", versions: [5] },
  { runtime: "chromium-shared-worker", transport: "ws", versions: [5], only: "publish" },
  { runtime: "chromium-service-worker", transport: "ws", versions: [5], only: "publish" },
  { runtime: "firefox-umd", transport: "ws" },
  { runtime: "firefox-worker", transport: "ws", versions: [5], only: "publish" },
  { runtime: "webkit-umd", transport: "ws" },
  { runtime: "webkit-worker", transport: "ws", versions: [5], only: "publish" },
];
/** So many cells at once at most: they have limits of time. */
const laneLimit = 2;
const protocolVersions: readonly ProtocolVersion[] = [4, 5];
const resultsFile = join(root, ".cache/e2e/results.json");

const { values: wanted } = parseArgs({
  options: {
    runtime: { type: "string", default: "" },
    transport: { type: "string", default: "" },
    version: { type: "string", default: "" },
    scenario: { type: "string", default: "" },
  },
});

type MatrixCell = Omit<Column, "versions"> & { readonly protocolVersion: ProtocolVersion };

/** What the brokers of a lane say that they dropped. */
interface Drops {
  readonly drops: readonly string[];
  readonly durationMs: number;
}

/** A place in the output and in the results that belongs to one cell. */
interface Section {
  readonly results: ScenarioResult[];
  readonly write: (line: string) => void;
  readonly report: (result: ScenarioResult) => void;
  readonly close: () => void;
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => process.exit(code)); // what was started is ended on exit
}
rmSync(resultsFile, { force: true });
if (!isBuilt()) execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });

if (findMosquitto() === undefined) {
  console.log("Not run: authentication, for which Docker's mosquitto has no plugin");
  console.log("Not run: what takes a broker that is stopped, which Docker's is not");
}
// Each process that is started is ended when this one is.
process.setMaxListeners(50);
const sections = new Sections((text) => void process.stdout.write(text));
const start = performance.now();
finish(await runMatrix());

async function runMatrix(): Promise<ScenarioResult[]> {
  const cells = matrix
    .flatMap(({ versions = protocolVersions, ...column }) =>
      versions.map((protocolVersion) => ({ ...column, protocolVersion })),
    )
    .filter(({ runtime }) => runtime.startsWith(wanted.runtime))
    .filter(({ transport }) => wanted.transport === "" || transport === wanted.transport)
    .filter(({ protocolVersion }) => wanted.version === "" || String(protocolVersion) === wanted.version)
    .map((cell) => ({ cell, section: openSection() }));
  if (cells.length === 0) throw new Error("No cell of the matrix is as it was asked for");
  const bundles = await bundleHosts();
  const left = [...cells];
  const ends = [() => left.shift(), () => left.pop()];
  const lanes = ends.slice(0, Math.min(availableParallelism(), cells.length, laneLimit));
  // Where one fails, the other comes to its end, and what it has found is printed.
  const ended = await Promise.allSettled(lanes.map((next) => runLane(bundles, next)));
  for (const { section } of cells) section.close();
  const drops = ended.map((lane) => {
    if (lane.status === "rejected") throw lane.reason;
    return lane.value;
  });
  const last = openSection();
  last.report(resultOfDrops(drops));
  return [...cells.map(({ section }) => section), last].flatMap(({ results }) => results);
}

/** Runs cells, one after the other, until there are none; tells what its brokers dropped. */
async function runLane(
  bundles: Bundles,
  next: () => { readonly cell: MatrixCell; readonly section: Section } | undefined,
): Promise<Drops> {
  const stage = await openStage(bundles);
  try {
    for (let each = next(); each !== undefined; each = next()) {
      await runCell(each.cell, stage, each.section);
      each.section.close();
    }
    const since = performance.now();
    return { drops: await stage.drops(), durationMs: performance.now() - since };
  } finally {
    await stage.close();
  }
}

async function runCell(
  { runtime, transport, protocolVersion, only = "" }: MatrixCell,
  { broker, oldBroker, faultServer, bundles, browser, nowherePort }: Stage,
  { write, report }: Section,
): Promise<void> {
  const guarded = { tcp: "guardedTcp", tls: "guardedTls", ws: "guardedWs", wss: "guardedWss" } as const;
  const url = broker.urls[transport];
  const cell: Cell = {
    runtime,
    transport,
    protocolVersion,
    url,
    guardedUrl: broker.urls[guarded[transport]],
    ...(broker.scramUrls && { scramUrl: broker.scramUrls[transport.startsWith("t") ? "tcp" : "ws"] }),
    deceivedUsername,
    oldUrl: transport.startsWith("t") ? oldBroker.urls.tcp : oldBroker.urls.ws,
    nowhereUrl: url.replace(/:\d+$/, `:${nowherePort}`),
    controlUrl: faultServer.url,
    hasFaultyBrokers: findMosquitto() !== undefined,
    credentials: broker.credentials,
    topicRoot: `e2e/${randomUUID()}`,
  };
  write(`\n${runtime}, ${transport}, MQTT ${protocolVersion === 5 ? "5.0" : "3.1.1"}`);
  const common = { cell, only: wanted.scenario || only, report };
  if (runtime === "node" || runtime === "bun" || runtime === "deno") {
    await runCommandLine({ runtime, bundle: bundles.commandLine, ca: broker.ca, ...common });
  } else if (runtime === "workerd") {
    await runWorkerd({ ca: broker.ca, ...common });
  } else {
    const name = browserNames.find((each) => runtime.startsWith(each));
    const page = runtime.slice(runtime.indexOf("-") + 1) as PageName; // so it is made
    if (name !== undefined) await (await browser(name)).run(page, common);
  }
}

/** A message that a broker dropped would look like one that a client lost, and one it did not drop is ours. */
function resultOfDrops(lanes: readonly Drops[]): ScenarioResult {
  const drops = lanes.flatMap((lane) => lane.drops);
  return {
    runtime: "mosquitto",
    transport: "tcp",
    protocolVersion: 4,
    scenario: "the brokers dropped no message",
    status: drops.length === 0 ? "passed" : "failed",
    durationMs: Math.round(Math.max(...lanes.map(({ durationMs }) => durationMs))),
    ...(drops.length === 0 ? {} : { error: `Dropped: ${drops.join(", ")}` }),
  };
}

function openSection(): Section {
  const results: ScenarioResult[] = [];
  const { write: print, close } = sections.open();
  const write = (line: string): void => print(`${line}\n`);
  const report = (result: ScenarioResult): void => {
    results.push(result);
    const mark = result.status === "passed" ? "ok    " : "FAILED";
    write(`  ${mark} ${result.scenario} (${result.durationMs} ms)`);
    if (result.error !== undefined) write(result.error.replaceAll(/^/gm, "         "));
  };
  return { results, write, report, close };
}

function finish(results: readonly ScenarioResult[]): void {
  const failed = results.filter(({ status }) => status === "failed").length;
  const passed = results.length - failed;
  const durationMs = Math.round(performance.now() - start);
  mkdirSync(dirname(resultsFile), { recursive: true });
  writeFileSync(resultsFile, JSON.stringify({ passed, failed, skipped: 0, durationMs, results }, undefined, 2));
  console.log(`\n${passed} passed, ${failed} failed, 0 skipped`);
  // The check of the broker alone proves nothing.
  process.exitCode = failed === 0 && results.length > 1 ? 0 : 1;
}
