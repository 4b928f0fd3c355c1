/** One life of the client, in a process that kills itself where it is told to. Its journal is the pipe at descriptor 3. */
import { writeSync } from "node:fs";
import { diskSessionStore, openLevelDatabase } from "rivulet/disk-store";
import type { CrashPoint } from "./crash-points.ts";
import { live, type Task } from "./life.ts";
import { watchDatabase } from "./watched-database.ts";

const task = JSON.parse(process.argv[2] ?? "") as Task;
const journal = (line: string): unknown => writeSync(3, `${line}\n`);
const seen = new Map<number, number>();
let passes = 0;

async function passed(point: CrashPoint): Promise<void> {
  if (point !== task.crash?.point || ++passes < task.crash.pass) return;
  journal(`killed ${point}`);
  process.kill(process.pid, "SIGKILL");
  await new Promise(() => undefined); // The signal is there before this is waited for.
}

const store = await diskSessionStore({
  directory: task.directory,
  durability: task.durability,
  openDatabase: async (path) =>
    watchDatabase(await openLevelDatabase(path), {
      passed,
      recorded: (packetIdentifier) => journal(`recorded ${seen.get(packetIdentifier) ?? ""}`),
    }),
});
// Whoever started us closes our standard input.
const ended = new Promise((resolve) => process.stdin.once("end", resolve));
if (task.work === "drain") process.stdin.resume();
await live(task, { store, passed, journal, seen, opened: () => undefined, ended });
await store.close();
