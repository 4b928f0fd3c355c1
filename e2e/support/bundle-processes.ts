import { build } from "esbuild";

import { root } from "./bundles.ts";

/** What is bundled, and where to. */
export interface ProcessBundles {
  readonly entryPoints: string[];
  readonly outdir: string;
  /** Packages that stay imports, beside what the client loads by itself. */
  readonly external?: readonly string[];
}

/** Processes for Node as plain JavaScript, with Rivulet from its sources: what a bundler makes of it, and no tool added. */
export async function bundleProcesses({ entryPoints, outdir, external = [] }: ProcessBundles): Promise<void> {
  await build({
    ...{ entryPoints, outdir },
    absWorkingDir: root,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    conditions: ["@rivulet/source"],
    external: ["mqtt", "ws", "isomorphic-ws", ...external],
    logLevel: "warning",
  });
}
