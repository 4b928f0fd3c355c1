import { spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** The last part of the log of a failed build that is shown. */
const shownLogCharacters = 4_000;

/** True when a package has no build, or one that is older than the sources. */
export async function isBuildStale(root: string): Promise<boolean> {
  const packages = await readdir(join(root, "packages"));
  let newestSource = await newestChange(join(root, "rollup.config.ts"));
  for (const name of packages) {
    const sources = await newestChange(join(root, "packages", name, "src"));
    const built = await newestChange(join(root, "packages", name, "dist"));
    if (sources > built) return true;
    newestSource = Math.max(newestSource, sources);
  }
  // The bundle holds all packages, so it has to be newer than each.
  return newestSource > (await newestChange(join(root, "packages/rivulet/dist/rivulet.umd.js")));
}

/** Runs `npm run build`. Quiet, unless it fails: then it rejects with the end of its log. `signal` ends it. */
export async function build(root: string, signal: AbortSignal): Promise<void> {
  const npm = process.env["npm_execpath"];
  const [program, ...npmArguments] = npm?.endsWith(".js") === true ? [process.execPath, npm] : ["npm"];
  const child = spawn(program, [...npmArguments, "run", "build"], {
    cwd: root,
    signal,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      log = (log + chunk).slice(-shownLogCharacters);
    });
  }
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm run build failed:\n${log}`));
    });
  });
}

/** Time of the newest change in a file or, leaving out tests, a directory; 0 when there is none. */
async function newestChange(path: string): Promise<number> {
  let found;
  try {
    found = await stat(path);
  } catch {
    return 0;
  }
  if (!found.isDirectory()) return found.mtimeMs;
  let newest = 0;
  for (const entry of await readdir(path)) {
    if (!entry.endsWith(".test.ts")) newest = Math.max(newest, await newestChange(join(path, entry)));
  }
  return newest;
}
