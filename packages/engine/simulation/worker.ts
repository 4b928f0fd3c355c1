import { isMainThread, parentPort, workerData } from "node:worker_threads";
import type { SituationName } from "./checks/situations.ts";
import type { Failure } from "./checks/verdict.ts";
import { runSeed } from "./run.ts";

/** The seeds that a worker is to run. */
export interface Task {
  readonly first: number;
  readonly count: number;
  /** From one seed to the next: as many as there are workers. */
  readonly stride: number;
  /** Whether to stop at the first seed that fails. */
  readonly stopsAtFailure: boolean;
}

/** What a worker has to tell: after each seed, and at the end. */
export interface Report {
  readonly seeds: number;
  readonly failures: readonly { readonly seed: number; readonly failure: Failure }[];
  readonly counts: readonly (readonly [SituationName, number])[];
  readonly isDone: boolean;
}

export { inspect } from "./inspect.ts";

let seeds = 0;
let failures: Report["failures"][number][] = [];
let counts = new Map<SituationName, number>();

if (!isMainThread) await work(workerData as Task);

async function work({ first, count, stride, stopsAtFailure }: Task): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const seed = first + index * stride;
    const outcome = await runSeed(seed);
    seeds += 1;
    for (const [name, times] of outcome.counts) counts.set(name, (counts.get(name) ?? 0) + times);
    const [failure] = outcome.failures;
    if (failure !== undefined) failures.push({ seed, failure });
    if (failure !== undefined && stopsAtFailure) break;
    // Whoever listens takes silence for a seed that hangs, on a slow machine too.
    report(false);
  }
  report(true);
}

function report(isDone: boolean): void {
  parentPort?.postMessage({ seeds, failures, counts: [...counts], isDone } satisfies Report);
  seeds = 0;
  failures = [];
  counts = new Map();
}
