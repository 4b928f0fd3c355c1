/** One step of `npm test`: an npm script. */
export interface Step {
  readonly script: string;
  /** A suite prints its totals as its last line; anything else is one test. */
  readonly isSuite?: boolean;
  /** It has no tests of its own; it counts only when it fails. */
  readonly isPreparation?: boolean;
  /** Scripts that must have succeeded before it can be run. */
  readonly needs?: readonly string[];
  /** Scripts that must have ended before it is run, whatever came of them: both write the same files. */
  readonly after?: readonly string[];
  /**
   * Others of its kind may run beside it: those that keep one core busy, and those that
   * wait as much as they compute. Default: it runs alone.
   */
  readonly kind?: "busy" | "waiting";
}

/** Everything that has to pass, cheapest first, but that what may run side by side does not wait for the rest. */
export const steps: readonly Step[] = [
  { script: "setup", isPreparation: true },
  { script: "check:lock" },
  { script: "check:compose" },
  { script: "lint", kind: "busy" },
  { script: "format:check", kind: "busy" },
  { script: "check:types", kind: "busy" },
  { script: "check:unused", kind: "busy" },
  { script: "check:conformance", kind: "busy" },
  { script: "test:docs", isSuite: true, needs: ["setup"], after: ["check:types"], kind: "busy" },
  { script: "test:unit", isSuite: true, needs: ["setup"] },
  { script: "build", kind: "busy" },
  { script: "check:packages", needs: ["build"], kind: "busy" },
  { script: "check:published-types", needs: ["build"], kind: "busy" },
  { script: "check:jsr", kind: "busy" },
  { script: "test:transports", isSuite: true, needs: ["setup"], kind: "waiting" },
  { script: "test:playground", isSuite: true, needs: ["setup", "build"], kind: "waiting" },
  { script: "test:fuzz", kind: "busy" },
  { script: "conformance:mutate", kind: "busy" },
  { script: "simulate", isSuite: true },
  { script: "test:durability", isSuite: true, needs: ["setup"], kind: "waiting" },
  { script: "test:options", isSuite: true, needs: ["setup", "build"], kind: "waiting" },
  { script: "test:surface", isSuite: true, needs: ["setup", "build"], kind: "waiting" },
  { script: "test:pages", isSuite: true, needs: ["setup", "build"], kind: "waiting" },
  { script: "test:e2e", isSuite: true, needs: ["setup", "build"] },
  { script: "check:size", needs: ["build"], kind: "busy" },
];

/**
 * The steps that the names stand for, with what they need, in the usual order. A name may leave out what stands before
 * its colon: `e2e` is `test:e2e`.
 *
 * @throws Error for a name that is no step.
 */
export function selectSteps(names: readonly string[], all: readonly Step[] = steps): Step[] {
  if (names.length === 0) {
    return [...all];
  }
  const wanted = new Set<string>();
  for (const name of names) {
    const step =
      all.find(({ script }) => script === name) ?? all.find(({ script }) => script.split(":").at(-1) === name);
    if (step === undefined) {
      throw new Error(`There is no step "${name}"; there are ${all.map(({ script }) => script).join(", ")}`);
    }
    wanted.add(step.script);
    step.needs?.forEach((each) => wanted.add(each));
  }
  return all.filter(({ script }) => wanted.has(script));
}

/**
 * Runs steps, each after what it has to wait for, and otherwise the first of those that may run: as many of one kind side
 * by side as there are lanes, and what is of no kind alone.
 *
 * @param run Must not reject.
 */
export async function runInLanes(
  all: readonly Step[],
  lanes: number,
  run: (step: Step) => Promise<void>,
): Promise<void> {
  const waiting = [...all];
  const running = new Map<Step, Promise<void>>();
  const hasEnded = (script: string): boolean => ![...waiting, ...running.keys()].some((step) => step.script === script);
  const mayStart = ({ kind, needs = [], after = [] }: Step): boolean => {
    const company = [...running.keys()];
    const isAlone = company.length === 0;
    const isAmongItsKind = kind !== undefined && company.every((step) => step.kind === kind);
    return (isAlone || (isAmongItsKind && company.length < lanes)) && [...needs, ...after].every(hasEnded);
  };
  while (waiting.length > 0) {
    const next = waiting.findIndex(mayStart);
    if (next < 0) {
      await Promise.race(running.values());
      continue;
    }
    const [step] = waiting.splice(next, 1) as [Step]; // It was found.
    running.set(
      step,
      run(step).finally(() => running.delete(step)),
    );
  }
  await Promise.all(running.values());
}
