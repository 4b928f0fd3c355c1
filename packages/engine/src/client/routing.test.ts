import { describe, expect, it } from "vitest";
import { connected, type Harness, type HarnessOptions } from "../../testing/client-harness.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import { MemorySessionStore } from "../session-store.ts";

const empty = new Uint8Array(0);

/** Subscribes with a handler that keeps what comes for it, in short. */
async function collect(harness: Harness, filters: string | string[], options = {}): Promise<string[]> {
  const seen: string[] = [];
  await harness.client.subscribe(filters, options, ({ topic, subscriptionIdentifiers }) => {
    seen.push(`${topic} ${subscriptionIdentifiers.join("+")}`.trim());
  });
  return seen;
}

/** The server sends one copy, with Subscription Identifiers or without. */
async function send({ server }: Harness, topicName: string, ...subscriptionIdentifiers: number[]): Promise<void> {
  const properties = subscriptionIdentifiers.length > 0 ? { properties: { subscriptionIdentifiers } } : {};
  server.send({ type: "publish", topicName, payload: empty, ...properties });
  await settle();
}

/** The identifiers of the SUBSCRIBEs, in order. */
function identifiers({ server }: Harness): (number | undefined)[] {
  return server.all("subscribe").map(({ properties }) => properties?.subscriptionIdentifier);
}

const [highest, next, third] = [268_435_455, 268_435_454, 268_435_453] as const;

describe("Subscription Identifiers", () => {
  it("count down from the highest, one for each subscription", async () => {
    const harness = await connected();
    for (const filters of ["a", ["b", "c"], "d"]) await harness.client.subscribe(filters);
    expect(identifiers(harness)).toEqual([highest, next, third]);
  });

  it("are those of the filter, where it has one", async () => {
    const harness = await connected();
    for (const filters of ["a", ["b", "c"], "a", ["c", "b"], "b", ["a", "b"]]) await harness.client.subscribe(filters);
    expect(identifiers(harness)).toEqual([highest, next, highest, next, next, third]);
    // The latest wins: from here on a and b have the third.
    await harness.client.subscribe(["a", "b"]);
    expect(identifiers(harness).at(-1)).toBe(third);
  });

  it("are the user's own, where there is one", async () => {
    const harness = await connected();
    await harness.client.subscribe("a", { identifier: 7 });
    await harness.client.subscribe("a");
    await harness.client.subscribe("b", { identifier: highest });
    await harness.client.subscribe("c");
    expect(identifiers(harness)).toEqual([7, 7, highest, next]);
  });

  it.each<[string, HarnessOptions]>([
    [
      "has none",
      { answers: { connect: () => [{ type: "connack", properties: { subscriptionIdentifierAvailable: 0 } }] } },
    ],
    ["is of MQTT 3.1.1", { version: 4 }],
  ])("are absent where the server %s", async (_, options) => {
    const harness = await connected(options);
    const [one, other] = [await collect(harness, "a/#"), await collect(harness, "a/b")];
    expect(identifiers(harness)).toEqual([undefined, undefined]);
    await send(harness, "a/b");
    expect([one, other]).toEqual([["a/b"], ["a/b"]]);
  });
});

