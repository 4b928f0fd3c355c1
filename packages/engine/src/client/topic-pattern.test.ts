import { describe, expect, expectTypeOf, test } from "vitest";
import { connected } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import { InvalidTopicError } from "../errors.ts";
import type { Message } from "./message.ts";
import type { Subscription } from "./subscription.ts";
import { topicPattern, type ParamsOf, type TopicParams, type TopicPattern } from "./topic-pattern.ts";

describe("topicPattern", () => {
  test.each([
    ["home/{floor}/{room}/temperature", "home/+/+/temperature"],
    ["{a}", "+"],
    ["home/{path...}", "home/#"],
    ["{all...}", "#"],
    ["home/+/{room}/#", "home/+/+/#"],
    ["$share/group/home/{room}", "$share/group/home/+"],
    ["home/kitchen", "home/kitchen"],
    ["{größe}/{$a_1}/{_}", "+/+/+"],
  ])("%s is the filter %s", (template, filter) => {
    expect(topicPattern(template).filter).toBe(filter);
  });

  test.each([
    "home/{}/temperature",
    "home/{1st}",
    "home/{a b}",
    "home/{a-b}",
    "home/{a%2Fb}",
    "home/floor-{floor}",
    "home/{floor}x",
    "home/{floor",
    "home/floor}",
    "home/{{floor}}",
    "home/{a..}",
    "home/{...}",
    "{a/b}",
    "{a}/{a}",
    "{a}/{a...}",
    "{path...}/temperature",
    "$share/{group}/home",
    "home+/{a}",
    "",
  ])("%o is refused", (template) => {
    expect(() => topicPattern(template)).toThrow(InvalidTopicError);
  });

  test("says which level it does not like", () => {
    expect(() => topicPattern("home/{1st}/x")).toThrow(
      expect.objectContaining({ topic: "home/{1st}/x", message: expect.stringContaining("{1st}") as string }) as Error,
    );
  });

  test.each<[template: string, topic: string, params: object | undefined]>([
    ["home/{floor}/{room}/temperature", "home/1/kitchen/temperature", { floor: "1", room: "kitchen" }],
    ["home/{floor}/{room}/temperature", "home/1/kitchen/humidity", undefined],
    ["home/{floor}", "home/1/kitchen", undefined],
    ["home/{floor}", "home/", { floor: "" }],
    ["home/{path...}", "home/1/kitchen", { path: "1/kitchen" }],
    ["home/{path...}", "home", { path: "" }],
    ["home/+/{room}/#", "home/1/kitchen/a/b", { room: "kitchen" }],
    ["$share/group/home/{room}", "home/kitchen", { room: "kitchen" }],
    ["{first}/x", "$SYS/x", undefined],
    ["home/{room}", "home/50%25", { room: "50%25" }],
    ["home/kitchen", "home/kitchen", {}],
  ])("%s finds in %s %o", (template, topic, params) => {
    expect(topicPattern(template).match(topic)).toStrictEqual(params);
  });

  test("a level may have any name, also that of the prototype", () => {
    const params = topicPattern("{__proto__}/{constructor}").match("a/b");
    expect(Object.entries(params ?? {})).toStrictEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  test("the names are part of the type", () => {
    const pattern = topicPattern("home/{floor}/{room}/temperature");
    expectTypeOf(pattern).toEqualTypeOf<TopicPattern<{ readonly floor: string; readonly room: string }>>();
    expectTypeOf<ParamsOf<"{a}/b/{c...}">>().toEqualTypeOf<{ readonly a: string; readonly c: string }>();
    expectTypeOf<ParamsOf<string>>().toEqualTypeOf<TopicParams>();
    expectTypeOf(pattern).toExtend<TopicPattern>();
    // @ts-expect-error: the pattern has no level of this name
    expect(pattern.match("home/1/kitchen/temperature")?.house).toBeUndefined();
  });
});

describe("subscribe with a pattern", () => {
  const pattern = topicPattern("home/{floor}/{room}/temperature");

  test("delivers messages with the named levels, typed, to a loop, a reader and a handler", async () => {
    const { client, server } = await connected();
    const looped = await client.subscribe(pattern, { qos: 1 });
    expectTypeOf(looped).toEqualTypeOf<Subscription<{ readonly floor: string; readonly room: string }>>();
    expectTypeOf(looped).toExtend<Subscription>();
    const read = await client.subscribe(pattern);
    const rooms: string[] = [];
    await client.subscribe(pattern, ({ params }) => rooms.push(params.room));
    await client.subscribe(pattern, { qos: 0 }, (message) => {
      expectTypeOf<keyof typeof message.params>().toEqualTypeOf<"floor" | "room">();
      rooms.push(message.params.floor);
    });
    expect(looped.filters).toEqual(["home/+/+/temperature"]);
    server.publish("home/1/kitchen/temperature", "21.5");
    for await (const { params } of looped) {
      expectTypeOf(params.floor).toBeString();
      expect(params).toStrictEqual({ floor: "1", room: "kitchen" });
      break;
    }
    const { value } = await read.readable.getReader().read();
    expect(value?.params.room).toBe("kitchen");
    expect(rooms).toEqual(["kitchen", "1"]);
  });

  test("is for that subscription only", async () => {
    const { client, server } = await connected();
    const seen: Message[] = [];
    const take = (message: Message): number => seen.push(message);
    client.on("message", ({ message }) => take(message));
    await client.subscribe("home/#", { qos: 1 }, take);
    await client.subscribe(pattern, { qos: 1 }, take);
    await client.subscribe(topicPattern("{place}/{rest...}"), { qos: 1 }, take);
    server.publish("home/1/kitchen/temperature", "21.5", { qos: 1 });
    await server.expect("puback");
    expect(seen.map(({ params }) => params)).toStrictEqual([
      {},
      { floor: "1", room: "kitchen" },
      { place: "home", rest: "1/kitchen/temperature" },
      {},
    ]);
    for (const message of seen) expect(message).toMatchObject({ packetId: 1, qos: 1 });
    await settle();
    expect(server.all("puback")).toHaveLength(1);
  });

  test("in a list: the first that matches names the levels", async () => {
    const { client, server } = await connected();
    const seen: object[] = [];
    const filters = ["other", { filter: pattern, qos: 2 }, topicPattern("home/{path...}")] as const;
    const subscription = await client.subscribe(filters, { qos: 1 }, ({ params }) => {
      expectTypeOf(params).toEqualTypeOf<TopicParams>();
      seen.push(params);
    });
    expect(subscription.filters).toEqual(["other", "home/+/+/temperature", "home/#"]);
    expect(server.all("subscribe")[0]?.subscriptions.map(({ qos }) => qos)).toEqual([1, 2, 1]);
    for (const topic of ["other", "home/1/kitchen/temperature", "home/1"]) server.publish(topic);
    await settle();
    expect(seen).toStrictEqual([{}, { floor: "1", room: "kitchen" }, { path: "1" }]);
  });

  test("ends with unsubscribe of the same pattern", async () => {
    const { client, server } = await connected();
    const subscription = await client.subscribe(pattern);
    expect(await client.unsubscribe(pattern)).toEqual([{ filter: "home/+/+/temperature", reasonCode: 0 }]);
    expect(await subscription[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
    await client.unsubscribe([pattern, "a"]);
    expect(server.all("unsubscribe").map(({ topicFilters }) => topicFilters)).toEqual([
      ["home/+/+/temperature"],
      ["home/+/+/temperature", "a"],
    ]);
  });
});
