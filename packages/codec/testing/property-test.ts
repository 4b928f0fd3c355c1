import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { toHex } from "./hex.ts";

/**
 * How the property-based tests run: with a fixed seed, so that a test does not fail by chance. On failure fast-check
 * prints the seed and the path of the counterexample. `FAST_CHECK_SEED` and `FAST_CHECK_RUNS` take the tests elsewhere.
 */
const parameters: { seed: number; numRuns: number } = {
  seed: Number(process.env["FAST_CHECK_SEED"] ?? 20_190_307),
  numRuns: Number(process.env["FAST_CHECK_RUNS"] ?? 2_000),
};

/** Checks a property of random values; a smaller `share` of the runs where one costs much. */
export function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void, share = 1): void {
  const numRuns = Math.ceil(parameters.numRuns * share);
  fc.assert(fc.property(arbitrary, property), { ...parameters, numRuns });
}

/** As `check`, for a property that takes its time. */
export async function checkAsync<T>(
  arbitrary: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
  share = 1,
): Promise<void> {
  const numRuns = Math.ceil(parameters.numRuns * share);
  await fc.assert(fc.asyncProperty(arbitrary, property), { ...parameters, numRuns });
}

/** Fails unless both are the same, Uint8Arrays by content; much faster than `expect` on long arrays. */
export function same(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`Expected ${show(expected)}\nbut got ${show(actual)}`);
}

/** The bytes cut at these places, each a fraction of the whole. */
export function cutAt(bytes: Uint8Array, fractions: readonly number[]): Uint8Array[] {
  const places = fractions.map((fraction) => Math.floor(fraction * bytes.length)).sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

/** Where to cut: up to twelve places, now and then twice the same, which makes an empty chunk. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? `0x${toHex(part)}` : part));
  return text.length > 4_000 ? `${text.slice(0, 4_000)}...` : text;
}
