import { scram } from "rivulet/scram";

import { runScenarios } from "../scenarios/run.ts";
import type { Cell, Rivulet, ScenarioResult } from "../scenarios/scenario.ts";

/** Runs a cell in the page itself. */
export async function runHere(rivulet: Rivulet, cell: Cell, only: string): Promise<void> {
  const reports: Promise<void>[] = [];
  const report = (result: ScenarioResult): void => void reports.push(globalThis.reportResult(result));
  await runScenarios({ rivulet, scram, cell, only, report });
  await Promise.all(reports);
}
