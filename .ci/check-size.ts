/**
 * Keeps what a browser has to load from growing, and says how far it is from where it is to be. All sizes in bytes;
 * 1 kB is 1,000 bytes.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { conclude, root } from "./lib/command.ts";

interface Budget {
  readonly name: string;
  /** What it may not exceed: what it is now, rounded up. It goes down with the code, and up only for what is new. */
  readonly maximumGzipBytes: number;
  /** What it is to be. */
  readonly targetGzipBytes: number;
  readonly code: () => Promise<Uint8Array>;
}

const umd = "packages/rivulet/dist/rivulet.umd.js";
const componentUmd = "packages/component/dist/component.umd.js";

const budgets: readonly Budget[] = [
  {
    name: "rivulet.umd.js",
    maximumGzipBytes: 36_200,
    targetGzipBytes: 16_000,
    code: async () => readFileSync(join(root, umd)),
  },
  {
    name: "component.umd.js",
    maximumGzipBytes: 69_500,
    targetGzipBytes: 68_500,
    code: async () => readFileSync(join(root, componentUmd)),
  },
  {
    name: 'import { connect } from "rivulet"',
    maximumGzipBytes: 36_800,
    targetGzipBytes: 14_000,
    code: () => bundle('export { connect } from "rivulet";'),
  },
  {
    name: 'import { scram } from "rivulet/scram"',
    maximumGzipBytes: 3_500,
    targetGzipBytes: 3_500,
    // What it adds to a page that has the client.
    code: () => bundle('export { scram } from "rivulet/scram";', ["@rivulet/engine"]),
  },
  {
    name: 'import * from "rivulet/session"',
    maximumGzipBytes: 7_000,
    targetGzipBytes: 7_000,
    code: () => bundle('export * from "rivulet/session";', ["@rivulet/engine"], "node_modules/@msgpack/msgpack/"),
  },
  {
    name: 'import * from "rivulet/indexed-db"',
    maximumGzipBytes: 1_900,
    targetGzipBytes: 1_900,
    code: () => bundle('export * from "rivulet/indexed-db";', ["@rivulet/engine"]),
  },
  {
    name: 'import * from "rivulet/sigv4"',
    maximumGzipBytes: 1_600,
    targetGzipBytes: 1_600,
    code: () => bundle('export * from "rivulet/sigv4";', ["@rivulet/engine"]),
  },
  {
    name: 'import * from "@rivulet/codec"',
    maximumGzipBytes: 8_550,
    targetGzipBytes: 6_000,
    code: () => bundle('export * from "@rivulet/codec";'),
  },
];

const foreign = new Set<string>();

/** What a page loads when it is built with a bundler; notes every module that is not ours, nor `welcome`. */
async function bundle(contents: string, external: string[] = [], welcome = "packages/"): Promise<Uint8Array> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    external,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    metafile: true,
    write: false,
  });
  for (const [path, { bytesInOutput }] of Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs),
  )) {
    if (bytesInOutput > 0 && path !== "<stdin>" && !path.startsWith("packages/") && !path.startsWith(welcome)) {
      foreign.add(path);
    }
  }
  const [file] = outputFiles;
  if (file === undefined) {
    throw new Error(`esbuild made no file of ${contents}`);
  }
  return file.contents;
}

/** The source map names every module that is in a UMD bundle; notes what is neither ours nor `welcome`. */
function noteForeignSources(bundle: string, welcome?: string): void {
  const { sources } = JSON.parse(readFileSync(join(root, `${bundle}.map`), "utf8")) as { sources: string[] };
  for (const path of sources) {
    if (path.includes("node_modules/") && (welcome === undefined || !path.includes(welcome))) {
      foreign.add(path);
    }
  }
}

function row(name: string, columns: readonly (string | number)[]): string {
  return `${name.padEnd(36)}${columns.map((column) => String(column).padStart(9)).join("")}`;
}

if (!existsSync(join(root, umd))) {
  throw new Error(`There is no ${umd}; run "npm run build" first`);
}
const problems: string[] = [];
console.log(row("", ["min", "gzip", "brotli", "limit", "target"]));
for (const { name, maximumGzipBytes, targetGzipBytes, code } of budgets) {
  const bytes = await code();
  const gzip = gzipSync(bytes, { level: 9 }).byteLength;
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).byteLength;
  console.log(row(name, [bytes.byteLength, gzip, brotli, maximumGzipBytes, targetGzipBytes]));
  if (gzip > maximumGzipBytes) {
    problems.push(`${name} has ${gzip} bytes (gzip); its limit is ${maximumGzipBytes}`);
  }
}
noteForeignSources(umd);
noteForeignSources(componentUmd, "node_modules/@msgpack/msgpack/");
problems.push(...[...foreign].map((path) => `${path} is in a browser bundle, and is not ours`));
conclude(`size, ${budgets.length} bundles`, problems);
