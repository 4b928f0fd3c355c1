import { describe, expect, test } from "vitest";
import { topicFilter, topicName } from "../testing/arbitraries/values.ts";
import { check, same } from "../testing/property-test.ts";
import { InvalidTopicError } from "./errors.ts";
import { isSharedSubscription, topicMatches, validateTopicFilter, validateTopicName } from "./mod.ts";
import fc from "fast-check";

describe("validateTopicName", () => {
  test.each(["a", "/", "//", "a/b/", " ", "$SYS/x", "é/\u{1F600}", "x".repeat(65535), "\uFEFF"])("takes %j", (name) => {
    validateTopicName(name);
  });

  test.each([
    ["", "MQTT-4.7.3-1 MQTT311-4.7.3-1"],
    ["+", "MQTT-3.3.2-2 MQTT311-3.3.2-2 MQTT-4.7.0-1 MQTT311-4.7.1-1"],
    ["a/#", "MQTT-3.3.2-2 MQTT311-3.3.2-2 MQTT-4.7.0-1 MQTT311-4.7.1-1"],
    ["a+b", "MQTT-3.3.2-2 MQTT311-3.3.2-2 MQTT-4.7.0-1 MQTT311-4.7.1-1"],
    ["a\0b", "MQTT-4.7.3-2 MQTT311-4.7.3-2"],
    ["a\uD800", "MQTT-1.5.4-1 MQTT311-1.5.3-1"],
    ["\uDC00a", "MQTT-1.5.4-1 MQTT311-1.5.3-1"],
    ["\uD800\uD800", "MQTT-1.5.4-1 MQTT311-1.5.3-1"],
    ["x".repeat(65536), "MQTT-4.7.3-3 MQTT311-4.7.3-3"],
    ["é".repeat(32768), "MQTT-4.7.3-3 MQTT311-4.7.3-3"],
  ])("refuses %j [%s]", (name) => {
    expect(() => {
      validateTopicName(name);
    }).toThrow(InvalidTopicError);
    expect(() => {
      validateTopicName(name);
    }).toThrow(expect.objectContaining({ reasonCode: 0x90, topic: name, code: "ERR_INVALID_TOPIC" }));
  });
});

describe("validateTopicFilter", () => {
  test.each([
    "#",
    "+",
    "/",
    "+/",
    "/+",
    "+/+",
    "a/#",
    "/#",
    "a/+/b/#",
    "$SYS/#",
    "a b",
    "$share/g/a",
    "$share/g/#",
    "$share/g//",
    "$share/g/+/a",
    "$share/g g/a",
    "$shared/+/x",
    "$sharex",
    "$share",
    "x".repeat(65535),
  ])("takes %j", (filter) => {
    validateTopicFilter(filter);
  });

  test.each([
    ["", "MQTT-4.7.3-1 MQTT311-4.7.3-1"],
    ["a#", "MQTT-4.7.1-1 MQTT311-4.7.1-2"],
    ["#a", "MQTT-4.7.1-1 MQTT311-4.7.1-2"],
    ["#/", "MQTT-4.7.1-1 MQTT311-4.7.1-2"],
    ["a/#/b", "MQTT-4.7.1-1 MQTT311-4.7.1-2"],
    ["##", "MQTT-4.7.1-1 MQTT311-4.7.1-2"],
    ["a/b#", "MQTT-4.7.1-1 MQTT311-4.7.1-2"],
    ["a+", "MQTT-4.7.1-2 MQTT311-4.7.1-3"],
    ["+a", "MQTT-4.7.1-2 MQTT311-4.7.1-3"],
    ["a/+b/c", "MQTT-4.7.1-2 MQTT311-4.7.1-3"],
    ["++", "MQTT-4.7.1-2 MQTT311-4.7.1-3"],
    ["+#", "MQTT-4.7.1-2 MQTT311-4.7.1-3"],
    ["a\0", "MQTT-4.7.3-2 MQTT311-4.7.3-2"],
    ["\uDFFF", "MQTT-1.5.4-1 MQTT311-1.5.3-1"],
    ["x".repeat(65536), "MQTT-4.7.3-3 MQTT311-4.7.3-3"],
    ["$share/", "MQTT-4.8.2-1"],
    ["$share//a", "MQTT-4.8.2-1"],
    ["$share/g", "MQTT-4.8.2-2"],
    ["$share/g/", "MQTT-4.8.2-2"],
    ["$share/+/a", "MQTT-4.8.2-2"],
    ["$share/#/a", "MQTT-4.8.2-2"],
    ["$share/g#/a", "MQTT-4.8.2-2"],
    ["$share/g/a#", "MQTT-4.7.1-1 MQTT311-4.7.1-2"],
    ["$share/g/+a", "MQTT-4.7.1-2 MQTT311-4.7.1-3"],
  ])("refuses %j [%s]", (filter) => {
    expect(() => {
      validateTopicFilter(filter);
    }).toThrow(InvalidTopicError);
    expect(() => {
      validateTopicFilter(filter);
    }).toThrow(expect.objectContaining({ reasonCode: 0x8f, topic: filter }));
  });
});

