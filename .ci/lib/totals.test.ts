import { expect, test } from "vitest";
import { add, format, ofJunit, ofTap, ofVitest, parse } from "./totals.ts";

const totals = { passed: 12, failed: 1, skipped: 0 };

test("the line is read as it is written, and only where it stands last", () => {
  expect(parse(`a suite\n${format(totals)}\n`)).toEqual(totals);
  expect(parse(`${format(totals)}\nand more`)).toBeUndefined();
  expect(parse("")).toBeUndefined();
  expect(parse("12 passed")).toBeUndefined();
});

test("totals are added", () => {
  expect(add(totals, { passed: 1, failed: 2, skipped: 3 })).toEqual({ passed: 13, failed: 3, skipped: 3 });
});

test("vitest: a file that does not load is a failure", () => {
  const testResults = [
    { status: "passed", assertionResults: [{ status: "passed" }, { status: "passed" }, { status: "pending" }] },
    { status: "failed", assertionResults: [{ status: "failed" }, { status: "passed" }] },
    { status: "failed", assertionResults: [] },
    { status: "failed", assertionResults: [{ status: "passed" }] },
  ];
  expect(ofVitest({ testResults })).toEqual({ passed: 4, failed: 3, skipped: 1 });
});

test("JUnit", () => {
  const xml = `<testsuites name="deno test" tests="5" failures="1" errors="0">
    <testsuite name="a" tests="3" disabled="1" errors="0" failures="1"></testsuite>
    <testsuite name="b" tests="2" disabled="0" errors="0" failures="0"></testsuite></testsuites>`;
  expect(ofJunit(xml)).toEqual({ passed: 3, failed: 1, skipped: 1 });
});

test("TAP", () => {
  expect(ofTap("TAP version 13\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP why\n1..3\n")).toEqual({
    passed: 1,
    failed: 1,
    skipped: 1,
  });
});
