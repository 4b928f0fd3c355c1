/** Node and Deno: an order comes in on each line, its outcome goes out on a line; many may be under way. */
import process from "node:process";
import { createInterface } from "node:readline";
import * as component from "@rivulet/component";

import { describe } from "./check.ts";
import type { Order } from "./order.ts";
import { perform } from "./perform.ts";

// What nobody handles is told of, and ends nothing: other checks are under way.
process.on("unhandledRejection", (error) => write({ unhandled: describe(error) }));
process.on("uncaughtException", (error) => write({ unhandled: describe(error) }));

for await (const line of createInterface(process.stdin)) {
  void perform(component, JSON.parse(line) as Order).then(write);
}
// Whoever gave the orders is gone; what a check has left behind would keep it alive.
process.exit();

function write(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
