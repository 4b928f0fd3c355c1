/** What the page of `indexed-db-page.ts` gives to whoever drives it, and what it is given. */
export interface PageGlobals {
  scenarioNames: readonly string[];
  runScenario(name: string): Promise<void>;
  /** Loads a session and writes to it; resolves to how many records it had. The page has it until it ends. */
  loadSession(name: string): Promise<number>;
  /** Writes until the storage is full; resolves to what the store says then. */
  fillStorage(): Promise<string>;
  live(life: PageLife): Promise<void>;
  /** Made by Playwright. */
  journal(line: string): Promise<void>;
}

/** What a client in a page is to do. */
export interface PageLife {
  readonly url: string;
  readonly clientId: string;
  readonly topic: string;
  readonly first: number;
  readonly work: "crash" | "drain";
}
