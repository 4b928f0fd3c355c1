import { chromium, type Browser } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { Cell, ScenarioResult } from "../scenarios/scenario.ts";
import { scriptTagBundle, type Bundles } from "../support/bundles.ts";
import { silenceTimeoutMs, Watchdog } from "./watchdog.ts";

export type PageName = "umd" | "spa";

export interface PageOptions {
  readonly cell: Cell;
  /** Only scenarios whose name contains it. */
  readonly only: string;
  readonly report: (result: ScenarioResult) => void;
}

export interface Chromium {
  run(page: PageName, options: PageOptions): Promise<void>;
  close(): Promise<void>;
}

const pages: Readonly<Record<PageName, string>> = {
  umd: '<script src="/rivulet.umd.js"></script><script src="/script-tag.js"></script>',
  spa: '<script type="module" src="/single-page-app.js"></script>',
};

/** Strict enough that a library which evaluates strings, injects styles or loads anything would break. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src ws://127.0.0.1:* wss://127.0.0.1:* http://127.0.0.1:*",
  "require-trusted-types-for 'script'",
].join("; ");

/** Starts the browser and the server of its pages, both on this machine. */
export async function startChromium(executablePath: string, bundles: Bundles): Promise<Chromium> {
  const server = await servePages(bundles);
  const { port } = server.address() as AddressInfo; // listening on TCP
  const browser = await chromium.launch({
    executablePath,
    chromiumSandbox: false,
    args: [
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return {
    run: async (name, options) => {
      const start = performance.now();
      const errors = await runPage(browser, `http://127.0.0.1:${port}/${name}.html`, options);
      options.report(pageResult(options.cell, errors, performance.now() - start));
    },
    close: async () => {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Returns what is wrong with the page itself, beside its scenarios. */
async function runPage(browser: Browser, url: string, { cell, only, report }: PageOptions): Promise<string[]> {
  // The certificate of a wss listener is from an authority of this run.
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const said: string[] = [];
  const errors: string[] = [];
  const watchdog = new Watchdog(silenceTimeoutMs);
  let count = 0;
  try {
    const page = await context.newPage();
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => errors.push(`Uncaught ${error.stack ?? String(error)}`));
    page.on("crash", () => errors.push("The page crashed"));
    await page.exposeFunction("reportResult", (result: ScenarioResult) => {
      watchdog.feed();
      count++;
      report(result);
    });
    await page.goto(url);
    const run = page.evaluate(([theCell, filter]) => globalThis.runCell?.(theCell, filter), [cell, only] as const);
    await Promise.race([run, watchdog.bark]);
    const violations = await page.evaluate(() => globalThis.violations);
    errors.push(...violations.map((violation) => `The Content-Security-Policy does not allow ${violation}`));
    const shown = [...said, await page.content(), page.url()].join("\n");
    const { username, password } = cell.credentials;
    const secrets = [username, password, encodeURIComponent(username), encodeURIComponent(password)];
    if (secrets.some((secret) => shown.includes(secret))) errors.push("The page or its console shows the credentials");
    if (count === 0) errors.push("No scenario was run");
  } catch (error) {
    errors.push(String(error));
  } finally {
    watchdog.stop();
    await context.close();
  }
  return errors;
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

async function servePages(bundles: Bundles): Promise<Server> {
  const scripts = {
    "/rivulet.umd.js": scriptTagBundle,
    "/script-tag.js": bundles.scriptTag,
    "/single-page-app.js": bundles.singlePageApp,
  };
  const files = new Map<string, { type: string; body: string | Uint8Array }>();
  for (const [path, file] of Object.entries(scripts)) {
    files.set(path, { type: "text/javascript; charset=utf-8", body: await readFile(file) });
  }
  for (const [name, body] of Object.entries(pages)) {
    files.set(`/${name}.html`, {
      type: "text/html; charset=utf-8",
      body: `<!doctype html><title>${name}</title>${body}`,
    });
  }
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? "");
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": file.type, "content-security-policy": policy }).end(file.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return server;
}
