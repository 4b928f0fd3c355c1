import { describe, expect, it } from "vitest";
import { evaluationMs, type TraceEvent } from "./trace.ts";

const event = (name: string, url: string, tdur?: number): TraceEvent => ({
  name,
  args: { data: { url } },
  ...(tdur === undefined ? {} : { tdur }),
});

describe("evaluationMs", () => {
  const others = [event("v8.compile", "http://host/a/library.js", 7), event("EvaluateScript", "http://host/b.js", 8)];

  it("is the CPU time of the script's evaluation, in milliseconds", () => {
    const events = [...others, { name: "EvaluateScript" }, event("EvaluateScript", "http://host/a/library.js", 2900)];
    expect(evaluationMs(events, "/a/library.js")).toBe(2.9);
  });

  it.each([
    ["none", others],
    ["two", [event("EvaluateScript", "/a/library.js", 1), event("EvaluateScript", "/a/library.js", 1)]],
    ["one without its CPU time", [event("EvaluateScript", "/a/library.js")]],
  ])("throws where there is %s", (_, events) => {
    expect(() => evaluationMs(events, "/a/library.js")).toThrow(/instead of 1 with its CPU time/);
  });
});
