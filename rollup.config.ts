import { rmSync } from "node:fs";
import { join } from "node:path";
import nodeResolve from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";
import { transform } from "esbuild";
import type { Plugin, RollupOptions } from "rollup";
import { dts } from "rollup-plugin-dts";
import esbuild from "rollup-plugin-esbuild";
import { publishedPackages, type PublishedPackage } from "./.ci/build/package-entries.ts";
import { portableGraph } from "./.ci/build/portable-graph.ts";

const root = import.meta.dirname;

/** Packages that serve one platform each; no browser loads them, and the UMD bundle proves that. */
const platformPackages = ["@rivulet/node", "@rivulet/deno", "@rivulet/workers"];

/** What is also built for a script tag: the package, the file and the global that it makes. */
const scriptTags = [
  { name: "rivulet", file: "rivulet.umd.js", global: "rivulet" },
  { name: "@rivulet/component", file: "component.umd.js", global: "rivuletComponent" },
];

const packages = publishedPackages(root);
for (const { directory } of packages) {
  rmSync(join(directory, "dist"), { recursive: true, force: true });
}

export default packages.flatMap((published): RollupOptions[] => [
  modules(published),
  types(published),
  ...scriptTags.filter(({ name }) => name === published.name).map((script) => scriptTag(published, script)),
]);

/** ES modules, an output for each entry; everything that is not the package's own stays an import. */
function modules(published: PublishedPackage): RollupOptions {
  return {
    input: inputs(published),
    external: isExternal,
    plugins: [stripTypes(), portableGraph(browserEntries(published))],
    treeshake: { moduleSideEffects: false },
    output: {
      dir: join(published.directory, "dist"),
      format: "es",
      chunkFileNames: "shared/[name].js",
      hoistTransitiveImports: false,
    },
    onwarn: fail,
  };
}

/** One declaration file for each entry. */
function types(published: PublishedPackage): RollupOptions {
  return {
    input: inputs(published),
    external: isExternal,
    plugins: [dts({ tsconfig: join(published.directory, "tsconfig.json") }), disposableLibrary()],
    output: {
      dir: join(published.directory, "dist"),
      format: "es",
      entryFileNames: "[name].d.ts",
      chunkFileNames: "shared/[name].d.ts",
    },
    onwarn: fail,
  };
}

/** Everything that a browser needs in one minified file, for a script tag. */
function scriptTag(published: PublishedPackage, script: (typeof scriptTags)[number]): RollupOptions {
  return {
    input: join(published.directory, "src/browser.ts"),
    plugins: [
      nodeResolve({ browser: true, preferBuiltins: false, exportConditions: ["@rivulet/source", "browser"] }),
      stripTypes(),
      portableGraph(() => true),
    ],
    output: {
      file: join(published.directory, "dist", script.file),
      format: "umd",
      name: script.global,
      exports: "named",
      esModule: false,
      freeze: false,
      externalLiveBindings: false,
      generatedCode: { preset: "es2015", symbols: false },
      // Five times as large as the bundle, so it is not published, and the bundle does not name it.
      sourcemap: "hidden",
      plugins: [
        esbuildMinify(),
        terser({
          ecma: 2020,
          module: true,
          compress: { ecma: 2020, passes: 3 },
          format: { ecma: 2020, comments: false },
        }),
      ],
    },
    onwarn: fail,
  };
}

function inputs({ directory, entries }: PublishedPackage): Record<string, string> {
  return Object.fromEntries(entries.map(({ name }) => [name, join(directory, "src", `${name}.ts`)]));
}

function browserEntries({ name, directory, entries }: PublishedPackage): (id: string) => boolean {
  const forBrowsers = entries.filter(
    ({ conditions }) =>
      // What is Node's may have a subpath of its own, too.
      !conditions.includes("node") &&
      conditions.some((condition) => ["browser", "workerd", "default"].includes(condition)),
  );
  const paths = platformPackages.includes(name)
    ? []
    : forBrowsers.map((entry) => join(directory, "src", `${entry.name}.ts`));
  return (id) => paths.includes(id);
}

function isExternal(id: string): boolean {
  return !id.startsWith(".") && !id.startsWith(root);
}

function stripTypes(): Plugin {
  return esbuild({
    target: "es2022",
    tsconfig: false,
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: false } },
  });
}

/** Before terser: what both have seen is 3 % smaller (gzip) than what either has. */
function esbuildMinify(): Plugin {
  return {
    name: "esbuild-minify",
    renderChunk: async (code) => {
      const { code: minified, map } = await transform(code, {
        minify: true,
        target: "es2022",
        sourcemap: "external",
        legalComments: "none",
      });
      return { code: minified, map };
    },
  };
}

/** Names the library that holds `Symbol.asyncDispose` for those whose `lib` is plain es2022. */
function disposableLibrary(): Plugin {
  return {
    name: "disposable-library",
    renderChunk: (code) =>
      /\bSymbol\.(asyncD|d)ispose\b|\b(Async)?Disposable\b/.test(code)
        ? `/// <reference lib="esnext.disposable" />\n${code}`
        : null,
  };
}

/** An unresolved import, a cycle or a missing export is a mistake, never a remark. */
function fail(warning: { readonly message: string }): never {
  throw new Error(warning.message);
}
