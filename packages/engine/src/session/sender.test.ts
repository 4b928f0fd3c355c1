import { InvalidTopicError, PacketTooLargeError, ProtocolError, type ControlPacketInput } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { messageTo, SessionDriver } from "../../testing/session-driver.ts";
import { ClosedError, PacketIdExhaustedError, QueueFullError, TimeoutError, UnsupportedError } from "../errors.ts";
import { batchBytesLimit, defaultQueueBytes } from "../limits.ts";

const versions = [5, 4, 3] as const;

/** The contexts of the commands that have been answered. */
function answered(driver: SessionDriver): string[] {
  return driver.eventsOf("answered").map(({ context }) => context);
}

/** The topics of the messages that leave now. */
function topicsSent(driver: SessionDriver): string[] {
  return driver.sent().flatMap((packet) => (packet.type === "publish" ? [packet.topicName] : []));
}

function puback(packetIdentifier: number, reasonCode = 0): ControlPacketInput {
  return { type: "puback", packetIdentifier, reasonCode };
}

/** Expects that the Session takes the last packet for a breach of the protocol. */
function expectProtocolError(driver: SessionDriver): void {
  expect(driver.sentInShort().at(-1)).toBe("disconnect 0x82");
  expect(driver.eventsOf("ended")).toMatchObject([{ error: expect.any(ProtocolError) as unknown }]);
}

describe("a message", () => {
  test.each(versions)("[MQTT-4.3.1-1] at QoS 0 is sent once, without identifier or DUP, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    expect(driver.publish("a", { qos: 0 })).toBeUndefined();
    expect(driver.sent()).toStrictEqual([{ ...messageTo("a"), qos: 0 }]);
    expect(driver.events()).toStrictEqual([]);
    expect(driver.session.isAwaitingServer).toBe(false);
  });

  test.each(versions)("[MQTT-4.3.2-1] [MQTT-4.3.2-2] at QoS 1 ends with PUBACK, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.publish("a");
    expect(driver.sent()).toStrictEqual([{ ...messageTo("a"), packetIdentifier: 1 }]);
    expect(driver.session.isAwaitingServer).toBe(true);
    driver.receive(puback(1));
    const packet = { type: "puback", packetIdentifier: 1, reasonCode: 0 };
    expect(driver.events()).toStrictEqual([{ type: "answered", context: "a", packet }]);
    expect(driver.session.isAwaitingServer).toBe(false);
    expect(driver.sent()).toStrictEqual([]);
  });

  test.each(versions)("[MQTT-4.3.3-1] [MQTT-4.3.3-3] at QoS 2 ends with PUBCOMP, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.publish("a", { qos: 2 });
    expect(driver.sent()).toStrictEqual([{ ...messageTo("a"), qos: 2, packetIdentifier: 1 }]);
    driver.receive({ type: "pubrec", packetIdentifier: 1 });
    expect(driver.events()).toStrictEqual([]);
    expect(driver.sent()).toStrictEqual([{ type: "pubrel", packetIdentifier: 1, reasonCode: 0 }]);
    driver.receive({ type: "pubcomp", packetIdentifier: 1 });
    const packet = { type: "pubcomp", packetIdentifier: 1, reasonCode: 0 };
    expect(driver.events()).toStrictEqual([{ type: "answered", context: "a", packet }]);
    expect(driver.session.isAwaitingServer).toBe(false);
  });

  test("[MQTT-4.4.0-2] PUBACK of 0x80 or above ends it, and says why", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a");
    driver.receive({ ...puback(1, 0x97), type: "puback", packetIdentifier: 1, properties: { reasonString: "full" } });
    expect(driver.eventsOf("answered")).toMatchObject([
      { context: "a", packet: { reasonCode: 0x97, properties: { reasonString: "full" } } },
    ]);
    expect(driver.session.isAwaitingServer).toBe(false);
  });

  test("[MQTT-4.3.3-4] a PUBREC of 0x80 or above ends it without PUBREL", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a", { qos: 2 });
    driver.sent();
    driver.receive({ type: "pubrec", packetIdentifier: 1, reasonCode: 0x87 });
    expect(driver.sent()).toStrictEqual([]);
    expect(driver.eventsOf("answered")).toMatchObject([{ context: "a", packet: { type: "pubrec", reasonCode: 0x87 } }]);
    expect(driver.session.isAwaitingServer).toBe(false);
  });

  test("PUBREC of 0x10 is a success like 0x00", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a", { qos: 2 });
    driver.sent();
    driver.receive({ type: "pubrec", packetIdentifier: 1, reasonCode: 0x10 });
    expect(driver.sentInShort()).toStrictEqual(["pubrel 1"]);
  });

  test("[MQTT-4.3.3-4] a repeated PUBREC gets PUBREL again, and the exchange goes on", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a", { qos: 2 });
    driver.sent();
    driver.receive({ type: "pubrec", packetIdentifier: 1 }, { type: "pubrec", packetIdentifier: 1 });
    expect(driver.sentInShort()).toStrictEqual(["pubrel 1", "pubrel 1"]);
    driver.receive({ type: "pubcomp", packetIdentifier: 1 });
    expect(answered(driver)).toStrictEqual(["a"]);
  });

  test("PUBCOMP of 0x92 ends the exchange as well", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a", { qos: 2 });
    driver.receive({ type: "pubrec", packetIdentifier: 1 }, { type: "pubcomp", packetIdentifier: 1, reasonCode: 0x92 });
    expect(answered(driver)).toStrictEqual(["a"]);
  });

  test("[MQTT-4.6.0-4] PUBRELs leave in the order of the PUBRECs", () => {
    const driver = new SessionDriver().connected();
    for (const topic of ["a", "b", "c"]) driver.publish(topic, { qos: 2 });
    driver.sent();
    for (const packetIdentifier of [3, 1, 2]) driver.receive({ type: "pubrec", packetIdentifier });
    expect(driver.sentInShort()).toStrictEqual(["pubrel 3", "pubrel 1", "pubrel 2"]);
  });

  test("answers out of order find their messages", () => {
    const driver = new SessionDriver().connected();
    for (const topic of ["a", "b", "c"]) driver.publish(topic);
    driver.receive(puback(2), puback(3), puback(1));
    expect(answered(driver)).toStrictEqual(["b", "c", "a"]);
  });

  test.each([
    ["a wildcard in the topic", { topicName: "a/#" }, InvalidTopicError],
    ["an unpaired surrogate", { topicName: "\ud800" }, InvalidTopicError],
  ])("%s throws, queued or not, and nothing has changed", (_, packet, expected) => {
    const driver = new SessionDriver();
    expect(() => driver.publish("a", packet)).toThrow(expected);
    driver.connected();
    expect(() => driver.publish("a", packet)).toThrow(expected);
    expect(driver.session).toMatchObject({ bufferedBytes: 0, isAwaitingServer: false });
    expect(driver.sent()).toStrictEqual([]);
  });
});

