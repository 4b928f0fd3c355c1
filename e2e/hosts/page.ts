/** What the pages have in common: whoever drives the browser calls `runCell`. */
import type { Cell, ScenarioResult } from "../scenarios/scenario.ts";

declare global {
  var runCell: ((cell: Cell, only: string) => Promise<void>) | undefined;
  /** Made by whoever drives the browser. */
  var reportResult: (result: ScenarioResult) => Promise<void>;
  var violations: string[];
}

export function preparePage(runCell: NonNullable<typeof globalThis.runCell>): void {
  globalThis.violations = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    globalThis.violations.push(`${violatedDirective} ${blockedURI}`),
  );
  globalThis.runCell = runCell;
}
