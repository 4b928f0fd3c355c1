import type { Cell, ScenarioResult } from "../scenarios/scenario.ts";

export interface PageRun {
  readonly url: string;
  readonly cell: Cell;
  /** Only scenarios whose name contains it. */
  readonly only: string;
  readonly report: (result: ScenarioResult) => void;
}

/** What drives a browser. */
export interface Driver {
  /** Runs a page, and returns what is wrong with it beside its scenarios. */
  run(run: PageRun): Promise<string[]>;
  close(): Promise<void>;
}
