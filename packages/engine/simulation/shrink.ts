import type { Plan, Step } from "./scenario/plan.ts";

/** Whether a plan still fails in the same way. */
type Fails = (plan: Plan) => Promise<boolean>;

/**
 * Leaves out of a plan that fails whatever it fails without: clients with all that they do, then steps, in ever smaller
 * pieces, until none can be spared.
 */
export async function shrink(plan: Plan, fails: Fails): Promise<Plan> {
  let smallest = plan;
  for (const { name } of plan.clients) {
    const without: Plan = {
      ...smallest,
      clients: smallest.clients.filter((client) => client.name !== name),
      steps: smallest.steps.filter((step) => !("client" in step) || step.client !== name),
    };
    if (without.clients.length > 0 && (await fails(without))) smallest = without;
  }
  for (let size = Math.ceil(smallest.steps.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < smallest.steps.length;) {
      const steps: Step[] = smallest.steps.filter((_, index) => index < from || index >= from + size);
      const without = { ...smallest, steps };
      if (await fails(without)) smallest = without;
      else from += size;
    }
  }
  return smallest;
}