describe("answers that do not fit", () => {
  test.each(["puback", "pubcomp"] as const)("an unknown %s is logged and ignored", (type) => {
    for (const version of versions) {
      const driver = new SessionDriver({ version }).connected();
      driver.receive({ type, packetIdentifier: 9 });
      const message = `${type.toUpperCase()} came for 9, which nothing waits for`;
      expect(driver.events()).toStrictEqual([{ type: "log", level: "info", message }]);
      expect(driver.sent()).toStrictEqual([]);
    }
  });

  test.each(["suback", "unsuback"] as const)("an unknown %s is logged and ignored", (type) => {
    const driver = new SessionDriver().connected();
    driver.receive({ type, packetIdentifier: 9, reasonCodes: [0] });
    expect(driver.events()).toMatchObject([{ type: "log" }]);
    expect(driver.session.state).toBe("connected");
  });

  test("[MQTT-3.6.2-1] an unknown PUBREC is answered with PUBREL 0x92", () => {
    const driver = new SessionDriver().connected();
    driver.receive({ type: "pubrec", packetIdentifier: 9 });
    expect(driver.sentInShort()).toStrictEqual(["pubrel 9 0x92"]);
    expect(driver.session.isAwaitingServer).toBe(false);
  });

  test("[MQTT311-4.3.3-1] an unknown PUBREC is answered with PUBREL", () => {
    const driver = new SessionDriver({ version: 4 }).connected();
    driver.receive({ type: "pubrec", packetIdentifier: 9 });
    expect(driver.sentInShort()).toStrictEqual(["pubrel 9"]);
  });

  test.each<[string, 0 | 1 | 2, ControlPacketInput]>([
    ["PUBREC for QoS 1", 1, { type: "pubrec", packetIdentifier: 1 }],
    ["PUBCOMP for QoS 1", 1, { type: "pubcomp", packetIdentifier: 1 }],
    ["SUBACK for a message", 1, { type: "suback", packetIdentifier: 1, reasonCodes: [0] }],
    ["PUBACK for QoS 2", 2, { type: "puback", packetIdentifier: 1 }],
    ["PUBCOMP before PUBREC", 2, { type: "pubcomp", packetIdentifier: 1 }],
  ])("%s is a protocol error", (_, qos, packet) => {
    const driver = new SessionDriver().connected();
    driver.publish("a", { qos });
    driver.receive(packet);
    expectProtocolError(driver);
    const old = new SessionDriver({ version: 4 }).connected();
    old.publish("a", { qos });
    old.sent();
    old.receive(packet);
    expect(old.sent()).toStrictEqual([]);
    expect(old.session.state).toBe("ended");
  });

  test.each<[string, ControlPacketInput]>([
    ["PUBACK", puback(1)],
    ["UNSUBACK", { type: "unsuback", packetIdentifier: 1, reasonCodes: [0] }],
    ["[MQTT-3.8.4-6] a SUBACK with a code too few", { type: "suback", packetIdentifier: 1, reasonCodes: [0] }],
    ["[MQTT-3.8.4-6] a SUBACK with a code too many", { type: "suback", packetIdentifier: 1, reasonCodes: [0, 0, 0] }],
  ])("%s for a SUBSCRIBE of two filters is a protocol error", (_, packet) => {
    const driver = new SessionDriver().connected();
    driver.subscribe("s", ["a", "b"]);
    driver.receive(packet);
    expectProtocolError(driver);
  });

  test("[MQTT311-3.8.4-5] so it is in MQTT 3.1.1", () => {
    const driver = new SessionDriver({ version: 4 }).connected();
    driver.subscribe("s", ["a", "b"]);
    driver.sent();
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [0] });
    expect(driver.sent()).toStrictEqual([]);
    expect(driver.eventsOf("ended")).toMatchObject([{ error: { name: "ProtocolError" } }]);
  });

  test("[MQTT-3.11.3-1] an UNSUBACK with the wrong number of codes is a protocol error", () => {
    const driver = new SessionDriver().connected();
    driver.unsubscribe("u", ["a", "b"]);
    driver.receive({ type: "unsuback", packetIdentifier: 1, reasonCodes: [0] });
    expectProtocolError(driver);
  });
});

