import { build as esbuild, type Plugin } from "esbuild";
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A deliberate defect: in one file of the engine, one text in place of another. */
export interface Defect {
  /** Below `packages/engine/src`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../..", import.meta.url));
const sources = fileURLToPath(new URL("../src/", import.meta.url));

/**
 * Puts the simulation and the engine's sources into one file, with a defect in it where one is asked for.
 *
 * @throws Error when the text that the defect replaces is not there once: then the sources have changed, and so must the
 * defect.
 */
export async function bundle(name: string, defects: readonly Defect[] = []): Promise<string> {
  const outfile = `${root}/.cache/simulation/${name}.mjs`;
  await esbuild({
    entryPoints: [`${here}/worker.ts`],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@rivulet/source"],
    sourcemap: "inline",
    plugins: defects.length === 0 ? [] : [spoil(defects)],
    logLevel: "silent", // What goes wrong is thrown.
  });
  return outfile;
}

function spoil(defects: readonly Defect[]): Plugin {
  return {
    name: "defects",
    setup: (build) => {
      const missing = new Set(defects);
      build.onLoad({ filter: /packages[/\\]engine[/\\]src[/\\].*\.ts$/ }, async ({ path }) => {
        const file = relative(sources, path).replaceAll("\\", "/");
        let contents = await readFile(path, "utf8");
        for (const defect of defects.filter((each) => each.file === file)) {
          if (contents.split(defect.find).length !== 2) {
            throw new Error(`This does not stand in ${file} exactly once: ${defect.find}`);
          }
          contents = contents.replace(defect.find, () => defect.replace);
          missing.delete(defect);
        }
        return { contents, loader: "ts" };
      });
      build.onEnd(() => {
        for (const { file } of missing) throw new Error(`There is no ${file} to put a defect into`);
      });
    },
  };
}
