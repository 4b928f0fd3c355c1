import { describe, expect, test } from "vitest";
import { citationsOf } from "./citations.ts";
import { mutationsOf } from "./mutation.ts";

/** What each piece of code that is cited looks like, and what becomes of it. */
function mutants(text: string): [statements: string, ...mutants: string[]][] {
  return citationsOf("file.ts", text).citations.map((citation) => [
    citation.statements.join(" "),
    ...mutationsOf(citation).map((mutation) => {
      const node = citation.node.getText();
      const offset = citation.node.getStart();
      return node.slice(0, mutation.start - offset) + mutation.text + node.slice(mutation.end - offset);
    }),
  ]);
}

describe("a citation", () => {
  test("belongs to the code on its line, or below it", () => {
    expect(
      mutants("a(); // [MQTT-1.1.1-1] [MQTT311-1.1.1-1]\n// [MQTT-1.1.1-2]\n// [MQTT-1.1.1-3]: why\nb();\n"),
    ).toEqual([
      ["MQTT-1.1.1-1 MQTT311-1.1.1-1", "{}"],
      ["MQTT-1.1.1-2 MQTT-1.1.1-3", "{}"],
    ]);
  });

  test("above and beside the same code is one", () => {
    expect(mutants("// [MQTT-1.1.1-1]\na(); // [MQTT-1.1.1-2]\n")).toEqual([["MQTT-1.1.1-1 MQTT-1.1.1-2", "{}"]]);
  });

  test("in documentation, or apart from code, is prose", () => {
    const { citations, prose } = citationsOf(
      "file.ts",
      "// Theory [MQTT-1.1.1-1]\n\n/** Does [MQTT-1.1.1-2]. */\nfunction f() {}\n",
    );
    expect(citations).toEqual([]);
    expect(prose).toEqual(["MQTT-1.1.1-1", "MQTT-1.1.1-2"]);
  });

  test("beside half a statement is an error", () => {
    expect(() => citationsOf("file.ts", "if (a) {\n  b();\n} // [MQTT-1.1.1-1]\n")).toThrow("file.ts:3");
  });

  test("above a function is an error when it is to be broken", () => {
    expect(() => mutants("// [MQTT-1.1.1-1]\nfunction f() {\n}\n")).toThrow("FunctionDeclaration");
  });

  test("in a string is none", () => {
    expect(citationsOf("file.ts", 'a("// [MQTT-1.1.1-1]");\n').citations).toEqual([]);
  });
});

describe("what breaks", () => {
  test.each([
    ["a check: it finds nothing", "if (a > 1) throw e; // MQTT-1.1.1-1", ["if (false && (a > 1)) throw e;"]],
    [
      "a condition: it never or always holds",
      "if (a) b(); // MQTT-1.1.1-1",
      ["if (false && (a)) b();", "if (true || (a)) b();"],
    ],
    ["a truth: it is its contrary", "return a === b; // MQTT-1.1.1-1", ["return !(a === b);"]],
    ["a choice: it is the other one", "const a = b ? c : d; // MQTT-1.1.1-1", ["const a = b ? d : c;"]],
    ["a number", "const a = 1; // MQTT-1.1.1-1", ["const a = 2;"]],
    ["a string", 'const a = "b"; // MQTT-1.1.1-1', ['const a = "";']],
    ["a list", "const a = [1, 2]; // MQTT-1.1.1-1", ["const a = [];"]],
    ["a default: it is there in any case", "const a = b ?? c; // MQTT-1.1.1-1", ["const a = c;"]],
    ["anything else: it is not there", "const a = new B(); // MQTT-1.1.1-1", ["const a = undefined;"]],
    ["a property", "const a = {\n  b: true, // MQTT-1.1.1-1\n};", ["b: !(true)"]],
    ["a property of the same name", "const a = {\n  b, // MQTT-1.1.1-1\n};", ["b: undefined"]],
    ["a part of a conjunction", "const a =\n  b > 1 && // MQTT-1.1.1-1\n  c;", ["true"]],
    ["a part of an alternative", "const a =\n  b > 1 || // MQTT-1.1.1-1\n  c;", ["false"]],
  ])("%s", (_what, text, expected) => {
    const [found] = mutants(`${text}\n`);
    expect(found).toEqual(["MQTT-1.1.1-1", ...expected]);
  });
});
