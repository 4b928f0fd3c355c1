/**
 * Runs the transport contract in Chromium. Prints TAP; the exit code is 1 when a scenario failed. `CHROMIUM` names the browser's program when it is not /usr/bin/chromium.
 */

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "@playwright/test";
import { build } from "esbuild";
import { PeerRegistry, type PeerCall } from "./peer-registry.ts";

/** Long enough for a busy machine; a scenario that hangs takes this long to fail, in ms. */
const scenarioTimeoutMs = 60_000;

let count = 0;
let failures = 0;

await main();

async function main(): Promise<void> {
  const server = await servePage(await bundlePage());
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    chromiumSandbox: false,
    args: [
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    console.log("TAP version 13");
    await runAll(browser, url);
    console.log(`1..${count}`);
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
  process.exitCode = failures === 0 ? 0 : 1;
}

async function runAll(browser: Browser, url: string): Promise<void> {
  const names = await withPage(browser, url, (page) => page.evaluate<string[]>("scenarioNames"));
  for (const name of names) {
    const error = await withPage(browser, url, (page) => runScenario(page, name));
    count++;
    if (error !== undefined) failures++;
    console.log(`${error === undefined ? "ok" : "not ok"} ${count} - Chromium: ${name}`);
    if (error !== undefined) console.log(error.replaceAll(/^/gm, "  # "));
  }
}

async function runScenario(page: Page, name: string): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve(`took longer than ${scenarioTimeoutMs} ms`);
    }, scenarioTimeoutMs);
  });
  const running = page.evaluate(`runScenario(${JSON.stringify(name)})`).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  const outcome = await Promise.race([running, late]);
  clearTimeout(timer);
  return outcome;
}

/** A page of its own for each scenario, so that none can leave anything to the next. */
async function withPage<T>(browser: Browser, url: string, use: (page: Page) => Promise<T>): Promise<T> {
  const page = await browser.newPage();
  const peers = new PeerRegistry();
  try {
    await page.exposeFunction("callPeer", (call: PeerCall) => peers.call(call));
    await page.goto(url);
    return await use(page);
  } finally {
    await page.close();
    await peers.closeAll();
  }
}

async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("browser-page.ts", import.meta.url))],
    conditions: ["@rivulet/source", "browser"],
    platform: "browser",
    format: "iife",
    target: "es2022",
    bundle: true,
    write: false,
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error("The page was not bundled");
  return script.text;
}

async function servePage(script: string): Promise<Server> {
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><title>Contract</title><script src="/page.js"></script>');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
