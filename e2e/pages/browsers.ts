import { chromium, firefox, type Browser } from "@playwright/test";
import { chromiumArguments } from "../hosts/run-playwright.ts";
import { findChromium, findFirefox } from "../support/find-executable.ts";

export type BrowserName = "Chromium" | "Firefox";

/** Starts it as its users have it: with its cache for the way back, and with its own delays. */
export async function launch(name: BrowserName): Promise<Browser> {
  const executablePath = name === "Chromium" ? findChromium() : findFirefox();
  if (executablePath === undefined) {
    throw new Error(`${name} was not found: run \`npm run setup\`, or name it in ${name.toUpperCase()}`);
  }
  return name === "Chromium"
    ? await chromium.launch({
        executablePath,
        chromiumSandbox: false,
        args: chromiumArguments,
        ignoreDefaultArgs: ["--disable-back-forward-cache"],
      })
    : await firefox.launch({ executablePath, channel: "moz-firefox" });
}
