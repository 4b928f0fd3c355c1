import { describe, expect, test } from "vitest";
import { answer, keepingDriver, SessionDriver, first, type DriverOptions } from "../../testing/session-driver.ts";
import { StoreError } from "../errors.ts";
import type { SessionRecord } from "../session-store.ts";
import type { IncomingExchange } from "./exchanges.ts";

const qos2 = { qos: 2 } as const;
const kept: DriverOptions = { session: { isKept: true }, connect: { cleanStart: false } };

/** A Session that goes on where another one was, as another process does. */
function restored(records: readonly SessionRecord[], isStored = true, options: DriverOptions = {}): SessionDriver {
  const driver = new SessionDriver({ ...kept, ...options });
  // As a store that outlives a process has them: no object is shared, and the order is its own.
  driver.session.restore([...structuredClone(records)].reverse(), isStored);
  return driver;
}

/** The same, connected to a server that has the Session. */
function resumed(from: SessionDriver): SessionDriver {
  const driver = restored(from.session.records).connect();
  driver.sent();
  return driver.receive({ type: "connack", sessionPresent: true });
}

function taken(driver: SessionDriver): IncomingExchange[] {
  return driver.eventsOf("message").flatMap(({ exchange }) => exchange ?? []);
}

function byKey(driver: SessionDriver): SessionRecord[] {
  return driver.session.records.sort((one, other) => (one.key < other.key ? -1 : 1));
}

describe("pains #21: what another process has left", () => {
  test("goes on in every stage, in order, and tells nobody", () => {
    const driver = keepingDriver({ ...kept, maxInflight: 5 });
    for (const topic of ["a", "b", "c", "d", "e", "f"]) driver.publish(topic, "bcd".includes(topic) ? qos2 : {});
    driver.publish("g", { qos: 0 });
    driver.sent();
    driver.receive(answer("pubrec", 4), answer("pubrec", 2));
    driver.sent();
    const next = resumed(driver);
    expect(next.sent()).toMatchObject([
      { type: "pubrel", packetIdentifier: 4 },
      { type: "pubrel", packetIdentifier: 2 },
      { topicName: "a", packetIdentifier: 1, duplicate: true },
      { topicName: "c", packetIdentifier: 3, duplicate: true },
      { topicName: "e", packetIdentifier: 5, duplicate: true },
      { topicName: "f", packetIdentifier: 6, duplicate: false },
      { topicName: "g", qos: 0 },
    ]);
    for (const identifier of [1, 5, 6]) next.receive(answer("puback", identifier));
    next.receive(answer("pubrec", 3), answer("pubcomp", 4), answer("pubcomp", 3), answer("pubcomp", 2));
    next.sent();
    expect(next.events().map(({ type }) => type)).toStrictEqual(["connected"]);
    expect(next.session.records).toStrictEqual([]);
  });

  test("is what that one had, and can be handed on again", () => {
    const driver = keepingDriver({ ...kept, maxInflight: 2 });
    for (const topic of ["a", "b", "c"]) driver.publish(topic, { qos: 2, properties: { messageExpiryInterval: 9 } });
    driver.subscribe("s");
    driver.message(1, qos2).message(2, qos2);
    driver.sent();
    driver.receive(answer("pubrec", 2), { type: "suback", packetIdentifier: 3, reasonCodes: [1] });
    const exchange = first(taken(driver));
    driver.session.acknowledge(exchange);
    const records = byKey(driver);
    expect(records.map(({ key }) => key)).toStrictEqual([
      "in/1",
      "out/0000000000000001",
      "out/0000000000000002",
      "out/0000000000000003",
      "sub/s",
    ]);
    for (const isStored of [true, false]) {
      const next = restored(records, isStored);
      expect(byKey(next)).toStrictEqual(records);
      // What is in the store already is not written once more.
      expect(next.session.changes()).toHaveLength(isStored ? 0 : records.length);
    }
  });

  test("keeps more than nine messages, and PUBRELs, in order", () => {
    const driver = keepingDriver(kept);
    for (let count = 1; count <= 24; count++) driver.publish(`t${count}`, qos2);
    driver.sent();
    for (let count = 20; count > 0; count -= 2) driver.receive(answer("pubrec", count));
    driver.sent();
    const expected = [];
    for (let count = 20; count > 0; count -= 2) expected.push(`pubrel ${count}`);
    for (let count = 1; count <= 24; count++) if (count > 20 || count % 2 === 1) expected.push(`publish ${count}`);
    expect(resumed(driver).sentInShort()).toStrictEqual(expected);
  });

  test("messages expire by the time of the day", () => {
    const driver = new SessionDriver(kept);
    for (const messageExpiryInterval of [10, 20]) {
      driver.publish(`${messageExpiryInterval}`, { properties: { messageExpiryInterval } });
    }
    const next = restored(driver.session.records);
    next.now = 10_000;
    next.connect().receive({ type: "connack", sessionPresent: true });
    expect(next.sent().slice(1)).toMatchObject([{ topicName: "20", properties: { messageExpiryInterval: 10 } }]);
    expect(next.session.records).toHaveLength(1);
  });

  test("a server that has lost the Session: sessionLost holds, subscriptions are made again", () => {
    const driver = keepingDriver(kept);
    for (const topic of ["a", "b"]) driver.publish(topic, topic === "b" ? qos2 : {});
    driver.subscribe("s");
    driver.sent();
    driver.receive({ type: "suback", packetIdentifier: 3, reasonCodes: [1] });
    const next = restored(driver.session.records).connect();
    next.sent();
    next.receive({ type: "connack" });
    expect(next.sentInShort()).toStrictEqual(["subscribe 1", "publish 2"]);
    expect(next.session.records.map(({ key }) => key)).toStrictEqual(["out/0000000000000001", "sub/s"]);
  });

  test("what was published before it was there comes after it", () => {
    const driver = keepingDriver({ ...kept, maxInflight: 1 });
    for (const topic of ["a", "b"]) driver.publish(topic);
    driver.sent();
    for (const isStored of [true, false]) {
      const next = new SessionDriver(kept);
      for (const topic of ["c", "d"]) next.publish(topic);
      next.session.restore(driver.session.records, isStored);
      const store = new Map(isStored ? driver.session.records.map((record) => [record.key, record]) : []);
      for (const { key, record } of next.session.changes()) {
        if (record === undefined) store.delete(key);
        else store.set(key, record);
      }
      expect([...store.values()]).toStrictEqual(next.session.records);
      expect(new Set(store.keys()).size).toBe(4);
      next.connect().receive({ type: "connack", sessionPresent: true });
      const topics = next.sent().flatMap((packet) => (packet.type === "publish" ? [packet.topicName] : []));
      expect(topics).toStrictEqual(["a", "b", "c", "d"]);
    }
  });

  test("is not changed by whoever goes on with it", () => {
    const driver = keepingDriver({}, { topicAliasMaximum: 9 });
    driver.publish("a", { properties: { topicAlias: 1 } });
    driver.sent();
    const { records } = driver.session;
    const before = structuredClone(records);
    const next = new SessionDriver(kept);
    next.session.restore(records, true);
    next.connect().receive({ type: "connack", sessionPresent: true }).sent();
    next.again({ sessionPresent: false }).sent();
    expect(records).toStrictEqual(before);
  });
});

