/**
 * Feeds the decoder a million broken inputs and checks, for each, what must hold for any bytes: a packet or an error of
 * ours and nothing else; chunking is invisible; what was read can be written and reads the same; memory stays bounded.
 *
 *     npm run test:fuzz
 *     FUZZ_INPUTS=10000000 FUZZ_SEED=7 npm run test:fuzz     more, or others
 *     FUZZ_SEED=7 FUZZ_REPLAY=123456 npm run test:fuzz       one input again, by its number
 */
import fc from "fast-check";
import { encode } from "../src/mod.ts";
import type { ProtocolVersion } from "../src/mod.ts";
import { packetOf, versions } from "./arbitraries/packets.ts";
import { checkInput } from "./fuzz/invariants.ts";
import { mutate, noise } from "./fuzz/mutate.ts";
import { concat, toHex } from "./hex.ts";
import type { DecodeOptions } from "./outcome.ts";
import { Random } from "./random.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? 1883);
const inputs = Number(process.env["FUZZ_INPUTS"] ?? 1_000_000);
const replay = process.env["FUZZ_REPLAY"];

/** After warming up, the heap may grow by no more than this, in bytes, however many inputs follow. */
const heapBudget = 8 * 1024 * 1024;
const reportedFailures = 5;

interface Input {
  bytes: Uint8Array;
  options: DecodeOptions;
  random: Random;
}

const corpus = new Map(versions.map((version) => [version, validPackets(version)]));

/** Valid packets of a version to start from. Long ones teach nothing new and take most of the time. */
function validPackets(version: ProtocolVersion): Uint8Array[] {
  return fc
    .sample(packetOf(version), { numRuns: 3_000, seed })
    .map((packet) => encode(packet, version))
    .filter((bytes) => bytes.length <= 300);
}

/** The input of a number: the same in every run with the same seed. */
function inputOf(index: number): Input {
  const random = new Random(seed * 0x10001 + index);
  const version = random.pick(versions);
  const packets = corpus.get(version) ?? [];
  const options: DecodeOptions = random.oneIn(10) ? {} : { version };
  if (random.oneIn(20)) options.maximumPacketSize = 1 + random.below(200);
  if (random.oneIn(25)) return { bytes: noise(random), options, random };
  const broken = mutate(random.pick(packets), random.pick(packets), random);
  const before = random.oneIn(3) ? [random.pick(packets)] : [];
  const after = random.oneIn(3) ? [random.pick(packets)] : [];
  return { bytes: concat(...before, broken, ...after), options, random };
}

function failureOf(index: number): { packets: number; message: string | undefined } {
  const { bytes, options, random } = inputOf(index);
  try {
    return { packets: checkInput(bytes, options, random), message: undefined };
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const message = `Input ${index}, ${JSON.stringify(options)}: ${toHex(bytes)}\n${reason}\nAgain: FUZZ_SEED=${seed} FUZZ_REPLAY=${index}`;
    return { packets: 0, message };
  }
}

function heapUsed(): number {
  if (globalThis.gc === undefined) throw new Error("Run with node --expose-gc, as npm run test:fuzz does");
  globalThis.gc();
  const { heapUsed: heap, arrayBuffers } = process.memoryUsage();
  return heap + arrayBuffers;
}

function main(): void {
  if (replay !== undefined) {
    const { message } = failureOf(Number(replay));
    console.log(message ?? `Input ${replay} passes`);
    process.exitCode = message === undefined ? 0 : 1;
    return;
  }
  const started = performance.now();
  let failed = 0;
  let decoded = 0;
  let baseline = 0;
  for (let index = 0; index < inputs; index++) {
    if (index === Math.floor(inputs / 10)) baseline = heapUsed();
    const { packets, message } = failureOf(index);
    decoded += packets;
    if (message === undefined) continue;
    failed += 1;
    if (failed <= reportedFailures) console.error(message);
  }
  const growth = heapUsed() - baseline;
  if (growth > heapBudget) {
    failed += 1;
    console.error(`Memory grew by ${growth} bytes over the last nine tenths of the inputs; ${heapBudget} are allowed`);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`fuzz: seed ${seed}, ${decoded} packets decoded, memory grew by ${growth} bytes, ${seconds} s`);
  // The memory check is one more than the inputs.
  console.log(`fuzz: ${inputs + 1 - failed} passed, ${failed} failed, 0 skipped`);
  // Were everything refused, the fuzz would show nothing.
  const isMeaningful = inputs > 0 && decoded > inputs / 20;
  if (!isMeaningful) console.error(`${decoded} packets of ${inputs} inputs are too few to show anything`);
  if (failed > 0 || !isMeaningful) process.exitCode = 1;
}

main();
