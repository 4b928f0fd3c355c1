import type { ControlPacket } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { answer, keepingDriver, messageTo, SessionDriver } from "../../testing/session-driver.ts";
import type { IncomingExchange } from "./exchanges.ts";
import { ClosedError, PacketTooLargeError, TimeoutError, UnsupportedError } from "../errors.ts";

const qos2 = { qos: 2 } as const;

/** A packet in a word: `a` for the first PUBLISH to a, `a*` with DUP, `1` before it for its identifier; `~1` for PUBREL. */
function word(packet: ControlPacket): string {
  if (packet.type === "publish")
    return `${packet.packetIdentifier ?? ""}${packet.topicName}${packet.duplicate ? "*" : ""}`;
  return packet.type === "pubrel" ? `~${packet.packetIdentifier}` : packet.type;
}

function words(driver: SessionDriver): string[] {
  return driver.sent().map(word);
}

/** The contexts of what has failed. */
function failures(driver: SessionDriver): [context: string | undefined, name: string][] {
  return driver.eventsOf("failed").map(({ context, error }) => [context, error.name]);
}

describe("requests", () => {
  test.each([5, 4] as const)(
    "are sent again on the next connection, with or without a Session, version %i",
    (version) => {
      for (const sessionPresent of [true, false]) {
        const driver = keepingDriver({ version });
        driver.publish("m");
        driver.subscribe("a");
        driver.unsubscribe("b");
        const [, ...requests] = driver.sent();
        driver.again({ sessionPresent });
        expect(driver.sent().filter(({ type }) => type !== "publish")).toStrictEqual(requests);
        const reasonCodes = version === 5 ? [0x11] : [];
        driver.receive({ type: "suback", packetIdentifier: 2, reasonCodes: [1] });
        driver.receive({ type: "unsuback", packetIdentifier: 3, reasonCodes });
        expect(driver.eventsOf("answered").map(({ context }) => context)).toStrictEqual(["a", "b"]);
        driver.again();
        expect(driver.sent().filter(({ type }) => type !== "publish")).toStrictEqual([]);
      }
    },
  );

  test.each([
    ["noLocal", { noLocal: true }],
    ["retainAsPublished", { retainAsPublished: true }],
    ["retainHandling", { retainHandling: 2 }],
  ] as const)("that ask for %s fail by its name on a connection of MQTT 3.1.1", (feature, option) => {
    const driver = keepingDriver();
    const subscription = {
      topicFilter: "a",
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    const subscribe = (): unknown =>
      driver.session.request({ type: "subscribe", subscriptions: [{ ...subscription, ...option }] }, "s", {
        sentAt: 0,
        timeoutMs: 1000,
      });
    subscribe();
    driver.again({}, 4);
    expect(driver.eventsOf("failed")).toMatchObject([{ context: "s", error: { name: "UnsupportedError", feature } }]);
    expect(driver.sent()).toStrictEqual([]);
    expect(subscribe).toThrow(expect.objectContaining({ name: "UnsupportedError", feature }));
  });

  test("that were granted with such options are lost by their names, and their neighbours are not", () => {
    const driver = keepingDriver();
    const subscriptions = [true, false].map((noLocal) => ({
      ...{ topicFilter: noLocal ? "a" : "b", qos: 1, noLocal, retainAsPublished: false, retainHandling: 0 },
    }));
    driver.session.request({ type: "subscribe", subscriptions: subscriptions as never }, "s", {
      sentAt: 0,
      timeoutMs: 1000,
    });
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [1, 1] });
    driver.again({ sessionPresent: false }, 4);
    expect(driver.sent()).toMatchObject([{ type: "subscribe", subscriptions: [{ topicFilter: "b" }] }]);
    expect(driver.eventsOf("subscriptionsLost")).toMatchObject([
      { topicFilters: ["a"], error: { name: "UnsupportedError", feature: "noLocal" } },
    ]);
  });

  test("with User Properties fail by their name on a connection of MQTT 3.1.1", () => {
    const driver = keepingDriver();
    const subscription = {
      topicFilter: "a",
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    const properties = { userProperties: [["a", "b"]] as [string, string][] };
    driver.session.request({ type: "subscribe", subscriptions: [subscription], properties }, "s", {
      sentAt: 0,
      timeoutMs: 1000,
    });
    driver.again({}, 4);
    expect(driver.eventsOf("failed")).toMatchObject([
      { error: { name: "UnsupportedError", feature: "userProperties" } },
    ]);
  });

  test("that nobody waits for are not sent again, and their answers are nobody's", () => {
    const driver = keepingDriver();
    driver.session.cancel(driver.subscribe("a"));
    driver.sent();
    driver.again();
    expect(driver.sent()).toStrictEqual([]);
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [1] });
    expect(driver.eventsOf("answered")).toStrictEqual([]);
    expect(driver.session.records).toStrictEqual([]);
  });

  test("their time begins anew when they are sent again", () => {
    const driver = keepingDriver();
    driver.subscribe("a", ["a"], 10_000);
    driver.sent();
    driver.wait(9_000).lose();
    driver.wait(50_000).connect().wait(5_000);
    expect(driver.session.nextDeadline).toBe(59_000 + 30_000);
    driver.receive({ type: "connack", sessionPresent: true }).sent();
    driver.wait(9_999);
    expect(failures(driver)).toStrictEqual([]);
    driver.wait(1);
    expect(driver.eventsOf("failed")).toMatchObject([
      { context: "a", error: { name: "TimeoutError", timeoutMs: 10_000 } },
    ]);
    expect(failures(driver)).toStrictEqual([]);
  });

  test("made without a connection are sent once there is one, once, and not before", () => {
    const driver = keepingDriver();
    driver.lose();
    driver.unsubscribe("a", ["a"], 10_000);
    expect(driver.session.transmit(driver.now)).toHaveLength(0);
    driver.wait(20_000).connect();
    driver.subscribe("b");
    expect(driver.sentInShort()).toStrictEqual(["connect"]);
    driver.wait(20_000);
    expect(failures(driver)).toStrictEqual([]);
    driver.receive({ type: "connack", sessionPresent: true });
    expect(driver.sentInShort()).toStrictEqual(["unsubscribe 1", "subscribe 2"]);
    driver.wait(10_000);
    expect(failures(driver)).toStrictEqual([["a", TimeoutError.name]]);
  });

  test("made without a connection throw what is wrong with them, and nothing has changed", () => {
    const driver = keepingDriver();
    driver.subscribe("kept");
    driver.sent();
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [1] });
    for (const isConnected of [true, false]) {
      if (!isConnected) driver.lose();
      expect(() => driver.unsubscribe("a", ["kept", "a/#/b"])).toThrow("a/#/b");
      expect(driver.session.records).toMatchObject([{ key: "sub/kept" }]);
    }
    driver.again();
    expect(driver.sent()).toStrictEqual([]);
  });

  test("that the next server does not take fail", () => {
    const driver = keepingDriver();
    driver.subscribe("a/#");
    driver.subscribe("b");
    driver.sent();
    driver.again({ wildcardSubscriptionAvailable: 0 });
    expect(driver.sentInShort()).toStrictEqual(["subscribe 2"]);
    expect(failures(driver)).toStrictEqual([["a/#", UnsupportedError.name]]);
    driver.again({ maximumPacketSize: 8 });
    expect(driver.sentInShort()).toStrictEqual([]);
    expect(failures(driver)).toStrictEqual([["b", PacketTooLargeError.name]]);
    expect(driver.session.isAwaitingServer).toBe(false);
  });

  test("lose the identifier that the next server has no use for", () => {
    const driver = keepingDriver();
    const subscriptions = [
      { topicFilter: "a", qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const,
    ];
    const properties = { subscriptionIdentifier: 7 };
    const patience = { sentAt: 0, timeoutMs: 1_000 };
    driver.session.request({ type: "subscribe", subscriptions: [...subscriptions], properties }, "a", patience);
    expect(driver.sent()).toMatchObject([{ properties }]);
    driver.again({ subscriptionIdentifierAvailable: 0 });
    expect(driver.sent()).toStrictEqual([{ type: "subscribe", packetIdentifier: 1, subscriptions }]);
    driver.again({}, 4);
    expect(driver.sentInShort()).toStrictEqual(["subscribe 1"]);
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [1] });
    expect(driver.session.records).toStrictEqual([{ key: "sub/a", subscription: subscriptions[0] }]);
  });
});