describe("requests", () => {
  test.each(versions)("[MQTT-3.8.4-2] SUBSCRIBE ends with SUBACK, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.subscribe("s", ["a", "b/#"]);
    expect(driver.sent()).toMatchObject([
      { type: "subscribe", packetIdentifier: 1, subscriptions: [{ topicFilter: "a" }, { topicFilter: "b/#" }] },
    ]);
    const reasonCodes = version === 3 ? [1, 0] : [1, 0x80];
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes });
    expect(driver.events()).toMatchObject([{ type: "answered", context: "s", packet: { reasonCodes } }]);
    expect(driver.session).toMatchObject({ isAwaitingServer: false, nextDeadline: 60_000 });
  });

  test("[MQTT-3.10.4-5] UNSUBSCRIBE ends with UNSUBACK", () => {
    const driver = new SessionDriver().connected();
    driver.unsubscribe("u", ["a", "b"]);
    expect(driver.sent()).toMatchObject([{ type: "unsubscribe", packetIdentifier: 1, topicFilters: ["a", "b"] }]);
    driver.receive({ type: "unsuback", packetIdentifier: 1, reasonCodes: [0, 0x11] });
    expect(driver.events()).toMatchObject([{ type: "answered", context: "u", packet: { reasonCodes: [0, 0x11] } }]);
  });

  test.each([4, 3] as const)("[MQTT311-3.10.4-6] the UNSUBACK of version %i has no codes", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.unsubscribe("u", ["a", "b"]);
    driver.receive({ type: "unsuback", packetIdentifier: 1 });
    expect(answered(driver)).toStrictEqual(["u"]);
  });

  test("[MQTT-2.2.1-6] answers out of order find their requests", () => {
    const driver = new SessionDriver().connected();
    driver.subscribe("a");
    driver.unsubscribe("b");
    driver.subscribe("c");
    driver.receive(
      { type: "suback", packetIdentifier: 3, reasonCodes: [0] },
      { type: "unsuback", packetIdentifier: 2, reasonCodes: [0] },
      { type: "suback", packetIdentifier: 1, reasonCodes: [0] },
    );
    expect(answered(driver)).toStrictEqual(["c", "b", "a"]);
  });

  test("an answer that does not come in time fails the request, and its identifier stays taken until it comes", () => {
    const driver = new SessionDriver().connected();
    driver.subscribe("a", ["a"], 5_000);
    driver.now = 1_000;
    driver.unsubscribe("b", ["b"], 5_000);
    driver.sent();
    expect(driver.session.nextDeadline).toBe(5_000);
    driver.now = 5_000;
    driver.wait(0);
    expect(driver.events()).toMatchObject([
      { type: "failed", context: "a", error: { name: "TimeoutError", timeoutMs: 5_000 } },
    ]);
    expect(driver.session.nextDeadline).toBe(6_000);
    driver.wait(1_000);
    expect(driver.eventsOf("failed")).toMatchObject([{ context: "b", error: expect.any(TimeoutError) as unknown }]);
    // Nobody waits for the server any more, so that there is no reason to read on without room.
    expect(driver.session).toMatchObject({ isAwaitingServer: false, nextDeadline: 60_000 });
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [0] });
    driver.receive({ type: "unsuback", packetIdentifier: 2, reasonCodes: [0] });
    expect(driver.events()).toStrictEqual([]);
    expect(driver.session.isAwaitingServer).toBe(false);
  });

  test("one that is cancelled is seen through, and nobody hears of it", () => {
    const driver = new SessionDriver().connected();
    const exchange = driver.subscribe("a", ["a"], 5_000);
    driver.session.cancel(exchange);
    expect(driver.session.nextDeadline).toBe(60_000);
    driver.wait(5_000);
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [0] });
    expect(driver.events()).toStrictEqual([]);
    expect(driver.session.isAwaitingServer).toBe(false);
  });

  test("one that was answered before others changes nothing for these", () => {
    const driver = new SessionDriver().connected();
    driver.subscribe("a", ["a"], 5_000);
    driver.subscribe("b", ["b"], 9_000);
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [0] });
    driver.events();
    driver.wait(5_000);
    expect(driver.session.nextDeadline).toBe(9_000);
    driver.wait(3_999);
    expect(driver.eventsOf("failed")).toStrictEqual([]);
    driver.wait(1);
    expect(driver.eventsOf("failed")).toMatchObject([{ context: "b" }]);
  });

  test("an invalid filter throws, and nothing has changed", () => {
    const driver = new SessionDriver().connected();
    expect(() => driver.subscribe("a", ["a/#/b"])).toThrow(InvalidTopicError);
    expect(driver.session).toMatchObject({ isAwaitingServer: false, bufferedBytes: 0, nextDeadline: 60_000 });
  });

  test("[MQTT-3.2.2-15] a request that is too large for the server throws", () => {
    const driver = new SessionDriver().connected({ maximumPacketSize: 20 });
    expect(() => driver.subscribe("a", ["a/topic/of/twenty"])).toThrow(PacketTooLargeError);
    expect(driver.session.isAwaitingServer).toBe(false);
  });

  test("the end of the connection fails nothing; what is under way stays until it is given up", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 1 });
    driver.publish("under way");
    driver.publish("waiting");
    driver.subscribe("s");
    driver.unsubscribe("u");
    driver.session.transportClosed(undefined);
    expect(driver.events()).toMatchObject([{ type: "ended", error: { name: "TransportError" } }]);
    driver.session.abandon(new ClosedError());
    expect(driver.events()).toMatchObject(
      ["under way", "s", "u", "waiting"].map((context) => ({
        type: "failed",
        context,
        error: { name: "ClosedError" },
      })),
    );
  });
});

