/** The plugin that makes mosquitto authenticate by SCRAM: what it takes to compile it, and how that is done. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findCompiler } from "./find-executable.ts";

const source = fileURLToPath(new URL("../mosquitto/scram.c", import.meta.url));
const plugin = fileURLToPath(new URL("../../.cache/mosquitto/scram.so", import.meta.url));

const run = promisify(execFile);

/** Whether a C compiler is there and finds a header. */
export async function hasHeader(header: string): Promise<boolean> {
  const compiler = findCompiler();
  if (compiler === undefined) return false;
  const answer = run(compiler, ["-E", "-include", header, "-x", "c", "/dev/null"]);
  return answer.then(
    () => true,
    () => false,
  );
}

/**
 * Compiles the plugin, unless that has been done since its source was changed; resolves to its path.
 *
 * @throws Error with the compiler's own words.
 */
export async function buildScramPlugin(): Promise<string> {
  if (existsSync(plugin) && statSync(plugin).mtimeMs >= statSync(source).mtimeMs) return plugin;
  const compiler = findCompiler();
  if (compiler === undefined) throw new Error("There is no C compiler: run `npm run setup`");
  mkdirSync(dirname(plugin), { recursive: true });
  // Under another name first: somebody else may be about to do the same, or a broker to load it.
  const fresh = join(dirname(plugin), `scram-${randomUUID()}.so`);
  // What it calls of the broker is there when the broker loads it; Linux takes that for granted.
  const unresolved = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
  await run(compiler, ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", ...unresolved, "-o", fresh, source, "-lcrypto"]);
  renameSync(fresh, plugin);
  return plugin;
}
