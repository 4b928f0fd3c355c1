import { randomUUID } from "node:crypto";
import type { BrowserContext, Page } from "@playwright/test";
import type { Reference } from "./reference.ts";
import { Forwarder } from "./forwarder.ts";
import type { Happening, Journal } from "./journal.ts";
import type { PageGlobals, Plan } from "./page-globals.ts";
import type { Site } from "./site.ts";

/** What the checks have in common. */
export interface Surroundings {
  readonly site: Site;
  /** The WebSocket listener of the broker. */
  readonly brokerUrl: string;
  readonly reference: Reference;
}

/** A page with a client that goes through a forwarder of its own. */
export class Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly forwarder: Forwarder;
  /** The only topic that the client subscribes to. */
  readonly topic: string = `pages/${randomUUID()}`;
  /** What the page has posted: also to be had while the page cannot be asked. */
  readonly journal: Journal;
  /** Where the page is, and where there is another one. */
  readonly pageUrl: string;
  readonly elsewhere: string;
  readonly #url: string;
  readonly #surroundings: Surroundings;

  /** See `open`. */
  constructor(page: Page, forwarder: Forwarder, url: string, surroundings: Surroundings) {
    this.page = page;
    this.context = page.context();
    this.forwarder = forwarder;
    this.#url = url;
    this.#surroundings = surroundings;
    const visit = randomUUID();
    this.journal = surroundings.site.journal(visit);
    this.pageUrl = surroundings.site.url("page", visit);
    this.elsewhere = surroundings.site.url("elsewhere", visit);
  }

  static async open(context: BrowserContext, surroundings: Surroundings): Promise<Visit> {
    const forwarder = new Forwarder(Number(new URL(surroundings.brokerUrl).port));
    const port = await forwarder.listen();
    const visit = new Visit(await context.newPage(), forwarder, `ws://127.0.0.1:${port}/mqtt`, surroundings);
    await visit.page.goto(visit.pageUrl);
    return visit;
  }

  /** Has the client connected and subscribed; it waits for a minute before it connects again. */
  async start(plan: Partial<Plan> = {}): Promise<void> {
    const all: Plan = { url: this.#url, topic: this.topic, delayMs: 60_000, ...plan };
    await this.page.evaluate((each) => (globalThis as unknown as PageGlobals).start(each), all);
  }

  /** Resolves once it has happened so many times in the page, to the last of these. */
  until(name: string, count = 1): Promise<Happening> {
    return this.page.evaluate(([what, howOften]) => (globalThis as unknown as PageGlobals).until(what, howOften), [
      name,
      count,
    ] as const);
  }

  state(): Promise<string> {
    return this.page.evaluate(() => (globalThis as unknown as PageGlobals).state());
  }

  /** Cuts the connection, and lets attempts to make another fail, until the client waits. */
  async lose(): Promise<void> {
    this.forwarder.mood = "refusing";
    this.forwarder.cut();
    const { details } = await this.until("reconnecting");
    if (details["delayMs"] !== 60_000) throw new Error(`It waits for ${String(details["delayMs"])} ms`);
  }

  /** Shows that a message from elsewhere comes to the client, and one of the client's to elsewhere. */
  async expectMessages(text: string): Promise<void> {
    const { reference } = this.#surroundings;
    const before = this.journal.count("message");
    await reference.publish(this.topic, text);
    const { details } = await this.journal.until("message", before + 1);
    if (details["text"] !== text) throw new Error(`The message is ${String(details["text"])}, not ${text}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.forwarder.close();
  }
}
