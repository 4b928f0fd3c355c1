import type { PacketOf } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { connected, gate, watch, type Harness, type HarnessOptions } from "../../testing/client-harness.ts";
import type { Answers } from "../../testing/scripted-server.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import type { ReconnectOptions } from "../options.ts";
import type { Message } from "./message.ts";

/** Reconnects without a delay. */
const reconnect: ReconnectOptions = { retry: () => 0 };
const silent = { publish: () => [], subscribe: () => [], unsubscribe: () => [], pubrel: () => [] };

/** A client whose server keeps the Session, or has lost it. */
function kept(options: HarnessOptions = {}, hasSession = true): Promise<Harness> {
  const answers = {
    connect: ({ cleanStart }: PacketOf<"connect">) => [
      { type: "connack", sessionPresent: hasSession && !cleanStart } as const,
    ],
    ...options.answers,
  };
  return connected({ ...options, answers, options: { reconnect, sessionExpiryInterval: 60, ...options.options } });
}

/** What the server of the next connection answers when it is not silent any more. */
function hearing({ answers: { connect } }: Harness): Answers {
  return connect === undefined ? {} : { connect };
}

/** Loses the connection, and waits for the next. */
async function lose(harness: Harness): Promise<void> {
  const { length } = harness.servers;
  harness.server.end();
  await until(() => harness.servers.length > length && harness.client.state === "connected");
  await settle();
}

function topics({ server }: Harness): string[] {
  return server.all("publish").map(({ topicName, duplicate }) => `${topicName}${duplicate ? "*" : ""}`);
}

describe("messages under way when the connection is lost", () => {
  it.each([1, 2] as const)("pains #4: [MQTT-4.4.0-1] settle on the next connection, once, at QoS %i", async (qos) => {
    const harness = await kept({ answers: silent });
    const publishing = watch(harness.client.publish("a", "1", { qos }));
    await harness.server.expect("publish");
    harness.answers = hearing(harness);
    await lose(harness);
    await until(() => publishing.state === "fulfilled");
    expect(topics(harness)).toEqual(["a*"]);
    expect(harness.client.state).toBe("connected");
  });

  it("pains #1: leave at once and together, and connected does not wait for them", async () => {
    const harness = await kept();
    harness.answers = { ...harness.answers, ...silent };
    const { length } = harness.servers;
    const seen: string[] = [];
    harness.server.end();
    harness.client.once("disconnected").then(
      () => seen.push("disconnected"),
      () => undefined,
    );
    await until(() => harness.client.state === "reconnecting");
    for (let count = 0; count < 100; count++)
      void harness.client.publish(`t${count}`, "", { qos: 1 }).catch(() => undefined);
    harness.client.on("connected", () => seen.push(`connected with ${harness.server.all("publish").length} sent`));
    await until(() => harness.servers.length > length);
    await until(() => harness.server.all("publish").length === 100);
    expect(harness.server.chunks.filter((chunk) => chunk.some(({ type }) => type === "publish"))).toHaveLength(1);
    expect(seen).toEqual(["disconnected", "connected with 0 sent"]);
    harness.client.close();
  });

  it("pains #2 #3: leave before what was published meanwhile, and all in order across QoS", async () => {
    const harness = await kept({ answers: silent });
    const results = [harness.client.publish("a", "", { qos: 1 })];
    await harness.server.expect("publish");
    harness.answers = hearing(harness);
    harness.server.end();
    await until(() => harness.client.state === "reconnecting");
    for (const [topic, qos] of [
      ["b", 0],
      ["c", 2],
      ["d", 1],
      ["e", 0],
    ] as const) {
      results.push(harness.client.publish(topic, "", { qos }));
    }
    await Promise.all(results);
    expect(topics(harness)).toEqual(["a*", "b", "c", "d", "e"]);
  });

  it("reject as sessionLost says when the server has lost the Session", async () => {
    const harness = await kept({ answers: silent }, false);
    const first = watch(harness.client.publish("a", "", { qos: 1 }));
    const second = watch(harness.client.publish("b", "", { qos: 2 }));
    await harness.server.expect("publish", 2);
    harness.answers = hearing(harness);
    await lose(harness);
    await until(() => first.state !== "pending");
    expect([first, second]).toMatchObject([
      { state: "fulfilled" },
      { state: "rejected", error: { name: "SessionLostError", stage: "pubrec" } },
    ]);
    expect(topics(harness)).toEqual(["a"]);
  });
});

