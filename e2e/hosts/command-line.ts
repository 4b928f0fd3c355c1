/** Runs the scenarios in Node and in Deno: a cell comes in as JSON, results go out as a line of JSON each. */
import process from "node:process";
import * as rivulet from "rivulet";
import { scram } from "rivulet/scram";

import { runScenarios, type RunOptions } from "../scenarios/run.ts";
import type { ScenarioResult } from "../scenarios/scenario.ts";

const { cell, only } = JSON.parse(process.argv[2] ?? "") as Pick<Required<RunOptions>, "cell" | "only">;
const report = (result: ScenarioResult): unknown => process.stdout.write(`${JSON.stringify(result)}\n`);
await runScenarios({ rivulet, scram, cell, only, report });
// No exit here: a runtime that does not end by itself has something left open, and that is a failure.
