import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, same } from "../../../codec/testing/property-test.ts";
import { failureOf } from "../../testing/config-core.ts";
import { MQTTError } from "../mqtt-error.ts";
import { formatJsonObject, parseJsonObject } from "./json-object.ts";

const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("a", "", '"', "\\", '\\"', "{", "}:", "1,2"));
const scalar = fc.oneof(anyText, fc.integer(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const space = fc.constantFrom("", " ", "\n", "\t", "\r\n ");

describe("parseJsonObject", () => {
  test("reads every entry in order, whatever stands in it and around it", () => {
    check(fc.tuple(fc.array(fc.tuple(anyText, scalar), { maxLength: 8 }), space), ([entries, gap]) => {
      const members = entries.map(([key, value]) => [JSON.stringify(key), ":", JSON.stringify(value)].join(gap));
      const text = `${gap}{${gap}${members.join(`${gap},${gap}`)}${gap}}${gap}`;
      same(
        parseJsonObject("Test", text),
        // As JSON writes numbers: there is no -0.
        entries.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
      );
    });
  });

  test("reads what formatJsonObject has written", () => {
    check(fc.array(fc.tuple(anyText, anyText), { maxLength: 8 }), (entries) => {
      same(parseJsonObject("Test", formatJsonObject(entries)), entries);
    });
  });

  test("agrees with JSON.parse on objects without repeated keys", () => {
    check(fc.dictionary(anyText, anyText, { maxKeys: 8 }), (object) => {
      same(Object.fromEntries(parseJsonObject("Test", JSON.stringify(object))), { ...object });
    });
  });

  test("takes anything else with an MQTTError 10022 only", () => {
    const pieces = fc.constantFrom(...Array.from('{}[]:,"\\ 0-.e'), '"a"', "null", "true", "\\u0022");
    const anything = fc.oneof(
      anyText,
      fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join("")),
      fc.json(),
    );
    check(anything, (text) => {
      try {
        parseJsonObject("Test", text);
      } catch (error) {
        if (!(error instanceof MQTTError) || error.code !== 10022) throw error;
      }
    });
  });

  test.each([
    "",
    "null",
    "1",
    '"a"',
    "[]",
    '{"a":}',
    '{"a":"b",}',
    "{a:1}",
    '{"a":null}',
    '{"a":{}}',
    '{"a":[]}',
    '{"a":{"b":1},"a":"1"}',
    '{"a":["1"],"a":"1"}',
    '{"a":"b"} {}',
    `{"a":"${"b".repeat(1_048_576)}"}`,
  ])("refuses %.20j", (text) => {
    expect(failureOf(() => parseJsonObject("Test", text)).code).toBe(10022);
  });

  test("reads numbers and words as JSON means them", () => {
    expect(parseJsonObject("Test", '{"a":1e3,"b":-1,"c":true,"d":false}')).toEqual([
      ["a", "1000"],
      ["b", "-1"],
      ["c", "true"],
      ["d", "false"],
    ]);
  });

  test("takes a long text in time", () => {
    const escapes = "\\n".repeat(500_000);
    expect(parseJsonObject("Test", `{"a":"${escapes}"}`)).toEqual([["a", "\n".repeat(500_000)]]);
    const members = Array.from({ length: 20_000 }, (_, index) => `"UserProperty":"a${index}:b\\n"`);
    expect(parseJsonObject("Test", `{${members.join()}}`)).toHaveLength(20_000);
  });
});
