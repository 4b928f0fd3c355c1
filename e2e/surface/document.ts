import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";

import type { SurfaceRow } from "../../packages/component/testing/component-surface.ts";
import { root } from "../support/bundles.ts";
import { runtimeNames, type RuntimeName, type SurfaceCheck } from "./check.ts";
import type { Verdict } from "./order.ts";
import type { Evidence, Results } from "./results.ts";

const file = join(root, "packages/component/SURFACE.md");

const titles: Readonly<Record<RuntimeName, string>> = { node: "Node", deno: "Deno", browser: "Browser" };

const kinds: readonly (readonly [SurfaceRow["kind"], string])[] = [
  ["property", "Properties"],
  ["method", "Methods"],
  ["event", "Events"],
  ["config", "Configuration settings"],
  ["error", "Errors"],
];

const introduction = `# The surface of \`MQTT\`, and what shows that it works

Made by \`npm run test:surface -- --write\`; the same command without \`--write\` fails when this page is out of date.

Each line is one row of the surface with one check of it. A check looks at what others see of it: a scripted server, an
MQTT broker, the other end of TLS, a proxy, a file, an event. \`works\`: it was seen there. \`error\` and a number: the
platform does not have it, and says so with an \`MQTTError\` of that code whose cause is an \`UnsupportedError\`. \`no\`:
the platform has nothing that could be set.`;

/** Writes SURFACE.md. */
export async function writeDocument(evidence: Evidence, results: Results): Promise<void> {
  writeFileSync(file, await documentOf(evidence, results, readDocument()));
}

/** Whether SURFACE.md is what would be written. */
export async function isDocumentCurrent(evidence: Evidence, results: Results): Promise<boolean> {
  const written = readDocument();
  return written === (await documentOf(evidence, results, written));
}

/** Empty where there is none. */
function readDocument(): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** `written` has what other machines have seen, for what this one cannot bring about. */
export async function documentOf(evidence: Evidence, results: Results, written: string): Promise<string> {
  const sections = [
    introduction,
    ...kinds.map(([kind, title]) => `## ${title}\n\n${tableOf(kind, evidence, { results, written })}`),
    `## Errors that no check can provoke\n\n${unprovokableList(evidence)}`,
    `## What a platform cannot do\n\n${limits(evidence, results)}`,
  ];
  const config = await resolveConfig(file);
  return format(`${sections.join("\n\n")}\n`, { ...config, filepath: file });
}

interface Seen {
  readonly results: Results;
  readonly written: string;
}

function tableOf(kind: SurfaceRow["kind"], { rows, checks }: Evidence, seen: Seen): string {
  const lines = rows
    .filter((row) => row.kind === kind)
    .flatMap((row) =>
      checks
        .filter((check) => check.rows.includes(row.title))
        .map((check, index) => [index === 0 ? nameOf(row) : "", check.title, ...cellsOf(check, seen)]),
    );
  const head = ["", "What is seen", ...runtimeNames.map((name) => titles[name])];
  const rule = head.map(() => "---");
  return [head, rule, ...lines].map((line) => `| ${line.map(escape).join(" | ")} |`).join("\n");
}

function cellsOf({ title }: SurfaceCheck, { results, written }: Seen): string[] {
  return runtimeNames.map((name, index) => {
    const verdict = results.get(title)?.get(name);
    return verdict?.status === "unknown" ? writtenCell(written, title, index) : cellOf(verdict);
  });
}

/** What stands there of a check on the runtime of that number. */
function writtenCell(written: string, title: string, index: number): string {
  // What is formatted may have other signs of emphasis and escape.
  const plain = (text: string): string => text.replaceAll(/[\\*_]/g, "").trim();
  const lines = written.split("\n").map((line) => line.split(/(?<!\\)\|/));
  const line = lines.find(([, , each = ""]) => plain(each) === plain(title));
  return line?.[3 + index]?.replaceAll("\\|", "|").trim() ?? untested;
}

const untested = "untested";

function cellOf(verdict: Verdict | undefined): string {
  switch (verdict?.status) {
    case "works":
      return "works";
    case "refused":
      return `error ${verdict.code}`;
    case "absent":
      return `no: ${verdict.why}`;
    case "failed":
    case "unknown":
    case undefined:
      return untested;
  }
}

function nameOf({ kind, group, typescript }: SurfaceRow): string {
  const isCall = kind === "method";
  return `${group === undefined ? "" : `${group}: `}\`${typescript}${isCall ? "()" : ""}\``;
}

function unprovokableList({ rows, unprovokable }: Evidence): string {
  const listed = rows.filter(({ title }) => unprovokable.has(title));
  return listed.map((row) => `- ${nameOf(row)}: ${unprovokable.get(row.title) ?? ""}`).join("\n");
}

/** Rows that no check shows on a runtime, by the code that they fail with there. */
function limits({ rows, checks }: Evidence, results: Results): string {
  const found = new Map<string, string[]>();
  for (const name of runtimeNames) {
    for (const row of rows) {
      const verdicts = checks
        .filter((check) => check.rows.includes(row.title))
        .flatMap(({ title }) => results.get(title)?.get(name) ?? []);
      const refused = verdicts.find((verdict) => verdict.status === "refused");
      if (refused === undefined || verdicts.some(({ status }) => status === "works")) continue;
      const key = `${titles[name]}, ${refused.code} (${refused.why.replace(/^\[\d+\] /, "").replace(/: .*/s, "")})`;
      found.set(key, [...(found.get(key) ?? []), nameOf(row)]);
    }
  }
  return [...found].map(([key, names]) => `- ${key}: ${names.join(", ")}`).join("\n");
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
