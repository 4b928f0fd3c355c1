import { describe, expect, it } from "vitest";
import { connected, gate, Harness, type HarnessOptions } from "../../testing/client-harness.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import { firstConsumerPatienceMs, inboundBytesLimit } from "../limits.ts";
import { MemorySessionStore, type SessionStore } from "../session-store.ts";
import type { Message } from "./message.ts";

const texts = ["1", "2", "3", "4", "5"];

/** A client whose server has a Session for it, of a process before. */
function resumed({ options, answers, ...rest }: HarnessOptions = {}): Promise<Harness> {
  return connected({
    ...rest,
    options: {
      ...{ clientId: "kitchen", cleanStart: false, reconnect: { retry: (): number => 0 } },
      ...(rest.version === 4 ? {} : { sessionExpiryInterval: 60 }),
      ...options,
    },
    answers: { connect: () => [{ type: "connack", sessionPresent: true }], ...answers },
  });
}

/** The server sends what has waited for the client: each text with a Packet Identifier of its own. */
async function send({ server }: Harness, qos: 1 | 2, properties = {}, topic = "a/b"): Promise<void> {
  for (const text of texts) server.publish(topic, text, { qos, packetIdentifier: Number(text), properties });
  await until(() => server.unread === 0);
  await settle();
}

function acknowledged({ server }: Harness): number[] {
  return [...server.all("puback"), ...server.all("pubrec")].map(({ packetIdentifier }) => packetIdentifier);
}

/** The store of a process that subscribed, with this identifier. */
async function storeOf(topicFilter: string, identifier: number): Promise<SessionStore> {
  const store = new MemorySessionStore();
  const { client } = await connected({ options: { session: store, clientId: "kitchen", sessionExpiryInterval: 60 } });
  await client.subscribe(topicFilter, { qos: 2, identifier });
  client.close();
  await settle();
  return store;
}

