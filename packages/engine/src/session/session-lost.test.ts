import type { ControlPacket } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { answer, keepingDriver, SessionDriver, type DriverOptions } from "../../testing/session-driver.ts";
import { SessionLostError } from "../errors.ts";

const versions = [5, 4] as const;
const qos2 = { qos: 2 } as const;
const lost = { sessionPresent: false };

/** Messages in every stage: a and d at QoS 1, b and c at QoS 2, c after PUBREC, e never sent. */
function underWay(options: DriverOptions = {}): SessionDriver {
  const driver = keepingDriver({ maxInflight: 4, ...options });
  for (const topic of ["a", "b", "c", "d", "e"]) driver.publish(topic, "bc".includes(topic) ? qos2 : {});
  driver.sent();
  driver.receive(answer("pubrec", 3));
  driver.sent();
  return driver;
}

function inBrief(packet: ControlPacket): string {
  if (packet.type !== "publish") return packet.type;
  return `${packet.topicName} ${packet.packetIdentifier}${packet.duplicate ? " again" : ""}`;
}

function failures(driver: SessionDriver): [context: string | undefined, stage: string][] {
  return driver.eventsOf("failed").map(({ context, error }) => {
    if (!(error instanceof SessionLostError)) throw error;
    return [context, error.stage];
  });
}

describe("messages under way when the server has lost the Session", () => {
  test.each(versions)(
    "[MQTT-3.2.2-5] by default QoS 1 is published anew, in order, as new messages; QoS 2 fails with its stage, version %i",
    (version) => {
      const driver = underWay({ version }).again(lost);
      expect(driver.sent().map(inBrief)).toStrictEqual(["a 5", "d 6", "e 7"]);
      expect(failures(driver)).toStrictEqual([
        ["b", "pubrec"],
        ["c", "pubcomp"],
      ]);
      driver.receive(answer("puback", 6), answer("puback", 5), answer("puback", 7));
      expect(driver.eventsOf("answered").map(({ context }) => context)).toStrictEqual(["d", "a", "e"]);
      expect(driver.session.isAwaitingServer).toBe(false);
    },
  );

  test("with republish everything is published anew, in the order of publishing", () => {
    const driver = underWay({ request: { sessionLost: "republish" } }).again(lost);
    expect(driver.sent().map(inBrief)).toStrictEqual(["a 5", "b 6", "c 7", "d 8"]);
    expect(failures(driver)).toStrictEqual([]);
    // PUBRELs follow the PUBRECs of the new exchanges, not those of the old ones.
    driver.receive(answer("pubrec", 6), answer("pubrec", 7), answer("puback", 5));
    expect(driver.sentInShort()).toStrictEqual(["pubrel 6", "pubrel 7", "publish 9"]);
    expect(driver.again().sentInShort()).toStrictEqual(["pubrel 6", "pubrel 7", "publish 8", "publish 9"]);
  });

  test("with fail everything fails that was sent, and what was not is sent", () => {
    const driver = underWay({ request: { sessionLost: "fail" } }).again(lost);
    expect(driver.sent().map(inBrief)).toStrictEqual(["e 5"]);
    expect(failures(driver)).toStrictEqual([
      ["a", "puback"],
      ["b", "pubrec"],
      ["d", "puback"],
      ["c", "pubcomp"],
    ]);
  });

  test("new quota binds them, and they go before what waits", () => {
    const driver = underWay().again({ ...lost, receiveMaximum: 1 });
    driver.publish("f");
    const sent = [];
    for (let packetIdentifier = 5; packetIdentifier < 9; packetIdentifier++) {
      sent.push(...driver.sent().map(inBrief));
      driver.receive(answer("puback", packetIdentifier));
    }
    expect(sent).toStrictEqual(["a 5", "d 6", "e 7", "f 8"]);
  });

  test("lost again before they left, they keep their order, and a later loss finds them as they are", () => {
    const driver = underWay().again({ ...lost, receiveMaximum: 1 });
    expect(driver.sent().map(inBrief)).toStrictEqual(["a 5"]);
    driver.again();
    expect(driver.sent().map(inBrief)).toStrictEqual(["a 5 again", "d 6", "e 7"]);
    driver.again(lost);
    expect(driver.sent().map(inBrief)).toStrictEqual(["a 8", "d 9", "e 10"]);
  });

  test("what was cancelled is not begun again, and nobody hears of it", () => {
    const driver = keepingDriver();
    for (const qos of [1, 2] as const) driver.session.cancel(driver.exchange("a", { qos }));
    driver.sent();
    driver.again(lost);
    expect(driver.sent().map(inBrief)).toStrictEqual([]);
    expect(driver.eventsOf("failed")).toStrictEqual([]);
    expect(driver.session.records).toStrictEqual([]);
  });

  test("one that is published anew can be cancelled before it leaves", () => {
    const driver = keepingDriver();
    driver.publish("a");
    const exchange = driver.exchange("b");
    driver.sent();
    driver.again({ ...lost, receiveMaximum: 1 }).sent();
    driver.session.cancel(exchange);
    driver.receive(answer("puback", 3));
    expect(driver.sent()).toStrictEqual([]);
    expect(driver.session.bufferedBytes).toBe(0);
  });

  test("a message that has expired meanwhile is not published anew", () => {
    const driver = keepingDriver();
    driver.publish("a", { properties: { messageExpiryInterval: 10 } });
    driver.publish("b", { properties: { messageExpiryInterval: 20 } });
    driver.sent();
    driver.now += 10_000;
    driver.again(lost);
    expect(driver.sent()).toMatchObject([{ topicName: "b", properties: { messageExpiryInterval: 10 } }]);
    expect(driver.eventsOf("failed")).toMatchObject([
      { context: "a", error: { name: "TimeoutError", timeoutMs: 10_000 } },
    ]);
  });

  test("after Clean Start the Session is lost too", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a", qos2);
    driver.sent();
    driver.again(lost);
    expect(failures(driver)).toStrictEqual([["a", "pubrec"]]);
  });
});

