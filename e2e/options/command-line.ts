/** Node, Bun and Deno: a specification comes in on each line, its outcome goes out on a line. */
import process from "node:process";
import { createInterface } from "node:readline";
import * as rivulet from "rivulet";

import { perform } from "./perform.ts";
import type { Specification } from "./specification.ts";

for await (const line of createInterface(process.stdin)) {
  const outcome = await perform(rivulet, JSON.parse(line) as Specification);
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
