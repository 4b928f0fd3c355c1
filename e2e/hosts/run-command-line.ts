import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { Cell, ScenarioResult } from "../scenarios/scenario.ts";
import { root } from "../support/bundles.ts";
import { silenceTimeoutMs, Watchdog } from "./watchdog.ts";

export type CommandLineRuntime = "node" | "bun" | "deno";

export interface CommandLineOptions {
  readonly runtime: CommandLineRuntime;
  /** The bundled `command-line.ts`. */
  readonly bundle: string;
  readonly cell: Cell;
  readonly only: string;
  /** A certificate authority to trust, in PEM. */
  readonly ca: string;
  readonly report: (result: ScenarioResult) => void;
}

/** How long a runtime may live after its last scenario. */
const endTimeoutMs = 10_000;

/** Runs one cell in a process of its own. Its ending is a result too: alone, and with nothing unhandled. */
export async function runCommandLine(options: CommandLineOptions): Promise<void> {
  const { runtime, bundle, cell, only, ca, report } = options;
  const input = JSON.stringify({ cell, only });
  const start = performance.now();
  const [command, ...flags] = commandOf(runtime, ca);
  const child = spawn(command, [...flags, bundle, input], {
    cwd: root,
    env: { ...process.env, NODE_EXTRA_CA_CERTS: ca, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);

  let last = start;
  let complaints = "";
  let count = 0;
  const watchdog = new Watchdog(silenceTimeoutMs);
  watchdog.bark.catch(kill);
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  createInterface(child.stdout).on("line", (line) => {
    const result = parseResult(line);
    if (result === undefined) {
      complaints += `${line}\n`;
      return;
    }
    count++;
    last = performance.now();
    watchdog.feed();
    report(result);
  });
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  watchdog.stop();
  process.off("exit", kill);

  const endedAfterMs = Math.round(performance.now() - last);
  const failures = [
    ...(code === 0 ? [] : [`It ended with ${code === null ? signal : `exit code ${code}`}`]),
    ...(endedAfterMs > endTimeoutMs ? [`It took ${endedAfterMs} ms to end after its last scenario`] : []),
    ...(count === 0 ? ["It ran no scenario"] : []),
  ];
  const { transport, protocolVersion } = cell;
  const base = {
    runtime: cell.runtime,
    transport,
    protocolVersion,
    scenario: "the process ends by itself",
    durationMs: endedAfterMs,
  };
  report(
    failures.length === 0
      ? { ...base, status: "passed" }
      : { ...base, status: "failed", error: `${failures.join("; ")}\n${complaints}` },
  );
}

/** What runs a module on the command line, before its path; `ca` is trusted beside the usual ones. */
export function commandOf(runtime: CommandLineRuntime, ca?: string): readonly [string, ...string[]] {
  const installed = join(root, "node_modules/.bin", runtime);
  if (runtime === "deno") return [installed, "run", "--allow-all", "--no-lock", ...(ca ? ["--cert", ca] : [])];
  return runtime === "bun" ? [installed, "run"] : [process.execPath, "--enable-source-maps"];
}

function parseResult(line: string): ScenarioResult | undefined {
  try {
    return JSON.parse(line) as ScenarioResult;
  } catch {
    return undefined;
  }
}
