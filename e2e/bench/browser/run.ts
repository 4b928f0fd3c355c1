/** Runs the measured pages. */
import { chromium, type Browser, type CDPSession } from "@playwright/test";
import { chromiumArguments } from "../../hosts/run-playwright.ts";
import { findChromium } from "../../support/find-executable.ts";
import type { Evaluation, Throughput } from "./results.ts";
import type { BenchSite } from "./site.ts";
import type { BrowserAssignment, BrowserLibrary, PageGlobals } from "./task.ts";
import { evaluationMs, type TraceEvent } from "./trace.ts";

/** A page that takes longer has failed. */
const patienceMs = 120_000;

export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error("Chromium was not found: run `npm run setup`, or name it in CHROMIUM");
  }
  // A script that a page has had before would not be compiled again.
  const args = [...chromiumArguments, "--v8-cache-options=none"];
  return chromium.launch({ executablePath, chromiumSandbox: false, args });
}

/** Runs one task in a page of its own, which is a process of its own. */
export async function runTask(
  browser: Browser,
  site: BenchSite,
  { assignment, wallMs }: { readonly assignment: BrowserAssignment; readonly wallMs: number },
): Promise<Throughput> {
  const context = await browser.newContext();
  context.setDefaultTimeout(patienceMs);
  try {
    const page = await context.newPage();
    const failed = new Promise<never>((_, reject) => {
      page.once("pageerror", reject);
      page.once("crash", () => reject(new Error("The page crashed")));
      setTimeout(reject, patienceMs, new Error("The page was not done in time")).unref();
    });
    failed.catch(() => undefined);
    await page.goto(site.page(assignment.library));
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable");
    const runFor = (milliseconds: number): ReturnType<PageGlobals["runFor"]> =>
      Promise.race([
        page.evaluate((each) => (globalThis as unknown as PageGlobals).runFor(each), milliseconds),
        failed,
      ]);
    const prepare = page.evaluate((each) => (globalThis as unknown as PageGlobals).prepare(each), assignment);
    await Promise.race([prepare, failed]);
    await runFor(wallMs);
    const before = await clocks(session);
    const run = await runFor(wallMs);
    const after = await clocks(session);
    return {
      type: "throughput",
      ...run,
      cpuSeconds: after.thread - before.thread,
      processCpuSeconds: after.process - before.process,
      peerCpuSeconds: after.peer - before.peer,
    };
  } finally {
    await context.close();
  }
}

/** Loads the script of a library into a page that has never seen it. */
export async function runEvaluation(browser: Browser, site: BenchSite, library: BrowserLibrary): Promise<Evaluation> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await browser.startTracing(page, { categories: ["devtools.timeline"] });
    await page.goto(site.script(library));
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    return { type: "evaluation", cpuMs: evaluationMs(traceEvents, `/${library}/library.js`) };
  } finally {
    await context.close();
  }
}

/** CPU seconds so far: of the page's main thread, of its whole process, and of the peer, which is this process. */
async function clocks(session: CDPSession): Promise<{ thread: number; process: number; peer: number }> {
  const { metrics } = await session.send("Performance.getMetrics");
  const metric = (name: string): number => {
    const found = metrics.find((each) => each.name === name);
    if (found === undefined) throw new Error(`Chromium does not tell its ${name}`);
    return found.value;
  };
  const { user, system } = process.cpuUsage();
  return { thread: metric("ThreadTime"), process: metric("ProcessTime"), peer: (user + system) / 1e6 };
}
