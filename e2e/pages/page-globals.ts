import type { Happening } from "./journal.ts";

/** What the client in a page is to do; plain data, so that it can be handed over. */
export interface Plan {
  readonly url: string;
  /** Asks for the URL before each attempt, with a ticket that is another one each time. */
  readonly hasTickets?: boolean;
  readonly topic: string;
  readonly keepAlive?: number;
  readonly pingTimeoutMs?: number;
  /** How long it waits before each attempt to connect again. */
  readonly delayMs: number;
}

/** What the pages give to whoever drives them. */
export interface PageGlobals {
  /** Connects and subscribes. */
  start(plan: Plan): Promise<void>;
  /** Resolves once it has happened so many times. */
  until(name: string, count: number): Promise<Happening>;
  /** Resolves when what has happened until now has been posted. */
  posted(): Promise<void>;
  state(): string;
  /** Resolves when the broker has acknowledged it. */
  publish(topic: string, text: string): Promise<void>;
  /** Connects with a session in IndexedDB; resolves to why that was not possible, or undefined. */
  openSession(url: string, clientId: string): Promise<string | undefined>;
}
