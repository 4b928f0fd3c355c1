/** What both pages have in common: Playwright calls `runCell`. */
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
    await runScenarios({ rivulet, cell, only, report: (result) => void reports.push(globalThis.reportResult(result)) });
    await Promise.all(reports);
  };
}
