import { expect, test } from "vitest";
import {
  examplesOfMarkdown,
  examplesOfSource,
  expectedOutput,
  isExpectedOutput,
  needsBroker,
  withBroker,
} from "./examples.ts";

test("finds the examples of a Markdown text and the lines they start in", () => {
  const text = [
    "# Title",
    "```ts",
    "one();",
    "",
    "two();",
    "```",
    "```sh",
    "npm ci",
    "```",
    "- x",
    "  ```ts no-run",
    "  y();",
    "  ```",
  ];
  expect(examplesOfMarkdown("README.md", text.join("\n"))).toEqual([
    { file: "README.md", line: 3, code: "one();\n\ntwo();", isCompiledOnly: false },
    { file: "README.md", line: 12, code: "y();", isCompiledOnly: true },
  ]);
});

test("finds the examples of documentation comments and of no others", () => {
  const text = [
    "const x = 1;",
    "/**",
    " * Says so.",
    " *",
    " * @example",
    " * ```ts",
    " * f({",
    " *   a: 1,",
    " * });",
    " * ```",
    " */",
    "/* ```ts",
    "no();",
    "``` */",
  ];
  expect(examplesOfSource("a.ts", text.join("\n"))).toEqual([
    { file: "a.ts", line: 7, code: "f({\n  a: 1,\n});", isCompiledOnly: false },
  ]);
});

test("refuses a block without an end", () => {
  expect(() => examplesOfMarkdown("a.md", "```ts\nx();")).toThrow("a.md:2: the code block has no end");
});

test("compares what is printed, whatever the line breaks", () => {
  const expected = expectedOutput("console.log(f()); // => { a: 1, b: 2 }\nconsole.log(2); // => 2");
  expect(expected).toEqual(["{ a: 1, b: 2 }", "2"]);
  expect(isExpectedOutput(expected, "{\n  a: 1,\n  b: 2\n}\n2\n")).toBe(true);
  expect(isExpectedOutput(expected, "{ a: 1, b: 3 }\n2\n")).toBe(false);
  expect(isExpectedOutput(expected, "{ a: 1, b: 2 }\n")).toBe(false);
  expect(isExpectedOutput([], "anything")).toBe(true);
});

test("puts a running broker in the place of the one that is shown", () => {
  const urls = { tcp: "mqtt://127.0.0.1:40001", ws: "ws://127.0.0.1:40002" };
  const code =
    'connect("mqtt://127.0.0.1:1883"); connect("ws://u:p@localhost:9001/mqtt"); connect("mqtt://a.example");';
  expect(needsBroker(code)).toBe(true);
  expect(needsBroker('connect("mqtt://a.example")')).toBe(false);
  expect(withBroker(code, urls)).toBe(
    'connect("mqtt://127.0.0.1:40001"); connect("ws://u:p@127.0.0.1:40002/mqtt"); connect("mqtt://a.example");',
  );
});
