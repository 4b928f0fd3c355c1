/** Kills a client again and again, in processes of its own and in simulated power failures, and judges what is left. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashPoints } from "./crash-points.ts";
import { Lane, type Crash, type LaneResult, type StartLife } from "./lane.ts";
import { processLives } from "./process-life.ts";
import { Reference } from "./reference.ts";
import { simulatedLives, type Defect } from "./simulated-life.ts";

export interface KillTestOptions {
  /** The broker. */
  readonly url: string;
  /** Chance, from 0 to 1. */
  readonly random: () => number;
  /** How often it is killed at each point. */
  readonly times: number;
  /** Default: strict. */
  readonly durability?: "strict" | "relaxed";
}

/** The first so many passes of a point may be the one. */
const maximumPass = 4;

/** Kills processes with SIGKILL; two clients at a time. */
export function killProcesses(options: KillTestOptions & { readonly script: string }): Promise<LaneResult> {
  return runLanes(options, { count: 2, patienceMs: 10_000, lives: () => processLives(options.script) });
}

/** Ends lives in this process by power failures that take with them what was not synced. */
export function failPower(options: KillTestOptions & { readonly defect?: Defect }): Promise<LaneResult> {
  // What a defect has lost does not come, however long one waits.
  const patienceMs = options.defect === undefined ? 10_000 : 1_000;
  return runLanes(options, { count: 1, patienceMs, lives: () => simulatedLives(options.defect) });
}

async function runLanes(
  { url, random, times, durability = "strict" }: KillTestOptions,
  {
    count,
    patienceMs,
    lives,
  }: { readonly count: number; readonly patienceMs: number; readonly lives: () => StartLife },
): Promise<LaneResult> {
  const directory = await mkdtemp(join(tmpdir(), "rivulet-durability-"));
  const reference = await Reference.connect(url, "+/out");
  try {
    const lanes = Array.from({ length: count }, (_, index) => {
      const mine = Array.from({ length: times }, (__, time) => time).filter((time) => time % count === index);
      const crashes = shuffled(
        mine.flatMap(() =>
          crashPoints.map((point): Crash => ({ point, pass: 1 + Math.floor(random() * maximumPass) })),
        ),
        random,
      );
      const options = { url, directory: join(directory, String(index)), durability, reference, patienceMs };
      return new Lane({ ...options, startLife: lives(), crashes });
    });
    return total(await Promise.all(lanes.map((lane) => lane.run())));
  } finally {
    await reference.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((value) => ({ value, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ value }) => value);
}

function total(results: readonly LaneResult[]): LaneResult {
  const sum = (value: (result: LaneResult) => number): number =>
    results.reduce((before, result) => before + value(result), 0);
  return {
    faults: results.flatMap(({ faults }) => faults),
    stored: sum(({ stored }) => stored),
    received: sum(({ received }) => received),
    handled: sum(({ handled }) => handled),
    handledAgain: sum(({ handledAgain }) => handledAgain),
    doubled: { out: sum(({ doubled }) => doubled.out), in: sum(({ doubled }) => doubled.in) },
    kills: new Map(crashPoints.map((point) => [point, sum(({ kills }) => kills.get(point) ?? 0)])),
  };
}
