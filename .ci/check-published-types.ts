/**
 * Compiles a project that uses the packages as the registry would get them, with the strictest settings and without
 * `skipLibCheck`, with every version of TypeScript and for every platform that we serve.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { conclude, root, run } from "./lib/command.ts";
import { packAll, type PackedPackage } from "./lib/packed.ts";

interface Consumer {
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  /** Packages, and subpaths, for another platform. */
  readonly without: readonly string[];
}

const compilers = ["typescript", "typescript-5.9", "typescript-7.0"];

const consumers: Readonly<Record<string, Consumer>> = {
  browser: {
    compilerOptions: { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"], types: [] },
    without: ["@rivulet/node", "@rivulet/deno", "@rivulet/websocket/node"],
  },
  node: {
    compilerOptions: { module: "nodenext", moduleResolution: "nodenext", lib: ["es2022"], types: ["node"] },
    without: ["@rivulet/deno"],
  },
  deno: {
    compilerOptions: {
      module: "esnext",
      moduleResolution: "bundler",
      customConditions: ["deno"],
      lib: ["esnext", "dom", "dom.asynciterable"],
      types: ["deno"],
    },
    without: ["@rivulet/node", "@rivulet/websocket/node"],
  },
};

const directory = join(root, ".cache/consumer");

async function install(packages: readonly PackedPackage[]): Promise<void> {
  for (const { name, tarball } of packages) {
    const target = join(directory, "node_modules", name);
    mkdirSync(target, { recursive: true });
    const unpacked = await run("tar", ["-xzf", tarball, "--strip-components", "1", "-C", target]);
    if (!unpacked.succeeded) {
      throw new Error(unpacked.output);
    }
  }
  writeFileSync(join(directory, "package.json"), JSON.stringify({ type: "module", private: true }));
}

/** Everything that can be imported from a package: itself, and its subpaths. */
function specifiers({ name }: PackedPackage): string[] {
  const manifest = readFileSync(join(directory, "node_modules", name, "package.json"), "utf8");
  const { exports } = JSON.parse(manifest) as { exports: Readonly<Record<string, unknown>> };
  const subpaths = Object.keys(exports).filter((subpath) => !subpath.endsWith(".json"));
  return subpaths.map((subpath) => subpath.replace(".", name));
}

function writeConsumer(name: string, consumer: Consumer, packages: readonly PackedPackage[]): string {
  const used = packages.filter((published) => !consumer.without.includes(published.name));
  const source = used
    .flatMap(specifiers)
    .filter((specifier) => !consumer.without.includes(specifier))
    .map((specifier, index) => `export * as package${index} from "${specifier}";\n`)
    .join("");
  writeFileSync(join(directory, `${name}.ts`), source);
  const compilerOptions = {
    target: "es2022",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    noEmit: true,
    ...consumer.compilerOptions,
  };
  const path = join(directory, `tsconfig.${name}.json`);
  writeFileSync(path, JSON.stringify({ compilerOptions, files: [`${name}.ts`] }, null, 2));
  return path;
}

async function compileAll(compiler: string, projects: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const project of projects) {
    const tsc = join(root, "node_modules", compiler, "bin/tsc");
    const { succeeded, output } = await run(process.execPath, [tsc, "-p", project, "--pretty", "false"]);
    if (!succeeded) {
      problems.push(`${compiler}, ${relative(root, project)}:\n${output}`);
    }
  }
  return problems;
}

const packages = await packAll("consumer");
await install(packages);
const projects = Object.entries(consumers).map(([name, consumer]) => writeConsumer(name, consumer, packages));
const problems = await Promise.all(compilers.map((compiler) => compileAll(compiler, projects)));
conclude(
  `published types, ${packages.length} packages, ${Object.keys(consumers).join(", ")} with ${compilers.join(", ")}`,
  problems.flat(),
);
