import { getEventListeners } from "node:events";
import type { PacketOf } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { connected, Harness, watch } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import { ClosedError, PublishError, QueueFullError, TimeoutError } from "../errors.ts";
import { batchBytesLimit } from "../limits.ts";

const texts = (packets: PacketOf<"publish">[]): string[] =>
  packets.map(({ payload }) => new TextDecoder().decode(payload));

describe("publish", () => {
  it("at QoS 0 resolves when the transport has taken the message", async () => {
    const harness = await connected();
    harness.server.stall();
    const published = watch(harness.client.publish("a", "b"));
    await settle();
    expect(published.state).toBe("pending");
    harness.server.resume();
    await settle();
    expect(published).toEqual({
      state: "fulfilled",
      value: { packetId: undefined, reasonCode: 0, reasonString: undefined, userProperties: [] },
    });
  });

  it("at QoS 1 resolves on PUBACK, with what it says", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const published = watch(harness.client.publish("a", "b", { qos: 1 }));
    const { packetIdentifier = 0 } = await harness.server.expect("publish");
    await settle();
    expect(published.state).toBe("pending");
    const properties = { reasonString: "nobody listens", userProperties: [["a", "b"] as [string, string]] };
    harness.server.send({ type: "puback", packetIdentifier, reasonCode: 0x10, properties });
    await settle();
    expect(published.value).toEqual({ packetId: packetIdentifier, reasonCode: 0x10, ...properties });
  });

  it("at QoS 2 resolves on PUBCOMP", async () => {
    const harness = await connected({ answers: { pubrel: () => [] } });
    const published = watch(harness.client.publish("a", "b", { qos: 2 }));
    const { packetIdentifier } = await harness.server.expect("pubrel");
    await settle();
    expect(published.state).toBe("pending");
    harness.server.send({ type: "pubcomp", packetIdentifier, reasonCode: 0x92 });
    await settle();
    expect(published.value).toMatchObject({ packetId: packetIdentifier, reasonCode: 0 });
  });

  it.each([
    [1, "puback"],
    [2, "pubrec"],
  ] as const)("at QoS %i rejects when the server does not take the message", async (qos, type) => {
    const properties = { reasonString: "not here", userProperties: [] };
    const harness = await connected({
      answers: { publish: ({ packetIdentifier = 0 }) => [{ type, packetIdentifier, reasonCode: 0x87, properties }] },
    });
    const error: unknown = await harness.client.publish("a/b", "c", { qos }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PublishError);
    expect(error).toMatchObject({ topic: "a/b", reasonCode: 0x87, reasonString: "not here" });
    expect(harness.client.state).toBe("connected");
  });

  it.each([4, 5] as const)("sends everything that it was given, in protocol version %i", async (version) => {
    const harness = await connected({ version });
    const properties = { contentType: "text/plain", payloadFormat: "utf-8", userProperties: [["a", "b"]] } as const;
    await harness.client.publish("a", "ü", { qos: 1, retain: true, ...(version === 5 ? properties : {}) });
    expect(harness.server.all("publish")).toMatchObject([
      { topicName: "a", payload: new TextEncoder().encode("ü"), qos: 1, retain: true, duplicate: false },
    ]);
    const sent = harness.server.all("publish")[0]?.properties;
    if (version === 5) expect(sent).toMatchObject({ contentType: "text/plain", payloadFormatIndicator: 1 });
    else expect(sent).toBeUndefined();
  });

  it("takes bytes in whatever view", async () => {
    const harness = await connected();
    const { buffer } = new Uint8Array([1, 2, 3, 4]);
    for (const payload of [new Uint8Array(buffer, 1, 2), buffer, new DataView(buffer, 2, 1)]) {
      await harness.client.publish("a", payload);
    }
    expect(harness.server.all("publish").map(({ payload }) => [...payload])).toEqual([[2, 3], [1, 2, 3, 4], [3]]);
  });

  it("that is forgotten is no unhandled rejection", async () => {
    const seen: unknown[] = [];
    const listener = (reason: unknown): void => {
      seen.push(reason);
    };
    process.on("unhandledRejection", listener);
    try {
      const harness = await connected({ answers: { publish: () => [] } });
      harness.server.stall();
      const forget = (qos: 0 | 1 | 2, options = {}): void => void harness.client.publish("a", "b", { qos, ...options });
      for (const qos of [0, 1, 2] as const) forget(qos);
      forget(0, { timeoutMs: 1000 });
      await settle();
      forget(0);
      harness.client.close();
      // Nor is anything that is forgotten afterwards, or wrong from the beginning.
      forget(0);
      void harness.client.publish("a/#", "b");
      void harness.client.subscribe("a");
      void harness.client.unsubscribe([]);
      void harness.client.disconnect({ timeoutMs: -1 });
      void harness.client.once("message");
      await settle();
    } finally {
      process.off("unhandledRejection", listener);
    }
    expect(seen).toEqual([]);
  });

  it("in one turn leaves in one chunk, in order", async () => {
    const harness = await connected();
    const { chunks } = harness.server;
    const published = Array.from({ length: 50 }, (_, index) =>
      harness.client.publish("a", `${index}`, { qos: (index % 3) as 0 | 1 | 2 }),
    );
    await Promise.all(published);
    expect(chunks[1]?.filter(({ type }) => type === "publish")).toHaveLength(50);
    expect(texts(harness.server.all("publish"))).toEqual(published.map((_, index) => `${index}`));
  });

  it("while a write is under way gathers into the next chunk", async () => {
    const harness = await connected();
    const { server, client } = harness;
    server.stall();
    const first = client.publish("a", "first");
    await settle();
    const second = [1, 2, 3].map((number) => client.publish("a", `${number}`));
    await settle();
    server.resume();
    await Promise.all([first, ...second]);
    expect(server.chunks.slice(1).map((chunk) => chunk.length)).toEqual([1, 3]);
  });

  it("before and while connecting waits, in order", async () => {
    const harness = new Harness();
    const { client } = harness;
    const before = [client.publish("a", "1"), client.publish("a", "2", { qos: 2 })];
    expect(client.bufferedBytes).toBeGreaterThan(0);
    const connecting = client.connect();
    const meanwhile = [client.publish("a", "3", { qos: 1 }), client.publish("a", "4", { timeoutMs: 1000 })];
    await Promise.all([connecting, ...before, ...meanwhile]);
    expect(texts(harness.server.all("publish"))).toEqual(["1", "2", "3", "4"]);
    expect(client.bufferedBytes).toBe(0);
    expect(harness.environment.pendingTimers).toBe(1); // The connection's own.
  });

  it("does not overtake what waits for the server's quota", async () => {
    const harness = await connected({
      answers: { connect: () => [{ type: "connack", properties: { receiveMaximum: 1 } }], publish: () => [] },
    });
    const { server, client } = harness;
    const published = [1, 1, 0].map((qos, index) => watch(client.publish("a", `${index}`, { qos: qos as 0 | 1 })));
    await settle();
    expect(texts(server.all("publish"))).toEqual(["0"]);
    expect(client.readyToSend).toBe(false);
    server.send({ type: "puback", packetIdentifier: server.all("publish")[0]?.packetIdentifier ?? 0 });
    await settle();
    expect(texts(server.all("publish"))).toEqual(["0", "1", "2"]);
    expect(published.map(({ state }) => state)).toEqual(["fulfilled", "pending", "fulfilled"]);
  });

  it("rejects a caller's mistake, and the connection stays", async () => {
    const harness = await connected({
      answers: {
        connect: () => [{ type: "connack", properties: { maximumPacketSize: 100, maximumQoS: 1, retainAvailable: 0 } }],
      },
    });
    const { client } = harness;
    const attempts: [Promise<unknown>, string][] = [
      [client.publish("a/+", "b"), "ERR_INVALID_TOPIC"],
      [client.publish("", "b"), "ERR_INVALID_TOPIC"],
      [client.publish("a", "b", { qos: 3 as 2 }), "ERR_INVALID_OPTION"],
      [client.publish("a", "b", { colour: "red" } as object), "ERR_INVALID_OPTION"],
      [client.publish("a", 5 as unknown as string), "ERR_INVALID_OPTION"],
      [client.publish("a", "b", { timeoutMs: 0 }), "ERR_INVALID_OPTION"],
      [client.publish("a", "x".repeat(200)), "ERR_PACKET_TOO_LARGE"],
      [client.publish("a", "b", { qos: 2 }), "ERR_UNSUPPORTED"],
      [client.publish("a", "b", { retain: true }), "ERR_UNSUPPORTED"],
    ];
    for (const [attempt, code] of attempts) await expect(attempt).rejects.toMatchObject({ code });
    const older = await connected({ version: 4 });
    await expect(older.client.publish("a", "b", { contentType: "x" })).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED",
      feature: "contentType",
    });
    for (const { client: one, server } of [harness, older]) {
      await expect(one.publish("a", "b", { qos: 1 })).resolves.toMatchObject({ reasonCode: 0 });
      expect(server.all("publish")).toHaveLength(1);
    }
  });

  it("rejects when the client is closed", async () => {
    const harness = await connected();
    harness.client.close();
    await expect(harness.client.publish("a", "b")).rejects.toThrow(ClosedError);
  });
});

