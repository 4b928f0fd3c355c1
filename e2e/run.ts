/**
 * Runs the scenarios in every cell of the matrix, runtime x transport x protocol version, against brokers of its own.
 *
 *   npm run test:e2e -- [--runtime deno] [--transport ws] [--version 5] [--scenario "will:"]
 *
 * Results go to .cache/e2e/results.json; the last line on standard output is the total.
 */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

import { browserNames, startBrowser, type Browser, type BrowserName } from "./hosts/browser.ts";
import type { PageName } from "./hosts/page-server.ts";
import { runWorkerd } from "./hosts/run-workerd.ts";
import { runCommandLine, type CommandLineRuntime } from "./hosts/run-command-line.ts";
import type { Transport } from "./scenarios/fault-calls.ts";
import type { Cell, ProtocolVersion, ScenarioResult } from "./scenarios/scenario.ts";
import { startAedes, type OldBroker } from "./support/aedes.ts";
import { deceivedUsername } from "./support/broker-configuration.ts";
import { startBroker, type Broker } from "./support/broker.ts";
import { bundleHosts, isBuilt, root, type Bundles } from "./support/bundles.ts";
import { startFaultServer, type FaultServer } from "./support/fault-server.ts";
import { findMosquitto } from "./support/find-executable.ts";
import { closedPort } from "./support/free-ports.ts";
import { startPacemaker } from "./support/pacemaker.ts";

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

interface Stage {
  readonly broker: Broker;
  readonly oldBroker: OldBroker;
  readonly faultServer: FaultServer;
  readonly bundles: Bundles;
  readonly browsers: ReadonlyMap<BrowserName, Browser>;
  readonly nowherePort: number;
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => process.exit(code)); // what was started is ended on exit
}
rmSync(resultsFile, { force: true });
if (!isBuilt()) execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });

const results: ScenarioResult[] = [];
const start = performance.now();
await runMatrix();
finish();

async function runMatrix(): Promise<void> {
  const cells = matrix
    .flatMap(({ versions = protocolVersions, ...column }) =>
      versions.map((protocolVersion) => ({ ...column, protocolVersion })),
    )
    .filter(({ runtime }) => runtime.startsWith(wanted.runtime))
    .filter(({ transport }) => wanted.transport === "" || transport === wanted.transport)
    .filter(({ protocolVersion }) => wanted.version === "" || String(protocolVersion) === wanted.version);
  const bundles = await bundleHosts();
  const stops: (() => Promise<void>)[] = [];
  try {
    const broker = await startBroker({ hasScram: true });
    stops.unshift(broker.stop);
    if (broker.scramUrls === undefined)
      console.log("Not run: authentication, for which Docker's mosquitto has no plugin");
    const pacemaker = await startPacemaker(broker.urls.tcp);
    stops.unshift(pacemaker.stop);
    const oldBroker = await startAedes();
    stops.unshift(oldBroker.stop);
    const faultServer = await startFaultServer({ mosquitto: findMosquitto(), files: dirname(broker.ca) });
    stops.unshift(faultServer.stop);
    if (findMosquitto() === undefined)
      console.log("Not run: what takes a broker that is stopped, which Docker's is not");
    const browsers = new Map<BrowserName, Browser>();
    for (const name of browserNames.filter((each) => cells.some(({ runtime }) => runtime.startsWith(each)))) {
      const browser = await startBrowser(name, bundles);
      browsers.set(name, browser);
      stops.unshift(browser.close);
    }
    const nowherePort = await closedPort();
    for (const cell of cells) {
      await runCell(cell, { broker, oldBroker, faultServer, bundles, browsers, nowherePort });
    }
    await checkBrokers(broker, faultServer);
  } finally {
    for (const stop of stops) await stop();
  }
}

async function runCell(
  { runtime, transport, protocolVersion, only = "" }: Omit<Column, "versions"> & { protocolVersion: ProtocolVersion },
  { broker, oldBroker, faultServer, bundles, browsers, nowherePort }: Stage,
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
  console.log(`\n${runtime}, ${transport}, MQTT ${protocolVersion === 5 ? "5.0" : "3.1.1"}`);
  const common = { cell, only: wanted.scenario || only, report };
  if (runtime === "node" || runtime === "bun" || runtime === "deno") {
    await runCommandLine({ runtime, bundle: bundles.commandLine, ca: broker.ca, ...common });
  } else if (runtime === "workerd") {
    await runWorkerd({ ca: broker.ca, ...common });
  } else {
    const name = browserNames.find((each) => runtime.startsWith(each));
    const page = runtime.slice(runtime.indexOf("-") + 1) as PageName; // so it is made
    if (name !== undefined) await browsers.get(name)?.run(page, common);
  }
}

/** A message that a broker dropped would look like one that a client lost, and one it did not drop is ours. */
async function checkBrokers(broker: Broker, faultServer: FaultServer): Promise<void> {
  const since = performance.now();
  const dropped = await broker.droppedMessages();
  const droppers = faultServer.droppers();
  const isClean = dropped === 0 && droppers.length === 0;
  report({
    runtime: "mosquitto",
    transport: "tcp",
    protocolVersion: 4,
    scenario: "the brokers dropped no message",
    status: isClean ? "passed" : "failed",
    durationMs: Math.round(performance.now() - since),
    ...(isClean ? {} : { error: `Dropped: ${[dropped, ...droppers].join(", ")}` }),
  });
}

function report(result: ScenarioResult): void {
  results.push(result);
  const mark = result.status === "passed" ? "ok    " : "FAILED";
  console.log(`  ${mark} ${result.scenario} (${result.durationMs} ms)`);
  if (result.error !== undefined) console.log(result.error.replaceAll(/^/gm, "         "));
}

function finish(): void {
  const failed = results.filter(({ status }) => status === "failed").length;
  const passed = results.length - failed;
  const durationMs = Math.round(performance.now() - start);
  mkdirSync(dirname(resultsFile), { recursive: true });
  writeFileSync(resultsFile, JSON.stringify({ passed, failed, skipped: 0, durationMs, results }, undefined, 2));
  console.log(`\n${passed} passed, ${failed} failed, 0 skipped`);
  // The check of the broker alone proves nothing.
  process.exitCode = failed === 0 && results.length > 1 ? 0 : 1;
}