describe("pains #16: a message is for", () => {
  it("the subscription of its identifier, once, where the server makes a copy for each", async () => {
    const harness = await connected();
    const [wide, narrow] = [await collect(harness, "a/#"), await collect(harness, "a/b")];
    await send(harness, "a/b", highest);
    await send(harness, "a/b", next);
    expect([wide, narrow]).toEqual([[`a/b ${highest}`], [`a/b ${next}`]]);
  });

  it("[MQTT-3.3.4-4] all subscriptions of its identifiers, once each, where the server makes one copy", async () => {
    const harness = await connected();
    const [wide, narrow, other] = [
      await collect(harness, "a/#"),
      await collect(harness, "a/b"),
      await collect(harness, "+/b"),
    ];
    await send(harness, "a/b", highest, next);
    expect([wide, narrow, other]).toEqual([[`a/b ${highest}+${next}`], [`a/b ${highest}+${next}`], []]);
    await send(harness, "a/b", third);
    expect([wide.length, narrow.length, other.length]).toEqual([1, 1, 1]);
  });

  it("only those whose filter matches too", async () => {
    const harness = await connected();
    const [one, other] = [
      await collect(harness, "a", { identifier: 5 }),
      await collect(harness, "b", { identifier: 5 }),
    ];
    await send(harness, "a", 5);
    expect([one, other]).toEqual([["a 5"], []]);
  });

  it("once for a subscription that has several of its filters", async () => {
    const harness = await connected();
    const seen = await collect(harness, ["a/#", "a/b", "+/b"]);
    await send(harness, "a/b", highest);
    expect(seen).toHaveLength(1);
  });

  it("all that match, where it has no identifier, or one that nobody knows", async () => {
    const harness = await connected();
    const [wide, narrow] = [await collect(harness, "a/#"), await collect(harness, "a/b")];
    await send(harness, "a/b");
    await send(harness, "a/b", 1, 2);
    expect([wide.length, narrow.length]).toEqual([2, 2]);
    await send(harness, "a/b", 1, next);
    expect([wide.length, narrow.length]).toEqual([2, 3]);
  });

  it("whoever shares the filter, also with the identifier that it had before", async () => {
    const harness = await connected();
    const first = await collect(harness, "a");
    const second = await collect(harness, "a", { identifier: 3 });
    await collect(harness, "#", { identifier: 4 });
    await send(harness, "a", highest);
    await send(harness, "a", 3);
    expect([first.length, second.length]).toEqual([2, 2]);
  });

  it("nobody any more, once its subscription has been left; the others go on", async () => {
    const harness = await connected();
    const left = await harness.client.subscribe("a/#");
    const seen = await collect(harness, "a/b");
    await left.unsubscribe();
    await send(harness, "a/b", next);
    expect(seen).toHaveLength(1);
  });

  it("the same after a reconnect that has lost the Session: identifiers are kept", async () => {
    const harness = await connected({ options: { reconnect: { retry: () => 0 } } });
    const [wide, narrow] = [await collect(harness, "a/#"), await collect(harness, "a/b")];
    harness.server.end();
    await until(() => harness.servers.length === 2 && harness.server.all("subscribe").length === 2);
    await settle();
    expect(identifiers(harness)).toEqual([highest, next]);
    await send(harness, "a/b", next);
    expect([wide, narrow]).toEqual([[], [`a/b ${next}`]]);
  });
});

describe("a subscription of another process", () => {
  /** A client that goes on with the Session of one that had subscribed to old/#. */
  async function restarted(): Promise<Harness> {
    const session = new MemorySessionStore();
    const options = { session, clientId: "kitchen", sessionExpiryInterval: 60 };
    const before = await connected({ options });
    await before.client.subscribe("old/#");
    before.client.close();
    return connected({ options, answers: { connect: () => [{ type: "connack", sessionPresent: true }] } });
  }

  it("has messages that are for nobody here, but for the listener to all", async () => {
    const harness = await restarted();
    const seen = await collect(harness, "old/new");
    const events = harness.record("message");
    await send(harness, "old/new", highest);
    expect(seen).toEqual([]);
    expect(events).toMatchObject([{ event: { message: { topic: "old/new" }, subscriptions: [] } }]);
    expect(identifiers(harness)).toEqual([next]);
  });

  it("is taken up by whoever subscribes to the same filter: messages that are on their way come to it", async () => {
    const harness = await restarted();
    harness.server.answers.subscribe = () => [];
    const subscribing = collect(harness, "old/#");
    await harness.server.expect("subscribe");
    expect(identifiers(harness)).toEqual([highest]);
    await send(harness, "old/x", highest);
    harness.server.send({ type: "suback", packetIdentifier: 1, reasonCodes: [0] });
    expect(await subscribing).toEqual([`old/x ${highest}`]);
  });
});

describe("a subscription that nobody consumes", () => {
  it("is warned about once, and messages of others are not held up for ever by it", async () => {
    const harness = await connected();
    const log = harness.record("log");
    await harness.client.subscribe("a", { highWaterMark: 2 });
    for (let count = 0; count < 6; count++) harness.server.publish("a", `${count}`);
    await settle();
    const warnings = log.filter(({ event }) => event.message.includes("Nobody consumes the subscription to a"));
    expect(warnings).toHaveLength(1);
    await expect(harness.client.publish("b", "", { qos: 1 })).resolves.toMatchObject({ reasonCode: 0 });
    expect(log.filter(({ event }) => event.message.includes("Nobody consumes"))).toHaveLength(1);
  });

  it("is not warned about where somebody does, if slowly, nor with a listener to all", async () => {
    const harness = await connected();
    const log = harness.record("log");
    const slow = await harness.client.subscribe("a", { highWaterMark: 2 });
    const iterator = slow[Symbol.asyncIterator]();
    const first = iterator.next();
    for (let count = 0; count < 6; count++) harness.server.publish("a", `${count}`);
    await first;
    await settle();
    expect(log.filter(({ event }) => event.message.includes("Nobody consumes"))).toEqual([]);
    const other = await connected();
    const otherLog = other.record("log");
    other.client.on("message", () => undefined);
    await other.client.subscribe("a", { highWaterMark: 1 });
    for (let count = 0; count < 6; count++) other.server.publish("a", `${count}`);
    await settle();
    expect(otherLog.filter(({ event }) => event.message.includes("Nobody consumes"))).toEqual([]);
  });
});
