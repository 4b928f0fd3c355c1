import { InvalidTopicError, MqttError } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { subscribeRequest, type FilterList, type SubscribeOptions } from "./subscribe-options.ts";

const defaults = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 };

describe("subscribeRequest", () => {
  test.each<[FilterList, string[]]>([
    ["a/#", ["a/#"]],
    [
      ["a", "b"],
      ["a", "b"],
    ],
    [
      ["a", { filter: "b" }],
      ["a", "b"],
    ],
  ])("of %o asks for %o", (filters, expected) => {
    for (const version of [5, 4, 3] as const) {
      const subscriptions = expected.map((topicFilter) => ({ topicFilter, ...defaults }));
      expect(subscribeRequest(filters, {}, version)).toStrictEqual({ type: "subscribe", subscriptions });
    }
  });

  test("options are for all filters that have none of their own", () => {
    const options = { qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 } as const;
    const own = { qos: 1, noLocal: false } as const;
    expect(subscribeRequest(["a", { filter: "b", ...own }], options, 5).subscriptions).toStrictEqual([
      { topicFilter: "a", ...options },
      { topicFilter: "b", ...options, ...own },
    ]);
  });

  test("identifier and user properties become properties", () => {
    const userProperties = [["a", "1"]] as const;
    const { properties } = subscribeRequest("a", { identifier: 268_435_455, userProperties }, 5);
    expect(properties).toStrictEqual({ subscriptionIdentifier: 268_435_455, userProperties });
  });

  test("what is for us alone is not sent", () => {
    const ours = {
      ack: "manual",
      onHandlerError: "reject",
      highWaterMark: 1,
      overflow: "drop-oldest",
      timeoutMs: 5,
    } as const;
    expect(subscribeRequest("a", ours, 5)).toStrictEqual(subscribeRequest("a", {}, 5));
  });

  test.each<unknown>([undefined, null, 5, [5], [null], {}, [{ topic: "a" }], () => "a"])(
    "takes %o for no filter",
    (filters) => {
      const request = (): unknown => subscribeRequest(filters as FilterList, {}, 5);
      expect(request).toThrow(MqttError);
    },
  );

  test("tells that names of filters are no options", () => {
    const filters: unknown = { "a/b": { qos: 1 } }; // As MQTT.js takes it.
    expect(() => subscribeRequest(filters as FilterList, {}, 5)).toThrow("There is no option a/b");
  });

  test.each<[SubscribeOptions | object, string]>([
    [{ qos: 3 }, "qos"],
    [{ retainHandling: 3 }, "retainHandling"],
    [{ identifier: 0 }, "identifier"],
    [{ identifier: 268_435_456 }, "identifier"],
    [{ ack: "never" }, "ack"],
    [{ onHandlerError: "retry" }, "onHandlerError"],
    [{ highWaterMark: 0 }, "highWaterMark"],
    [{ overflow: "grow" }, "overflow"],
    [{ timeoutMs: 0 }, "timeoutMs"],
    [{ handler: 1 }, "handler"],
  ])("%o is refused as %s", (options, option) => {
    expect(() => subscribeRequest("a", options, 5)).toThrow(
      expect.objectContaining({ name: "InvalidOptionError", option }) as Error,
    );
  });

  test.each([
    [{ filter: "b", qos: 3 }, "qos"],
    [{ filter: "b", ack: "manual" }, "ack"],
  ])("so it is of one filter: %o", (filter, option) => {
    expect(() => subscribeRequest([filter as never], {}, 5)).toThrow(
      expect.objectContaining({ name: "InvalidOptionError", option }) as Error,
    );
  });

  test("[MQTT-3.8.3-2] no filter at all is refused", () => {
    expect(() => subscribeRequest([], {}, 5)).toThrow(expect.objectContaining({ option: "filter" }) as Error);
  });

  test.each(["", "a/#/b", "a+", "#a", "$share/g", "$share//a", "$share/a+b/c", "a\u0000"])(
    "[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.8.2-1] the filter %j is refused",
    (filter) => {
      expect(() => subscribeRequest(["a", filter], {}, 5)).toThrow(InvalidTopicError);
    },
  );

  test("[MQTT-3.8.3-4] noLocal on a shared subscription is refused, unless it is off there", () => {
    const error = expect.objectContaining({ name: "InvalidOptionError", option: "noLocal" }) as Error;
    expect(() => subscribeRequest("$share/g/a", { noLocal: true }, 5)).toThrow(error);
    expect(() => subscribeRequest([{ filter: "$share/g/a", noLocal: true }], {}, 5)).toThrow(error);
    const shared = [{ filter: "$share/g/a", noLocal: false }, "a"];
    expect(() => subscribeRequest(shared, { noLocal: true }, 5)).not.toThrow();
  });

  test.each<[SubscribeOptions, string]>([
    [{ noLocal: true }, "noLocal"],
    [{ retainAsPublished: true }, "retainAsPublished"],
    [{ retainHandling: 1 }, "retainHandling"],
    [{ identifier: 1 }, "identifier"],
    [{ userProperties: [] }, "userProperties"],
  ])("%o needs MQTT 5.0", (options, feature) => {
    for (const version of [4, 3] as const) {
      expect(() => subscribeRequest("a", options, version)).toThrow(
        expect.objectContaining({ name: "UnsupportedError", feature }) as Error,
      );
    }
  });

  test("of one filter as well, and that it is off is no demand", () => {
    expect(() => subscribeRequest([{ filter: "a", retainHandling: 1 }], {}, 4)).toThrow(
      expect.objectContaining({ feature: "retainHandling" }) as Error,
    );
    const off = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    expect(() => subscribeRequest([{ filter: "a", ...off }], off, 4)).not.toThrow();
  });

  test("an acknowledgement that rejects needs MQTT 5.0", () => {
    expect(() => subscribeRequest("a", { onHandlerError: "reject" }, 4)).toThrow(
      expect.objectContaining({ name: "InvalidOptionError", option: "onHandlerError" }) as Error,
    );
    expect(() => subscribeRequest("a", { onHandlerError: "acknowledge" }, 4)).not.toThrow();
  });
});
