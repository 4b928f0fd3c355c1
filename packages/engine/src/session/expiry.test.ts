import { describe, expect, test } from "vitest";
import { answer, keepingDriver, SessionDriver } from "../../testing/session-driver.ts";

const expiring = (messageExpiryInterval: number): object => ({ properties: { messageExpiryInterval } });

/** The interval that each message says is left. */
function intervals(driver: SessionDriver): [topic: string, interval: number | undefined][] {
  return driver.sent().flatMap((packet) => {
    return packet.type === "publish" ? [[packet.topicName, packet.properties?.messageExpiryInterval]] : [];
  });
}

function failures(driver: SessionDriver): object[] {
  return driver.eventsOf("failed").map(({ context, error: { name, message } }) => ({ context, name, message }));
}

describe("a message with an expiry interval", () => {
  test("that is sent at once has all of it", () => {
    const driver = keepingDriver();
    driver.publish("a", expiring(5));
    driver.publish("b", { qos: 0, ...expiring(6) });
    expect(intervals(driver)).toStrictEqual([
      ["a", 5],
      ["b", 6],
    ]);
  });

  test("that waits is sent with what is left of it, in whole seconds begun, at any QoS", () => {
    const driver = new SessionDriver();
    for (const qos of [0, 1, 2] as const) driver.publish(`${qos}`, { qos, ...expiring(10) });
    driver.now += 3_001;
    driver.connect().receive({ type: "connack" });
    expect(intervals(driver)).toStrictEqual([
      ["0", 7],
      ["1", 7],
      ["2", 7],
    ]);
  });

  test("that waits too long is not sent; who waits hears of it, and the next one goes", () => {
    const driver = keepingDriver({ maxInflight: 1 });
    driver.publish("a");
    driver.publish("b", { qos: 2, ...expiring(5) });
    driver.publish("c", { qos: 0, ...expiring(5) });
    driver.publish("d", expiring(6));
    driver.session.cancel(driver.exchange("e", expiring(1)));
    driver.sent();
    driver.now += 5_000;
    driver.receive(answer("puback", 1));
    expect(intervals(driver)).toStrictEqual([["d", 1]]);
    const message = "Waiting to be sent took longer than 5000 ms";
    expect(failures(driver)).toStrictEqual([
      { context: "b", name: "TimeoutError", message },
      { context: "c", name: "TimeoutError", message },
    ]);
    expect(driver.session.bufferedBytes).toBe(0);
  });

  test("an interval of 0 allows no wait", () => {
    const driver = new SessionDriver();
    driver.publish("a", expiring(0));
    driver.connect().receive({ type: "connack" });
    expect(intervals(driver)).toStrictEqual([]);
    expect(failures(driver)).toMatchObject([{ context: "a", name: "TimeoutError" }]);
  });

  test("[MQTT-4.3.3-7] that is sent again is sent as it was, and does not expire any more", () => {
    const driver = keepingDriver();
    driver.publish("a", { qos: 2, ...expiring(5) });
    driver.publish("b", expiring(5));
    driver.sent();
    driver.now += 60_000;
    driver.again();
    expect(intervals(driver)).toStrictEqual([
      ["a", 5],
      ["b", 5],
    ]);
    expect(failures(driver)).toStrictEqual([]);
  });

  test("what the caller gave stays as it was", () => {
    const driver = new SessionDriver();
    const properties = { messageExpiryInterval: 10 };
    driver.publish("a", { properties });
    driver.now += 5_000;
    driver.connect().receive({ type: "connack" });
    expect(intervals(driver)).toStrictEqual([["a", 5]]);
    expect(properties).toStrictEqual({ messageExpiryInterval: 10 });
  });

  test("a Session without a wall clock lets none expire", () => {
    const driver = new SessionDriver({ session: { wallNow: undefined as never } });
    driver.publish("a", expiring(5));
    driver.now += 60_000;
    driver.connect().receive({ type: "connack" });
    expect(intervals(driver)).toStrictEqual([["a", 5]]);
  });
});
