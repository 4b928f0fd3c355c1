/**
 * Shows what becomes of clients in pages that are left, lose the network or sleep, in browsers with a broker.
 *
 *   node --import tsx e2e/pages/run.ts [--browser Firefox] [--only "network"]
 *
 * The last line on standard output is the total.
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import type { Browser } from "@playwright/test";
import { startBroker } from "../support/broker.ts";
import { isBuilt, root } from "../support/bundles.ts";
import { launch, type BrowserName } from "./browsers.ts";
import { checksFor, type Check } from "./checks.ts";
import { Reference } from "./reference.ts";
import { startSite } from "./site.ts";
import type { Surroundings } from "./visit.ts";

const { values } = parseArgs({
  options: { browser: { type: "string", default: "" }, only: { type: "string", default: "" } },
});
let passed = 0;
let failed = 0;

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => process.exit(code)); // what was started is ended on exit
}

if (!isBuilt()) execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
{
  await using broker = await startBroker();
  const reference = await Reference.connect(broker.urls.tcp);
  const site = await startSite();
  for (const name of ["Chromium", "Firefox"] as const) {
    if (name.includes(values.browser)) await runBrowser(name, { site, reference, brokerUrl: broker.urls.ws });
  }
  await reference.close();
  await site.close();
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

async function runBrowser(name: BrowserName, surroundings: Surroundings): Promise<void> {
  let browser: Browser | undefined;
  try {
    browser = await launch(name);
    for (const check of checksFor(name)) {
      if (check.name.includes(values.only)) await runCheck(name, browser, check, surroundings);
    }
  } catch (error) {
    report(name, 0, String(error));
  } finally {
    await browser?.close();
  }
}

async function runCheck(name: BrowserName, browser: Browser, check: Check, surroundings: Surroundings): Promise<void> {
  const start = performance.now();
  // Each has a storage, a cache and a network of its own.
  const context = await browser.newContext();
  const errors: string[] = [];
  context.on("page", (page) => {
    page.on("pageerror", (error) => {
      // Firefox counts connections that fail, as they do on purpose here, among the errors of the page.
      if (!/^(Firefox can’t establish a connection|The connection) to /.test(error.message)) errors.push(String(error));
    });
    page.on("crash", () => errors.push("The page crashed"));
  });
  try {
    await check.run(context, surroundings);
  } catch (error) {
    errors.unshift(String(error));
  }
  await context.close();
  report(`${name}: ${check.name}`, performance.now() - start, errors.length > 0 ? errors.join("\n") : undefined);
}

function report(name: string, durationMs: number, fault?: string): void {
  console.log(`${fault === undefined ? "ok    " : "FAILED"} ${name} (${Math.round(durationMs)} ms)`);
  if (fault !== undefined) console.log(fault.replaceAll(/^/gm, "       "));
  if (fault === undefined) passed += 1;
  else failed += 1;
}
