import { existsSync } from "node:fs";

import { chromium } from "@playwright/test";
import type { Browser, BrowserContextOptions, Page } from "@playwright/test";

const programs = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];

/** Chromium, quiet: it looks up nothing on its own. `CHROMIUM` names another program than the usual ones. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? programs.find((program) => existsSync(program));
  if (executablePath === undefined) throw new Error("Chromium is not installed (CHROMIUM may name one elsewhere)");
  return chromium.launch({
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
}

/** A page, and everything that it complained about. */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: string[];
}

/** Opens an address in a context of its own. */
export async function openPage(browser: Browser, url: string, options?: BrowserContextOptions): Promise<WatchedPage> {
  const page = await (await browser.newContext(options)).newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

/** Everything of a page that somebody could read: its markup, and what stands in its fields. */
export async function everythingShown(page: Page): Promise<string> {
  return page.evaluate(() =>
    [
      document.documentElement.outerHTML,
      ...[...document.querySelectorAll("input, textarea, select")].map((field) => (field as HTMLInputElement).value),
      document.title,
      location.href,
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
    ].join("\n"),
  );
}
