/** Runs the scenarios in Node and in Deno: a cell comes in as JSON, results go out as a line of JSON each. */
import process from "node:process";
import * as rivulet from "rivulet";

import { runScenarios, type RunOptions } from "../scenarios/run.ts";

const { cell, only } = JSON.parse(process.argv[2] ?? "") as Pick<Required<RunOptions>, "cell" | "only">;
await runScenarios({ rivulet, cell, only, report: (result) => process.stdout.write(`${JSON.stringify(result)}\n`) });
// No exit here: a runtime that does not end by itself has something left open, and that is a failure.
