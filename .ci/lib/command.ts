import { spawn } from "node:child_process";
import { join } from "node:path";

/** The top of the repository. */
export const root: string = join(import.meta.dirname, "../..");

export interface CommandResult {
  /** What it wrote to standard output and standard error, in the order of arrival. */
  readonly output: string;
  /** Its standard output alone. */
  readonly stdout: string;
  readonly succeeded: boolean;
}

export interface CommandOptions {
  /** Default: the top of the repository. */
  readonly directory?: string;
  /** After this time it is ended, and has failed. Default: 120,000. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end. Never rejects: a program that cannot be started has failed. */
export function run(file: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { directory = root, timeoutMs = 120_000 } = options;
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: directory,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let stdout = "";
    const timer = setTimeout(() => {
      output += `\nIt had not ended after ${timeoutMs} ms\n`;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve({ output: error.message, stdout, succeeded: false });
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ output, stdout, succeeded: code === 0 });
    });
  });
}

/** Prints the problems and the one line that sums them up, and sets the exit code. */
export function conclude(summary: string, problems: readonly string[]): void {
  for (const problem of problems) {
    console.error(problem);
  }
  console.log(problems.length === 0 ? `ok: ${summary}` : `FAILED: ${problems.length} problem(s); ${summary}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
