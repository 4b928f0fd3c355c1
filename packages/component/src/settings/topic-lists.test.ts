import { describe, expect, test } from "vitest";
import { failureOf } from "../../testing/config-core.ts";
import { MessageSettings } from "./message-settings.ts";
import { splitFilters, withOptions } from "./topic-lists.ts";

describe("splitFilters", () => {
  test.each([
    ["a", ",", ["a"]],
    ["a,b/#, c d ", ",", ["a", "b/#", "c d"]],
    [" a , b ", " , ", [" a", "b "]],
    ["a;b,c; d", ";", ["a", "b,c", " d"]],
    ["a::b:c", "::", ["a", "b:c"]],
    ["$share/g/a,b", ",", ["$share/g/a", "b"]],
  ])("takes %j with %j apart", (text, delimiter, filters) => {
    expect(splitFilters(text, delimiter)).toEqual(filters);
  });

  test.each(["", " ", "a,", ",a", "a,,b", "a, ,b", "a#", "a/#/b", "a+", "$share/g", "a\0"])("refuses %j", (text) => {
    expect(failureOf(() => splitFilters(text)).code).toBe(503);
  });
});

function optionsOf(count: number, given: Partial<MessageSettings>, { qos = 0, isVersion5 = true } = {}): unknown[] {
  const filters = Array.from({ length: count }, (_, index) => `t${index}`);
  const message = Object.assign(new MessageSettings(), given);
  return withOptions(filters, { message, qos, isVersion5 }).map(({ filter: _, ...options }) => options);
}

const plain = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 };

describe("withOptions", () => {
  test("gives each filter the QoS of the call", () => {
    expect(optionsOf(2, {}, { qos: 2 })).toEqual([
      { ...plain, qos: 2 },
      { ...plain, qos: 2 },
    ]);
    for (const qos of [-1, 3, 1.5, NaN]) expect(failureOf(() => optionsOf(1, {}, { qos })).code).toBe(505);
  });

  test("gives each filter its own QoS, as many as there are filters", () => {
    expect(optionsOf(3, { topicQos: "1, 2,0" }, { qos: 9 })).toEqual([
      { ...plain, qos: 1 },
      { ...plain, qos: 2 },
      plain,
    ]);
    for (const topicQos of ["1", "1,1,1"]) expect(failureOf(() => optionsOf(2, { topicQos })).code).toBe(505);
  });

  test("has the last value stand for the filters beyond it", () => {
    const given = { topicNoLocal: "true, false, true", topicRetainAsPublished: "1", topicRetainHandling: "1, 2" };
    expect(optionsOf(4, given)).toEqual([
      { ...plain, noLocal: true, retainAsPublished: true, retainHandling: 1 },
      { ...plain, noLocal: false, retainAsPublished: true, retainHandling: 2 },
      { ...plain, noLocal: true, retainAsPublished: true, retainHandling: 2 },
      { ...plain, noLocal: true, retainAsPublished: true, retainHandling: 2 },
    ]);
    expect(optionsOf(1, given)).toEqual([{ ...plain, noLocal: true, retainAsPublished: true, retainHandling: 1 }]);
  });

  test("leaves out before MQTT 5.0 what it does not have", () => {
    const given = { topicNoLocal: "true", topicRetainAsPublished: "1", topicRetainHandling: "1", topicQos: "1" };
    expect(optionsOf(1, given, { isVersion5: false })).toEqual([{ qos: 1 }]);
  });

  test("refuses No Local on a shared subscription [MQTT-3.8.3-4]", () => {
    const message = Object.assign(new MessageSettings(), { topicNoLocal: "false,true" });
    const options = { message, qos: 0, isVersion5: true };
    expect(withOptions(["$share/g/a", "b"], options)).toHaveLength(2);
    expect(failureOf(() => withOptions(["b", "$share/g/a"], options)).code).toBe(500);
  });
});
