import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One file that people can import from a package, and what it is built from. */
export interface PackageEntry {
  /** `browser` for `src/browser.ts`, `dist/browser.js` and `dist/browser.d.ts`. */
  readonly name: string;
  /** The export conditions under which it is chosen; `["default"]` where a subpath has no platforms. */
  readonly conditions: readonly string[];
}

export interface PublishedPackage {
  readonly name: string;
  readonly directory: string;
  readonly entries: readonly PackageEntry[];
}

type ExportTarget = string | { readonly [condition: string]: ExportTarget };

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, ExportTarget>>;
}

const sourceCondition = "@rivulet/source";

/** Every published package under `packages/`, in alphabetical order. */
export function publishedPackages(root: string): PublishedPackage[] {
  const directories = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name));
  return directories
    .filter((directory) => existsSync(join(directory, "package.json")))
    .map((directory) => ({ directory, manifest: readManifest(join(directory, "package.json")) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ directory, manifest }) => ({ name: manifest.name, directory, entries: packageEntries(manifest) }));
}

/**
 * The entries of a package, read from its `exports`: the tree under `@rivulet/source` names the sources, and the
 * conditions beside it must name, one for one, what is built from them.
 *
 * @throws Error when the two say different things.
 */
export function packageEntries(manifest: Manifest): PackageEntry[] {
  const conditionsOf = new Map<string, string[]>();
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    if (typeof target === "string") {
      continue; // a file as it is, such as package.json
    }
    const { [sourceCondition]: source, ...published } = target;
    if (source === undefined) {
      throw new Error(`${manifest.name}: the export "${subpath}" has no "${sourceCondition}"`);
    }
    for (const [condition, path] of platforms(source)) {
      const name = /^\.\/src\/([\w-]+)\.ts$/.exec(path)?.[1];
      if (name === undefined) {
        throw new Error(`${manifest.name}: the source ${path} of the export "${subpath}" is not ./src/NAME.ts`);
      }
      conditionsOf.set(name, [...(conditionsOf.get(name) ?? []), condition]);
    }
    const wanted = JSON.stringify(builtFrom(source));
    if (JSON.stringify(published) !== wanted) {
      throw new Error(
        `${manifest.name}: what follows "${sourceCondition}" in the export "${subpath}" must be ${wanted}`,
      );
    }
  }
  return [...conditionsOf].map(([name, conditions]) => ({ name, conditions }));
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8")) as Manifest;
}

function platforms(source: ExportTarget): [condition: string, path: string][] {
  if (typeof source === "string") {
    return [["default", source]];
  }
  return Object.entries(source).map(([condition, path]) => {
    if (typeof path !== "string") {
      throw new Error(`The condition "${condition}" may not hold further conditions`);
    }
    return [condition, path];
  });
}

/** What is published for a source; `types` comes first, because TypeScript takes the first condition that fits. */
function builtFrom(source: ExportTarget): ExportTarget {
  if (typeof source === "string") {
    const path = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
    return { types: `${path}.d.ts`, default: `${path}.js` };
  }
  return Object.fromEntries(Object.entries(source).map(([condition, path]) => [condition, builtFrom(path)]));
}
