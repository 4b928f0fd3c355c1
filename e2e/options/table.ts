import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../support/bundles.ts";
import { runtimeNames, type RuntimeName } from "./runtimes.ts";

export type Verdict = "works" | "refused" | "no";
export type Cells = Map<string, Map<RuntimeName, Verdict>>;

const file = join(root, "README.md");
const begin = "<!-- options: made by `npm run test:options -- --write` -->";
const end = "<!-- /options -->";
const titles: Readonly<Record<RuntimeName, string>> = {
  node: "Node",
  bun: "Bun",
  deno: "Deno",
  workerd: "Workers",
  chromium: "browsers",
};

/** Puts the table into the README. */
export function writeTable(cells: Cells): void {
  writeFileSync(file, replaced(readFileSync(file, "utf8"), cells));
}

/** Whether the README has this very table; says so if not. */
export function checkTable(cells: Cells): boolean {
  const text = readFileSync(file, "utf8");
  const isSame = text === replaced(text, cells);
  if (!isSame) console.log("  FAILED   README.md has another table: see `npm run test:options -- --write`");
  return isSame;
}

function replaced(text: string, cells: Cells): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no ${begin} ... ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${format(cells)}\n\n${text.slice(to)}`;
}

/** As prettier would have it. */
function format(cells: Cells): string {
  const rows = [
    ["", ...runtimeNames.map((name) => titles[name])],
    ...[...cells].map(([option, verdicts]) => [
      `\`${option}\``,
      ...runtimeNames.map((name) => verdicts.get(name) ?? ""),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0), 3)) ?? [];
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n");
}