describe("quota", () => {
  test("[MQTT-3.3.4-7] [MQTT-4.9.0-2] at most Receive Maximum messages are under way", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 2 });
    for (const topic of ["a", "b", "c", "d"]) driver.publish(topic, { qos: topic === "b" ? 2 : 1 });
    expect(topicsSent(driver)).toStrictEqual(["a", "b"]);
    driver.receive(puback(1));
    expect(topicsSent(driver)).toStrictEqual(["c"]);
    // Not PUBREC, but PUBCOMP ends a message at QoS 2.
    driver.receive({ type: "pubrec", packetIdentifier: 2 });
    expect(driver.sentInShort()).toStrictEqual(["pubrel 2"]);
    driver.receive({ type: "pubcomp", packetIdentifier: 2 });
    expect(topicsSent(driver)).toStrictEqual(["d"]);
  });

  test("a PUBREC that refuses gives one back", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 1 });
    driver.publish("a", { qos: 2 });
    driver.publish("b");
    driver.sent();
    driver.receive({ type: "pubrec", packetIdentifier: 1, reasonCode: 0x97 });
    expect(topicsSent(driver)).toStrictEqual(["b"]);
  });

  test("an answer that nothing waits for gives none back, and no more does one to a request", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 1 });
    driver.publish("a");
    driver.publish("b");
    driver.subscribe("s");
    driver.sent();
    driver.receive(puback(9), { type: "suback", packetIdentifier: 2, reasonCodes: [0] });
    expect(topicsSent(driver)).toStrictEqual([]);
  });

  test.each(versions)("maxInflight caps it too, version %i", (version) => {
    const driver = new SessionDriver({ version, maxInflight: 1 }).connected();
    driver.publish("a");
    driver.publish("b");
    expect(topicsSent(driver)).toStrictEqual(["a"]);
  });

  test("[MQTT-4.9.0-3] requests and acknowledgements leave without quota", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 1 });
    driver.publish("a");
    driver.publish("b");
    driver.message(7);
    for (const { exchange } of driver.eventsOf("message"))
      if (exchange !== undefined) driver.session.acknowledge(exchange);
    driver.subscribe("s");
    driver.unsubscribe("u");
    expect(driver.sentInShort()).toStrictEqual(["publish 1", "puback 7", "subscribe 2", "unsubscribe 3"]);
  });
});

