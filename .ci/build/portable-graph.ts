import { builtinModules } from "node:module";
import { Linter } from "eslint";
import type { ModuleInfo, Plugin, PluginContext } from "rollup";

/** Packages that exist to stand in for a part of Node. */
const polyfills = new Set([
  "assert",
  "browserify-zlib",
  "buffer",
  "console-browserify",
  "constants-browserify",
  "core-js",
  "core-js-pure",
  "crypto-browserify",
  "domain-browser",
  "event-target-shim",
  "events",
  "global",
  "globalthis",
  "https-browserify",
  "inherits",
  "node-polyfill-webpack-plugin",
  "node-stdlib-browser",
  "os-browserify",
  "path-browserify",
  "process",
  "process-nextick-args",
  "punycode",
  "querystring-es3",
  "readable-stream",
  "regenerator-runtime",
  "safe-buffer",
  "setimmediate",
  "stream-browserify",
  "stream-http",
  "string_decoder",
  "timers-browserify",
  "tty-browserify",
  "url",
  "util",
  "util-deprecate",
  "vm-browserify",
  "web-streams-polyfill",
  "whatwg-url",
]);

/** Globals of Node: a bundler would fill them in, and a page without a bundler would throw. */
const nodeGlobals = ["Buffer", "process", "global", "require", "module", "__dirname", "__filename", "setImmediate"];

const linter = new Linter();

/**
 * Fails the build when a Node builtin, a polyfill or a global of Node is anywhere in the module graph of a browser
 * entry, whether or not tree shaking would remove it.
 *
 * @param isPortable tells, by the path of an entry, whether browsers load it.
 */
export function portableGraph(isPortable: (id: string) => boolean): Plugin {
  return {
    name: "portable-graph",
    buildEnd(error): void {
      if (error !== undefined) {
        return;
      }
      const entries = [...this.getModuleIds()].filter((id) => this.getModuleInfo(id)?.isEntry && isPortable(id));
      const problems = reachable(this, entries).flatMap((module) => problemsOf(module));
      if (problems.length > 0) {
        this.error(`This cannot run in a browser:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
      }
    },
  };
}

function reachable(context: PluginContext, entries: readonly string[]): ModuleInfo[] {
  const seen = new Set(entries);
  const modules: ModuleInfo[] = [];
  // A Set iterates over what is added while it is iterated over.
  for (const id of seen) {
    const module = context.getModuleInfo(id);
    if (module === null) {
      continue;
    }
    modules.push(module);
    for (const imported of [...module.importedIds, ...module.dynamicallyImportedIds]) {
      seen.add(imported);
    }
  }
  return modules;
}

function problemsOf(module: ModuleInfo): string[] {
  const importers = [...module.importers, ...module.dynamicImporters].join(", ");
  const packageName = packageOf(module.id);
  if (module.isExternal && isBuiltin(module.id)) {
    return [`the Node builtin ${module.id}, imported by ${importers}`];
  }
  if (packageName !== undefined && polyfills.has(packageName)) {
    return [`the polyfill ${packageName}, imported by ${importers}`];
  }
  return freeNodeGlobals(module.code ?? "").map((name) => `the global ${name} of Node, used by ${module.id}`);
}

function isBuiltin(id: string): boolean {
  return id.startsWith("node:") || builtinModules.includes(id);
}

/** The package that a bare specifier or a path under node_modules belongs to. */
function packageOf(id: string): string | undefined {
  const specifier = id.split(/[/\\]node_modules[/\\]/).at(-1) ?? id;
  return specifier === id && /^[./\\\0]|^[a-z]:/i.test(id)
    ? undefined
    : /^(@[^/\\]+[/\\])?[^/\\]+/.exec(specifier)?.[0];
}

function freeNodeGlobals(code: string): string[] {
  const messages = linter.verify(code, {
    // A directive in the code must not switch the rule off.
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: "off" },
    languageOptions: { ecmaVersion: "latest", sourceType: "module" },
    rules: { "no-restricted-globals": ["error", { globals: nodeGlobals, checkGlobalObject: true }] },
  });
  // That a directive has no effect is said too, as a warning.
  const errors = messages.filter(({ severity }) => severity === 2);
  return [...new Set(errors.map(({ message }) => /'(\w+)'/.exec(message)?.[1] ?? message))];
}
