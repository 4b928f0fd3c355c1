/**
 * Makes the packages as they are to be on JSR, in `.cache/jsr`, and has Deno check them as it does before it publishes them:
 * that they are whole, and that their types are had without the inference of whole programs ("slow types").
 *
 * `deno publish` in that directory publishes them, with whatever it is given to sign in.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./lib/command.ts";

interface Package {
  readonly directory: string;
  /** Without conditions: there are none on JSR, and it is for Deno first. */
  readonly exports: Readonly<Record<string, string>>;
  /** What its sources import of others, all of them on JSR too. */
  readonly uses: readonly string[];
}

const packages: readonly Package[] = [
  { directory: "codec", exports: { ".": "./src/mod.ts" }, uses: [] },
  { directory: "engine", exports: { ".": "./src/mod.ts" }, uses: ["codec"] },
  { directory: "deno", exports: { ".": "./src/mod.ts" }, uses: ["engine"] },
  {
    directory: "websocket",
    exports: { ".": "./src/deno.ts", "./indexed-db": "./src/indexed-db.ts" },
    uses: ["engine"],
  },
];

const tree = join(root, ".cache/jsr");
const deno = join(root, "node_modules/deno/bin.cjs");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

function manifestOf(directory: string): Manifest {
  return JSON.parse(readFileSync(join(root, "packages", directory, "package.json"), "utf8")) as Manifest;
}

function write(path: string, content: object): void {
  writeFileSync(join(tree, path), `${JSON.stringify(content, undefined, 2)}\n`);
}

rmSync(tree, { recursive: true, force: true });
for (const { directory, exports, uses } of packages) {
  const from = join(root, "packages", directory);
  mkdirSync(join(tree, directory), { recursive: true });
  cpSync(join(from, "src"), join(tree, directory, "src"), {
    recursive: true,
    filter: (path) => !/\.test(-d)?\.ts$/.test(path),
  });
  for (const name of ["LICENSE", "README.md"]) cpSync(join(from, name), join(tree, directory, name));
  const { name, version, license } = manifestOf(directory);
  const imports = Object.fromEntries(
    uses.map(manifestOf).map((other) => [other.name, `jsr:${other.name}@^${other.version}`]),
  );
  write(`${directory}/deno.json`, { name, version, license, exports, imports });
}
write("deno.json", {
  workspace: packages.map(({ directory }) => `./${directory}`),
  compilerOptions: { lib: ["deno.window", "deno.unstable", "dom", "dom.asynciterable"] },
});

const flags = ["publish", "--dry-run", "--allow-dirty"];
const { succeeded, output } = await run(process.execPath, [deno, ...flags], { directory: tree });
const isClean = succeeded && !/^(?:warning|error)\b/im.test(output);
if (!isClean) console.log(output);
console.log(isClean ? `${packages.length} packages are ready for JSR` : "The packages are not ready for JSR");
process.exitCode = isClean ? 0 : 1;
