import { topicMatches } from "@rivulet/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, same } from "../../../codec/testing/property-test.ts";
import { FilterTrie } from "./filter-trie.ts";

function trieOf(filters: readonly string[]): FilterTrie<string> {
  const trie = new FilterTrie<string>();
  for (const filter of filters) trie.add(filter, filter);
  return trie;
}

describe("FilterTrie", () => {
  test.each([
    ["a/b", ["a/b", "a/+", "+/b", "+/+", "a/#", "#", "a/b/#"]],
    ["a", ["a", "+", "a/#", "#", "+/#"]],
    ["a/", ["a/", "a/+", "+/+", "a/#", "#"]],
    ["/a", ["/a", "+/a", "+/+", "#", "/#"]],
    ["A/b", ["+/b", "+/+", "#"]],
  ])("the topic %s finds what matches it", (topic, expected) => {
    const filters = [
      "a",
      "a/b",
      "a/+",
      "+/b",
      "+/+",
      "a/#",
      "#",
      "a/b/#",
      "a/b/c",
      "+",
      "+/#",
      "a/",
      "/a",
      "+/a",
      "/#",
    ];
    const found = trieOf(filters).match(topic);
    expect(found.sort()).toStrictEqual(filters.filter((filter) => topicMatches(filter, topic)).sort());
    for (const filter of expected) expect(found).toContain(filter);
  });

  test("[MQTT-4.7.2-1] a wildcard in the first level does not match a topic that begins with $", () => {
    const trie = trieOf(["#", "+/up", "+", "$SYS/#", "$SYS/+", "$SYS"]);
    expect(trie.match("$SYS/up").sort()).toStrictEqual(["$SYS/#", "$SYS/+"]);
    expect(trie.match("$SYS").sort()).toStrictEqual(["$SYS", "$SYS/#"]);
    expect(trieOf(["a/+", "a/#"]).match("a/$SYS")).toHaveLength(2);
  });

  test("of a shared filter the last part is what counts", () => {
    const trie = trieOf(["$share/group/a/+"]);
    expect(trie.match("a/b")).toStrictEqual(["$share/group/a/+"]);
    trie.delete("$share/group/a/+", "$share/group/a/+");
    expect(trie.match("a/b")).toStrictEqual([]);
  });

  test("[MQTT-4.7.3-4] topics are not normalised", () => {
    // An A with a ring, as one character and as two.
    expect(trieOf(["\u00c5"]).match("A\u030a")).toStrictEqual([]);
    expect(trieOf(["__proto__", "constructor"]).match("__proto__")).toStrictEqual(["__proto__"]);
  });

  test("finds each value once, and several values of one filter", () => {
    const trie = new FilterTrie<string>();
    for (const filter of ["a", "+", "#", "a/#"]) trie.add(filter, "x");
    trie.add("a", "y");
    trie.add("a", "y");
    expect(trie.match("a").sort()).toStrictEqual(["x", "y"]);
  });

  test("forgets what is deleted, and nothing else", () => {
    const trie = trieOf(["a", "a/b/c", "a/b", "a/+/c"]);
    trie.add("a/b/c", "other");
    trie.delete("a/b/c", "a/b/c");
    expect(trie.match("a/b/c").sort()).toStrictEqual(["a/+/c", "other"]);
    trie.delete("a/b", "a/b");
    expect(trie.match("a/b")).toStrictEqual([]);
    expect(trie.match("a/b/c").sort()).toStrictEqual(["a/+/c", "other"]);
    trie.delete("a/b/c", "other");
    trie.delete("a/+/c", "a/+/c");
    expect(trie.match("a/b/c")).toStrictEqual([]);
    expect(trie.match("a")).toStrictEqual(["a"]);
  });

  test("deleting what is not there changes nothing", () => {
    const trie = trieOf(["a/b"]);
    trie.delete("a", "a/b");
    trie.delete("a/b", "other");
    trie.delete("a/b/c", "a/b");
    trie.delete("x", "a/b");
    expect(trie.match("a/b")).toStrictEqual(["a/b"]);
  });

  const level = fc.constantFrom("", "a", "b", "$SYS");
  const topic = fc
    .array(level, { minLength: 1, maxLength: 4 })
    .map((levels) => levels.join("/"))
    .filter((text) => text !== "");
  const filter = fc
    .tuple(fc.array(fc.oneof(level, fc.constant("+")), { maxLength: 4 }), fc.boolean(), fc.boolean())
    .map(
      ([levels, isOpen, isShared]) =>
        `${isShared ? "$share/g/" : ""}${[...levels, ...(isOpen ? ["#"] : [])].join("/")}`,
    )
    .filter((text) => text !== "" && text !== "$share/g/");

  test("finds what topicMatches says, also after others were deleted", () => {
    const arbitrary = fc.tuple(fc.uniqueArray(filter, { maxLength: 12 }), topic, fc.nat({ max: 12 }));
    check(arbitrary, ([filters, topicName, count]) => {
      const trie = trieOf(filters);
      for (const gone of filters.slice(0, count)) trie.delete(gone, gone);
      const expected = filters.slice(count).filter((one) => topicMatches(one, topicName));
      same(trie.match(topicName).sort(), expected.sort());
    });
  });
});
