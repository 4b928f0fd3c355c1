import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Builder } from "selenium-webdriver";

import type { ScenarioResult } from "../scenarios/scenario.ts";
import { findExecutable } from "../support/find-executable.ts";
import { freePorts } from "../support/free-ports.ts";
import type { Driver, PageRun } from "./driver.ts";
import { secretsIn } from "./secrets.ts";
import { silenceTimeoutMs, Watchdog } from "./watchdog.ts";

/** How often the page is asked for news. */
const pollMs = 200;

/** What the page keeps for us. */
interface News {
  readonly results: readonly ScenarioResult[];
  readonly errors: readonly string[];
  readonly isOver: boolean;
}

/** Starts WebKitGTK's MiniBrowser on a display of its own. */
export async function openWebKit(binary: string): Promise<Driver> {
  const display = await startDisplay();
  const [port = 0] = await freePorts(1);
  const webDriver = start("WebKitWebDriver", [`--port=${port}`], { DISPLAY: `:${display.number}` });
  await listening(port);
  const browser = await new Builder()
    .usingServer(`http://127.0.0.1:${port}`)
    .withCapabilities({
      browserName: "MiniBrowser",
      acceptInsecureCerts: true,
      "webkitgtk:browserOptions": { binary, args: ["--automation"] },
    })
    .build();
  await browser.manage().setTimeouts({ script: silenceTimeoutMs });
  return {
    run: async ({ url, cell, only, report }: PageRun) => {
      const errors: string[] = [];
      const watchdog = new Watchdog(silenceTimeoutMs);
      let count = 0;
      const listen = async (): Promise<void> => {
        for (;;) {
          const news: News = await browser.executeScript(takeNews);
          for (const result of news.results) {
            watchdog.feed();
            count++;
            report(result);
          }
          errors.push(...news.errors);
          if (news.isOver) return;
          await new Promise((resolve) => setTimeout(resolve, pollMs));
        }
      };
      try {
        await browser.get(url);
        await browser.executeScript(beginRun, cell, only);
        await Promise.race([listen(), watchdog.bark]);
        errors.push(...secretsIn(await browser.getPageSource(), cell));
        if (count === 0) errors.push("No scenario was run");
      } catch (error) {
        errors.push(String(error));
      } finally {
        watchdog.stop();
      }
      return errors;
    },
    close: async () => {
      await browser.quit();
      await webDriver.stop();
      await display.stop();
    },
  };
}

/** Run in the page: what it reports is kept until somebody asks. */
const beginRun = `
  const [cell, only] = arguments;
  const news = (globalThis.news = { results: [], errors: [], isOver: false });
  addEventListener("error", ({ message }) => news.errors.push("Uncaught " + message));
  addEventListener("unhandledrejection", ({ reason }) => news.errors.push("Unhandled " + reason));
  globalThis.reportResult = async (result) => void news.results.push(result);
  const over = (error) => {
    if (error !== undefined) news.errors.push(String(error));
    news.errors.push(...globalThis.violations.map((each) => "The Content-Security-Policy does not allow " + each));
    news.isOver = true;
  };
  globalThis.runCell(cell, only).then(() => over(), over);
`;

const takeNews = `
  const { results, errors, isOver } = globalThis.news;
  globalThis.news.results = [];
  globalThis.news.errors = [];
  return { results, errors, isOver };
`;

interface Running {
  stop(): Promise<void>;
}

function start(name: string, parameters: readonly string[], environment: NodeJS.ProcessEnv): Running & ChildProcess {
  const path = findExecutable([name]);
  if (path === undefined) throw new Error(`${name} was not found: run \`npm run setup\``);
  const child = spawn(path, parameters, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const kill = (): void => void child.kill("SIGTERM");
  process.once("exit", kill);
  const exited = once(child, "exit").finally(() => process.off("exit", kill));
  exited.catch(() => undefined);
  return Object.assign(child, {
    stop: async () => {
      kill();
      await exited;
    },
  });
}

/** A screen that nobody sees. */
async function startDisplay(): Promise<Running & { readonly number: string }> {
  const parameters = ["-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp"];
  const child = start("Xvfb", parameters, {});
  const [line] = (await once(createInterface(child.stdio[3] as Readable), "line")) as [string];
  return { number: line, stop: () => child.stop() };
}

/** Waits until something answers at a port. */
async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const isThere = await fetch(`http://127.0.0.1:${port}/status`).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("WebKitWebDriver did not start");
}
