/** What becomes of a client when something happens to its page, or to what is below it. */
import { randomUUID } from "node:crypto";
import type { BrowserContext, Page } from "@playwright/test";
import type { BrowserName } from "./browsers.ts";
import { startClosingServer } from "./closing-server.ts";
import type { Happening } from "./journal.ts";
import type { PageGlobals } from "./page-globals.ts";
import { Visit, type Surroundings } from "./visit.ts";

/** At once, on a machine that has other work too: far below the minute that a client waits for here. */
const promptMs = 5_000;
const pingTimeoutMs = 1_000;
/** How long a check may take. */
const patienceMs = 20_000;

export interface Check {
  /** What is shown, in words that are true of this browser. */
  readonly name: string;
  run(context: BrowserContext, surroundings: Surroundings): Promise<void>;
}

export function checksFor(browser: BrowserName): readonly Check[] {
  return [
    { name: "the network is lost and back: the client connects at once", run: withVisit(loseNetwork) },
    browser === "Chromium"
      ? {
          name: "a page that is left and kept: the client connects at once when it is back",
          run: withVisit(leaveConnected),
        }
      : {
          name: "a page that is left is not kept while it has a WebSocket: it is loaded anew and connects",
          run: withVisit(leaveAndLoad),
        },
    {
      name: "a page that is left and kept while its client waits: the client connects at once when it is back",
      run: withVisit(leaveWaiting),
    },
    { name: "a connection gone silent is found out when the network goes", run: withVisit(goSilentOffline) },
    ...(browser === "Chromium" ? silentChecksByHand : silentChecks),
    { name: "a URL that is signed anew is asked for before each attempt", run: withVisit(signIn) },
    { name: "two tabs and one session: the second has it once the first is closed", run: shareSession },
    { name: "the code and reason of a close are in the TransportError", run: withVisit(closeWithReason) },
  ];
}

const silentChecks: readonly Check[] = [
  { name: "a connection gone silent is found out when the network is back", run: withVisit(goSilentOnline) },
  {
    name: "a connection gone silent is found out when the page is looked at again",
    run: withVisit((visit) => goSilent(visit, "visible", lookElsewhere)),
  },
];

/** Without a window, Chromium never hides a page; and while it is told to be offline, it holds WebSockets up itself. */
const silentChecksByHand: readonly Check[] = [
  {
    name: "a connection gone silent is found out by online, dispatched by hand",
    run: withVisit((visit) =>
      goSilent(visit, "online", ({ page }) => page.evaluate(() => void dispatchEvent(new Event("online")))),
    ),
  },
  {
    name: "a connection gone silent is found out by visibilitychange, dispatched by hand",
    run: withVisit((visit) =>
      goSilent(visit, "visible", ({ page }) =>
        page.evaluate(() => void document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))),
      ),
    ),
  },
];

async function loseNetwork(visit: Visit, { reference }: Surroundings): Promise<void> {
  await visit.start();
  await visit.expectMessages("before");
  await visit.lose();
  await visit.context.setOffline(true);
  await visit.until("offline");
  await visit.until("reconnecting", 2); // It has tried at once, which was of no use.
  const sent = await reference.expect(`${visit.topic}/out`);
  const published = visit.page.evaluate(
    (topic) => (globalThis as unknown as PageGlobals).publish(topic, "queued"),
    `${visit.topic}/out`,
  );
  published.catch(() => undefined); // Awaited below.
  visit.forwarder.mood = "carrying";
  await visit.context.setOffline(false);
  expectPrompt(await visit.until("online"), await visit.until("connected", 2));
  await published;
  expectEqual(await sent.next, "queued");
  await visit.until("in suback", 2);
  await visit.expectMessages("after");
  expectEqual(await visit.state(), "connected");
}

async function leaveConnected(visit: Visit): Promise<void> {
  await visit.start();
  await visit.expectMessages("before");
  const shown = await leaveAndReturn(visit);
  expectEqual(shown.details["persisted"], true);
  expectPrompt(shown, await visit.journal.until("connected", 2));
  await visit.journal.until("in suback", 2);
  await visit.expectMessages("after");
}

async function leaveWaiting(visit: Visit): Promise<void> {
  await visit.start();
  await visit.lose();
  const shown = await leaveAndReturn(visit, () => {
    visit.forwarder.mood = "carrying";
  });
  expectEqual(shown.details["persisted"], true);
  expectPrompt(shown, await visit.journal.until("connected", 2));
  await visit.journal.until("in suback", 2);
  await visit.expectMessages("after");
}

async function leaveAndLoad(visit: Visit): Promise<void> {
  await visit.start();
  await visit.expectMessages("before");
  const shown = await leaveAndReturn(visit);
  expectEqual(shown.details["persisted"], false);
  await visit.page.waitForURL(visit.pageUrl);
  expectEqual(await visit.state(), "none");
  await visit.start();
  await visit.expectMessages("after");
}

/** Resolves to the `pageshow` of the return. */
async function leaveAndReturn({ page, journal, elsewhere }: Visit, meanwhile?: () => void): Promise<Happening> {
  await journal.until("pageshow", 1);
  await page.evaluate(() => (globalThis as unknown as PageGlobals).posted());
  await page.goto(elsewhere);
  meanwhile?.();
  // Not `goBack`, which waits for a page that loads. The call has an answer before the page is gone.
  await page.evaluate(() => void setTimeout(() => history.back()));
  return journal.until("pageshow", 2);
}