describe("the order", () => {
  test("QoS 0 does not overtake a message that waits for quota", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 1 });
    driver.publish("a");
    driver.publish("b");
    expect(driver.publish("c", { qos: 0 })).toBeDefined();
    expect(driver.session.isReadyToSend).toBe(false);
    expect(topicsSent(driver)).toStrictEqual(["a"]);
    expect(driver.events()).toStrictEqual([]);
    driver.receive(puback(1));
    expect(topicsSent(driver)).toStrictEqual(["b", "c"]);
    expect(driver.eventsOf("batched")).toStrictEqual([{ type: "batched", context: "c" }]);
    expect(driver.session.isReadyToSend).toBe(true);
  });

  test.each(versions)("what is published before CONNACK leaves after it, in order, version %i", (version) => {
    const driver = new SessionDriver({ version });
    driver.publish("a", { qos: 0 });
    driver.connect();
    driver.publish("b");
    expect(driver.sentInShort()).toStrictEqual(["connect"]);
    driver.publish("c", { qos: 2 });
    driver.receive({ type: "connack" });
    expect(driver.sent()).toMatchObject([
      { topicName: "a" },
      { topicName: "b", packetIdentifier: 1 },
      { topicName: "c", packetIdentifier: 2 },
    ]);
  });

  test("[MQTT-3.1.4-6] what waits is not sent to a server that refused", () => {
    const driver = new SessionDriver().connect();
    driver.publish("a");
    driver.receive({ type: "connack", reasonCode: 0x88 });
    driver.sent();
    expect(driver.batches.flat().map(({ type }) => type)).toStrictEqual(["connect"]);
  });
});

