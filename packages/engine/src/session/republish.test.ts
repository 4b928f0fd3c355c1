import type { ControlPacket } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { answer, keepingDriver, SessionDriver, type DriverOptions } from "../../testing/session-driver.ts";

const qos2 = { qos: 2 } as const;

/** A connection on which messages are sent again after a second. */
function republishing(options: DriverOptions = {}): SessionDriver {
  return keepingDriver({ version: 4, ...options, request: { republishMs: 1_000, ...options.request } });
}

function inBrief(packet: ControlPacket): string {
  return packet.type === "publish"
    ? `${packet.topicName} ${packet.packetIdentifier}${packet.duplicate ? " again" : ""}`
    : packet.type;
}

/** What leaves now, and has left at once. */
function left(driver: SessionDriver): string[] {
  const packets = driver.sent().map(inBrief);
  driver.session.written(0, driver.now);
  return packets;
}

describe("republishInterval", () => {
  test("[MQTT311-2.3.1-3] sends a message again that has no answer, with DUP and its identifier, again and again", () => {
    const driver = republishing();
    driver.publish("a");
    expect(left(driver)).toStrictEqual(["a 1"]);
    expect(driver.session.nextDeadline).toBe(1_000);
    driver.wait(999);
    expect(left(driver)).toStrictEqual([]);
    for (let round = 0; round < 3; round++) {
      driver.wait(round === 0 ? 1 : 1_000);
      expect(left(driver)).toStrictEqual(["a 1 again"]);
    }
    driver.receive(answer("puback", 1));
    expect(driver.wait(5_000).session.nextDeadline).toBeGreaterThan(driver.now + 1_000);
    expect(left(driver)).toStrictEqual([]);
  });

  test("of several messages each is due by itself, also when an earlier one has been answered", () => {
    const driver = republishing();
    driver.publish("a");
    left(driver);
    driver.wait(400).publish("b");
    left(driver);
    driver.receive(answer("puback", 1));
    driver.wait(600);
    expect(left(driver)).toStrictEqual([]);
    expect(driver.session.nextDeadline).toBe(1_400);
    driver.wait(400);
    expect(left(driver)).toStrictEqual(["b 2 again"]);
  });

  test("sends PUBREL again too, in the original order, and no PUBLISH after PUBREC", () => {
    const driver = republishing();
    for (const topic of ["a", "b", "c"]) driver.publish(topic, qos2);
    driver.sent();
    driver.receive(answer("pubrec", 2));
    left(driver);
    driver.wait(1_000);
    expect(left(driver)).toStrictEqual(["a 1 again", "c 3 again", "pubrel"]);
    driver.receive(answer("pubrec", 1), answer("pubcomp", 2));
    expect(left(driver)).toStrictEqual(["pubrel"]);
    driver.wait(999);
    expect(left(driver)).toStrictEqual([]);
    driver.wait(1);
    expect(left(driver)).toStrictEqual(["c 3 again", "pubrel"]);
  });

  test("counts from when the bytes left, and never while the transport is stalled", () => {
    const driver = republishing();
    driver.publish("a");
    expect(driver.sent().map(inBrief)).toStrictEqual(["a 1"]);
    driver.wait(10_000);
    expect(driver.sent().map(inBrief)).toStrictEqual([]);
    driver.publish("b");
    // The first write ends; the second has not begun.
    driver.session.written(0, driver.now);
    driver.wait(999);
    expect(driver.sent().map(inBrief)).toStrictEqual(["b 2"]);
    driver.wait(1);
    driver.wait(5_000);
    expect(left(driver)).toStrictEqual(["a 1 again"]);
    driver.wait(1_000);
    expect(left(driver)).toStrictEqual(["a 1 again", "b 2 again"]);
  });

  test("one that waits in the batch is not put into it once more", () => {
    const driver = republishing();
    driver.publish("a");
    left(driver);
    driver.wait(1_000);
    driver.wait(1_000);
    driver.wait(1_000);
    expect(left(driver)).toStrictEqual(["a 1 again"]);
  });

  test("does not count while there is no connection, nor what waits for its turn on the next one", () => {
    const driver = republishing();
    for (const topic of ["a", "b"]) driver.publish(topic, qos2);
    left(driver);
    driver.lose();
    expect(driver.session.nextDeadline).toBe(Infinity);
    driver.wait(5_000).connect().wait(5_000);
    expect(driver.sentInShort()).toStrictEqual(["connect"]);
    driver.receive({ type: "connack", sessionPresent: true });
    driver.wait(5_000);
    expect(left(driver)).toStrictEqual(["a 1 again", "b 2 again"]);
    driver.wait(999);
    expect(left(driver)).toStrictEqual([]);
  });

  test("takes no quota, and does not send before its turn what waits for quota on the next connection", () => {
    const driver = republishing({ request: { republishMs: 1_000, maxInflight: 2 } });
    for (const topic of ["a", "b", "c"]) driver.publish(topic);
    expect(left(driver)).toStrictEqual(["a 1", "b 2"]);
    driver.wait(1_000);
    expect(left(driver)).toStrictEqual(["a 1 again", "b 2 again"]);
    driver.receive(answer("puback", 2));
    expect(left(driver)).toStrictEqual(["c 3"]);
    const one = { maxInflight: 1, timeoutMs: 1_000, republishMs: 1_000 };
    const packet = {
      type: "connect",
      protocolVersion: 4,
      cleanStart: false,
      clientIdentifier: "k",
      keepAlive: 0,
    } as const;
    driver.lose().session.connect({ ...one, packet }, driver.now);
    driver.session.transmit(driver.now);
    driver.receive({ type: "connack", sessionPresent: true });
    expect(left(driver)).toStrictEqual(["a 1 again"]);
    driver.wait(1_000);
    expect(left(driver)).toStrictEqual(["a 1 again"]);
    driver.receive(answer("puback", 1));
    expect(left(driver)).toStrictEqual(["c 3 again"]);
  });

  test("counts for what another process has left from when it is sent again", () => {
    const driver = republishing();
    for (const topic of ["a", "b"]) driver.publish(topic);
    left(driver);
    const next = new SessionDriver({
      version: 4,
      connect: { cleanStart: false, keepAlive: 0 },
      request: { republishMs: 1_000, maxInflight: 1 },
    });
    next.session.restore(driver.session.records, true);
    next.connect().receive({ type: "connack", sessionPresent: true });
    expect(left(next)).toStrictEqual(["connect", "a 1 again"]);
    expect(next.session.nextDeadline).toBe(1_000);
    next.wait(1_000);
    expect(left(next)).toStrictEqual(["a 1 again"]);
  });

  test("counts anew when the message is published anew", () => {
    const driver = republishing();
    driver.publish("a");
    left(driver);
    driver.again({ sessionPresent: false });
    driver.wait(3_000);
    expect(left(driver)).toStrictEqual(["a 2"]);
    driver.wait(999);
    expect(left(driver)).toStrictEqual([]);
    driver.wait(1);
    expect(left(driver)).toStrictEqual(["a 2 again"]);
  });

  test("of 0 is never, and [MQTT-4.4.0-1] so it is in MQTT 5.0", () => {
    for (const version of [4, 5] as const) {
      const driver = keepingDriver({ version });
      driver.publish("a");
      driver.publish("b", qos2);
      left(driver);
      driver.receive({ type: "pubrec", packetIdentifier: 2 });
      left(driver);
      for (let round = 0; round < 20; round++) {
        driver.wait(30_000).receive({ type: "pingresp" });
        expect(left(driver).filter((one) => one !== "pingreq")).toStrictEqual([]);
      }
    }
  });
});