function goSilentOffline(visit: Visit): Promise<void> {
  return goSilent(visit, "offline", ({ context }) => context.setOffline(true));
}

async function goSilentOnline(visit: Visit): Promise<void> {
  await visit.start({ keepAlive: 600, pingTimeoutMs });
  await visit.context.setOffline(true);
  await visit.until("in pingresp"); // The server was asked for a sign of life at once; the WebSocket is still there.
  visit.forwarder.mood = "silent";
  await visit.context.setOffline(false);
  await expectSilence(visit, await visit.until("online"));
}

async function goSilent(visit: Visit, occasion: string, wake: (visit: Visit) => Promise<void>): Promise<void> {
  await visit.start({ keepAlive: 600, pingTimeoutMs });
  visit.forwarder.mood = "silent";
  await wake(visit);
  await expectSilence(visit, await visit.until(occasion));
}

/** Another tab of the same window comes before it, and goes. */
async function lookElsewhere(visit: Visit): Promise<void> {
  const { page, context, elsewhere } = visit;
  const opened = context.waitForEvent("page");
  await page.evaluate((url) => void window.open(url, "_blank", "noopener"), elsewhere);
  const other = await opened;
  await other.bringToFront();
  await visit.until("hidden");
  await page.bringToFront();
  await visit.until("visible");
  await other.close();
}

/** The ping timeout after it woke up the connection is given up, long before the Keep Alive. */
async function expectSilence(visit: Visit, woken: Happening): Promise<void> {
  const { atMs, details } = await visit.until("disconnected");
  expectEqual(details["message"], "The server has been silent for too long");
  expectEqual(details["willReconnect"], true);
  const passedMs = atMs - woken.atMs;
  // The clocks of browsers are blurred.
  if (passedMs < pingTimeoutMs - 100 || passedMs > pingTimeoutMs + promptMs) {
    throw new Error(`It took ${Math.round(passedMs)} ms, with a ping timeout of ${pingTimeoutMs} ms`);
  }
}

async function signIn(visit: Visit, { site }: Surroundings): Promise<void> {
  const given = site.tickets.length;
  await visit.start({ hasTickets: true, delayMs: 20 });
  expectEqual((await visit.until("asked")).details["asked"], 1);
  visit.forwarder.mood = "refusing";
  visit.forwarder.cut();
  await visit.until("asked", 3);
  visit.forwarder.mood = "carrying";
  await visit.until("connected", 2);
  await visit.until("in suback", 2);
  await visit.expectMessages("after");
  const tickets = site.tickets.slice(given);
  // One for the first attempt, and one for each that was announced.
  expectEqual(visit.journal.count("reconnecting") + 1, tickets.length);
  const used = [tickets[0], tickets.at(-1)].map((ticket) => `GET /mqtt?ticket=${ticket} HTTP/1.1`);
  expectEqual(visit.forwarder.requests.join("\n"), used.join("\n"));
}

function shareSession(context: BrowserContext, surroundings: Surroundings): Promise<void> {
  return withinTime(openTwice(context, surroundings), patienceMs);
}

async function openTwice(context: BrowserContext, { site, brokerUrl }: Surroundings): Promise<void> {
  const clientId = `pages-${randomUUID()}`;
  const open = (page: Page): Promise<string | undefined> =>
    page.evaluate(([url, id]) => (globalThis as unknown as PageGlobals).openSession(url, id), [
      brokerUrl,
      clientId,
    ] as const);
  const [first, second] = [await context.newPage(), await context.newPage()];
  for (const page of [first, second]) await page.goto(site.url("session", clientId));
  expectEqual(await open(first), undefined);
  const refusal = await open(second);
  if (!/StoreError: .* is in use by another page or client$/.test(refusal ?? "")) throw new Error(refusal);
  await first.close();
  expectEqual(await open(second), undefined);
}

async function closeWithReason(visit: Visit): Promise<void> {
  const server = await startClosingServer(4001, "The ticket has expired");
  try {
    await visit.start({ url: server.url });
    const { details } = await visit.until("disconnected");
    expectEqual(details["name"], "TransportError");
    expectEqual(details["closeCode"], 4001);
    expectEqual(details["willReconnect"], true);
    const { message } = details;
    if (!/close code 4001, The ticket has expired$/.test(String(message))) throw new Error(String(message));
  } finally {
    server.close();
  }
}

function withVisit(run: (visit: Visit, surroundings: Surroundings) => Promise<void>): Check["run"] {
  return async (context, surroundings) => {
    await using visit = await Visit.open(context, surroundings);
    try {
      await withinTime(run(visit, surroundings), patienceMs);
    } catch (error) {
      throw new Error(`${String(error)}\nThe page has told:\n${String(visit.journal)}`, { cause: error });
    }
  };
}

async function withinTime<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function expectPrompt(from: Happening, to: Happening): void {
  const passedMs = Math.round(to.atMs - from.atMs);
  if (passedMs > promptMs) throw new Error(`${to.name} came ${passedMs} ms after ${from.name}`);
}

function expectEqual(actual: unknown, wanted: unknown): void {
  if (actual !== wanted) throw new Error(`${JSON.stringify(actual)} is not ${JSON.stringify(wanted)}`);
}