test("what the server does not take of it is told, although nobody waits; DISCONNECT waits for the rest", () => {
  const driver = keepingDriver(kept);
  for (const topic of ["a", "b"]) driver.publish(topic);
  driver.sent();
  const next = resumed(driver);
  next.sent();
  next.events();
  next.receive({ type: "puback", packetIdentifier: 1, reasonCode: 0x87, properties: { reasonString: "no" } });
  expect(next.events()).toMatchObject([
    { type: "failed", context: undefined, error: { name: "PublishError", topic: "a", reasonString: "no" } },
  ]);
  next.session.disconnect({ type: "disconnect", reasonCode: 0 }, 1_000);
  expect(next.sent()).toStrictEqual([]);
  next.receive(answer("puback", 2));
  expect(next.sent()).toMatchObject([{ type: "disconnect" }]);
  expect(next.eventsOf("failed")).toStrictEqual([]);
});

describe("QoS 2 messages of the server", () => {
  test("that were done with are not handed over again; that were not, are", () => {
    const driver = keepingDriver(kept).message(1, qos2).message(2, qos2);
    driver.session.acknowledge(first(taken(driver)));
    driver.sent();
    const next = resumed(driver);
    next.message(1, { qos: 2, duplicate: true }).message(2, { qos: 2, duplicate: true });
    expect(next.sentInShort()).toStrictEqual(["pubrec 1"]);
    expect(next.eventsOf("message")).toMatchObject([{ packet: { packetIdentifier: 2, duplicate: true } }]);
    next.receive(answer("pubrel", 1));
    expect(next.sentInShort()).toStrictEqual(["pubcomp 1"]);
    expect(next.session.records).toStrictEqual([]);
  });

  test("PUBREL may come at once, whether PUBREC had left or not", () => {
    const driver = keepingDriver(kept).message(1, qos2);
    driver.session.acknowledge(first(taken(driver)));
    const next = resumed(driver).receive(answer("pubrel", 1));
    expect(next.sentInShort()).toStrictEqual(["pubcomp 1"]);
  });

  test("that were refused leave nothing", () => {
    const driver = keepingDriver(kept).message(1, qos2).message(2, qos2);
    for (const exchange of taken(driver).reverse()) {
      driver.session.acknowledge(exchange, { reasonCode: 0x80 });
      expect(driver.session.records).toStrictEqual([]);
    }
    expect([
      driver.session.records,
      driver.session.changes().filter(({ record }) => record !== undefined),
    ]).toStrictEqual([[], []]);
  });
});

