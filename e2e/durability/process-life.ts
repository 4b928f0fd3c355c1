import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { StartLife } from "./lane.ts";

/** Lives in processes of their own. The pipe of the journal is ours: what was written to it, no death takes back. */
export function processLives(script: string): StartLife {
  return (task, heard) => {
    const child = spawn(process.execPath, [script, JSON.stringify(task)], {
      stdio: ["pipe", "inherit", "inherit", "pipe"],
    });
    const kill = (): void => void child.kill("SIGKILL");
    process.once("exit", kill);
    child.stdin?.on("error", () => undefined); // It may be dead already.
    let point: string | undefined;
    const lines = createInterface({ input: child.stdio[3] as Readable });
    lines.on("line", (line) => {
      if (line.startsWith("killed ")) point = line.slice("killed ".length);
      heard(line);
    });
    const read = once(lines, "close");
    const over = once(child, "close").then(async ([code, signal]) => {
      process.off("exit", kill);
      await read;
      if (point === undefined ? code === 0 : signal === "SIGKILL") return point;
      throw new Error(`A life at "${point}" ended with ${String(code ?? signal)}`);
    });
    return { end: () => child.stdin?.end(), over };
  };
}