describe("signal and timeoutMs of publish", () => {
  it("take a message out of the queue before it is sent", async () => {
    const harness = new Harness();
    const controller = new AbortController();
    const aborted = watch(harness.client.publish("a", "aborted", { signal: controller.signal }));
    const late = watch(harness.client.publish("a", "late", { timeoutMs: 50, qos: 1 }));
    const patient = watch(harness.client.publish("a", "patient", { timeoutMs: Infinity }));
    controller.abort(new Error("changed my mind"));
    await harness.environment.advance(50);
    expect(aborted).toMatchObject({ state: "rejected", error: { message: "changed my mind" } });
    expect(late.error).toBeInstanceOf(TimeoutError);
    expect(late.error).toMatchObject({ timeoutMs: 50 });
    await harness.client.connect();
    await settle();
    expect(patient.state).toBe("fulfilled");
    expect(texts(harness.server.all("publish"))).toEqual(["patient"]);
  });

  it("reject only the promise once it is sent; the exchange goes on to its end", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const { server, client } = harness;
    const controller = new AbortController();
    const published = watch(client.publish("a", "b", { qos: 2, signal: controller.signal }));
    const { packetIdentifier = 0 } = await server.expect("publish");
    controller.abort();
    await settle();
    expect(published).toMatchObject({ state: "rejected", error: { name: "AbortError" } });
    server.send({ type: "pubrec", packetIdentifier });
    await server.expect("pubrel");
    expect(client.state).toBe("connected");
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("reject at QoS 0 when the transport takes too long", async () => {
    const harness = await connected();
    harness.server.stall();
    const published = watch(harness.client.publish("a", "b", { timeoutMs: 100 }));
    await harness.environment.advance(100);
    expect(published.error).toBeInstanceOf(TimeoutError);
    harness.server.resume();
    await settle();
    expect(harness.server.all("publish")).toHaveLength(1);
  });

  it("leave nothing behind when the message was published in time", async () => {
    const harness = await connected();
    const { signal } = new AbortController();
    for (const qos of [0, 1, 2] as const) await harness.client.publish("a", "b", { qos, signal, timeoutMs: 1000 });
    expect(harness.environment.pendingTimers).toBe(1); // The connection's own.
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("that is aborted already sends nothing", async () => {
    const harness = await connected();
    await expect(harness.client.publish("a", "b", { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    await settle();
    expect(harness.server.all("publish")).toHaveLength(0);
  });
});

describe("a transport that takes nothing", () => {
  it("bounds the messages that wait, and the bytes", async () => {
    for (const offlineQueue of [{ maxMessages: 10 }, { maxBytes: 10_500 }]) {
      const harness = await connected({ options: { offlineQueue } });
      const { server, client } = harness;
      server.stall();
      const payload = new Uint8Array(1000);
      const published = Array.from({ length: 200 }, () => watch(client.publish("a", payload)));
      await settle();
      const rejected = published.filter(({ state }) => state === "rejected");
      for (const { error } of rejected) expect(error).toBeInstanceOf(QueueFullError);
      // One batch, and what may wait beside it. All that was refused came after all that was taken.
      const taken = published.length - rejected.length;
      expect(taken).toBeLessThan(100);
      expect(published.slice(0, taken).every(({ state }) => state === "pending")).toBe(true);
      expect(client.bufferedBytes).toBeLessThan(batchBytesLimit + 12_000);
      expect(client.readyToSend).toBe(false);
      server.resume();
      await settle();
      expect(server.all("publish")).toHaveLength(taken);
      expect(published.slice(0, taken).every(({ state }) => state === "fulfilled")).toBe(true);
      expect(client.bufferedBytes).toBe(0);
      expect(client.readyToSend).toBe(true);
    }
  });

  it("is told by readyToSend, once, when it takes again", async () => {
    const harness = await connected();
    const { server, client } = harness;
    const events = harness.record("readyToSend");
    await client.publish("a", "small");
    expect(events).toEqual([]);
    server.stall();
    const published = Array.from({ length: 300 }, () => client.publish("a", new Uint8Array(1000)));
    await settle();
    expect(client.readyToSend).toBe(false);
    expect(events).toEqual([]);
    server.resume();
    await Promise.all(published);
    await settle();
    expect(events).toEqual([{ name: "readyToSend", event: { bufferedBytes: 0 } }]);
  });

  it("tells readyToSend of what waited for the connection too", async () => {
    const harness = new Harness();
    const events = harness.record("readyToSend");
    const published = harness.client.publish("a", "b");
    expect(harness.client.readyToSend).toBe(false);
    await harness.client.connect();
    await published;
    await settle();
    expect(events).toHaveLength(1);
  });
});

describe("publish of a Blob", () => {
  it("reads it, and sends the message then", async () => {
    const { client, server } = await connected();
    const published = client.publish("a", new Blob(["blob"]), { qos: 1, contentType: "text/plain" });
    void client.publish("a", "text");
    expect(await published).toMatchObject({ reasonCode: 0 });
    expect(texts(server.all("publish"))).toEqual(["text", "blob"]);
    expect(server.all("publish")[1]).toMatchObject({ qos: 1, properties: { contentType: "text/plain" } });
  });

  it("rejects when it cannot be read, and when the client is closed meanwhile", async () => {
    const { client, server } = await connected();
    const cause = new Error("gone");
    await expect(client.publish("a", { arrayBuffer: () => Promise.reject(cause) })).rejects.toMatchObject({
      name: "InvalidOptionError",
      option: "payload",
      cause,
    });
    const published = client.publish("a", new Blob(["blob"]));
    client.close();
    await expect(published).rejects.toThrow(ClosedError);
    expect(server.all("publish")).toHaveLength(0);
  });
});

describe("publish with duplicate", () => {
  it("sets DUP, which QoS 0 cannot have", async () => {
    const { client, server } = await connected();
    await client.publish("a", "", { qos: 1, duplicate: true });
    await client.publish("a", "", { qos: 2, duplicate: false });
    await expect(client.publish("a", "", { duplicate: true })).rejects.toMatchObject({ code: "ERR_MALFORMED_PACKET" });
    await expect(client.publish("a", "", { qos: 1, duplicate: 1 as never })).rejects.toMatchObject({
      option: "duplicate",
    });
    expect(server.all("publish").map(({ duplicate }) => duplicate)).toEqual([true, false]);
  });
});

describe("publish with topicAlias", () => {
  const answers = { connect: () => [{ type: "connack", properties: { topicAliasMaximum: 2 } } as const] };

  it("[MQTT-3.3.2-9] maps the topic, and goes without it from then on", async () => {
    const { client, server } = await connected({ answers });
    await client.publish("home/kitchen", "1", { topicAlias: 2 });
    await client.publish("", "2", { topicAlias: 2, qos: 1 });
    await client.publish("home/kitchen", "3", { topicAlias: 2 });
    expect(server.all("publish").map(({ topicName, properties }) => [topicName, properties?.topicAlias])).toEqual([
      ["home/kitchen", 2],
      ["", 2],
      ["", 2],
    ]);
    await expect(client.publish("a", "", { topicAlias: 3 })).rejects.toMatchObject({ feature: "topicAlias" });
    await expect(client.publish("", "", { topicAlias: 1 })).rejects.toMatchObject({ code: "ERR_INVALID_TOPIC" });
    await expect(client.publish("a", "", { topicAlias: 0 })).rejects.toMatchObject({ option: "topicAlias" });
  });

  it("needs MQTT 5.0", async () => {
    const { client } = await connected({ version: 4 });
    await expect(client.publish("a", "", { topicAlias: 1 })).rejects.toMatchObject({ feature: "topicAlias" });
  });
});
