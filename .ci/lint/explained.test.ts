import { Linter } from "eslint";
import tseslint from "typescript-eslint";
import { expect, test } from "vitest";
import { explained } from "./explained.js";

function rulesBroken(code: string): (string | null)[] {
  const messages = new Linter().verify(code, {
    languageOptions: { parser: tseslint.parser },
    linterOptions: { reportUnusedDisableDirectives: "off" },
    plugins: { explained },
    rules: { "explained/non-null": "error", "explained/directives": "error" },
  });
  return messages.map(({ ruleId }) => ruleId);
}

test.each([
  ["a non-null assertion with the reason above it", "// Just set.\nf(x!);"],
  ["a non-null assertion with the reason beside it", "f(x!); // Just set."],
  ["a directive with its reason", "// eslint-disable-next-line no-var -- a global is one\nvar x = 1;"],
])("passes %s", (_, code) => {
  expect(rulesBroken(code)).toEqual([]);
});

test.each([
  ["a bare non-null assertion", "f(x!);", "explained/non-null"],
  ["a non-null assertion with a comment elsewhere", "// Here.\n\nf(x!);", "explained/non-null"],
  ["a bare directive", "// eslint-disable-next-line no-var\nvar x = 1;", "explained/directives"],
])("refuses %s", (_, code, rule) => {
  expect(rulesBroken(code)).toEqual([rule]);
});
