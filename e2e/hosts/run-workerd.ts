import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

import { startWorkerd } from "../../packages/workers/testing/workerd-process.ts";
import type { Cell, ScenarioResult } from "../scenarios/scenario.ts";
import { root } from "../support/bundles.ts";
import { silenceTimeoutMs, Watchdog } from "./watchdog.ts";

export interface WorkerdCellOptions {
  readonly cell: Cell;
  /** Only scenarios whose name contains it. */
  readonly only: string;
  /** A certificate authority to trust, as a file of PEM. */
  readonly ca: string;
  readonly report: (result: ScenarioResult) => void;
}

/** Runs one cell in a workerd of its own. That the Worker ran to its end, and told no secret, is a result too. */
export async function runWorkerd({ cell, only, ca, report }: WorkerdCellOptions): Promise<void> {
  const start = performance.now();
  const workerd = await startWorkerd({
    entry: join(root, "e2e/hosts/cloudflare-worker.ts"),
    ca: await readFile(ca, "utf8"),
  });
  const watchdog = new Watchdog(silenceTimeoutMs);
  const errors: string[] = [];
  let count = 0;
  try {
    const results = async (): Promise<void> => {
      const response = await fetch(workerd.url, { method: "POST", body: JSON.stringify({ cell, only }) });
      if (!response.ok || response.body === null) throw new Error(`The Worker answered with ${response.status}`);
      const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
      for await (const line of createInterface(body)) {
        watchdog.feed();
        count++;
        report(JSON.parse(line) as ScenarioResult);
      }
    };
    await Promise.race([results(), watchdog.bark]);
    if (count === 0) errors.push("No scenario was run");
  } catch (error) {
    errors.push(String(error));
  } finally {
    watchdog.stop();
    await workerd.stop();
  }
  const { username, password } = cell.credentials;
  const said = workerd.output();
  if ([username, password].some((secret) => said.includes(secret))) errors.push("It printed the credentials");
  if (errors.length > 0) errors.push(said);
  const { runtime, transport, protocolVersion } = cell;
  const scenario = "the Worker runs to its end and tells no secret";
  const durationMs = Math.round(performance.now() - start);
  const base = { runtime, transport, protocolVersion, scenario, durationMs };
  report(errors.length === 0 ? { ...base, status: "passed" } : { ...base, status: "failed", error: errors.join("\n") });
}
