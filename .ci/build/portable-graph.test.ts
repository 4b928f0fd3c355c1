import { rollup, type Plugin } from "rollup";
import { expect, test } from "vitest";
import { portableGraph } from "./portable-graph.ts";

/** Bundles modules that exist only here; `main` is the entry, and whatever is not here is external. */
async function bundle(modules: Record<string, string>): Promise<void> {
  const virtual: Plugin = {
    name: "virtual",
    resolveId: (id) => (id in modules ? id : { id, external: true }),
    load: (id) => modules[id] ?? null,
  };
  const build = await rollup({
    input: "./main",
    plugins: [virtual, portableGraph((id) => id === "./main")],
    logLevel: "silent",
  });
  await build.close();
}

const polyfill = "/project/node_modules/buffer/index.js";

test.each<[string, Record<string, string>]>([
  ["globalThis and what the platforms share", { "./main": "export const now = () => globalThis.performance.now();" }],
  ["a local variable with the name of a global", { "./main": "export const f = (process) => process.env;" }],
  ["a property with the name of a global", { "./main": "export const f = (x) => x.process({ Buffer: 1 });" }],
  ["another package", { "./main": 'export * from "@rivulet/codec";' }],
  ["a builtin in a module that browsers do not load", { "./main": "export {};", "./node": 'import "node:net";' }],
])("passes %s", async (_, modules) => {
  await expect(bundle(modules)).resolves.toBeUndefined();
});

test.each<[string, Record<string, string>, RegExp]>([
  ["a builtin", { "./main": 'import "node:net";' }, /the Node builtin node:net, imported by \.\/main/],
  ["a bare builtin", { "./main": 'export { connect } from "tls";' }, /the Node builtin tls/],
  ["a builtin's subpath", { "./main": 'import "fs/promises";' }, /the Node builtin fs\/promises/],
  ["a builtin deep in the graph", { "./main": 'import "./a";', "./a": 'export * from "os";' }, /os, imported by \.\/a/],
  ["a builtin loaded on demand", { "./main": 'export const f = () => import("node:fs");' }, /node:fs/],
  ["an external polyfill", { "./main": 'import "readable-stream/lib/x.js";' }, /the polyfill readable-stream/],
  ["a bundled polyfill", { "./main": `import "${polyfill}";`, [polyfill]: "" }, /the polyfill buffer/],
  [
    "a free Buffer",
    { "./main": "export const b = () => Buffer.alloc(1);" },
    /the global Buffer of Node, used by \.\/main/,
  ],
  ["a free process", { "./main": 'export const p = typeof process === "object";' }, /the global process/],
  ["a free global", { "./main": "export const g = global;" }, /the global global/],
  ["a global of Node as a property", { "./main": "export const p = globalThis.process;" }, /the global process/],
  ["a silenced Buffer", { "./main": "/* eslint-disable */ export const b = Buffer;" }, /the global Buffer/],
])("refuses %s", async (_, modules, message) => {
  await expect(bundle(modules)).rejects.toThrow(message);
});