describe("another server that has the Session", () => {
  test("[MQTT-3.2.2-11] [MQTT-3.2.2-14] [MQTT-3.2.2-15] is not sent what it does not take", () => {
    const driver = keepingDriver();
    driver.publish("a", qos2);
    driver.publish("b", { retain: true });
    driver.publish("c", { payload: new Uint8Array(100) });
    driver.publish("d");
    driver.sent();
    driver.again({ maximumQoS: 1, retainAvailable: 0, maximumPacketSize: 50, receiveMaximum: 1 });
    expect(words(driver)).toStrictEqual(["4d*"]);
    expect(failures(driver)).toStrictEqual([
      ["a", UnsupportedError.name],
      ["b", UnsupportedError.name],
      ["c", PacketTooLargeError.name],
    ]);
    expect(driver.session.outgoing).toHaveLength(1);
  });

  test("of QoS 1 at most still gets the PUBREL of a QoS 2 message", () => {
    const driver = keepingDriver();
    driver.publish("a", qos2);
    driver.receive(answer("pubrec", 1));
    driver.again({ maximumQoS: 1 });
    expect(words(driver)).toStrictEqual(["~1"]);
  });

  test("of another version: properties that it has not fail by name, all else is sent", () => {
    const driver = keepingDriver({}, { topicAliasMaximum: 5 });
    driver.publish("a", { properties: { contentType: "x", responseTopic: "y" } });
    driver.publish("b", { properties: { topicAlias: 2 } });
    driver.publish("c");
    driver.sent();
    driver.again({}, 5).sent(); // From here on no alias is left.
    driver.again({}, 4);
    expect(words(driver)).toStrictEqual(["2b*", "3c*"]);
    expect(driver.eventsOf("failed")).toMatchObject([
      { context: "a", error: { name: "UnsupportedError", feature: "contentType, responseTopic" } },
    ]);
  });
});

