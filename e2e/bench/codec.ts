/**
 * Measures the codec against mqtt-packet in the same run, in CPU time, garbage collection included.
 *
 *     npm run bench:codec                 prints the table, and fails where a target is missed
 *     npm run bench:codec -- --no-check   only prints it
 *     npm run bench:codec -- --rounds 15  takes longer and is less noisy
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { bytesUsed, codecContests, type Codec } from "./codec-cases.ts";
import { formatResults, measure } from "./measure.ts";

const root = join(import.meta.dirname, "../..");

const { values } = parseArgs({
  options: { "no-check": { type: "boolean", default: false }, rounds: { type: "string", default: "9" } },
});

/** The codec as plain JavaScript in one file: what a bundler makes of it, and nothing that a test tool adds. */
async function loadCodec(): Promise<Codec> {
  const outfile = join(root, ".cache/bench/codec.js");
  await mkdir(join(root, ".cache/bench"), { recursive: true });
  await build({
    entryPoints: ["@rivulet/codec"],
    absWorkingDir: root,
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["@rivulet/source"],
    logLevel: "warning",
  });
  return (await import(pathToFileURL(outfile).href)) as Codec;
}

const contests = codecContests(await loadCodec());
const results = contests.map((contest) => measure(contest, Number(values.rounds)));
console.log(formatResults("mqtt-packet", results));
console.log(`Node ${process.version}, ${values.rounds} rounds, median of ratios, ${bytesUsed()} bytes encoded`);

const missed = results.filter(({ met }) => !met);
if (missed.length > 0) console.log(`Missed: ${missed.map(({ name }) => name).join("; ")}`);
if (!values["no-check"] && missed.length > 0) process.exitCode = 1;
