import type { Failure } from "./checks/verdict.ts";
import { run } from "./run.ts";
import { generate } from "./scenario/generate.ts";
import { shrink } from "./shrink.ts";

/** One seed from close by. */
export interface Inspection {
  readonly failures: readonly Failure[];
  readonly transcript: readonly string[];
  /** How much of the seed this is. */
  readonly remark: string;
}

/** Runs a seed, or the least part of it that fails in the same way, and writes down what happens. */
export async function inspect(seed: number, isShrunk: boolean): Promise<Inspection> {
  const whole = generate(seed);
  const { failures } = await run(whole);
  const [first] = failures;
  let plan = whole;
  if (isShrunk && first !== undefined) {
    plan = await shrink(whole, async (less) => (await run(less)).failures[0]?.invariant === first.invariant);
  }
  const outcome = await run(plan, true);
  const clients = plan.clients.map((client) => JSON.stringify(client));
  const remark = `Seed ${seed}: ${plan.steps.length} of ${whole.steps.length} steps, ${plan.clients.length} of ${whole.clients.length} clients`;
  return {
    failures: outcome.failures,
    transcript: [...clients, JSON.stringify(plan.broker), ...outcome.transcript],
    remark,
  };
}