describe("subscribing when the connection is lost", () => {
  it("goes on with the next connection", async () => {
    const harness = await kept({ answers: silent });
    const subscribing = harness.client.subscribe("a", { qos: 1 });
    const { packetIdentifier } = await harness.server.expect("subscribe");
    harness.answers = hearing(harness);
    await lose(harness);
    const subscription = await subscribing;
    expect(harness.server.all("subscribe")).toMatchObject([
      { packetIdentifier, subscriptions: [{ topicFilter: "a" }] },
    ]);
    expect(subscription.results).toEqual([{ filter: "a", qos: 1, reasonCode: 1 }]);
    harness.server.publish("a", "1", { qos: 1 });
    for await (const message of subscription) {
      expect(message.text()).toBe("1");
      break;
    }
  });

  it("its time is that of its last attempt, however long there was no connection", async () => {
    const harness = await kept({
      answers: silent,
      options: { reconnect: { minDelayMs: 600_000, maxDelayMs: 600_000 } },
    });
    const subscribing = watch(harness.client.subscribe("a", { timeoutMs: 5_000 }));
    await harness.server.expect("subscribe");
    harness.server.end();
    await harness.environment.advance(30_000);
    expect(harness.client.state).toBe("reconnecting");
    expect(subscribing.state).toBe("pending");
    await harness.environment.advance(600_000);
    expect(harness.servers).toHaveLength(2);
    expect(subscribing).toMatchObject({ state: "rejected", error: { name: "TimeoutError", timeoutMs: 5_000 } });
  });

  it("given up while there is no connection, is not asked for again, nor unsubscribed from by mistake", async () => {
    const harness = await kept({ answers: silent });
    const controller = new AbortController();
    const subscribing = watch(harness.client.subscribe("a", { signal: controller.signal }));
    await harness.server.expect("subscribe");
    harness.answers = hearing(harness);
    harness.onOpen = () => {
      controller.abort();
      return settle();
    };
    await lose(harness);
    expect(subscribing.state).toBe("rejected");
    expect(harness.server.all("subscribe")).toEqual([]);
    // The server may have granted it.
    expect(harness.server.all("unsubscribe")).toMatchObject([{ topicFilters: ["a"] }]);
    expect(harness.client.exportSession().records).toEqual([]);
  });

  it("while there is no connection waits for one", async () => {
    const harness = await kept();
    harness.server.end();
    await until(() => harness.client.state === "reconnecting");
    const subscription = await harness.client.subscribe("a");
    expect(harness.servers).toHaveLength(2);
    expect(subscription.results).toHaveLength(1);
  });
});

