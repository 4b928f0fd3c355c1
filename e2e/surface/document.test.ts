import { expect, test } from "vitest";

import { readSurface } from "../../packages/component/testing/component-surface.ts";
import { runtimeNames, type RuntimeName, type SurfaceCheck } from "./check.ts";
import { documentOf } from "./document.ts";
import type { Verdict } from "./order.ts";
import type { Evidence, Results } from "./results.ts";

const title = "A user | a *name* with_marks";
const check: SurfaceCheck = { title, rows: ["property user"], run: () => Promise.resolve() };
const rows = readSurface().filter((row) => row.title === "property user");
const evidence: Evidence = { rows, checks: [check], unprovokable: new Map() };
const works: Verdict = { status: "works" };
const unknown: Verdict = { status: "unknown", why: "no such kernel" };

function results(node: Verdict, others: Verdict): Results {
  const verdicts = runtimeNames.map((name): [RuntimeName, Verdict] => [name, name === "node" ? node : others]);
  return new Map([[title, new Map(verdicts)]]);
}

function cells(document: string): string[] | undefined {
  const line = document.split("\n").find((each) => each.includes("`user`"));
  return line
    ?.split(/(?<!\\)\|/)
    .slice(3, 6)
    .map((each) => each.trim());
}

test("tells of each check and runtime what has come of it", async () => {
  const refused: Verdict = { status: "refused", code: 270, why: "[270] Not here: for a reason" };
  const document = await documentOf(evidence, results(works, refused), "");
  expect(cells(document)).toEqual(["works", "error 270", "error 270"]);
  expect(document).toContain("- Deno, 270 (Not here): `user`");
});

test("keeps what it has of what this machine cannot bring about", async () => {
  const written = await documentOf(evidence, results(works, { status: "absent", why: "none | at all" }), "");
  expect(cells(written)).toEqual(["works", "no: none \\| at all", "no: none \\| at all"]);
  const again = await documentOf(evidence, results(unknown, { status: "absent", why: "none | at all" }), written);
  expect(again).toBe(written);
  expect(await documentOf(evidence, results(unknown, unknown), written)).toBe(written);
  expect(cells(await documentOf(evidence, results(unknown, works), ""))).toEqual(["untested", "works", "works"]);
});