describe("batches", () => {
  test("all that is to be sent leaves in one", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a");
    driver.publish("b", { qos: 0 });
    driver.subscribe("s");
    driver.receive({ type: "pubrel", packetIdentifier: 5 });
    driver.session.transmit(0);
    expect(driver.session.transmit(0)).toHaveLength(0);
    driver.publish("c");
    driver.publish("d");
    expect(driver.sent()).toHaveLength(2);
  });

  test("messages join while it is smaller than the limit; the rest waits for the next, and counts as buffered", () => {
    const driver = new SessionDriver().connected();
    const payload = new Uint8Array(batchBytesLimit / 4);
    for (const topic of ["a", "b", "c", "d", "e"]) driver.publish(topic, { payload, qos: 0 });
    expect(driver.session.isReadyToSend).toBe(false);
    expect(driver.session.batchBytes).toBeGreaterThan(batchBytesLimit);
    expect(driver.session.bufferedBytes).toBeGreaterThan(driver.session.batchBytes + payload.length);
    driver.subscribe("s");
    expect(driver.sentInShort()).toStrictEqual(["publish", "publish", "publish", "publish", "subscribe 1"]);
    expect(driver.session.isReadyToSend).toBe(false);
    expect(topicsSent(driver)).toStrictEqual(["e"]);
    expect(driver.session).toMatchObject({ bufferedBytes: 0, batchBytes: 0, isReadyToSend: true });
    expect(driver.eventsOf("batched")).toStrictEqual([{ type: "batched", context: "e" }]);
  });

  test("a message larger than the limit leaves on its own", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a", { payload: new Uint8Array(batchBytesLimit * 2) });
    driver.publish("b");
    expect(topicsSent(driver)).toStrictEqual(["a"]);
    expect(topicsSent(driver)).toStrictEqual(["b"]);
  });
});

describe("the queue", () => {
  test("is bounded in messages", () => {
    const driver = new SessionDriver({ queue: { maxMessages: 2 } });
    driver.publish("a");
    driver.publish("b");
    expect(() => driver.publish("c")).toThrow(QueueFullError);
    driver.connected();
    expect(driver.batches.flat()).toMatchObject([{}, { topicName: "a" }, { topicName: "b" }]);
    driver.publish("c");
    expect(topicsSent(driver)).toStrictEqual(["c"]);
  });

  test("is bounded in bytes", () => {
    // PUBLISH "a" with two bytes has 10 bytes in MQTT 5.0.
    const driver = new SessionDriver({ queue: { maxBytes: 20 } });
    driver.publish("a");
    driver.publish("b");
    expect(driver.session.bufferedBytes).toBe(20);
    expect(() => driver.publish("c")).toThrow(QueueFullError);
    expect(driver.session.bufferedBytes).toBe(20);
  });

  test("takes 10,000 messages and 16 MiB by default", () => {
    const driver = new SessionDriver();
    for (let count = 0; count < 10_000; count++) driver.publish("a", { qos: 0 });
    expect(() => driver.publish("a", { qos: 0 })).toThrow(QueueFullError);
    const other = new SessionDriver();
    other.publish("a", { payload: new Uint8Array(defaultQueueBytes - 100) });
    expect(() => other.publish("a", { payload: new Uint8Array(100) })).toThrow(QueueFullError);
  });

  test("does not bound what can be sent at once", () => {
    const driver = new SessionDriver({ queue: { maxMessages: 0, maxBytes: 0 } }).connected();
    driver.publish("a");
    expect(topicsSent(driver)).toStrictEqual(["a"]);
  });

  test("a message that is cancelled before it leaves is not sent, and frees its place", () => {
    const driver = new SessionDriver({ queue: { maxMessages: 2 } });
    const exchange = driver.publish("a");
    driver.publish("b");
    if (exchange !== undefined) driver.session.cancel(exchange);
    driver.publish("c");
    const { bufferedBytes } = driver.session;
    if (exchange !== undefined) driver.session.cancel(exchange);
    expect(driver.session.bufferedBytes).toBe(bufferedBytes);
    driver.connect().receive({ type: "connack" });
    expect(topicsSent(driver)).toStrictEqual(["b", "c"]);
    driver.receive(puback(1), puback(2));
    expect(answered(driver)).toStrictEqual(["b", "c"]);
  });

  test("one that is cancelled after it left is seen through, and nobody hears of it", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 1 });
    const exchange = driver.publish("a", { qos: 2 });
    driver.publish("b");
    driver.sent();
    if (exchange !== undefined) driver.session.cancel(exchange);
    expect(driver.session.isAwaitingServer).toBe(true);
    driver.receive({ type: "pubrec", packetIdentifier: 1 });
    expect(driver.sentInShort()).toStrictEqual(["pubrel 1"]);
    driver.receive({ type: "pubcomp", packetIdentifier: 1 });
    expect(driver.events()).toStrictEqual([]);
    expect(topicsSent(driver)).toStrictEqual(["b"]);
  });
});

