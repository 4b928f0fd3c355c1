import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { publishedPackages, type PublishedPackage } from "../build/package-entries.ts";
import { root, run } from "./command.ts";

/** A package as the registry would get it. */
export interface PackedPackage extends PublishedPackage {
  /** Path of its archive. */
  readonly tarball: string;
  /** What it takes once it is installed, its dependencies not counted. */
  readonly unpackedBytes: number;
}

/** What npm tells of a package that it has packed. */
interface Answer {
  readonly name: string;
  readonly filename: string;
  readonly unpackedSize: number;
}

/**
 * Packs every published package into a directory of its own under `.cache`.
 *
 * @throws Error when the packages have not been built.
 */
export async function packAll(purpose: string): Promise<PackedPackage[]> {
  const packages = publishedPackages(root);
  for (const { name, directory, entries } of packages) {
    for (const entry of entries) {
      if (!existsSync(join(directory, "dist", `${entry.name}.d.ts`))) {
        throw new Error(`${name} has no dist/${entry.name}.d.ts; run "npm run build" first`);
      }
    }
  }
  const destination = join(root, ".cache", purpose);
  rmSync(destination, { recursive: true, force: true });
  mkdirSync(destination, { recursive: true });
  const directories = packages.map(({ directory }) => directory);
  const packed = await run("npm", ["pack", "--json", "--pack-destination", destination, ...directories]);
  if (!packed.succeeded) {
    throw new Error(packed.output);
  }
  // npm answers with a list, and newer versions with an object by name.
  const answer = JSON.parse(packed.stdout) as Record<string, Answer>;
  const answers = new Map(Object.values(answer).map((each) => [each.name, each]));
  return packages.map((published) => {
    const packedAs = answers.get(published.name);
    if (packedAs === undefined) {
      throw new Error(`npm did not pack ${published.name}`);
    }
    return { ...published, tarball: join(destination, packedAs.filename), unpackedBytes: packedAs.unpackedSize };
  });
}
