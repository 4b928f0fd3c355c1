import type { FileCitations } from "./citations.ts";
import type { Statement } from "./statements.ts";
import type { NamedTest } from "./suite.ts";

/** What does not fit together: the list of statements, what tests say that they show, and what the sources cite. */
export function problemsOf(
  statements: readonly Statement[],
  tests: readonly NamedTest[],
  sources: readonly FileCitations[],
): string[] {
  const known = new Set(statements.map(({ id }) => id));
  const shown = new Map(tests.flatMap((test) => test.statements.map((id) => [id, test] as const)));
  const cited = new Map(
    sources.flatMap((file) => file.citations.flatMap((one) => one.statements.map((id) => [id, one]))),
  );
  const problems: string[] = [];
  for (const { file, title, statements: ids } of tests) {
    for (const id of ids) if (!known.has(id)) problems.push(`${file}: "${title}" names ${id}, which there is not`);
  }
  for (const { source, citations, prose } of sources) {
    for (const id of [...citations.flatMap((citation) => citation.statements), ...prose]) {
      if (!known.has(id)) problems.push(`${source.fileName} cites ${id}, which there is not`);
    }
  }
  for (const { id, reason } of statements) {
    const test = shown.get(id);
    const citation = cited.get(id);
    const where = citation === undefined ? "" : `${citation.file}:${citation.line}`;
    if (reason === "") {
      if (test === undefined)
        problems.push(`${id}: no test names it, and no reason says why none can; cited at ${where}`);
      else if (citation === undefined) problems.push(`${id}: a test of ${test.file} names it, but no code cites it`);
    } else {
      if (test !== undefined) problems.push(`${id} has a reason why no test can show it, and a test: "${test.title}"`);
      if (citation !== undefined) problems.push(`${id} has a reason why no test can show it, and code at ${where}`);
    }
  }
  return problems;
}
