import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** What decides which packages npm installs along with one. */
export interface InstallManifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** Where a package is installed, and what it says of itself. */
export interface InstalledPackage {
  readonly directory: string;
  readonly manifest: InstallManifest;
}

/** All that `npm install` brings for the package at a directory, itself included: each directory once. Optional peers stay out. */
export function installedWith(first: InstalledPackage): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  const visit = (each: InstalledPackage): void => {
    if (found.has(each.directory)) return;
    found.set(each.directory, each);
    for (const name of dependenciesOf(each.manifest)) visit(findInstalled(name, each.directory));
  };
  visit(first);
  return [...found.values()];
}

/** The bytes of the files of a package, without those of others that are installed in it. */
export function bytesOf(directory: string): number {
  const sizes = readdirSync(directory, { withFileTypes: true }).map((entry) => {
    if (entry.name === "node_modules") return 0;
    const path = join(directory, entry.name);
    return entry.isDirectory() ? bytesOf(path) : statSync(path).size;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Reads what is installed, as Node does: from the directory upwards. */
export function findInstalled(name: string, from: string): InstalledPackage {
  for (let above = from; ; above = dirname(above)) {
    const directory = join(above, "node_modules", name);
    if (existsSync(directory)) return readInstalled(directory);
    if (above === dirname(above)) throw new Error(`${name}, which ${from} needs, is not installed`);
  }
}

export function readInstalled(directory: string): InstalledPackage {
  const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as InstallManifest;
  return { directory, manifest };
}

function dependenciesOf(manifest: InstallManifest): string[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  return [...new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...peers])];
}
