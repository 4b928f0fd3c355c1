import { Worker } from "node:worker_threads";
import type { SituationName } from "./checks/situations.ts";
import type { Report, Task } from "./worker.ts";

/** What all workers together have found. */
export interface Findings {
  seeds: number;
  readonly failures: Report["failures"][number][];
  readonly counts: Map<SituationName, number>;
}

/** Real time without a sign of life after which a worker is taken to hang, in ms: no seed takes a hundredth of it. */
const usualPatienceMs = 60_000;

/** Runs seeds in worker threads, and tells how far they have got. */
export async function runSeeds(
  file: string,
  {
    workers,
    patienceMs = usualPatienceMs,
    ...task
  }: Omit<Task, "stride"> & { readonly workers: number; readonly patienceMs?: number },
  progress: (findings: Findings) => void = () => undefined,
): Promise<Findings> {
  const findings: Findings = { seeds: 0, failures: [], counts: new Map() };
  const threads = Array.from({ length: Math.min(workers, task.count) }, (_, index) => {
    const count = Math.ceil((task.count - index) / workers);
    const own: Task = { ...task, first: task.first + index, count, stride: workers };
    return runWorker(file, { task: own, patienceMs }, (report) => {
      findings.seeds += report.seeds;
      findings.failures.push(...report.failures);
      for (const [name, times] of report.counts) findings.counts.set(name, (findings.counts.get(name) ?? 0) + times);
      progress(findings);
    });
  });
  await Promise.all(threads);
  return findings;
}

function runWorker(
  file: string,
  { task, patienceMs }: { readonly task: Task; readonly patienceMs: number },
  take: (report: Report) => void,
): Promise<void> {
  const worker = new Worker(file, { workerData: task });
  let seed = task.first;
  return new Promise((resolve, reject) => {
    const watch = setTimeout(() => {
      take({
        seeds: 1,
        failures: [{ seed, failure: { at: 0, invariant: "everything comes to rest", what: "it hangs" } }],
        counts: [],
        isDone: true,
      });
      void worker.terminate().then(() => resolve());
    }, patienceMs);
    worker.on("message", (report: Report) => {
      seed += report.seeds * task.stride;
      watch.refresh();
      take(report);
      if (!report.isDone) return;
      clearTimeout(watch);
      resolve();
    });
    worker.on("error", reject);
  });
}
