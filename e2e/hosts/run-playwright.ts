import { chromium, firefox } from "@playwright/test";

import type { ScenarioResult } from "../scenarios/scenario.ts";
import type { Driver, PageRun } from "./driver.ts";
import { secretsIn } from "./secrets.ts";
import { silenceTimeoutMs, Watchdog } from "./watchdog.ts";

export const chromiumArguments: string[] = [
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium or Firefox. */
export async function openPlaywright(name: "chromium" | "firefox", executablePath: string): Promise<Driver> {
  const browser =
    name === "chromium"
      ? await chromium.launch({ executablePath, chromiumSandbox: false, args: chromiumArguments })
      : await firefox.launch({
          executablePath,
          channel: "moz-firefox",
          // It would make whoever is cut on purpose wait longer and longer.
          firefoxUserPrefs: {
            "network.websocket.delay-failed-reconnects": false,
            // It opens one WebSocket to a host at a time: one that is held on purpose keeps all others waiting (in s).
            "network.websocket.timeout.open": 3,
          },
        });
  return {
    run: async ({ url, cell, only, report }: PageRun) => {
      // The certificate of a wss listener is from an authority of this run.
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      const said: string[] = [];
      const errors: string[] = [];
      const watchdog = new Watchdog(silenceTimeoutMs);
      let count = 0;
      try {
        const page = await context.newPage();
        page.on("console", (message) => said.push(message.text()));
        page.on("pageerror", (error) => {
          // Firefox counts connections that fail, as they do on purpose here, among the errors of the page.
          if (!/^(Firefox can’t establish a connection|The connection) to /.test(error.message)) {
            errors.push(`Uncaught ${error.stack ?? String(error)}`);
          }
        });
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
        errors.push(...secretsIn([...said, await page.content(), page.url()].join("\n"), cell));
        if (count === 0) errors.push("No scenario was run");
      } catch (error) {
        errors.push(String(error));
      } finally {
        watchdog.stop();
        await context.close();
      }
      return errors;
    },
    close: () => browser.close(),
  };
}
