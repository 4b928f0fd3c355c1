/** What both pages have in common: Playwright calls `runCell`. */
import { scram } from "rivulet/scram";

import { runScenarios } from "../scenarios/run.ts";
import type { Cell, Rivulet, ScenarioResult } from "../scenarios/scenario.ts";

declare global {
  var runCell: ((cell: Cell, only: string) => Promise<void>) | undefined;
  /** Made by Playwright. */
  var reportResult: (result: ScenarioResult) => Promise<void>;
  var violations: string[];
}

export function preparePage(rivulet: Rivulet): void {
  globalThis.violations = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    globalThis.violations.push(`${violatedDirective} ${blockedURI}`),
  );
  globalThis.runCell = async (cell, only) => {
    const reports: Promise<void>[] = [];
    const report = (result: ScenarioResult): void => void reports.push(globalThis.reportResult(result));
    await runScenarios({ rivulet, scram, cell, only, report });
    await Promise.all(reports);
  };
}
