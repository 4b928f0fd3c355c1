import { describe, expect, test } from "vitest";
import { answer, keepingDriver, messageTo, SessionDriver } from "../../testing/session-driver.ts";
import { QueueFullError } from "../errors.ts";
import type { Outgoing } from "./exchanges.ts";
import { MessageQueue } from "./message-queue.ts";

function failures(driver: SessionDriver): [context: string | undefined, name: string][] {
  return driver.eventsOf("failed").map(({ context, error }) => [context, error.name]);
}

function topics(driver: SessionDriver): string[] {
  return driver.sent().flatMap((packet) => (packet.type === "publish" ? [packet.topicName] : []));
}

describe("pains #22: a queue that is full", () => {
  test.each(["reject", "drop-newest", undefined] as const)("refuses the new message, with overflow %s", (overflow) => {
    const driver = new SessionDriver({ queue: { maxMessages: 2, overflow } });
    driver.publish("a");
    driver.publish("b", { qos: 0 });
    expect(() => driver.publish("c")).toThrow(QueueFullError);
    expect(topics(driver.connected())).toStrictEqual([]);
    expect(
      driver.batches.flat().flatMap((packet) => (packet.type === "publish" ? [packet.topicName] : [])),
    ).toStrictEqual(["a", "b"]);
    expect(failures(driver)).toStrictEqual([]);
  });

  test("gives up the oldest with drop-oldest, at any QoS, and tells who waited", () => {
    const driver = new SessionDriver({ queue: { maxMessages: 2, overflow: "drop-oldest" } });
    for (const topic of ["a", "b", "c", "d"]) driver.publish(topic, { qos: topic === "b" ? 0 : 1 });
    expect(failures(driver)).toStrictEqual([
      ["a", QueueFullError.name],
      ["b", QueueFullError.name],
    ]);
    driver.connect().receive({ type: "connack" });
    expect(topics(driver)).toStrictEqual(["c", "d"]);
  });

  test("gives up as many as a large one takes, but none for one that is too large for it", () => {
    const driver = new SessionDriver({ queue: { maxBytes: 100, overflow: "drop-oldest" } });
    for (const topic of ["a", "b", "c"]) driver.publish(topic, { payload: new Uint8Array(20) });
    expect(driver.session.bufferedBytes).toBe(3 * 28);
    expect(() => driver.publish("d", { payload: new Uint8Array(100) })).toThrow(QueueFullError);
    expect(failures(driver)).toStrictEqual([]);
    driver.publish("d", { payload: new Uint8Array(60) });
    expect(failures(driver).map(([context]) => context)).toStrictEqual(["a", "b"]);
    expect(driver.session.bufferedBytes).toBe(28 + 68);
    driver.connect().receive({ type: "connack" });
    expect(topics(driver)).toStrictEqual(["c", "d"]);
    expect(driver.session.bufferedBytes).toBe(0);
  });

  test("takes none with a maximum of 0, whatever the overflow", () => {
    for (const overflow of ["reject", "drop-oldest"] as const) {
      const driver = new SessionDriver({ queue: { maxMessages: 0, overflow } });
      expect(() => driver.publish("a")).toThrow("0 messages with 0 bytes wait to be sent: no more are taken");
      driver.connected();
      driver.publish("a");
      expect(topics(driver)).toStrictEqual(["a"]);
    }
  });
});

describe("messages that are to be sent again", () => {
  test("do not count: they have been taken before", () => {
    const driver = keepingDriver({ queue: { maxMessages: 1 } });
    for (const topic of ["a", "b", "c"]) driver.publish(topic);
    driver.sent();
    driver.again({ receiveMaximum: 1 });
    driver.publish("d");
    expect(() => driver.publish("e")).toThrow(QueueFullError);
    expect(topics(driver)).toStrictEqual(["a"]);
    driver.receive(answer("puback", 1));
    expect(topics(driver)).toStrictEqual(["b"]);
    driver.lose();
    expect(() => driver.publish("e")).toThrow(QueueFullError);
    driver.again();
    expect(topics(driver)).toStrictEqual(["b", "c", "d"]);
  });

  test("are not given up", () => {
    const driver = keepingDriver({ queue: { maxMessages: 1, overflow: "drop-oldest" } });
    for (const topic of ["a", "b"]) driver.publish(topic);
    driver.sent();
    driver.again({ receiveMaximum: 1 }).sent();
    driver.publish("c");
    driver.publish("d");
    expect(failures(driver)).toStrictEqual([["c", QueueFullError.name]]);
    driver.again();
    expect(topics(driver)).toStrictEqual(["a", "b", "d"]);
  });

  test("count when the Session was lost, and they have not left: they are like new", () => {
    const driver = keepingDriver({ queue: { maxMessages: 2 } });
    for (const topic of ["a", "b", "c"]) driver.publish(topic);
    driver.sent();
    driver.again({ sessionPresent: false, receiveMaximum: 1 });
    expect(topics(driver)).toStrictEqual(["a"]);
    expect(() => driver.publish("d")).toThrow(QueueFullError);
    driver.receive(answer("puback", 4));
    expect(topics(driver)).toStrictEqual(["b"]);
    driver.publish("d");
  });
});

test("what is taken out of a queue is out of its books", () => {
  const queue = new MessageQueue<string>({ maxMessages: 3 });
  const exchanges = ["a", "b", "c"].map((topicName, order): Outgoing<string> => {
    const rest = { context: topicName, order, place: 0, size: 10, awaits: undefined, hasQuota: false };
    return { packet: messageTo(topicName), ...rest };
  });
  for (const exchange of exchanges) queue.push(exchange);
  const [first, second, third] = exchanges as [Outgoing<string>, Outgoing<string>, Outgoing<string>];
  expect(queue).toMatchObject({ length: 3, bytes: 30, head: first });
  expect([queue.remove(second), queue.remove(second)]).toStrictEqual([true, false]);
  expect(queue).toMatchObject({ length: 2, bytes: 20 });
  queue.shift();
  expect(queue).toMatchObject({ length: 1, bytes: 10, head: third, unsent: [third] });
  expect(queue.clear()).toStrictEqual([third]);
  expect(queue).toMatchObject({ length: 0, bytes: 0, head: undefined });
  queue.shift();
  expect(queue.bytes).toBe(0);
});