test.each([
  ["$share/g/a", true],
  ["$share/g/#", true],
  ["$shared/g/a", false],
  ["a/$share/g", false],
  ["#", false],
])("isSharedSubscription(%j) is %s", (filter, expected) => {
  expect(isSharedSubscription(filter)).toBe(expected);
});

describe("topicMatches", () => {
  // The examples of section 4.7, and what is around them.
  test.each([
    ["sport/tennis/player1/#", "sport/tennis/player1", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/ranking", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
    ["sport/tennis/player1/#", "sport/tennis/player2", false],
    ["sport/tennis/player1/#", "sport/tennis", false],
    ["sport/#", "sport", true],
    ["sport/#", "sport/", true],
    ["sport/#", "sports", false],
    ["#", "anything/at/all", true],
    ["#", "/", true],
    ["sport/tennis/+", "sport/tennis/player1", true],
    ["sport/tennis/+", "sport/tennis/player1/ranking", false],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["+/+", "/finance", true],
    ["/+", "/finance", true],
    ["+", "/finance", false],
    ["+", "finance", true],
    ["+/tennis/#", "sport/tennis", true],
    ["$share/g/a/+", "a/b", true],
    ["$share/g/#", "a", true],
    ["$share/g/a", "$share/g/a", false],
    ["$share/g//a", "/a", true],
  ])("%j and %j: %s", (filter, topic, expected) => {
    expect(topicMatches(filter, topic)).toBe(expected);
  });

  test.each([
    ["a/+/c", "a//c", true],
    ["a/b", "a/b/", false],
    ["a/b/", "a/b", false],
    ["ACCOUNTS", "Accounts", false],
    ["é", "e\u0301", false],
  ])("does not normalise: %j and %j: %s [MQTT-4.7.3-4 MQTT311-4.7.3-4]", (filter, topic, expected) => {
    expect(topicMatches(filter, topic)).toBe(expected);
  });

  test.each([
    ["#", "$SYS/monitor/Clients", false],
    ["+/monitor/Clients", "$SYS/monitor/Clients", false],
    ["$SYS/#", "$SYS/monitor/Clients", true],
    ["$SYS/monitor/+", "$SYS/monitor/Clients", true],
    ["$SYS/#", "$SYS", true],
    ["a/#", "a/$SYS", true],
    ["a/+", "a/$SYS", true],
    ["$share/g/#", "$SYS/a", false],
    ["$share/g/+/a", "$SYS/a", false],
    ["$share/g/$SYS/#", "$SYS/a", true],
  ])("keeps $ apart: %j and %j: %s [MQTT-4.7.2-1 MQTT311-4.7.2-1]", (filter, topic, expected) => {
    expect(topicMatches(filter, topic)).toBe(expected);
  });

  test("agrees with a regular expression on any filter and topic", () => {
    check(fc.tuple(topicFilter, topicName), ([filter, topic]) => {
      same(topicMatches(filter, topic), reference(filter, topic));
    });
  });

  test("a topic matches itself and the filters made of it", () => {
    check(topicName, (topic) => {
      if (topic.startsWith("$share/")) return;
      same(topicMatches(topic, topic), true);
      const levels = topic.split("/");
      const first = topic.startsWith("$") ? 1 : 0;
      for (let index = first; index < levels.length; index++) {
        same(topicMatches(levels.map((level, at) => (at === index ? "+" : level)).join("/"), topic), true);
        same(topicMatches([...levels.slice(0, index), "#"].join("/"), topic), true);
      }
    });
  });
});

/** The rules of section 4.7 once more, in another way. */
function reference(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const pattern = filter
    .replaceAll(/[$()*.?[\\\]^{|}-]/g, String.raw`\$&`)
    .replaceAll("+", "[^/]*")
    .replace(/(^|\/)#$/, (_, slash: string) => (slash === "" ? "[^]*" : "(/[^]*)?"));
  return new RegExp(`^${pattern}$`).test(topic);
}