describe("a server that does not do everything", () => {
  test.each([
    ["wildcardSubscriptionAvailable", { filter: "a/+" }, "wildcards"],
    ["sharedSubscriptionAvailable", { filter: "$share/g/a" }, "shared subscriptions"],
    ["subscriptionIdentifierAvailable", { filter: "a", identifier: 7 }, "identifier"],
  ])("without %s is not asked for it", (property, { filter, ...asked }, feature) => {
    const driver = new SessionDriver().connected({ [property]: 0 });
    const identifier = "identifier" in asked ? asked.identifier : undefined;
    const subscription = { topicFilter: filter, qos: 0, noLocal: false, retainAsPublished: false } as const;
    const request = {
      type: "subscribe" as const,
      subscriptions: [{ ...subscription, retainHandling: 0 as const }],
      properties: { subscriptionIdentifier: identifier },
    };
    const patience = { sentAt: 0, timeoutMs: 1000 };
    expect(() => driver.session.request(request, "a", patience)).toThrow(
      expect.objectContaining({ name: "UnsupportedError", feature }),
    );
    expect(driver.sent()).toStrictEqual([]);
    request.subscriptions[0] = { ...subscription, topicFilter: "a", retainHandling: 0 };
    driver.session.request({ ...request, properties: {} }, "a", patience);
    expect(driver.sent()).toHaveLength(1);
  });
});

describe("Packet Identifiers", () => {
  test("[MQTT-2.2.1-3] [MQTT-4.3.2-1] are never in use twice, and come round", () => {
    const driver = new SessionDriver({ maxInflight: 0xffff }).connected();
    driver.publish("stays");
    for (let packetIdentifier = 2; packetIdentifier <= 0xffff; packetIdentifier++) {
      driver.publish("a");
      driver.sent();
      driver.receive(puback(packetIdentifier));
    }
    driver.subscribe("s");
    // 1 is still in use.
    expect(driver.sentInShort()).toStrictEqual(["subscribe 2"]);
    expect(driver.eventsOf("answered")).toHaveLength(0xffff - 1);
  });

  test("an identifier rests after its exchange", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a");
    driver.receive(puback(1));
    driver.publish("b");
    expect(driver.sentInShort()).toStrictEqual(["publish 1", "publish 2"]);
  });

  test("a message that waits uses none up", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 1 });
    driver.publish("a");
    driver.publish("b");
    driver.subscribe("s");
    driver.receive(puback(1));
    expect(driver.sentInShort()).toStrictEqual(["publish 1", "subscribe 2", "publish 3"]);
  });

  test("when all are in use PacketIdExhaustedError is thrown, until one is free", () => {
    const driver = new SessionDriver({ maxInflight: 0xffff }).connected();
    for (let count = 0; count < 0xffff; count++) driver.unsubscribe("u");
    expect(() => driver.subscribe("s")).toThrow(PacketIdExhaustedError);
    driver.sent();
    expect(() => driver.publish("a")).toThrow(PacketIdExhaustedError);
    driver.receive({ type: "unsuback", packetIdentifier: 700, reasonCodes: [0] });
    driver.publish("a");
    expect(driver.sentInShort()).toStrictEqual(["publish 700"]);
    expect(answered(driver)).toStrictEqual(["u"]);
  });
});

