/** How many tests a suite had. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const noTests: Totals = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Totals, b: Totals): Totals {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The line that every suite prints last. */
export function format({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Reads the last line of a suite's output; undefined when it is not what `format` writes. */
export function parse(output: string): Totals | undefined {
  const line = output.trimEnd().split("\n").at(-1) ?? "";
  const match = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line);
  if (match === null) {
    return undefined;
  }
  const [passed = 0, failed = 0, skipped = 0] = match.slice(1).map(Number);
  return { passed, failed, skipped };
}

/** The part of vitest's JSON report that is looked at. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** Counts vitest's tests. A file that could not be loaded has none, and is a failure all the same. */
export function ofVitest({ testResults }: VitestReport): Totals {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
  const passed = tests.filter((status) => status === "passed").length;
  const failed = tests.filter((status) => status === "failed").length;
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  return { passed, failed: failed + broken.length, skipped: tests.length - passed - failed };
}

/** Counts the tests of a JUnit report, as Deno writes it. */
export function ofJunit(xml: string): Totals {
  const suites = [...xml.matchAll(/<testsuite\s[^>]*>/g)].map(([tag]) => {
    const attribute = (name: string): number => Number(new RegExp(`\\s${name}="(\\d+)"`).exec(tag)?.[1] ?? 0);
    const failed = attribute("failures") + attribute("errors");
    const skipped = attribute("disabled") + attribute("skipped");
    return { passed: attribute("tests") - failed - skipped, failed, skipped };
  });
  return suites.reduce(add, noTests);
}

/** Counts the lines of a TAP report. */
export function ofTap(output: string): Totals {
  const lines = output.split("\n").filter((line) => /^(not )?ok\b/.test(line));
  const skipped = lines.filter((line) => /# skip/i.test(line)).length;
  const failed = lines.filter((line) => line.startsWith("not ok") && !/# skip/i.test(line)).length;
  return { passed: lines.length - failed - skipped, failed, skipped };
}
