import { randomUUID } from "node:crypto";
import type { CrashPoint } from "./crash-points.ts";
import { isExactlyOnce, judge, type Verdict } from "./judge.ts";
import { headStart, type Task } from "./life.ts";
import type { Reference } from "./reference.ts";

/** A life under way. */
export interface Life {
  /** Tells one that has drained that it may end. */
  end(): void;
  /** Resolves to where it was killed; undefined when it ended by itself. */
  readonly over: Promise<string | undefined>;
}

/** Begins a life; each line of its journal goes to `heard`. */
export type StartLife = (task: Task, heard: (line: string) => void) => Life;

export interface Crash {
  readonly point: CrashPoint;
  readonly pass: number;
}

export interface LaneOptions {
  readonly url: string;
  readonly directory: string;
  readonly durability: Task["durability"];
  readonly reference: Reference;
  readonly startLife: StartLife;
  readonly crashes: readonly Crash[];
  /** How long what is left at the end may take to arrive, in ms, when something is missing. */
  readonly patienceMs: number;
}

export interface LaneResult extends Verdict {
  /** How often it was killed at each point. */
  readonly kills: ReadonlyMap<string, number>;
}

/** Messages to the client that it has not handled yet: so many are under way as long as it lives. */
const window = 4;
/** How long a life may take, in ms: a hundred times what it needs. */
const lifeTimeoutMs = 20_000;

/** One client that is killed again and again, and what becomes of its messages. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #clientId = `durability-${randomUUID()}`;
  readonly topics: Task["topics"] = { out: `${this.#clientId}/out`, in: `${this.#clientId}/in` };
  readonly #journal: string[] = [];
  readonly #handled = new Set<number>();
  readonly #sent: number[] = [];
  readonly #kills = new Map<string, number>();
  readonly #publishing: Promise<void>[] = [];
  #next = 0;
  #nextIn = 0;
  #isFed = false;
  /** No more than these are sent to the client as yet. */
  #limit = 0;
  #changed: () => void = () => undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  async run(): Promise<LaneResult> {
    await this.#live({ work: "subscribe" });
    for (const crash of this.#options.crashes) {
      const point = await this.#live({ work: "crash", crash });
      if (point !== crash.point) throw new Error(`A life ended at "${point}", and not at "${crash.point}"`);
      this.#kills.set(point, (this.#kills.get(point) ?? 0) + 1);
    }
    await Promise.all(this.#publishing);
    await this.#live({ work: "drain" });
    const received = this.#options.reference.received(this.topics.out);
    return { ...judge({ journal: this.#journal, received, sent: this.#sent }), kills: this.#kills };
  }

  async #live(what: Pick<Task, "work" | "crash">): Promise<string | undefined> {
    const { url, directory, durability, startLife } = this.#options;
    this.#journal.push("life");
    this.#isFed = false;
    this.#limit = this.#nextIn + headStart;
    const common = { url, directory, durability, clientId: this.#clientId, topics: this.topics };
    const task: Task = { ...common, first: this.#next, ...what };
    const life = startLife(task, (line) => this.#heard(line, what.work));
    const end = what.work === "drain" ? this.#arrived().then(() => life.end()) : undefined;
    const last = (): string => this.#journal.slice(this.#journal.lastIndexOf("life")).slice(-40).join("; ");
    const point = await within(
      lifeTimeoutMs,
      life.over,
      () => `A life with ${JSON.stringify(what)} did not end; its last words: ${last()}`,
    ).catch((error: unknown) => {
      this.#isFed = false;
      throw error;
    });
    await end;
    return point;
  }

  #heard(line: string, work: Task["work"]): void {
    this.#journal.push(line);
    const [what, value] = line.split(" ");
    if (what === "attempted") this.#next = Math.max(this.#next, Number(value) + 1);
    if (what === "attempted") this.#limit += 1;
    if (what === "handled") this.#handled.add(Number(value));
    if (what === "connected") this.#isFed = work === "crash";
    if (this.#isFed) this.#feed();
    this.#changed();
  }

  /** Sends to the client what it has room for. */
  #feed(): void {
    while (this.#nextIn < Math.min(this.#handled.size + window, this.#limit)) {
      const number = this.#nextIn++;
      const publishing = this.#options.reference.publish(this.topics.in, number, isExactlyOnce(number) ? 2 : 1);
      this.#publishing.push(publishing.then(() => void this.#sent.push(number)));
    }
  }

  /** Resolves when nothing is missing any more, or what is missing is not to be expected. */
  async #arrived(): Promise<void> {
    const { reference, patienceMs } = this.#options;
    const isComplete = (): boolean => {
      const received = new Set(reference.received(this.topics.out));
      const stored = this.#journal.filter((line) => line.startsWith("stored ")).map((line) => Number(line.slice(7)));
      const isDrained = this.#journal.includes("drained");
      return isDrained && stored.every((each) => received.has(each)) && this.#sent.every((e) => this.#handled.has(e));
    };
    const deadline = performance.now() + patienceMs;
    while (!isComplete() && performance.now() < deadline) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        setTimeout(resolve, 50);
      });
    }
  }
}

async function within<T>(timeoutMs: number, promise: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(what())), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