test("what is under way says where it stands, with a connection and without", () => {
  const driver = keepingDriver();
  for (const topic of ["a", "b", "c"]) driver.publish(topic, topic === "a" ? {} : qos2);
  driver.message(1).message(2, qos2).message(3, qos2);
  driver.sent();
  driver.receive(answer("pubrec", 2));
  const [, , third] = driver.eventsOf("message");
  driver.session.acknowledge(third?.exchange as IncomingExchange);
  const stages = (): string[][] => {
    const { outgoing, incoming } = driver.session;
    return [outgoing, incoming].map((all) => all.map(({ packetId, stage }) => `${packetId} ${stage}`));
  };
  const incoming = ["2 sending-pubrec", "3 sending-pubrec"];
  expect(stages()).toStrictEqual([
    ["1 awaiting-puback", "3 awaiting-pubrec", "2 awaiting-pubcomp"],
    ["1 sending-puback", ...incoming],
  ]);
  driver.lose();
  expect(stages()).toStrictEqual([["1 awaiting-puback", "3 awaiting-pubrec", "2 sending-pubrel"], incoming]);
});

describe("giving up", () => {
  test("fails everything once, also what waits to be sent again", () => {
    const driver = keepingDriver();
    for (const topic of ["a", "b"]) driver.publish(topic);
    driver.subscribe("s");
    driver.sent();
    driver.again({ receiveMaximum: 1 }).sent();
    driver.publish("c");
    driver.events();
    driver.session.abandon(new ClosedError());
    expect(failures(driver).map(([context]) => context)).toStrictEqual(["a", "b", "s", "c"]);
    expect(driver.session.isAwaitingServer).toBe(false);
    // As long as the server may know of them, they are seen through; what it has lost is not begun again.
    driver.again();
    expect(words(driver)).toStrictEqual(["1a*", "2b*"]);
    driver.again({ sessionPresent: false });
    expect(words(driver)).toStrictEqual([]);
    expect(driver.events().filter(({ type }) => type !== "connected" && type !== "ended")).toStrictEqual([]);
  });

  test("DISCONNECT waits for what is sent again", () => {
    const driver = keepingDriver();
    for (const topic of ["a", "b"]) driver.publish(topic);
    driver.sent();
    driver.again({ receiveMaximum: 1 });
    driver.session.disconnect({ type: "disconnect", reasonCode: 0 }, driver.now + 1_000);
    expect(words(driver)).toStrictEqual(["1a*"]);
    driver.receive(answer("puback", 1));
    expect(words(driver)).toStrictEqual(["2b*"]);
    driver.receive(answer("puback", 2));
    expect(words(driver)).toStrictEqual(["disconnect"]);
  });
});

test("MQTT 3.1 does not tell whether there is a Session: messages go on, and subscriptions are made once more", () => {
  const driver = keepingDriver({ version: 3 });
  driver.subscribe("s");
  driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [1] });
  driver.publish("a", qos2);
  driver.publish("b", qos2);
  driver.sent();
  driver.receive(answer("pubrec", 2));
  expect(words(driver.again())).toStrictEqual(["~2", "subscribe", "3b*"]);
  const clean = new SessionDriver({ version: 3 }).connected();
  clean.publish("a", qos2);
  clean.again();
  expect(failures(clean)).toStrictEqual([["a", "SessionLostError"]]);
});

test("a first connection has nothing to resume", () => {
  const driver = new SessionDriver({ connect: { cleanStart: false } });
  driver.publish("a");
  driver.connect().receive({ type: "connack", sessionPresent: true }).sent();
  expect(driver.eventsOf("failed")).toStrictEqual([]);
  expect(driver.session.outgoing).toMatchObject([{ topic: messageTo("a").topicName, packetId: 1 }]);
});
