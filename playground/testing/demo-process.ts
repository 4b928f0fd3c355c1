import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The demo as people start it: a process, known by what it prints. */
export class DemoProcess {
  readonly #child: ChildProcess;
  readonly #temporary: string;
  readonly #exited: Promise<number | NodeJS.Signals | null>;
  #output = "";

  constructor(child: ChildProcess, temporary: string) {
    this.#child = child;
    this.#temporary = temporary;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => (this.#output += chunk));
    }
    this.#exited = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
  }

  /** Starts it, with a directory for temporary files of its own. */
  static async start(...argv: string[]): Promise<DemoProcess> {
    const temporary = await mkdtemp(join(tmpdir(), "rivulet-demo-test-"));
    const child = spawn(process.execPath, ["--import", "tsx", "playground/start.ts", ...argv], {
      cwd: root,
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new DemoProcess(child, temporary);
  }

  /** Everything it printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when it says that it is ready; rejects when it ends before. */
  async ready(): Promise<void> {
    await Promise.race([
      this.#printed("Press Ctrl-C"),
      this.#exited.then((how) => {
        throw new Error(`The demo ended (${String(how)}):\n${this.#output}`);
      }),
    ]);
  }

  /** What it printed behind a label. */
  printed(label: string): string {
    const line = this.#output.split("\n").find((candidate) => candidate.trim().startsWith(`${label}  `));
    if (line === undefined) throw new Error(`The demo printed no "${label}":\n${this.#output}`);
    return line.trim().slice(label.length).trim();
  }

  /** The broker's process, where it has one. */
  get brokerPid(): number | undefined {
    const pid = /process (\d+)/.exec(this.#output)?.[1];
    return pid === undefined ? undefined : Number(pid);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code, or the signal that ended it. */
  async exit(): Promise<number | NodeJS.Signals | null> {
    return this.#exited;
  }

  /** Names of the temporary files that are left. tsx keeps its cache there, which is not ours. */
  async leftovers(): Promise<string[]> {
    return (await readdir(this.#temporary)).filter((name) => !name.startsWith("tsx-") && name !== "node-compile-cache");
  }

  /** Ends it, however it stands. */
  async dispose(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#exited;
    await rm(this.#temporary, { recursive: true, force: true });
  }

  #printed(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#output.includes(text)) resolve();
      };
      this.#child.stdout?.on("data", look);
      look();
    });
  }
}

/** Whether a process exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
