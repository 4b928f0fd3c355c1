/** Runs the measured processes and their peer. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { bundleProcesses } from "../../support/bundle-processes.ts";
import { root } from "../../support/bundles.ts";
import type { Assignment, Report } from "./task.ts";

const output = join(root, ".cache/bench/client");

/** A measured process that takes longer has failed. */
const patienceMs = 120_000;

/** The peer's URLs, and what it has cost. */
export interface Peer {
  readonly tcp: string;
  readonly ws: string;
  cpuSeconds(): Promise<number>;
  stop(): void;
}

/** What came of one run. `peerCpuSeconds` is what the peer needed meanwhile. */
export type Outcome = Exclude<Report, { type: "ready" }> & { readonly peerCpuSeconds: number };

/** The processes of a run. */
export async function bundleRun(): Promise<void> {
  const entryPoints = ["subject-process", "peer-process"].map((name) => join(root, "e2e/bench/client", `${name}.ts`));
  await bundleProcesses({ entryPoints, outdir: output });
}

export async function startPeer(): Promise<Peer> {
  const child = fork(join(output, "peer-process.mjs"), { execArgv: [] });
  const stop = (): void => {
    process.off("exit", stop);
    child.kill();
  };
  process.once("exit", stop);
  const { tcp, ws } = (await message(child)) as Pick<Peer, "tcp" | "ws">;
  return {
    tcp,
    ws,
    cpuSeconds: async () => {
      child.send("cpu");
      const { user, system } = (await message(child)) as NodeJS.CpuUsage;
      return (user + system) / 1e6;
    },
    stop,
  };
}

/** Runs one task in a process of its own. */
export async function runSubject(
  assignment: Assignment,
  { peer, nodeOptions }: { readonly peer: Peer; readonly nodeOptions: readonly string[] },
): Promise<Outcome> {
  const child = fork(join(output, "subject-process.mjs"), [JSON.stringify(assignment)], {
    execArgv: ["--expose-gc", "--no-warnings", ...nodeOptions],
  });
  const kill = (): void => void child.kill();
  process.once("exit", kill);
  const timer = setTimeout(kill, patienceMs);
  const exited = once(child, "exit");
  try {
    await message(child);
    const before = await peer.cpuSeconds();
    child.send("go");
    const report = (await message(child)) as Exclude<Report, { type: "ready" }>;
    const peerCpuSeconds = (await peer.cpuSeconds()) - before;
    await exited;
    return { ...report, peerCpuSeconds };
  } finally {
    clearTimeout(timer);
    process.off("exit", kill);
  }
}

/** The next message of a process. */
async function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (value: unknown): void => {
      child.off("exit", onExit);
      resolve(value);
    };
    const onExit = (): void => {
      child.off("message", onMessage);
      reject(new Error("A process of the benchmark has ended before it was done"));
    };
    child.once("message", onMessage);
    child.once("exit", onExit);
  });
}
