import { build, type BuildOptions } from "esbuild";
import { root } from "./bundles.ts";

/** One script for a page, from its path in the repository: what a bundler makes of it. Resolves to its text. */
export async function bundlePage(
  entryPoint: string,
  options: Pick<BuildOptions, "alias" | "conditions" | "inject"> = {},
): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    absWorkingDir: root,
    platform: "browser",
    format: "iife",
    target: "es2022",
    bundle: true,
    write: false,
    logLevel: "warning",
    ...options,
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error(`${entryPoint} was not bundled`);
  return script.text;
}
