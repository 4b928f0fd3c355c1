import { bundle } from "../bundle.ts";
import { runSeeds } from "../workers.ts";
import { mutants, type Mutant } from "./mutants.ts";

/** Seeds within which a mutant has to be caught. */
const mostSeeds = 3000;
/** Real time without a sign of life after which a mutant is taken to hang, and caught. */
const patienceMs = 20_000;

/** How one mutant fared. */
export interface Hunt {
  readonly mutant: Mutant;
  /** Whether it was caught. */
  readonly isCaught: boolean;
  /** By what, or why not. */
  readonly how: string;
}

/** Looks for a seed that catches each mutant, several at a time. */
export async function huntMutants(workers: number, told: (hunt: Hunt) => void, only = ""): Promise<Hunt[]> {
  const hunts: Hunt[] = [];
  const waiting = mutants.filter(({ name }) => name.includes(only)).map((mutant, index) => ({ mutant, index }));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const hunt = await huntMutant(next.mutant, next.index);
      hunts.push(hunt);
      told(hunt);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return hunts;
}

async function huntMutant(mutant: Mutant, index: number): Promise<Hunt> {
  try {
    const file = await bundle(`mutant-${index}`, [mutant]);
    const task = { first: 1, count: mostSeeds, workers: 1, stopsAtFailure: true, patienceMs };
    const { failures } = await runSeeds(file, task);
    const [caught] = failures;
    if (caught === undefined) return { mutant, isCaught: false, how: `${mostSeeds} seeds found nothing` };
    return { mutant, isCaught: true, how: `seed ${caught.seed}: ${caught.failure.invariant}` };
  } catch (error) {
    // A text that is gone: the engine has changed, and the mutant must too.
    return { mutant, isCaught: false, how: String(error).replaceAll("\n", " ") };
  }
}