describe("messages of a resumed session that come before anybody has subscribed", () => {
  it.each([
    [1, 4, false],
    [1, 5, false],
    [1, 5, true],
    [2, 4, false],
    [2, 5, false],
    [2, 5, true],
  ] as const)(
    "come to the first subscribe, each once and in order (QoS %i, %i, store %s)",
    async (qos, version, kept) => {
      const session = kept ? await storeOf("a/#", 7) : undefined;
      const harness = await resumed({ version, options: { session } });
      await send(harness, qos);
      expect(acknowledged(harness)).toEqual([]);
      expect(harness.client.inflight.incoming).toHaveLength(5);
      const seen: string[] = [];
      await harness.client.subscribe("a/#", { qos }, (message) => seen.push(message.text()));
      await harness.server.expect(qos === 1 ? "puback" : "pubcomp", 5);
      expect(seen).toEqual(texts);
      expect(acknowledged(harness)).toEqual([1, 2, 3, 4, 5]);
      harness.server.publish("a/c", "6", { qos, packetIdentifier: 6 });
      await until(() => seen.length === 6);
      await harness.environment.advance(firstConsumerPatienceMs);
      expect(seen).toEqual([...texts, "6"]);
    },
  );

  it.each([
    ["a/#", [7]],
    ["a/+", [7]],
    ["a/#", [9]],
    ["a/+", [7, 9]],
  ] as const)("come to %s, although they have identifiers %s of an earlier one", async (filter, identifiers) => {
    for (const session of [undefined, await storeOf("a/#", 7)]) {
      const harness = await resumed({ options: { session } });
      await send(harness, 2, { subscriptionIdentifiers: identifiers });
      const seen: string[] = [];
      await harness.client.subscribe("b", { identifier: 9 }, () => seen.push("b"));
      await harness.client.subscribe(filter, { qos: 2, identifier: 3 }, (message) => seen.push(message.text()));
      await harness.server.expect("pubcomp", 5);
      expect(seen).toEqual(texts);
    }
  });

  it("come to it when the grace time is over where only their identifiers were those of others", async () => {
    const harness = await resumed();
    const log = harness.record("log");
    const seen: string[] = [];
    await harness.client.subscribe("b", { identifier: 9 }, () => seen.push("b"));
    await harness.client.subscribe("a/#", { identifier: 8 }, (message) => seen.push(message.text()));
    await send(harness, 1, { subscriptionIdentifiers: [9] });
    expect(seen).toEqual([]);
    await harness.environment.advance(firstConsumerPatienceMs);
    await harness.server.expect("puback", 5);
    expect(seen).toEqual(texts);
    expect(log.filter(({ event }) => event.message.startsWith("Nobody"))).toEqual([]);
  });

  it("come to whom they are for, of several, and are acknowledged in the order of all", async () => {
    const harness = await resumed();
    const seen: string[] = [];
    const take = ({ topic }: Message): unknown => seen.push(topic);
    for (const [index, topic] of ["a", "b", "c", "b", "a"].entries()) {
      harness.server.publish(topic, "", { qos: 1, packetIdentifier: index + 1 });
    }
    await settle();
    await harness.client.subscribe("b", { qos: 1 }, take);
    await settle();
    expect([seen, acknowledged(harness)]).toEqual([["b", "b"], []]);
    await harness.client.subscribe("a", { qos: 1 }, take);
    await harness.server.expect("puback", 2);
    await settle();
    expect([seen, acknowledged(harness)]).toEqual([
      ["b", "b", "a", "a"],
      [1, 2],
    ]);
    await harness.client.subscribe(["c", "d"], { qos: 1 }, take);
    await harness.server.expect("puback", 5);
    expect([seen.slice(4), acknowledged(harness)]).toEqual([["c"], [1, 2, 3, 4, 5]]);
  });

  it("come to who loops over the subscription, and are acknowledged when it is done with them", async () => {
    const harness = await resumed();
    await send(harness, 1);
    const seen: string[] = [];
    const subscription = await harness.client.subscribe("a/#", { qos: 1 });
    await harness.environment.advance(firstConsumerPatienceMs);
    expect([subscription.buffered, acknowledged(harness)]).toEqual([5, []]);
    for await (const message of subscription) if (seen.push(message.text()) === 5) break;
    await harness.server.expect("puback", 5);
    expect(seen).toEqual(texts);
  });

  it.each([1, 2] as const)("come to a listener, before what comes later, once it can call itself off", async (qos) => {
    const harness = await resumed();
    await send(harness, qos);
    const seen: string[] = [];
    const off = harness.client.on("message", ({ message, subscriptions }) => {
      expect([typeof off, subscriptions]).toEqual(["function", []]);
      seen.push(message.text());
    });
    expect(seen).toEqual([]);
    await harness.server.expect(qos === 1 ? "puback" : "pubcomp", 5);
    expect(seen).toEqual(texts);
    off();
    harness.server.publish("a/b", "6", { qos, packetIdentifier: 6 });
    await settle();
    expect(acknowledged(harness)).toHaveLength(5);
  });

  it("come to a listener before a message that comes at the very moment", async () => {
    const harness = await resumed();
    await send(harness, 1);
    const seen: string[] = [];
    const listen = ({ direction }: { direction: string }): void => {
      if (direction !== "in") return;
      off();
      harness.client.on("message", ({ message }) => seen.push(message.text()));
    };
    const off = harness.client.on("packet", listen);
    harness.server.publish("a/b", "6", { qos: 1, packetIdentifier: 6 });
    await harness.server.expect("puback", 6);
    expect(seen).toEqual([...texts, "6"]);
  });

  it.each([1, 2] as const)("are acknowledged when the time is over, and the log says so once (QoS %i)", async (qos) => {
    const harness = await resumed();
    const log = harness.record("log");
    await send(harness, qos);
    await harness.environment.advance(firstConsumerPatienceMs - 1);
    expect(acknowledged(harness)).toEqual([]);
    await harness.environment.advance(1);
    await harness.server.expect(qos === 1 ? "puback" : "pubcomp", 5);
    const lost = "Nobody consumes 5 messages: subscribe, or listen, within 10000 ms of connecting";
    expect(log.map(({ event }) => event)).toEqual([{ level: "info", type: "session", message: lost }]);
    // From then on, what nobody consumes is acknowledged at once.
    harness.server.publish("a/b", "6", { qos, packetIdentifier: 6 });
    await until(() => acknowledged(harness).length === 6);
    await harness.environment.advance(firstConsumerPatienceMs);
    expect(log).toHaveLength(1);
  });

  it("are not what comes at QoS 0, nor what comes in a new session", async () => {
    const harness = await resumed();
    harness.server.publish("a/b", "0");
    await settle();
    const seen: string[] = [];
    await harness.client.subscribe("a/#", (message) => seen.push(message.text()));
    await settle();
    expect(seen).toEqual([]);

    const other = await resumed({ answers: { connect: () => [{ type: "connack" }] } });
    await send(other, 2);
    expect(acknowledged(other)).toEqual([1, 2, 3, 4, 5]);
  });

  it("count as what waits for a consumer: reading pauses", async () => {
    const harness = await resumed();
    for (let packetIdentifier = 1; packetIdentifier <= 20; packetIdentifier += 1) {
      const payload = new Uint8Array(inboundBytesLimit / 16);
      harness.server.publish("a/b", "", { qos: 1, packetIdentifier, payload });
    }
    await settle(100);
    expect(harness.server.unread).toBeGreaterThan(0);
    let count = 0;
    await harness.client.subscribe("a/#", { qos: 1 }, () => (count += 1));
    await harness.server.expect("puback", 20);
    expect(count).toBe(20);
  });
});

