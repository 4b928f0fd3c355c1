/**
 * `npm run conformance:mutate`: a statement counts as shown only if breaking the code that cites it makes a test fail
 * that names it. By itself it tries a sample, another one each day.
 *
 *   npm run conformance:mutate -- --all
 *   npm run conformance:mutate -- --clause MQTT-4.3.3-4
 *   npm run conformance:mutate -- --file engine/src/session
 *   npm run conformance:mutate -- --seed 17 --sample 80
 */
import { parseArgs } from "node:util";
import type { Citation } from "./conformance/citations.ts";
import { readCitations } from "./conformance/files.ts";
import { mutationsOf } from "./conformance/mutation.ts";
import { sample } from "./conformance/sample.ts";
import { Suite, type NamedTest } from "./conformance/suite.ts";
import { conclude } from "./lib/command.ts";

/** A run of tests takes seconds. */
const patienceMs = 180_000;

const { values } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    clause: { type: "string" },
    file: { type: "string" },
    sample: { type: "string", default: "40" },
    seed: { type: "string", default: `${Math.floor(Date.now() / 86_400_000)}` },
    verbose: { type: "boolean", default: false },
  },
});
const suite = await Suite.start();
try {
  const { tests, errors } = await suite.collect();
  const citations = choose(readCitations().flatMap((file) => file.citations));
  const problems = [...errors];
  const sound = await baseline(citations, tests);
  problems.push(
    ...tests
      .filter((test) => !sound.includes(test) && isNamedBy(test, citations))
      .map(({ title }) => `It fails, or is not run, as it is: ${title}`),
  );
  let pairs = 0;
  for (const citation of citations) {
    pairs += citation.statements.length;
    problems.push(...(await survivors(citation, sound)));
  }
  conclude(`${citations.length} pieces of code broken, for ${pairs} citations`, problems);
} finally {
  await suite.close();
}

function choose(citations: readonly Citation[]): readonly Citation[] {
  const { all, clause, file, seed } = values;
  if (file !== undefined) return citations.filter((citation) => citation.file.includes(file));
  if (clause !== undefined) return citations.filter(({ statements }) => statements.includes(clause));
  if (all) return citations;
  console.log(`A sample of ${values.sample} of ${citations.length} citations: --seed ${seed}`);
  return sample(citations, Number(values.sample), Number(seed));
}

function isNamedBy(test: NamedTest, citations: readonly Citation[]): boolean {
  return citations.some(({ statements }) => statements.some((id) => test.statements.includes(id)));
}

/** The tests that pass while nothing is broken. */
async function baseline(citations: readonly Citation[], tests: readonly NamedTest[]): Promise<NamedTest[]> {
  const named = tests.filter((test) => isNamedBy(test, citations));
  const { passed } = await suite.run([...new Set(named.map(({ file }) => file))], /MQTT/);
  const keys = new Set(passed.map(({ file, title }) => `${file} ${title}`));
  return named.filter(({ file, title }) => keys.has(`${file} ${title}`));
}

/** Breaks the code of one citation, and says which of its statements have no test that notices. */
async function survivors(citation: Citation, tests: readonly NamedTest[]): Promise<string[]> {
  const { file, line, statements } = citation;
  const { text } = citation.node.getSourceFile();
  const named = tests.filter((test) => test.statements.some((id) => statements.includes(id)));
  const files = [...new Set(named.map((test) => test.file))];
  const pattern = new RegExp(`\\b(?:${statements.join("|").replaceAll(".", "\\.")})(?!\\d)`);
  const titles = new Set(named.map((test) => test.title));
  const isNamed = (test: NamedTest): boolean => titles.has(test.title);
  const unnoticed = new Set(statements);
  const remarks: string[] = [];
  for (const mutation of files.length === 0 ? [] : mutationsOf(citation)) {
    const timer = setTimeout(() => {
      // Nothing can stop a loop within a worker; this is for whoever writes the citation.
      console.error(`${file}:${line} never ends when it is broken: say in by-hand.ts how to break it otherwise`);
      process.exit(1);
    }, patienceMs);
    const result = await suite.run(files, pattern, { file, text, mutation });
    clearTimeout(timer);
    const [passed, failed] = [result.passed, result.failed].map((some) => some.filter(isNamed)) as [
      NamedTest[],
      NamedTest[],
    ];
    const change = `${text.slice(mutation.start, mutation.end)} => ${mutation.text}`;
    remarks.push(`${change.replace(/\s+/g, " ")}: ${failed.length} of ${failed.length + passed.length} tests failed`);
    if (failed.length + passed.length === 0) remarks.push(...result.errors);
    for (const id of failed.flatMap((test) => test.statements)) unnoticed.delete(id);
    if (unnoticed.size === 0) break;
  }
  if (values.verbose) console.log(`${file}:${line} ${statements.join(" ")}\n  ${remarks.join("\n  ")}`);
  return [...unnoticed].map(
    (id) => `${file}:${line} cites ${id}, and none of its tests fails\n  ${remarks.join("\n  ")}`,
  );
}