describe("unsubscribing while there is no connection", () => {
  it.each([true, false])(
    "is done on the next one, and not subscribed to before; Session present: %s",
    async (hasSession) => {
      const harness = await kept({}, hasSession);
      const [one, other] = await Promise.all([harness.client.subscribe("a"), harness.client.subscribe("b")]);
      harness.server.end();
      await until(() => harness.client.state === "reconnecting");
      const leaving = [one.unsubscribe(), harness.client.unsubscribe("b")];
      await Promise.all(leaving);
      expect(harness.server.all("subscribe")).toEqual([]);
      expect(harness.server.all("unsubscribe")).toMatchObject([{ topicFilters: ["a"] }, { topicFilters: ["b"] }]);
      expect(harness.server.chunks[1]?.map(({ type }) => type)).toEqual(["unsubscribe", "unsubscribe"]);
      for await (const message of other) throw new Error(message.topic);
    },
  );

  it("heeds a signal that is aborted already, and one that is aborted then", async () => {
    const harness = await kept();
    harness.server.end();
    await until(() => harness.client.state === "reconnecting");
    await expect(harness.client.unsubscribe("a", { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
    const controller = new AbortController();
    const leaving = harness.client.unsubscribe("a", { signal: controller.signal });
    controller.abort();
    await expect(leaving).rejects.toThrow("aborted");
    await until(() => harness.client.state === "connected");
    await settle();
    expect(harness.server.all("unsubscribe")).toEqual([]);
  });

  it("leaving a loop is the same, and does not wait for it", async () => {
    const harness = await kept({}, false);
    const subscription = await harness.client.subscribe("a");
    harness.server.publish("a", "1");
    for await (const _ of subscription) {
      harness.server.end();
      await until(() => harness.client.state === "reconnecting");
      break;
    }
    expect(harness.client.state).toBe("reconnecting");
    await until(() => harness.client.state === "connected");
    await settle();
    expect(harness.server.all("subscribe")).toEqual([]);
    expect(harness.server.all("unsubscribe")).toMatchObject([{ topicFilters: ["a"] }]);
  });
});

describe("subscriptions", () => {
  it("pains #17: live on over connections, doubled by none, and are made again when the server has lost them", async () => {
    const harness = await kept();
    const texts: string[] = [];
    await harness.client.subscribe(["a", "b"], { qos: 1 }, (message) => {
      texts.push(message.text());
    });
    for (const hasSession of [true, false]) {
      harness.answers = { ...harness.answers, connect: () => [{ type: "connack", sessionPresent: hasSession }] };
      await lose(harness);
      expect(harness.server.all("subscribe")).toHaveLength(hasSession ? 0 : 1);
      harness.server.publish("a", `${hasSession}`, { qos: 1 });
      await harness.server.expect("puback");
    }
    expect(texts).toEqual(["true", "false"]);
  });

  it("that the server does not grant again end, after what had come, and the client tells of it", async () => {
    const harness = await kept({}, false);
    const errors = harness.record("error");
    const logged = harness.record("log");
    const both = await harness.client.subscribe(["a", "b"]);
    const only = await harness.client.subscribe("a");
    const handled = await harness.client.subscribe("c", () => undefined);
    harness.server.publish("a", "before");
    await settle();
    harness.answers = {
      ...harness.answers,
      subscribe: ({ packetIdentifier, subscriptions }) => [
        {
          type: "suback",
          packetIdentifier,
          reasonCodes: subscriptions.map(({ topicFilter }) => (topicFilter === "a" ? 0x87 : 0)),
        },
      ],
    };
    await lose(harness);
    expect(errors).toMatchObject([
      { event: { error: { name: "SubscribeError", results: [{ filter: "a", reasonCode: 0x87 }] } } },
    ]);
    expect(logged.map(({ event }) => event)).toContainEqual({
      level: "info",
      type: "session",
      message: expect.stringMatching(/^Lost the subscriptions to \["a"\]: The server refused to subscribe/) as string,
    });
    const messages: Message[] = [];
    const ended = (async () => {
      for await (const message of only) messages.push(message);
    })();
    await expect(ended).rejects.toMatchObject({ name: "SubscribeError", reasonCode: 0x87 });
    expect(messages.map((message) => message.text())).toEqual(["before"]);
    harness.server.publish("b", "after");
    await settle();
    expect([both.buffered, handled.buffered]).toEqual([2, 0]);
    await both.unsubscribe();
    expect(harness.server.all("unsubscribe")).toMatchObject([{ topicFilters: ["b"] }]);
  });

  it("say in all results what was granted last", async () => {
    const harness = await connected();
    const first = await harness.client.subscribe(["a", "b"], { qos: 0 });
    const second = await harness.client.subscribe("a", { qos: 2 });
    expect([first.results, second.results]).toEqual([
      [
        { filter: "a", qos: 2, reasonCode: 2 },
        { filter: "b", qos: 0, reasonCode: 0 },
      ],
      [{ filter: "a", qos: 2, reasonCode: 2 }],
    ]);
    harness.server.answers.subscribe = ({ packetIdentifier }) => [
      { type: "suback", packetIdentifier, reasonCodes: [0x80] },
    ];
    await expect(harness.client.subscribe("a", { qos: 1 })).rejects.toMatchObject({ name: "SubscribeError" });
    expect(first.results[0]).toEqual({ filter: "a", qos: 2, reasonCode: 2 });
  });
});

describe("QoS 2 messages of the server", () => {
  it("[MQTT-4.3.3-10] whose handler is still at it when the connection is lost come once", async () => {
    const harness = await kept({ answers: { pubrec: () => [] } });
    const work = gate();
    const texts: string[] = [];
    await harness.client.subscribe("a", { qos: 2 }, async (message) => {
      texts.push(message.text());
      await work.promise;
    });
    harness.server.publish("a", "1", { qos: 2 });
    await until(() => texts.length === 1);
    await lose(harness);
    harness.server.send({
      type: "publish",
      topicName: "a",
      payload: new Uint8Array(1),
      qos: 2,
      packetIdentifier: 1,
      duplicate: true,
    });
    await settle();
    expect(harness.server.all("pubrec")).toEqual([]);
    work.open();
    expect(await harness.server.expect("pubrec")).toMatchObject({ packetIdentifier: 1, reasonCode: 0 });
    expect(texts).toEqual(["1"]);
  });
});

describe("connected", () => {
  it("is heard before anything is handled that came behind CONNACK, also in the same chunk, and before anything is sent", async () => {
    const harness = await kept({ answers: silent });
    void harness.client.publish("a", "", { qos: 1 }).catch(() => undefined);
    await harness.server.expect("publish");
    const seen: string[] = [];
    harness.client.on("connected", () => {
      seen.push(`connected ${harness.server.received.length} ${harness.client.inflight.incoming.length}`);
    });
    harness.client.on("message", ({ message }) => seen.push(message.topic));
    harness.onServer = (server) => {
      server.answers.connect = () => [
        { type: "connack", sessionPresent: true },
        { type: "publish", topicName: "m", payload: new Uint8Array(0), qos: 1, packetIdentifier: 1 },
      ];
      server.joinsAnswers = true;
    };
    await lose(harness);
    expect(seen).toEqual(["connected 1 0", "m"]);
    expect(harness.server.received.map(({ type }) => type)).toEqual(["connect", "puback", "publish"]);
    harness.client.close();
  });
});