describe("when the connection is lost while messages wait for their first consumer", () => {
  it.each([1, 2] as const)("the server sends them again, and they are new (QoS %i)", async (qos) => {
    const harness = await resumed();
    await send(harness, qos);
    harness.server.end();
    await until(() => harness.servers.length === 2 && harness.client.state === "connected");
    const seen: string[] = [];
    await harness.client.subscribe("a/#", { qos }, (message) => seen.push(message.text()));
    expect(seen).toEqual([]);
    await send(harness, qos);
    expect(seen).toEqual(texts);
    expect(acknowledged(harness)).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([1, 2] as const)("the next connection holds nothing: it has had its time (QoS %i)", async (qos) => {
    const harness = await resumed();
    await send(harness, qos);
    harness.server.end();
    await until(() => harness.servers.length === 2 && harness.client.state === "connected");
    await send(harness, qos);
    expect(acknowledged(harness)).toEqual([1, 2, 3, 4, 5]);
  });

  it("its bytes are free again", async () => {
    const harness = await resumed();
    const payload = new Uint8Array(inboundBytesLimit * 0.75);
    harness.server.publish("a", "", { qos: 1, payload });
    await settle(100);
    harness.server.end();
    await until(() => harness.servers.length === 2 && harness.client.state === "connected");
    await harness.client.subscribe("a", { qos: 1 });
    harness.server.publish("a", "", { qos: 1, payload, duplicate: true });
    harness.server.publish("b", "", { qos: 1, packetIdentifier: 2 });
    await settle(100);
    expect(harness.server.unread).toBe(0);
  });

  it.each(["close", "disconnect"] as const)(
    "%s leaves them with the server, and nothing behind; connected anew, they wait once more",
    async (how) => {
      for (const qos of [1, 2] as const) {
        const harness = await resumed();
        await send(harness, qos);
        await harness.client[how]();
        await settle();
        expect(acknowledged(harness)).toEqual([]);
        expect(harness.environment.pendingTimers).toBe(0);
        await harness.client.connect();
        await send(harness, qos);
        expect(acknowledged(harness)).toEqual([]);
        const seen: string[] = [];
        await harness.client.subscribe("a/#", { qos }, (message) => seen.push(message.text()));
        await settle();
        expect([seen, acknowledged(harness)]).toEqual([texts, [1, 2, 3, 4, 5]]);
      }
    },
  );

  it("a handler that closes the client gets no more of them", async () => {
    const harness = await resumed();
    await send(harness, 2);
    const seen: string[] = [];
    const subscribing = harness.client.subscribe("a/#", { qos: 2 }, (message) => {
      seen.push(message.text());
      harness.client.close();
    });
    await expect(subscribing).rejects.toMatchObject({ name: "ClosedError" });
    expect(seen).toEqual(["1"]);
  });

  it("a handler that wants the first again gets all again, in order", async () => {
    const harness = await resumed();
    await send(harness, 2);
    const seen: string[] = [];
    void harness.client.subscribe("a/#", { qos: 2, onHandlerError: "redeliver" }, (message) => {
      if (seen.push(message.text()) === 1) throw new Error("No");
    });
    await until(() => harness.servers.length === 2 && harness.client.state === "connected");
    await send(harness, 2);
    expect(seen).toEqual(["1", ...texts]);
  });

  it("an attempt that failed before was not the first connection", async () => {
    let attempts = 0;
    const harness = new Harness({
      options: { cleanStart: false, reconnect: { retry: () => 0, retryInitial: true } },
      answers: {
        connect: () => [
          (attempts += 1) === 1 ? { type: "connack", reasonCode: 0x88 } : { type: "connack", sessionPresent: true },
        ],
      },
    });
    await harness.client.connect();
    expect(attempts).toBe(2);
    await send(harness, 1);
    expect(acknowledged(harness)).toEqual([]);
    harness.client.close();
  });
});

describe("with what another process had acknowledged, and was not done with", () => {
  /** The store of such a process. */
  async function heldStore(): Promise<SessionStore> {
    const store = new MemorySessionStore();
    const { client, server } = await connected({
      options: { session: store, clientId: "kitchen", sessionExpiryInterval: 60 },
    });
    const { promise } = gate();
    await client.subscribe("a/#", { qos: 2, ack: "on-receipt" }, () => promise);
    server.publish("a/b", "0", { qos: 2, packetIdentifier: 9 });
    await server.expect("pubcomp");
    await settle();
    client.close();
    await settle();
    return store;
  }

  it("it comes first", async () => {
    const harness = await resumed({ options: { session: await heldStore() } });
    await send(harness, 2);
    const seen: string[] = [];
    harness.client.on("message", ({ message }) => seen.push(message.text()));
    await harness.server.expect("pubcomp", 5);
    expect(seen).toEqual(["0", ...texts]);
  });

  it("it waits for longer than the others", async () => {
    const harness = await resumed({ options: { session: await heldStore() } });
    const log = harness.record("log");
    await send(harness, 2);
    await harness.environment.advance(firstConsumerPatienceMs);
    await harness.server.expect("pubcomp", 5);
    expect(log).toMatchObject([{ event: { message: expect.stringMatching(/^Nobody consumes 5 /) as string } }]);
    const seen: string[] = [];
    await harness.client.subscribe("a/#", { qos: 2 }, (message) => seen.push(message.text()));
    expect(seen).toEqual(["0"]);
  });
});