describe("subscriptions when the server has lost the Session", () => {
  /** Granted: a and b without an identifier, c with 7, d with 8, e with 7. */
  function subscribed(options: DriverOptions = {}): SessionDriver {
    const driver = keepingDriver(options);
    const asks = [[["a", "b"]], [["c"], 7], [["d"], 8], [["e"], 7]] as const;
    for (const [filters, subscriptionIdentifier] of asks) {
      const rest = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
      const properties = subscriptionIdentifier === undefined ? {} : { properties: { subscriptionIdentifier } };
      const subscriptions = filters.map((topicFilter) => ({ topicFilter, ...rest }));
      driver.session.request({ type: "subscribe", subscriptions, ...properties }, "s", { sentAt: 0, timeoutMs: 1_000 });
    }
    for (const packet of driver.sent()) {
      if (packet.type !== "subscribe") continue;
      const { packetIdentifier, subscriptions } = packet;
      driver.receive({ type: "suback", packetIdentifier, reasonCodes: subscriptions.map(() => 2) });
    }
    driver.events();
    return driver;
  }

  /** What is subscribed to now: for each SUBSCRIBE its filters and its identifier. */
  function asked(driver: SessionDriver): [filters: string, identifier: number | undefined][] {
    return driver.sent().flatMap((packet) => {
      if (packet.type !== "subscribe") return [];
      const filters = packet.subscriptions.map(({ topicFilter }) => topicFilter).join(" ");
      return [[filters, packet.properties?.subscriptionIdentifier]];
    });
  }

  test("pains #17: are made again in one write, one SUBSCRIBE for each identifier, and not when it has not", () => {
    const driver = subscribed();
    expect(asked(driver.again())).toStrictEqual([]);
    driver.again(lost);
    const before = driver.batches.length;
    expect(asked(driver)).toStrictEqual([
      ["a b", undefined],
      ["c e", 7],
      ["d", 8],
    ]);
    expect(driver.batches).toHaveLength(before + 1);
  });

  test("are not, with resubscribe false", () => {
    expect(asked(subscribed({ request: { resubscribe: false } }).again(lost))).toStrictEqual([]);
  });

  test("go without identifiers to a server that has none, in one SUBSCRIBE", () => {
    expect(asked(subscribed().again({ ...lost, subscriptionIdentifierAvailable: 0 }))).toStrictEqual([
      ["a b c d e", undefined],
    ]);
    expect(asked(subscribed().again(lost, 4))).toStrictEqual([["a b c d e", undefined]]);
  });

  test("pains #17: [MQTT-3.2.2-15] as many at once as the server's Maximum Packet Size takes", () => {
    const driver = keepingDriver();
    const filters = Array.from({ length: 50 }, (_, index) => `filter/${String(index).padStart(8, "0")}`);
    driver.subscribe("s", filters);
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: filters.map(() => 0) });
    driver.sent();
    driver.again({ ...lost, maximumPacketSize: 200 });
    const groups = asked(driver).map(([names]) => names.split(" "));
    expect(groups.flat()).toStrictEqual(filters);
    expect(groups.length).toBeLessThan(20);
    expect(driver.eventsOf("subscriptionsLost")).toStrictEqual([]);
  });

  test("that the server refuses are told of, the others are kept", () => {
    const driver = subscribed().again(lost);
    driver.sent();
    driver.receive({ type: "suback", packetIdentifier: 5, reasonCodes: [0x87, 1] });
    expect(driver.eventsOf("subscriptionsLost")).toMatchObject([
      { topicFilters: ["a"], error: { name: "SubscribeError", results: [{ filter: "a", reasonCode: 0x87 }] } },
    ]);
    driver.receive({ type: "suback", packetIdentifier: 6, reasonCodes: [1, 0] });
    driver.receive({ type: "suback", packetIdentifier: 7, reasonCodes: [0x97] });
    expect(driver.eventsOf("subscriptionsLost")).toMatchObject([{ topicFilters: ["d"] }]);
    expect(driver.session.subscriptions.records.map(({ key }) => key)).toStrictEqual(["sub/b", "sub/c", "sub/e"]);
    expect(asked(driver.again(lost))).toStrictEqual([
      ["b", undefined],
      ["c e", 7],
    ]);
  });

  test("that this server cannot have are told of one by one, and the others made", () => {
    const driver = keepingDriver();
    const long = `a/${"b".repeat(100)}`;
    driver.subscribe("s", ["a/#", "b", long, "c"]);
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [0, 0, 0, 0] });
    driver.again({ ...lost, wildcardSubscriptionAvailable: 0, maximumPacketSize: 90 });
    expect(asked(driver).map(([filters]) => filters)).toStrictEqual(["c", "b"]);
    expect(driver.eventsOf("subscriptionsLost")).toMatchObject([
      { topicFilters: [long], error: { name: "PacketTooLargeError" } },
      { topicFilters: ["a/#"], error: { name: "UnsupportedError" } },
    ]);
  });

  test("lost once more before the answer, they are made once more", () => {
    const driver = subscribed().again(lost);
    driver.sent();
    driver.again(lost);
    expect(asked(driver)).toHaveLength(3);
  });

  test("that were unsubscribed meanwhile are not made again, and the UNSUBSCRIBE goes all the same", () => {
    const driver = subscribed().lose();
    driver.unsubscribe("u", ["a", "c", "e", "unknown"]);
    driver.connect().sent();
    driver.receive({ type: "connack" });
    const sent = driver.sent();
    expect(sent).toMatchObject([
      { type: "subscribe", subscriptions: [{ topicFilter: "b" }] },
      { type: "subscribe", subscriptions: [{ topicFilter: "d" }] },
      { type: "unsubscribe", topicFilters: ["a", "c", "e", "unknown"] },
    ]);
  });

  test("that were refused from the beginning, or that nobody waited for, are not", () => {
    const driver = keepingDriver();
    driver.subscribe("s", ["a", "b"]);
    driver.session.cancel(driver.subscribe("c"));
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [0x80, 1] });
    driver.receive({ type: "suback", packetIdentifier: 2, reasonCodes: [1] });
    expect(asked(driver.again(lost))).toStrictEqual([["b", undefined]]);
  });

  test("a filter that is subscribed to again has its latest options; one that is refused then, those before", () => {
    const driver = subscribed();
    driver.subscribe("a");
    driver.subscribe("d");
    driver.receive({ type: "suback", packetIdentifier: 5, reasonCodes: [1] });
    driver.receive({ type: "suback", packetIdentifier: 6, reasonCodes: [0x80] });
    driver.again(lost);
    expect(driver.sent()).toMatchObject([
      {
        subscriptions: [
          { topicFilter: "a", qos: 1 },
          { topicFilter: "b", qos: 2 },
        ],
      },
      {},
      { subscriptions: [{ topicFilter: "d", qos: 2 }], properties: { subscriptionIdentifier: 8 } },
    ]);
  });

  test("an UNSUBSCRIBE that overtakes the answer to a SUBSCRIBE wins; a SUBSCRIBE after it wins", () => {
    for (const isLast of [false, true]) {
      const driver = keepingDriver();
      driver.subscribe("a");
      driver.unsubscribe("a");
      if (isLast) driver.subscribe("a");
      driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [0] });
      driver.receive({ type: "unsuback", packetIdentifier: 2, reasonCodes: [0] });
      if (isLast) driver.receive({ type: "suback", packetIdentifier: 3, reasonCodes: [1] });
      expect(driver.session.records.map(({ key }) => key)).toStrictEqual(isLast ? ["sub/a"] : []);
    }
  });

  test("identifiers are not given twice, and are known", () => {
    const { session } = subscribed();
    session.subscriptions.put({
      key: "sub/x",
      identifier: 268_435_454,
      subscription: { topicFilter: "x", qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
    });
    const { subscriptions } = session;
    const given = [["y"], ["z"], ["c", "e"], ["c", "d"], ["a"], ["c", "y"]].map((filters) =>
      subscriptions.identifierFor(filters),
    );
    expect(given).toStrictEqual([268_435_455, 268_435_453, 7, 268_435_452, 268_435_451, 268_435_450]);
    expect([7, 9, 268_435_454].map((identifier) => subscriptions.isIdentifier(identifier))).toStrictEqual([
      true,
      false,
      true,
    ]);
  });
});