describe("what the server does not take", () => {
  test.each([
    [{ maximumQoS: 0 }, 1, "The server takes QoS 0 at most, not 1"],
    [{ maximumQoS: 1 }, 2, "The server takes QoS 1 at most, not 2"],
  ] as const)("[MQTT-3.2.2-11] %o: QoS %i is refused", (connack, qos, message) => {
    const driver = new SessionDriver().connected(connack);
    expect(() => driver.publish("a", { qos })).toThrow(message);
    expect(() => driver.publish("a", { qos: connack.maximumQoS })).not.toThrow();
    const waiting = new SessionDriver();
    waiting.publish("a", { qos });
    waiting.connect().receive({ type: "connack", properties: connack });
    waiting.sent();
    expect(waiting.eventsOf("failed")).toMatchObject([{ context: "a", error: { name: "UnsupportedError", message } }]);
  });

  test("[MQTT-3.2.2-14] Retain Available 0: a retained message is refused", () => {
    const driver = new SessionDriver().connected({ retainAvailable: 0 });
    expect(() => driver.publish("a", { retain: true })).toThrow(
      new UnsupportedError("retain", "The server does not retain messages"),
    );
    driver.publish("a");
    expect(driver.sent()).toHaveLength(1);
  });

  test("a retained message that waited for a server that retains none fails, and the next leaves", () => {
    const driver = new SessionDriver();
    driver.publish("a", { retain: true });
    driver.publish("b");
    driver.connect().receive({ type: "connack", properties: { retainAvailable: 0 } });
    expect(topicsSent(driver)).toStrictEqual(["b"]);
    expect(driver.eventsOf("failed")).toMatchObject([{ context: "a", error: { feature: "retain" } }]);
    expect(driver.session.bufferedBytes).toBe(0);
  });

  test("[MQTT-3.2.2-15] a message larger than Maximum Packet Size is refused", () => {
    const driver = new SessionDriver().connected({ maximumPacketSize: 10 });
    driver.publish("a");
    expect(() => driver.publish("ab")).toThrow(PacketTooLargeError);
    expect(driver.sent()).toHaveLength(1);
  });

  test("[MQTT-3.2.2-15] one that waited fails, and takes no quota", () => {
    const driver = new SessionDriver();
    driver.publish("ab");
    driver.publish("a");
    driver.connect().receive({ type: "connack", properties: { maximumPacketSize: 10, receiveMaximum: 1 } });
    expect(topicsSent(driver)).toStrictEqual(["a"]);
    expect(driver.eventsOf("failed")).toMatchObject([{ context: "ab", error: { name: "PacketTooLargeError" } }]);
  });

  test("the limits of one server do not bind the next", () => {
    const driver = new SessionDriver().connected({ maximumPacketSize: 10, maximumQoS: 0 });
    driver.session.transportClosed(undefined);
    driver.publish("abc");
    driver.connected();
    expect(driver.batches.flat().at(-1)).toMatchObject({ topicName: "abc", qos: 1 });
  });

  test("MQTT 5.0 properties on a connection that fell back are refused by name", () => {
    const properties = { contentType: "text/plain", messageExpiryInterval: 5 };
    const driver = new SessionDriver();
    driver.publish("a", { properties });
    driver.connect(4).receive({ type: "connack" });
    driver.sent();
    const feature = "contentType, messageExpiryInterval";
    const error = { name: "UnsupportedError", feature, message: `Of a message, ${feature} need MQTT 5.0` };
    expect(driver.eventsOf("failed")).toMatchObject([{ context: "a", error }]);
    expect(() => driver.publish("b", { properties })).toThrow(UnsupportedError);
  });

  test("a session of MQTT 3.1.1 refuses them before there is a connection", () => {
    const driver = new SessionDriver({ version: 4 });
    expect(() => driver.publish("a", { properties: { contentType: "text/plain" } })).toThrow(UnsupportedError);
  });
});

describe("abandon", () => {
  test("settles each exchange once, and leaves nothing behind", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 2 });
    driver.publish("a");
    driver.publish("b", { qos: 2 });
    driver.publish("c");
    driver.publish("d", { qos: 0 });
    driver.subscribe("s");
    driver.unsubscribe("u");
    driver.receive({ type: "pubrec", packetIdentifier: 2 });
    driver.sent();
    const error = new ClosedError();
    driver.session.abandon(error);
    driver.session.abandon(error);
    const failed = driver.eventsOf("failed");
    expect(failed.map(({ context }) => context).sort()).toStrictEqual(["a", "b", "c", "d", "s", "u"]);
    expect(failed.every((event) => event.error === error)).toBe(true);
    expect(driver.session).toMatchObject({ bufferedBytes: 0, isAwaitingServer: false, nextDeadline: 60_000 });
    expect(driver.sent()).toStrictEqual([]);
  });

  test("tells nobody of what was cancelled", () => {
    const driver = new SessionDriver().connected();
    const message = driver.publish("a");
    if (message !== undefined) driver.session.cancel(message);
    driver.session.cancel(driver.subscribe("s"));
    driver.session.abandon(new ClosedError());
    expect(driver.events()).toStrictEqual([]);
  });
});
