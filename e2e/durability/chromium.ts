/** The store over IndexedDB in Chromium: its contract, with Web Locks and with leases, and pages that end at any moment. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { bundlePage } from "../support/bundle-page.ts";
import { findChromium } from "../support/find-executable.ts";
import { judge, type Verdict } from "./judge.ts";
import type { PageGlobals, PageLife } from "./page-globals.ts";
import { Reference } from "./reference.ts";

/** How a page ends. */
export type Ending = "closed" | "crashed";

export interface ChromiumSuite {
  /** The names of what `run` runs, with Web Locks and without. */
  readonly scenarios: readonly { readonly name: string; run(): Promise<void> }[];
  /** Ends pages again and again while they publish. */
  endPages(options: EndPagesOptions): Promise<Verdict>;
  close(): Promise<void>;
}

export interface EndPagesOptions {
  readonly url: string;
  readonly random: () => number;
  readonly endings: readonly Ending[];
}

/** A name that is no secure context, unlike the loopback address. */
const insecureHost = "dashboard.test";
const settleTimeoutMs = 20_000;
/** More than a page publishes: what it says of its last messages may not reach us any more. */
const numbersPerLife = 10_000;

export async function startChromiumSuite(): Promise<ChromiumSuite> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error("Chromium was not found: run `npm run setup`, or name it in CHROMIUM");
  const script = await bundlePage("e2e/durability/indexed-db-page.ts", { conditions: ["@rivulet/source", "browser"] });
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><title>Sessions</title><script src="/page.js"></script>');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // Listening on TCP.
  const browser = await chromium.launch({
    executablePath,
    chromiumSandbox: false,
    args: [
      ...["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
      ...["--disable-sync", `--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`],
    ],
  });
  const context = await browser.newContext();
  const [secure, insecure] = ["127.0.0.1", insecureHost].map((host) => `http://${host}:${port}/`) as [string, string];
  return {
    scenarios: [
      ...(await pageScenarios(context, secure, "with Web Locks")),
      ...(await pageScenarios(context, insecure, "with leases")),
      ...(["closed", "crashed"] as const).map((ending) => ({
        name: `IndexedDB: a session is free when the tab that had it has been ${ending}`,
        run: () => handOver(context, secure, ending),
      })),
      {
        name: "IndexedDB: a page that is reloaded has its session again, with leases too",
        run: () => reload(context, [secure, insecure]),
      },
      { name: "IndexedDB: storage that is full", run: () => fillStorage(browser, secure) },
    ],
    endPages: (options) => endPages(context, secure, options),
    close: async () => {
      await browser.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function pageScenarios(context: BrowserContext, url: string, kind: string): Promise<ChromiumSuite["scenarios"]> {
  await using page = await open(context, url);
  const names = await page.evaluate(() => (globalThis as unknown as PageGlobals).scenarioNames);
  return names.map((name) => ({
    name: `IndexedDB ${kind}, ${name}`,
    run: async () => {
      await using own = await open(context, url);
      await own.evaluate((each) => (globalThis as unknown as PageGlobals).runScenario(each), name);
    },
  }));
}

async function handOver(context: BrowserContext, url: string, ending: Ending): Promise<void> {
  const name = randomUUID();
  const load = (page: Page): Promise<number> =>
    page.evaluate((each) => (globalThis as unknown as PageGlobals).loadSession(each), name);
  const first = await open(context, url);
  await using second = await open(context, url);
  expectEqual(await load(first), 0);
  const refusal = await load(second).then(String, (error: unknown) => String(error));
  if (!/The session s is in use by another page or client/.test(refusal)) throw new Error(refusal);
  await end(first, ending);
  expectEqual(await load(second), 1);
}

async function reload(context: BrowserContext, urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    const name = randomUUID();
    await using page = await open(context, url);
    for (let count = 0; count < 10; count += 1) {
      const had = await page.evaluate((each) => (globalThis as unknown as PageGlobals).loadSession(each), name);
      expectEqual(had, count);
      await page.reload();
    }
  }
}

async function fillStorage(browser: Browser, url: string): Promise<void> {
  await using context = await browser.newContext(); // With a storage of its own.
  await using page = await open(context, url);
  const session = await context.newCDPSession(page);
  const { origin } = new URL(url);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 5_000_000 });
  const said = await page.evaluate(() => (globalThis as unknown as PageGlobals).fillStorage());
  expectEqual(said, "The browser's database failed: the storage of this site is full");
}

async function endPages(context: BrowserContext, pageUrl: string, options: EndPagesOptions): Promise<Verdict> {
  const { url, random, endings } = options;
  const clientId = `durability-${randomUUID()}`;
  const topic = `${clientId}/out`;
  const reference = await Reference.connect(url, topic);
  const journal: string[] = [];
  const stored = (): number[] =>
    journal.filter((line) => line.startsWith("stored ")).map((line) => Number(line.slice("stored ".length)));
  try {
    for (const [index, ending] of [...endings, undefined].entries()) {
      journal.push("life");
      const page = await context.newPage();
      const wanted = stored().length + 1 + Math.floor(random() * 5);
      const reached = new Promise<void>((resolve) => {
        void page.exposeFunction("journal", (line: string) => {
          journal.push(line);
          if (stored().length >= wanted) resolve();
        });
      });
      await page.goto(pageUrl);
      const life: PageLife = { url, clientId, topic, first: index * numbersPerLife, work: "crash" };
      const living = page.evaluate(
        (each) => (globalThis as unknown as PageGlobals).live(each),
        ending === undefined ? { ...life, work: "drain" as const } : life,
      );
      living.catch(() => undefined); // A page that ends does not finish it.
      if (ending === undefined) {
        await withinTime(living);
        journal.push("drained");
      } else {
        await withinTime(Promise.race([reached, living]));
      }
      await end(page, ending ?? "closed");
    }
    const deadline = performance.now() + settleTimeoutMs / 4;
    while (stored().some((each) => !reference.received(topic).includes(each)) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return judge({ journal, received: reference.received(topic), sent: [], isIncomplete: true });
  } finally {
    await reference.close();
  }
}

/** A page that has loaded, and is closed at the end. */
async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

async function end(page: Page, ending: Ending): Promise<void> {
  if (ending === "crashed") {
    const crashed = page.waitForEvent("crash");
    void page.goto("chrome://crash").catch(() => undefined); // It never loads.
    await crashed;
  }
  await page.close();
}

async function withinTime<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("A page did not get anywhere")), settleTimeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function expectEqual(actual: unknown, wanted: unknown): void {
  if (actual !== wanted) throw new Error(`${JSON.stringify(actual)} is not ${JSON.stringify(wanted)}`);
}
