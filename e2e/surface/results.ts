import type { SurfaceRow } from "../../packages/component/testing/component-surface.ts";
import type { RuntimeName, SurfaceCheck } from "./check.ts";
import type { Verdict } from "./order.ts";

/** What became of each check, by its title, on each runtime. */
export type Results = ReadonlyMap<string, ReadonlyMap<RuntimeName, Verdict>>;

export interface Evidence {
  readonly rows: readonly SurfaceRow[];
  readonly checks: readonly SurfaceCheck[];
  /** Rows that no check can show, with the reason. */
  readonly unprovokable: ReadonlyMap<string, string>;
}

/** What is wrong with the checks as they are listed; nothing has to be run for that. */
export function listingFaults({ rows, checks, unprovokable }: Evidence): string[] {
  const known = new Map(rows.map((row) => [row.title, row]));
  const shown = new Set(checks.flatMap((check) => check.rows));
  const titles = checks.map(({ title }) => title);
  return [
    ...[...known.keys()]
      .filter((title) => !shown.has(title) && !unprovokable.has(title))
      .map((title) => `No check shows ${title}`),
    ...[...shown].filter((title) => !known.has(title)).map((title) => `A check names ${title}, which is no row`),
    ...[...unprovokable.keys()]
      .filter((title) => known.get(title)?.kind !== "error")
      .map((title) => `${title} is called unprovokable, and is no error of the table`),
    ...[...unprovokable.keys()]
      .filter((title) => shown.has(title))
      .map((title) => `${title} is called unprovokable, and a check shows it`),
    ...titles
      .filter((title, index) => titles.indexOf(title) < index)
      .map((title) => `Two checks are called "${title}"`),
    ...checks.filter((check) => check.rows.length === 0).map(({ title }) => `"${title}" shows no row`),
  ];
}

/** Rows that no runtime shows; what this machine cannot bring about, others have seen. */
export function rowsThatWorkNowhere({ rows, checks, unprovokable }: Evidence, results: Results): string[] {
  const working = new Set(
    checks
      .filter(({ title }) =>
        [...(results.get(title)?.values() ?? [])].some(({ status }) => status === "works" || status === "unknown"),
      )
      .flatMap((check) => check.rows),
  );
  return rows
    .filter(({ title }) => !working.has(title) && !unprovokable.has(title))
    .map(({ title }) => `${title} works nowhere`);
}
