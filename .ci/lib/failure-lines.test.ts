import { describe, expect, it } from "vitest";
import { failureLines } from "./failure-lines.ts";

describe("failureLines", () => {
  it("finds what failed under colours, once each", () => {
    const output = [
      " \u001b[32m✓\u001b[39m fine",
      "     \u001b[31m×\u001b[31m does what it should\u001b[39m",
      "\u001b[41m\u001b[1m FAIL \u001b[22m\u001b[49m a.test.ts > does what it should",
      "\u001b[41m\u001b[1m FAIL \u001b[22m\u001b[49m a.test.ts > does what it should",
      "  FAILED   tls.ca",
      "nothing FAILED here",
    ].join("\n");
    expect(failureLines(output)).toEqual([
      "× does what it should",
      "FAIL  a.test.ts > does what it should",
      "FAILED   tls.ca",
    ]);
  });

  it("is empty where nothing failed, and bounded", () => {
    expect(failureLines("fine\n1 passed, 0 failed, 0 skipped")).toEqual([]);
    expect(failureLines(Array.from({ length: 50 }, (_, index) => `× ${index}`).join("\n"))).toHaveLength(20);
  });
});