describe("a message that was acknowledged on receipt", () => {
  /** One that is acknowledged, and not done with; and its session. */
  function held(): { driver: SessionDriver; exchange: IncomingExchange } {
    const driver = keepingDriver(kept).message(1, { ...qos2, topicName: "t" });
    const [event] = driver.eventsOf("message");
    const exchange = event?.exchange as IncomingExchange;
    driver.session.acknowledge(exchange, undefined, event?.packet);
    driver.sent();
    return { driver, exchange };
  }

  test("is kept until it is done with; then its identifier is, until PUBREL", () => {
    const { driver, exchange } = held();
    expect(driver.session.records).toMatchObject([{ key: "in/1", packet: { topicName: "t" } }]);
    driver.session.release(exchange);
    expect(driver.session.records).toStrictEqual([{ key: "in/1", packetIdentifier: 1 }]);
    driver.receive(answer("pubrel", 1));
    expect(driver.session.records).toStrictEqual([]);
    driver.session.release(exchange);
    expect(driver.session.records).toStrictEqual([]);
  });

  test("outlives its exchange, beside a new one with the same identifier", () => {
    const { driver, exchange } = held();
    driver.receive(answer("pubrel", 1)).message(1, { ...qos2, topicName: "u" });
    const [event] = driver.eventsOf("message");
    driver.session.acknowledge(event?.exchange as IncomingExchange, undefined, event?.packet);
    expect(byKey(driver)).toMatchObject([
      { key: "in/1", packet: { topicName: "u" } },
      { key: "in/1/1", packet: { topicName: "t" }, isComplete: true },
    ]);
    driver.receive(answer("pubrel", 1));
    expect(driver.session.records).toHaveLength(2);
    driver.session.release(exchange);
    expect(driver.session.records).toMatchObject([{ key: "in/1/2", packet: { topicName: "u" } }]);
  });

  test("is handed over by the next process, with DUP, and is not new when the server sends it again", () => {
    const { driver } = held();
    const next = resumed(driver);
    const [event] = next.eventsOf("message");
    expect(event).toMatchObject({ packet: { topicName: "t", duplicate: true, packetIdentifier: 1 } });
    next.message(1, { ...qos2, topicName: "t", duplicate: true });
    expect(next.eventsOf("message")).toStrictEqual([]);
    expect(next.sentInShort()).toStrictEqual(["pubrec 1"]);
    next.session.release(event?.exchange as IncomingExchange);
    expect(next.session.records).toStrictEqual([{ key: "in/1", packetIdentifier: 1 }]);
    expect(resumed(next).eventsOf("message")).toStrictEqual([]);
  });

  test("counts as done there when its consumers say so, in whatever way", () => {
    const { driver } = held();
    driver.receive(answer("pubrel", 1));
    const next = resumed(driver);
    const exchange = first(taken(next));
    expect(next.sentInShort()).toStrictEqual([]);
    next.session.acknowledge(exchange);
    expect(next.sentInShort()).toStrictEqual([]);
    expect(next.session.records).toStrictEqual([]);
  });

  test("that its consumer wants once more, is handed over with the next connection, and again with the one after", () => {
    const next = resumed(held().driver);
    next.session.forget(first(taken(next)));
    next.again();
    next.session.forget(first(taken(next)));
    next.again();
    const exchange = first(taken(next));
    next.session.release(exchange);
    next.again();
    expect(taken(next)).toStrictEqual([]);
  });

  test("that was done with after all, is not", () => {
    const next = resumed(held().driver);
    const exchange = first(taken(next));
    next.session.forget(exchange);
    next.session.release(exchange);
    next.again();
    expect(taken(next)).toStrictEqual([]);
  });

  test("at QoS 1 is not kept: its exchange is over with PUBACK", () => {
    const driver = keepingDriver(kept).message(1);
    const [event] = driver.eventsOf("message");
    const exchange = event?.exchange as IncomingExchange;
    driver.session.acknowledge(exchange, undefined, event?.packet);
    expect(driver.session.records).toStrictEqual([]);
    driver.session.release(exchange);
    expect(driver.session.changes()).toStrictEqual([]);
  });

  test("is handed over although the server has lost the Session", () => {
    const next = restored(held().driver.session.records).connect().receive({ type: "connack" });
    expect(next.eventsOf("message")).toMatchObject([{ packet: { topicName: "t" } }]);
    expect(next.session.records).toMatchObject([{ key: "in/1/1", isComplete: true }]);
  });

  test("comes in the order in which the messages came, whatever order the store has them in", () => {
    const driver = keepingDriver(kept);
    const topics = ["a", "b", "c"];
    for (const [index, topicName] of topics.entries()) {
      driver.message(index + 9, { ...qos2, topicName });
      const [event] = driver.eventsOf("message");
      driver.session.acknowledge(event?.exchange as IncomingExchange, undefined, event?.packet);
    }
    driver.receive(answer("pubrel", 9));
    const next = restored([...driver.session.records].reverse())
      .connect()
      .receive({ type: "connack" });
    expect(next.eventsOf("message").map(({ packet }) => packet.topicName)).toStrictEqual(topics);
  });

  test("keeps its place apart from those of processes before", () => {
    const { driver } = held();
    driver.receive(answer("pubrel", 1));
    const next = resumed(driver).message(1, { ...qos2, topicName: "u" });
    const [, event] = next.eventsOf("message");
    next.session.acknowledge(event?.exchange as IncomingExchange, undefined, event?.packet);
    const last = resumed(next).receive(answer("pubrel", 1));
    expect(byKey(last)).toMatchObject([
      { key: "in/1/1", packet: { topicName: "t" } },
      { key: "in/1/2", packet: { topicName: "u" } },
    ]);
  });
});

