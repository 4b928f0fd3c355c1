import type { Failure } from "./checks/verdict.ts";
import type { SituationName } from "./checks/situations.ts";
import { generate } from "./scenario/generate.ts";
import type { Plan } from "./scenario/plan.ts";
import { Transcript } from "./world/transcript.ts";
import { World } from "./world/world.ts";

/** What running a plan has shown. */
export interface Outcome {
  readonly failures: readonly Failure[];
  readonly counts: ReadonlyMap<SituationName, number>;
  readonly transcript: readonly string[];
}

/** Carries a plan out, and writes down what happens where it is asked to. */
export async function run(plan: Plan, withTranscript = false): Promise<Outcome> {
  const transcript = withTranscript ? new Transcript() : undefined;
  const world = new World(plan, transcript);
  const { failures, counts } = await world.run();
  return { failures, counts, transcript: transcript?.lines ?? [] };
}

/** The same for the plan of a seed. */
export function runSeed(seed: number, withTranscript = false): Promise<Outcome> {
  return run(generate(seed), withTranscript);
}
