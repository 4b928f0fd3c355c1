import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { Exposed } from "./exposed.ts";
import type { FileLimit } from "./lab-calls.ts";

const run = promisify(execFile);

/** Lets a process open nothing more, until it is lifted. */
export class ProcessFileLimit extends Exposed implements FileLimit {
  readonly #pid: number;
  readonly #before: string;

  constructor(pid: number, before: string) {
    super();
    this.#pid = pid;
    this.#before = before;
  }

  static async set(pid: number): Promise<ProcessFileLimit> {
    const options = ["--pid", String(pid), "--nofile", "--noheadings", "--raw", "--output", "SOFT"];
    const { stdout } = await run("prlimit", options);
    const limit = new ProcessFileLimit(pid, stdout.trim());
    // What is open stays so; what is closed meanwhile makes no room.
    await limit.#allow("0");
    return limit;
  }

  lift(): Promise<void> {
    return this.#allow(this.#before);
  }

  override close(): Promise<void> {
    return this.lift();
  }

  async #allow(count: string): Promise<void> {
    await run("prlimit", ["--pid", String(this.#pid), `--nofile=${count}:`]);
  }
}