describe("restoring", () => {
  test("in the midst of a connection that has just been made is as if it had been there before", () => {
    const driver = keepingDriver({ ...kept, maxInflight: 1 });
    for (const topic of ["a", "b"]) driver.publish(topic);
    driver.sent();
    for (const sessionPresent of [true, false]) {
      const next = new SessionDriver(kept).connect();
      next.sent();
      next.receive({ type: "connack", sessionPresent });
      next.session.restore(driver.session.records, false);
      const isAgain = sessionPresent ? [true, false] : [false, false];
      expect(next.sent()).toMatchObject(isAgain.map((duplicate, index) => ({ topicName: "ab"[index], duplicate })));
    }
  });

  test("harms no alias of the connection", () => {
    const driver = new SessionDriver({ ...kept, connect: { properties: { topicAliasMaximum: 3 } } });
    driver.connected({ topicAliasMaximum: 3 });
    driver.message(0, { qos: 0, topicName: "in", properties: { topicAlias: 1 } });
    driver.publish("out", { qos: 0, properties: { topicAlias: 1 } });
    driver.session.restore([], false);
    driver.message(0, { qos: 0, topicName: "", properties: { topicAlias: 1 } });
    driver.publish("", { qos: 0, properties: { topicAlias: 1 } });
    expect(driver.eventsOf("message").map(({ packet }) => packet.topicName)).toStrictEqual(["in", "in"]);
    expect(driver.sent()).toMatchObject([{ topicName: "out" }, { topicName: "" }]);
  });

  test.each<[string, (driver: SessionDriver) => unknown]>([
    ["a message", (driver) => driver.publish("x")],
    ["a request", (driver) => driver.subscribe("x")],
    ["a QoS 2 message of the server", (driver) => driver.message(1, qos2)],
  ])("is refused while %s uses an identifier, and changes nothing", (_, use) => {
    const other = keepingDriver(kept);
    for (const topic of ["a", "b"]) other.publish(topic);
    other.subscribe("s");
    other.receive({ type: "suback", packetIdentifier: 3, reasonCodes: [0] });
    const driver = keepingDriver(kept);
    use(driver);
    const { records } = driver.session;
    for (const isStored of [true, false]) {
      expect(() => driver.session.restore(other.session.records, isStored)).toThrow(StoreError);
    }
    expect(driver.session.records).toStrictEqual(records);
  });
});
