import { format } from "prettier";
import type { Statement } from "./statements.ts";
import type { NamedTest } from "./suite.ts";

/** Titles of one statement that the document has at most: some statements have dozens. */
const titlesShown = 4;
const titleLength = 150;

const introduction = `# Conformance

Every normative statement of MQTT 5.0 and 3.1.1 that concerns a client, in our own words, with the tests that show it, or
why no test of a client can. This file is made by \`npm run conformance\` from \`conformance/statements.tsv\` and the titles
of the tests. A test that shows a statement has its number in the title; the code that does what it demands has the number
in a comment beside or right above it. \`npm run conformance:mutate\` breaks that code, piece by piece, and demands that a
test that is listed here fails.
`;

/** Writes `conformance.md`. */
export function render(statements: readonly Statement[], tests: readonly NamedTest[]): Promise<string> {
  const parts = [introduction, counts(statements)];
  for (const [prefix, version] of [
    ["MQTT-", "MQTT 5.0"],
    ["MQTT311-", "MQTT 3.1.1"],
  ] as const) {
    parts.push(`## ${version}`);
    let section = "";
    for (const statement of statements.filter(({ id }) => id.startsWith(prefix))) {
      const [, its = ""] = /-(\d+\.\d+)/.exec(statement.id) ?? [];
      if (its !== section) parts.push(`### ${version}, section ${its}`);
      section = its;
      parts.push(entry(statement, tests));
    }
  }
  return format(parts.join("\n\n"), { parser: "markdown", printWidth: 120, proseWrap: "preserve" });
}

function counts(statements: readonly Statement[]): string {
  const shown = statements.filter(({ reason }) => reason === "").length;
  return `${statements.length} statements: ${shown} shown by tests, ${statements.length - shown} that no test can show.`;
}

function entry({ id, about, side, what, reason }: Statement, tests: readonly NamedTest[]): string {
  const head = `- **${id}** (${about}; ${side}) ${plain(what)}`;
  if (reason !== "") return `${head}\n  - Not shown: ${plain(reason)}`;
  const shown = new Map<string, Set<string>>();
  for (const { file, title, statements } of tests) {
    if (!statements.includes(id)) continue;
    const link = `[${file.replace(/^packages\//, "").replace(/\.test\.ts$/, "")}](../../${file})`;
    shown.set(link, (shown.get(link) ?? new Set()).add(brief(title)));
  }
  let left = titlesShown;
  const lines = [...shown].map(([link, titles]) => {
    const some = [...titles].slice(0, Math.max(left, 1));
    left -= some.length;
    const more = titles.size > some.length ? `, and ${titles.size - some.length} more` : "";
    return `  - ${link}: ${some.map(plain).join("; ")}${more}`;
  });
  return [head, ...lines].join("\n");
}

/** A title without numbers of statements, and without what tells its repetitions apart. */
function brief(title: string): string {
  const text = title
    .replace(/\[[^\]]*\bMQTT(?:311)?-[^\]]*\]/g, "")
    .replace(/,? ?\(?version \d\)?/g, "")
    .replace(/'/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return text.length > titleLength ? `${text.slice(0, titleLength)}…` : text;
}

/** A text in which nothing means anything to Markdown. */
function plain(text: string): string {
  return text.replace(/[\\`*_[\]<>$#|~]/g, "\\$&");
}
