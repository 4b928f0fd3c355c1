import { expect, test } from "vitest";
import { citationsOf } from "./citations.ts";
import { problemsOf } from "./problems.ts";
import { statementsIn, type Statement } from "./statements.ts";
import type { NamedTest } from "./suite.ts";

const statement = (id: string, reason = ""): Statement => ({
  id,
  about: "all",
  side: "both",
  what: "It is so",
  reason,
});
const named = (title: string): NamedTest => ({ file: "a.test.ts", title, statements: statementsIn(title) });
const one = statement("MQTT-1.1.1-1");

test("nothing, where a statement has a test and code, or a reason", () => {
  const statements = [one, statement("MQTT-1.1.1-2", "Nobody sees it")];
  expect(
    problemsOf(statements, [named("does [MQTT-1.1.1-1]")], [citationsOf("a.ts", "a(); // [MQTT-1.1.1-1]")]),
  ).toEqual([]);
});

test.each([
  ["a statement without test and reason", [one], [], ""],
  ["a test without code", [one], ["MQTT-1.1.1-1"], ""],
  ["a test, and prose that does nothing", [one], ["MQTT-1.1.1-1"], "/** [MQTT-1.1.1-1] */\nfunction a() {}"],
  ["code without a test", [one], [], "a(); // [MQTT-1.1.1-1]"],
  ["a test for what cannot be tested", [statement("MQTT-1.1.1-1", "Nobody sees it")], ["MQTT-1.1.1-1"], ""],
  ["code for what cannot be tested", [statement("MQTT-1.1.1-1", "Nobody sees it")], [], "a(); // [MQTT-1.1.1-1]"],
  ["a test of a statement that there is not", [], ["MQTT-1.1.1-1"], ""],
  ["code for a statement that there is not", [], [], "a(); // [MQTT-1.1.1-1]"],
  ["prose about a statement that there is not", [], [], "/** [MQTT-1.1.1-1] */\nfunction a() {}"],
])("%s", (_what, statements, titles, source) => {
  const problems = problemsOf(statements, titles.map(named), [citationsOf("a.ts", source)]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain("MQTT-1.1.1-1");
});
