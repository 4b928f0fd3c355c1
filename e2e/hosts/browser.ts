import type { Cell, ScenarioResult } from "../scenarios/scenario.ts";
import type { Bundles } from "../support/bundles.ts";
import { findChromium, findFirefox, findMiniBrowser } from "../support/find-executable.ts";
import type { PageRun } from "./driver.ts";
import { servePages, type PageName } from "./page-server.ts";
import { openPlaywright } from "./run-playwright.ts";
import { openWebKit } from "./run-webkit.ts";

export const browserNames = ["chromium", "firefox", "webkit"] as const;
export type BrowserName = (typeof browserNames)[number];

export interface Browser {
  run(page: PageName, options: Omit<PageRun, "url">): Promise<void>;
  close(): Promise<void>;
}

/** Starts a browser and the server of its pages, both on this machine. */
export async function startBrowser(name: BrowserName, bundles: Bundles): Promise<Browser> {
  const driver = name === "webkit" ? await openWebKit(miniBrowserPath()) : await openPlaywright(name, pathOf(name));
  const server = await servePages(bundles);
  return {
    run: async (page, options) => {
      const start = performance.now();
      const errors = await driver.run({ url: server.url(page), ...options });
      options.report(pageResult(options.cell, errors, performance.now() - start));
    },
    close: async () => {
      await driver.close();
      await server.close();
    },
  };
}

function pageResult(
  { runtime, transport, protocolVersion }: Cell,
  errors: readonly string[],
  durationMs: number,
): ScenarioResult {
  const scenario = "the page has no errors, breaks no policy and shows no secret";
  const base = { runtime, transport, protocolVersion, scenario, durationMs: Math.round(durationMs) };
  return errors.length === 0 ? { ...base, status: "passed" } : { ...base, status: "failed", error: errors.join("\n") };
}

function pathOf(name: "chromium" | "firefox"): string {
  const path = name === "chromium" ? findChromium() : findFirefox();
  if (path === undefined) throw new Error(`${name} was not found: run \`npm run setup\``);
  return path;
}

function miniBrowserPath(): string {
  const path = findMiniBrowser();
  if (path === undefined) throw new Error("WebKit's MiniBrowser was not found: run `npm run setup`");
  return path;
}
