/** One step of `npm test`: an npm script. */
export interface Step {
  readonly script: string;
  /** A suite prints its totals as its last line; anything else is one test. */
  readonly isSuite?: boolean;
  /** It has no tests of its own; it counts only when it fails. */
  readonly isPreparation?: boolean;
  /** Scripts that must have succeeded before it can be run. */
  readonly needs?: readonly string[];
}

/** Everything that has to pass, cheapest first. */
export const steps: readonly Step[] = [
  { script: "setup", isPreparation: true },
  { script: "check:lock" },
  { script: "check:compose" },
  { script: "lint" },
  { script: "format:check" },
  { script: "check:types" },
  { script: "check:unused" },
  { script: "check:conformance" },
  { script: "test:docs", isSuite: true, needs: ["setup"] },
  { script: "test:unit", isSuite: true, needs: ["setup"] },
  { script: "build" },
  { script: "check:packages", needs: ["build"] },
  { script: "check:published-types", needs: ["build"] },
  { script: "check:jsr" },
  { script: "test:transports", isSuite: true, needs: ["setup"] },
  { script: "test:playground", isSuite: true, needs: ["setup", "build"] },
  { script: "test:fuzz" },
  { script: "conformance:mutate" },
  { script: "simulate", isSuite: true },
  { script: "test:durability", isSuite: true, needs: ["setup"] },
  { script: "test:options", isSuite: true, needs: ["setup", "build"] },
  { script: "test:surface", isSuite: true, needs: ["setup", "build"] },
  { script: "test:pages", isSuite: true, needs: ["setup", "build"] },
  { script: "test:e2e", isSuite: true, needs: ["setup", "build"] },
  { script: "check:size", needs: ["build"] },
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
