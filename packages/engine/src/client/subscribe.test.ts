import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { connected, gate, Harness, watch, type HarnessOptions } from "../../testing/client-harness.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import {
  ClosedError,
  InvalidOptionError,
  NotConnectedError,
  SubscribeError,
  TimeoutError,
  TransportError,
} from "../errors.ts";
import type { Message } from "./message.ts";
import type { Subscription } from "./subscription.ts";

/** The texts of the next messages of a subscription. */
async function take(subscription: AsyncIterable<Message>, count: number): Promise<string[]> {
  const iterator = subscription[Symbol.asyncIterator]();
  const texts: string[] = [];
  while (texts.length < count) {
    const result = await iterator.next();
    if (result.done === true) break;
    texts.push(result.value.text());
  }
  return texts;
}

const refusing = (...reasonCodes: number[]): HarnessOptions => ({
  answers: { subscribe: ({ packetIdentifier }) => [{ type: "suback", packetIdentifier, reasonCodes }] },
});

describe("subscribe", () => {
  it("resolves with what the server said of each filter", async () => {
    const harness = await connected(refusing(1, 0x87, 2));
    const events = harness.record("subscribed");
    const subscription = await harness.client.subscribe(["a", { filter: "b", qos: 1 }, { filter: "c/#", qos: 2 }], {
      noLocal: true,
      identifier: 7,
    });
    expect(subscription.filters).toEqual(["a", "b", "c/#"]);
    expect(subscription.results).toEqual([
      { filter: "a", qos: 1, reasonCode: 1 },
      { filter: "b", reasonCode: 0x87 },
      { filter: "c/#", qos: 2, reasonCode: 2 },
    ]);
    expect(events).toEqual([{ name: "subscribed", event: { subscription } }]);
    expect(harness.server.all("subscribe")).toMatchObject([
      {
        subscriptions: [
          { topicFilter: "a", qos: 0, noLocal: true },
          { topicFilter: "b", qos: 1, noLocal: true },
          { topicFilter: "c/#", qos: 2, noLocal: true },
        ],
        properties: { subscriptionIdentifier: 7 },
      },
    ]);
    // What was refused is not subscribed to.
    harness.server.publish("b", "refused");
    harness.server.publish("c/d", "granted");
    expect(await take(subscription, 1)).toEqual(["granted"]);
    await subscription.unsubscribe();
    expect(harness.server.all("unsubscribe")).toMatchObject([{ topicFilters: ["a", "c/#"] }]);
  });

  it("rejects when the server refuses every filter", async () => {
    const harness = await connected(refusing(0x87, 0x8f));
    const events = harness.record("subscribed");
    const error: unknown = await harness.client.subscribe(["a", "b"]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SubscribeError);
    expect(error).toMatchObject({
      reasonCode: 0x87,
      results: [
        { filter: "a", reasonCode: 0x87 },
        { filter: "b", reasonCode: 0x8f },
      ],
    });
    await settle();
    expect(events).toEqual([]);
    expect(harness.server.all("unsubscribe")).toHaveLength(0);
  });

  it("that is refused does not keep messages of other subscriptions from being acknowledged", async () => {
    const harness = await connected();
    const { server, client } = harness;
    await client.subscribe("a/#", { qos: 1 }, () => undefined);
    server.answers.subscribe = ({ packetIdentifier }) => {
      server.publish("a/b", "between", { qos: 1 });
      return [{ type: "suback", packetIdentifier, reasonCodes: [0x87] }];
    };
    await expect(client.subscribe("a/b", { qos: 1 })).rejects.toThrow(SubscribeError);
    await server.expect("puback");
  });

  it("needs a connection, or one that is being made", async () => {
    const harness = new Harness();
    await expect(harness.client.subscribe("a")).rejects.toThrow(NotConnectedError);
    await expect(harness.client.unsubscribe("a")).rejects.toThrow(NotConnectedError);
    const connecting = harness.client.connect();
    const subscription = await harness.client.subscribe("a");
    await connecting;
    expect(subscription.results).toHaveLength(1);
    harness.client.close();
    await expect(harness.client.subscribe("a")).rejects.toThrow(ClosedError);
    harness.answers = { connect: () => [{ type: "connack", reasonCode: 0x86 }] };
    const failing = harness.client.connect();
    const both = [watch(failing), watch(harness.client.subscribe("a"))];
    await settle();
    expect(both.map(({ error }) => (error as { code: string }).code)).toEqual([
      "ERR_CONNECTION_REFUSED",
      "ERR_CONNECTION_REFUSED",
    ]);
  });

  it("rejects a caller's mistake, and the connection stays", async () => {
    const harness = await connected();
    const { client } = harness;
    const attempts: [Promise<unknown>, string][] = [
      [client.subscribe("a/#/b"), "ERR_INVALID_TOPIC"],
      [client.subscribe([]), "ERR_INVALID_OPTION"],
      [client.subscribe("a", { highWaterMark: 0 }), "ERR_INVALID_OPTION"],
      [client.subscribe("$share/g/a", { noLocal: true }), "ERR_INVALID_OPTION"],
      [client.unsubscribe([]), "ERR_INVALID_OPTION"],
      [client.unsubscribe("a/#/b"), "ERR_INVALID_TOPIC"],
    ];
    for (const [attempt, code] of attempts) await expect(attempt).rejects.toMatchObject({ code });
    const older = await connected({ version: 4 });
    await expect(older.client.subscribe("a", { onHandlerError: "reject" })).rejects.toThrow(InvalidOptionError);
    await expect(older.client.subscribe("a", { identifier: 1 })).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
    await expect(client.subscribe("a")).resolves.toBeDefined();
    expect(older.server.received).toHaveLength(1);
  });

  it("takes messages that come before the server's answer", async () => {
    const harness = await connected({
      answers: {
        subscribe: ({ packetIdentifier }) => [
          { type: "publish", topicName: "a", payload: new TextEncoder().encode("retained"), retain: true },
          { type: "suback", packetIdentifier, reasonCodes: [0] },
        ],
      },
    });
    expect(await take(await harness.client.subscribe("a"), 1)).toEqual(["retained"]);
  });

  it.each([
    ["a timeout", TimeoutError],
    ["an abort", Error],
  ] as const)("that ends by %s gives back what the server may have granted", async (way, kind) => {
    const harness = await connected({ answers: { subscribe: () => [] } });
    const { server, client } = harness;
    const controller = new AbortController();
    const subscribing = watch(client.subscribe("a", { timeoutMs: 100, signal: controller.signal }));
    await server.expect("subscribe");
    if (way === "an abort") controller.abort(new Error("enough"));
    else await harness.environment.advance(100);
    await settle();
    expect(subscribing.error).toBeInstanceOf(kind);
    expect(await server.expect("unsubscribe")).toMatchObject({ topicFilters: ["a"] });
    // The answer that comes late after all disturbs nobody.
    const { packetIdentifier = 0 } = server.all("subscribe")[0] ?? {};
    server.send({ type: "suback", packetIdentifier, reasonCodes: [0] });
    await settle();
    expect(client.state).toBe("connected");
    expect(harness.environment.pendingTimers).toBe(1); // The connection's own.
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("waits operationTimeoutMs by default, as unsubscribe does", async () => {
    const harness = await connected({
      options: { operationTimeoutMs: 200, keepAlive: 0 },
      answers: { subscribe: () => [], unsubscribe: () => [] },
    });
    const waiting = [watch(harness.client.subscribe("a")), watch(harness.client.unsubscribe("b"))];
    await harness.environment.advance(199);
    expect(waiting.map(({ state }) => state)).toEqual(["pending", "pending"]);
    await harness.environment.advance(1);
    expect(waiting.map(({ error }) => error instanceof TimeoutError)).toEqual([true, true]);
    expect(harness.client.state).toBe("connected");
  });

  it("is rejected when the connection is lost for good before the answer", async () => {
    const harness = await connected({ answers: { subscribe: () => [] }, options: { reconnect: false } });
    const subscribing = watch(harness.client.subscribe("a"));
    await harness.server.expect("subscribe");
    harness.server.end();
    await settle();
    expect(subscribing.error).toBeInstanceOf(TransportError);
  });
});

describe("unsubscribing by filter", () => {
  it("drops and acknowledges what waits for a consumer that never came, and reading goes on", async () => {
    const harness = await connected();
    const { client, server } = harness;
    const idle = await client.subscribe("idle", { qos: 1, highWaterMark: 2 });
    const received: string[] = [];
    await client.subscribe("busy", (message) => void received.push(message.text()));
    for (let count = 1; count <= 3; count += 1) server.publish("idle", "", { qos: 1, packetIdentifier: count });
    await until(() => idle.buffered === 2 && server.unread > 0);
    await client.unsubscribe("idle");
    expect(idle.buffered).toBe(0);
    expect(idle.dropped).toBeGreaterThanOrEqual(2);
    await server.expect("puback", 3);
    server.publish("busy", "1");
    await until(() => received.length === 1);
  });
});

describe("the messages of a subscription", () => {
  it("come to a handler that is given instead of the options", async () => {
    const harness = await connected();
    const messages: string[] = [];
    await harness.client.subscribe("a/+", (message) => void messages.push(message.text()));
    harness.server.publish("a/b", "1");
    await settle();
    expect(messages).toStrictEqual(["1"]);
  });

  it("come to a handler", async () => {
    const harness = await connected();
    const messages: Message[] = [];
    const subscription = await harness.client.subscribe("a/+", { qos: 1 }, (message) => void messages.push(message));
    harness.server.publish("a/b", '{"x":1}', {
      qos: 1,
      retain: true,
      duplicate: true,
      properties: {
        subscriptionIdentifiers: [3],
        contentType: "application/json",
        payloadFormatIndicator: 1,
        responseTopic: "r",
        correlationData: new Uint8Array([1]),
        messageExpiryInterval: 9,
        userProperties: [["k", "v"]],
        topicAlias: 2,
      },
    });
    harness.server.publish("", "aliased", { properties: { topicAlias: 2, payloadFormatIndicator: 0 } });
    await settle();
    const [message, aliased] = messages;
    expect(message).toMatchObject({
      topic: "a/b",
      qos: 1,
      retain: true,
      duplicate: true,
      packetId: 1,
      subscriptionIdentifiers: [3],
      topicAlias: 2,
      contentType: "application/json",
      payloadFormat: "utf-8",
      responseTopic: "r",
      correlationData: new Uint8Array([1]),
      messageExpiryInterval: 9,
      userProperties: [["k", "v"]],
    });
    expect(message?.json<{ x: number }>().x).toBe(1);
    expect(aliased).toMatchObject({ topic: "a/b", payloadFormat: "bytes", packetId: undefined, userProperties: [] });
    expect(() => aliased?.json()).toThrow(SyntaxError);
    await expect(subscription[Symbol.asyncIterator]().next()).rejects.toThrow(InvalidOptionError);
  });

  it("come to a loop", async () => {
    const harness = await connected();
    const subscription = await harness.client.subscribe("a");
    harness.server.publish("a", "1");
    harness.server.publish("a", "2");
    await settle();
    expect(subscription.buffered).toBe(2);
    const taking = take(subscription, 3);
    await settle();
    harness.server.publish("a", "3");
    expect(await taking).toEqual(["1", "2", "3"]);
    expect(subscription.buffered).toBe(0);
  });

  it("come to a reader, which cancels to unsubscribe", async () => {
    const harness = await connected();
    const subscription = await harness.client.subscribe("a", { qos: 1 });
    const { readable } = subscription;
    expect(subscription.readable).toBe(readable);
    const reader = readable.getReader();
    harness.server.publish("a", "1", { qos: 1 });
    harness.server.publish("a", "2", { qos: 1 });
    await settle();
    expect(subscription.buffered).toBe(2); // Nothing is read ahead.
    expect((await reader.read()).value?.text()).toBe("1");
    await settle();
    expect(harness.server.all("puback")).toHaveLength(0);
    expect((await reader.read()).value?.text()).toBe("2");
    await harness.server.expect("puback", 1);
    await reader.cancel();
    await harness.server.expect("puback", 2);
    expect(harness.server.all("unsubscribe")).toMatchObject([{ topicFilters: ["a"] }]);
  });

  it("end for a reader as they do for a loop", async () => {
    const harness = await connected({ options: { reconnect: false } });
    const [reader, other] = [await harness.client.subscribe("a"), await harness.client.subscribe("a")].map(
      (subscription) => subscription.readable.getReader(),
    );
    const reading = reader?.read();
    await settle();
    const failure = new TransportError("Reset by the server");
    harness.server.lose(failure);
    await expect(reading).rejects.toBe(failure);
    await expect(other?.read()).rejects.toBe(failure);
    const again = await connected({ options: { reconnect: false } });
    const last = (await again.client.subscribe("a")).readable.getReader();
    again.client.close();
    expect(await last.read()).toEqual({ done: true, value: undefined });
  });

  it("come to a listener to all messages, with the subscriptions that they are for", async () => {
    const harness = await connected();
    const { client, server } = harness;
    const events = harness.record("message");
    const first = await client.subscribe("a/#");
    const second = await client.subscribe("a/b", { qos: 1 });
    server.publish("a/b", "both");
    server.publish("nobody/asked", "none", { qos: 1 });
    await server.expect("puback");
    expect(events.map(({ event: { message, subscriptions } }) => [message.text(), subscriptions])).toEqual([
      ["both", [first, second]],
      ["none", []],
    ]);
    // While nobody has begun to take them, the listener is their consumer.
    expect([first.buffered, second.buffered]).toEqual([0, 0]);
    const taking = take(first, 1);
    server.publish("a/b", "after");
    expect(await taking).toEqual(["after"]);
    expect(second.buffered).toBe(0);
    expect(events).toHaveLength(3);
  });

  it("come once to each of several that overlap, and once to one that overlaps itself", async () => {
    const harness = await connected();
    const { client, server } = harness;
    const seen: string[] = [];
    await client.subscribe(["a/#", "a/+", "a/b"], {}, (message) => void seen.push(`first ${message.text()}`));
    await client.subscribe("a/b", {}, (message) => void seen.push(`second ${message.text()}`));
    const loop = await client.subscribe("+/b");
    server.publish("a/b", "x");
    server.publish("a/c", "y");
    expect(await take(loop, 1)).toEqual(["x"]);
    await settle();
    expect(seen).toEqual(["first x", "second x", "first y"]);
    expect(loop.buffered).toBe(0);
  });

  it("do not come to one that another ends while they are handed out", async () => {
    const harness = await connected();
    const { client, server } = harness;
    const seen: string[] = [];
    await client.subscribe("a", {}, () => {
      seen.push("first");
      void second.unsubscribe();
    });
    const second: Subscription = await client.subscribe("+", { qos: 1 }, () => void seen.push("second"));
    server.publish("a", "", { qos: 1 });
    await server.expect("puback");
    expect(seen).toEqual(["first"]);
  });

  it("come to whoever has subscribed by then, whatever came before", async () => {
    const harness = await connected();
    const { client, server } = harness;
    const seen: string[] = [];
    for (const name of ["first", "second", "third"]) {
      await client.subscribe(
        name === "first" ? "a" : "+",
        {},
        (message) => void seen.push(`${name} ${message.text()}`),
      );
      server.publish("a", name);
      await settle();
    }
    await client.unsubscribe("+");
    server.publish("a", "last");
    await settle();
    expect(seen).toEqual([
      "first first",
      "first second",
      "second second",
      "first third",
      "second third",
      "third third",
      "first last",
    ]);
  });

  it("come to a new one before the server's answer, also on a topic that is known", async () => {
    const harness = await connected();
    const { client, server } = harness;
    const seen: string[] = [];
    await client.subscribe("a", {}, ({ topic }) => void seen.push(`first ${topic}`));
    server.publish("a");
    await settle();
    server.answers.subscribe = ({ packetIdentifier }) => {
      server.publish("a");
      return [{ type: "suback", packetIdentifier, reasonCodes: [0] }];
    };
    await client.subscribe("+", {}, ({ topic }) => void seen.push(`second ${topic}`));
    expect(seen).toEqual(["first a", "first a", "second a"]);
  });

  it("come in order to several that ask at once", async () => {
    const harness = await connected();
    const subscription = await harness.client.subscribe("a", { qos: 1 });
    const iterator = subscription[Symbol.asyncIterator]();
    const asked = Promise.all([iterator.next(), iterator.next()]);
    for (const text of ["1", "2", "3", "4"]) harness.server.publish("a", text, { qos: 1 });
    expect((await asked).map(({ value }) => value?.text())).toEqual(["1", "2"]);
    await settle();
    expect(harness.server.all("puback")).toHaveLength(0);
    await iterator.next();
    await iterator.next();
    await harness.server.expect("puback", 2);
    await iterator.return?.();
    await harness.server.expect("puback", 4);
  });

  it("come to many topics, more than are remembered", async () => {
    const harness = await connected();
    let count = 0;
    await harness.client.subscribe("#", {}, () => {
      count += 1;
    });
    for (let index = 0; index < 2100; index += 1) harness.server.publish(`a/${index}`);
    await settle();
    while (harness.server.unread > 0) await settle();
    await settle();
    expect(count).toBe(2100);
  });
});

describe("two subscriptions on one filter", () => {
  it("share it: only the last to leave unsubscribes", async () => {
    const harness = await connected();
    const { client, server } = harness;
    const first = await client.subscribe("a");
    const second = await client.subscribe(["a", "b"]);
    await second.unsubscribe();
    expect(server.all("unsubscribe")).toMatchObject([{ topicFilters: ["b"] }]);
    server.publish("a", "still");
    expect(await take(first, 1)).toEqual(["still"]);
    await first.unsubscribe();
    expect(server.all("unsubscribe")).toMatchObject([{ topicFilters: ["b"] }, { topicFilters: ["a"] }]);
    await first.unsubscribe();
    expect(server.all("unsubscribe")).toHaveLength(2);
  });
});

describe("leaving a loop", () => {
  const leaves: [string, (subscription: Subscription) => Promise<void>][] = [
    [
      "break",
      async (subscription) => {
        for await (const _ of subscription) break;
      },
    ],
    [
      "return",
      async (subscription) => {
        for await (const _ of subscription) return;
      },
    ],
    [
      "throw",
      async (subscription) => {
        const failure = new Error("of the loop");
        const loop = async (): Promise<void> => {
          for await (const _ of subscription) throw failure;
        };
        await expect(loop()).rejects.toBe(failure);
      },
    ],
    [
      "await using",
      async (subscription) => {
        await using own = subscription;
        await own[Symbol.asyncIterator]().next();
      },
    ],
  ];

  it.each(leaves)("by %s unsubscribes, and acknowledges what it had", async (_, leave) => {
    const harness = await connected();
    const { client, server } = harness;
    const unsubscribed = harness.record("unsubscribed");
    const subscription = await client.subscribe("a", { qos: 2 });
    server.publish("a", "in hand", { qos: 1 });
    server.publish("a", "buffered", { qos: 1 });
    server.publish("a", "buffered", { qos: 2 });
    server.publish("a", "buffered");
    await settle();
    expect(server.all("puback")).toHaveLength(0);
    await leave(subscription);
    expect(subscription.dropped).toBe(3);
    expect(server.all("unsubscribe")).toMatchObject([{ topicFilters: ["a"] }]);
    await server.expect("puback", 2);
    await server.expect("pubrec", 1);
    expect(unsubscribed).toEqual([{ name: "unsubscribed", event: { filters: ["a"] } }]);
    expect(await take(subscription, 1)).toEqual([]);
    // What comes after is nobody's, and acknowledged at once.
    server.publish("a", "late", { qos: 1 });
    await server.expect("puback", 3);
  });

  it("ends for those who wait for the next message", async () => {
    const harness = await connected();
    const subscription = await harness.client.subscribe("a");
    const taking = take(subscription, 1);
    await settle();
    await subscription.unsubscribe();
    expect(await taking).toEqual([]);
  });

  it("does not leave the acknowledgement by hand to chance", async () => {
    const harness = await connected();
    const subscription = await harness.client.subscribe("a", { qos: 1, ack: "manual" });
    const iterator = subscription[Symbol.asyncIterator]();
    harness.server.publish("a", "in hand", { qos: 1 });
    harness.server.publish("a", "buffered", { qos: 1 });
    const { value } = await iterator.next();
    await settle();
    await iterator.return?.();
    await settle();
    expect(harness.server.all("puback")).toHaveLength(0);
    value?.acknowledge();
    await harness.server.expect("puback", 2);
  });

  it("on receipt has nothing left to acknowledge", async () => {
    const harness = await connected();
    const subscription = await harness.client.subscribe("a", { qos: 1, ack: "on-receipt" });
    harness.server.publish("a", "buffered", { qos: 1 });
    await harness.server.expect("puback");
    await subscription.unsubscribe();
    await settle();
    expect(harness.server.all("puback")).toHaveLength(1);
    expect(subscription.dropped).toBe(1);
  });
});

describe("unsubscribe", () => {
  it("ends the subscriptions that have no filter left, and says what the server said", async () => {
    const harness = await connected({
      answers: {
        unsubscribe: ({ packetIdentifier }) => [{ type: "unsuback", packetIdentifier, reasonCodes: [0, 0x11] }],
      },
    });
    const { client, server } = harness;
    const ended = await client.subscribe("a");
    const alsoEnded = await client.subscribe("a", {}, () => undefined);
    const stays = await client.subscribe(["a", "b"]);
    server.publish("a", "before");
    expect(await take(stays, 1)).toEqual(["before"]);
    expect(await take(ended, 1)).toEqual(["before"]);
    const taking = take(ended, 1);
    await settle();
    expect(await client.unsubscribe(["a", "unknown"])).toEqual([
      { filter: "a", reasonCode: 0 },
      { filter: "unknown", reasonCode: 0x11 },
    ]);
    expect(await taking).toEqual([]);
    expect(await take(stays, 0)).toEqual([]);
    server.publish("a", "late");
    server.publish("b", "still");
    expect(await take(stays, 1)).toEqual(["still"]);
    await alsoEnded.unsubscribe();
    expect(server.all("unsubscribe")).toHaveLength(1);
  });

  it("takes one filter, also in MQTT 3.1.1, whose answer says nothing", async () => {
    const harness = await connected({ version: 4 });
    expect(await harness.client.unsubscribe("a")).toEqual([{ filter: "a", reasonCode: 0 }]);
  });

  it("can be given up", async () => {
    const harness = await connected({ answers: { unsubscribe: () => [] } });
    const controller = new AbortController();
    const aborted = watch(harness.client.unsubscribe("a", { signal: controller.signal }));
    const late = watch(harness.client.unsubscribe("a", { timeoutMs: 10 }));
    await settle();
    controller.abort(new Error("enough"));
    await harness.environment.advance(10);
    expect(aborted).toMatchObject({ state: "rejected", error: { message: "enough" } });
    expect(late.error).toBeInstanceOf(TimeoutError);
    await expect(harness.client.unsubscribe("a", { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

describe("the end of a subscription", () => {
  it("by disconnect comes after what had come", async () => {
    const harness = await connected();
    const subscription = await harness.client.subscribe("a");
    harness.server.publish("a", "1");
    harness.server.publish("a", "2");
    await settle();
    await harness.client.disconnect();
    expect(await take(subscription, 5)).toEqual(["1", "2"]);
    expect(await take(subscription, 5)).toEqual([]);
    await subscription.unsubscribe();
  });

  it("by the loss of the connection throws, after what had come", async () => {
    const harness = await connected({ options: { reconnect: false } });
    const subscription = await harness.client.subscribe("a");
    const waiting = watch(take(await harness.client.subscribe("b"), 1));
    harness.server.publish("a", "1");
    await settle();
    const failure = new TransportError("Reset by the server");
    harness.server.lose(failure);
    await settle();
    expect(waiting.error).toBe(failure);
    const iterator = subscription[Symbol.asyncIterator]();
    expect((await iterator.next()).value?.text()).toBe("1");
    await expect(iterator.next()).rejects.toBe(failure);
    await iterator.return?.();
  });

  it("never counts as an unhandled rejection of a message that was asked for", async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", note);
    const { client, server } = await connected({ options: { reconnect: false } });
    const next = (await client.subscribe("a"))[Symbol.asyncIterator]().next();
    server.end();
    await until(() => client.state === "closed");
    await new Promise((resolve) => void setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(rejections).toEqual([]);
    await expect(next).rejects.toBeInstanceOf(TransportError);
  });

  it("is not felt by what is subscribed to after connecting again", async () => {
    const harness = await connected();
    const handling = gate();
    await harness.client.subscribe("a", { qos: 1 }, () => handling.promise);
    harness.server.publish("a", "old", { qos: 1 });
    await settle();
    harness.client.close();
    await harness.client.connect();
    const fresh = await harness.client.subscribe("a", { qos: 1 });
    handling.open();
    harness.server.publish("a", "new", { qos: 1 });
    expect(await take(fresh, 1)).toEqual(["new"]);
    await settle();
    expect(harness.server.all("puback")).toHaveLength(0);
    await fresh.unsubscribe();
    await harness.server.expect("puback");
    expect(harness.server.all("puback")).toHaveLength(1);
  });
});
