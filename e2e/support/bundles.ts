import { build } from "esbuild";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

const hosts = join(root, "e2e/hosts");
const output = join(root, ".cache/e2e");

export const scriptTagBundle: string = join(root, "packages/rivulet/dist/rivulet.umd.js");

export interface Bundles {
  /** For Node and Deno; they find the built package themselves, as an installed one. */
  readonly commandLine: string;
  readonly scriptTag: string;
  readonly singlePageApp: string;
  /** The page that has it in a worker, and the worker. */
  readonly workerPage: string;
  readonly worker: string;
}

/** Puts the scenarios into one file for each kind of host. */
export async function bundleHosts(): Promise<Bundles> {
  const common = { bundle: true, target: "es2022", logLevel: "warning", sourcemap: "inline" } as const;
  const bundles: Bundles = {
    commandLine: join(output, "command-line.mjs"),
    scriptTag: join(output, "script-tag.js"),
    singlePageApp: join(output, "single-page-app.js"),
    workerPage: join(output, "worker-page.js"),
    worker: join(output, "worker.js"),
  };
  await Promise.all([
    build({
      ...common,
      entryPoints: [join(hosts, "command-line.ts")],
      outfile: bundles.commandLine,
      format: "esm",
      platform: "node",
      external: ["rivulet"],
    }),
    build({ ...common, entryPoints: [join(hosts, "script-tag.ts")], outfile: bundles.scriptTag, format: "iife" }),
    build({ ...common, entryPoints: [join(hosts, "worker-page.ts")], outfile: bundles.workerPage, format: "iife" }),
    build({ ...common, entryPoints: [join(hosts, "worker.ts")], outfile: bundles.worker, format: "iife" }),
    build({
      ...common,
      entryPoints: [join(hosts, "single-page-app.ts")],
      outfile: bundles.singlePageApp,
      format: "esm",
      platform: "browser",
      minify: true,
    }),
  ]);
  return bundles;
}

/** Whether the packages were built after the last change to what they are built from. */
export function isBuilt(): boolean {
  if (!existsSync(scriptTagBundle)) return false;
  const packages = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name));
  const sources = packages.flatMap((directory) => modified(join(directory, "src")));
  const built = packages.flatMap((directory) => modified(join(directory, "dist")));
  return Math.max(...sources) <= Math.min(...built);
}

function modified(directory: string): number[] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|js)$/.test(name));
  return files.filter((name) => !name.endsWith(".test.ts")).map((name) => statSync(join(directory, name)).mtimeMs);
}
