import type { ControlPacket, PublishPacket } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { answer, keepingDriver, type SessionDriver } from "../../testing/session-driver.ts";

const versions = [5, 4, 3] as const;
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

describe("what is sent again", () => {
  test.each(versions)(
    "[MQTT-4.4.0-1] [MQTT311-4.4.0-1] [MQTT-3.3.1-1] PUBLISHes without an answer, with DUP, version %i",
    (version) => {
      const driver = keepingDriver({ version });
      driver.publish("a");
      driver.publish("b", qos2);
      const before = driver.sent() as PublishPacket[];
      expect(driver.again().sent()).toStrictEqual(before.map((packet) => ({ ...packet, duplicate: true })));
      driver.receive(answer("puback", 1), answer("pubrec", 2), answer("pubcomp", 2));
      expect(driver.eventsOf("answered").map(({ context }) => context)).toStrictEqual(["a", "b"]);
      expect(driver.again().sent()).toStrictEqual([]);
    },
  );

  test("[MQTT-4.6.0-1] in the order in which they were sent, at every QoS, also the third time", () => {
    const driver = keepingDriver();
    for (const topic of ["a", "b", "c", "d", "e"]) driver.publish(topic, topic < "c" ? {} : qos2);
    driver.sent();
    driver.receive(answer("puback", 2), answer("pubrec", 4), answer("pubcomp", 4));
    for (let round = 0; round < 3; round++) {
      driver.again();
      expect(words(driver)).toStrictEqual(["1a*", "3c*", "5e*"]);
    }
  });

  test("[MQTT-4.3.3-6] [MQTT-4.6.0-4] PUBRELs in the order of the PUBRECs, and no PUBLISH before them", () => {
    const driver = keepingDriver();
    for (const topic of ["a", "b", "c", "d"]) driver.publish(topic, qos2);
    driver.sent();
    for (const packetIdentifier of [4, 2, 1]) driver.receive(answer("pubrec", packetIdentifier));
    driver.sent();
    driver.receive(answer("pubrec", 4)); // Once more: that is no new place.
    expect(words(driver)).toStrictEqual(["~4"]);
    driver.again();
    expect(words(driver)).toStrictEqual(["~4", "~2", "~1", "3c*"]);
    driver.receive(answer("pubrec", 3));
    driver.again();
    expect(words(driver)).toStrictEqual(["~4", "~2", "~1", "~3"]);
    for (const packetIdentifier of [1, 2, 3, 4]) driver.receive(answer("pubcomp", packetIdentifier));
    expect(driver.eventsOf("answered").map(({ context }) => context)).toStrictEqual(["a", "b", "c", "d"]);
  });

  test("[MQTT-4.3.1-1] not what was sent at QoS 0", () => {
    const driver = keepingDriver();
    driver.publish("a", { qos: 0 });
    driver.sent();
    expect(driver.again().sent()).toStrictEqual([]);
  });

  test("[MQTT-4.4.0-2] not what the server has refused", () => {
    const driver = keepingDriver();
    driver.publish("a");
    driver.publish("b", qos2);
    driver.receive({ type: "puback", packetIdentifier: 1, reasonCode: 0x97 });
    driver.receive({ type: "pubrec", packetIdentifier: 2, reasonCode: 0x97 });
    expect(driver.again().sent()).toStrictEqual([]);
  });

  test("pains #2 #3: before what was published meanwhile, and that in order, whatever its QoS", () => {
    const driver = keepingDriver();
    driver.publish("a");
    driver.sent();
    driver.lose();
    const later = [
      ["b", 0],
      ["c", 2],
      ["d", 1],
      ["e", 0],
    ] as const;
    for (const [topic, qos] of later) driver.publish(topic, { qos });
    driver.again();
    expect(words(driver)).toStrictEqual(["1a*", "b", "2c", "3d", "e"]);
    expect(driver.eventsOf("batched").map(({ context }) => context)).toStrictEqual(["b", "e"]);
  });

  test("what was in a batch that never left is sent again all the same", () => {
    const driver = keepingDriver();
    driver.publish("a");
    driver.again();
    expect(words(driver)).toStrictEqual(["1a*"]);
  });

  test("what is published while the server has not answered CONNECT comes after it", () => {
    const driver = keepingDriver();
    driver.publish("a");
    driver.lose().connect();
    driver.publish("b");
    expect(driver.sentInShort()).toStrictEqual(["connect"]);
    driver.receive({ type: "connack", sessionPresent: true });
    expect(words(driver)).toStrictEqual(["1a*", "2b"]);
  });

  test("a connection that is refused changes nothing", () => {
    const driver = keepingDriver();
    driver.publish("a");
    driver.lose().connect().receive({ type: "connack", reasonCode: 0x88 });
    driver.lose();
    expect(driver.session.outgoing).toMatchObject([{ topic: "a", packetId: 1, stage: "awaiting-puback" }]);
    driver.again();
    expect(words(driver)).toStrictEqual(["1a*"]);
  });

  test("one that was cancelled is seen through, and nobody hears of it", () => {
    const driver = keepingDriver();
    const exchange = driver.exchange("a", qos2);
    driver.sent();
    driver.session.cancel(exchange);
    expect(driver.session.isAwaitingServer).toBe(false);
    driver.again();
    expect(words(driver)).toStrictEqual(["1a*"]);
    driver.receive(answer("pubrec", 1));
    driver.again();
    expect(words(driver)).toStrictEqual(["~1"]);
    driver.receive(answer("pubcomp", 1));
    expect(driver.eventsOf("answered")).toStrictEqual([]);
    expect(driver.session.records).toStrictEqual([]);
  });

  test("one that was cancelled before it left is not sent", () => {
    const driver = keepingDriver({ maxInflight: 1 });
    driver.publish("a");
    const exchange = driver.exchange("b");
    driver.sent();
    driver.lose();
    driver.session.cancel(exchange);
    driver.again();
    expect(words(driver)).toStrictEqual(["1a*"]);
    driver.receive(answer("puback", 1));
    expect(words(driver)).toStrictEqual([]);
  });
});

describe("the quota of the next connection", () => {
  test("[MQTT-4.9.0-1] [MQTT-4.9.0-2] pains #20: may be smaller: the first go first, each end lets one more go", () => {
    const driver = keepingDriver();
    for (const topic of ["a", "b", "c", "d"]) driver.publish(topic, topic === "b" ? qos2 : {});
    driver.sent();
    driver.publish("e", { qos: 0 });
    driver.sent();
    driver.again({ receiveMaximum: 2 });
    driver.publish("f");
    expect(words(driver)).toStrictEqual(["1a*", "2b*"]);
    driver.receive(answer("pubrec", 2));
    expect(words(driver)).toStrictEqual(["~2"]);
    driver.receive(answer("puback", 1));
    expect(words(driver)).toStrictEqual(["3c*"]);
    driver.receive(answer("pubcomp", 2));
    expect(words(driver)).toStrictEqual(["4d*"]);
    driver.receive(answer("puback", 4));
    expect(words(driver)).toStrictEqual(["5f"]);
  });

  test("is not raised by what was resumed at PUBREL", () => {
    const driver = keepingDriver();
    for (const topic of ["a", "b"]) driver.publish(topic, qos2);
    driver.receive(answer("pubrec", 1), answer("pubrec", 2));
    driver.sent();
    driver.again({ receiveMaximum: 1 });
    for (const topic of ["c", "d", "e"]) driver.publish(topic);
    expect(words(driver)).toStrictEqual(["~1", "~2", "3c"]);
    driver.receive(answer("pubcomp", 1), answer("pubcomp", 2));
    expect(words(driver)).toStrictEqual([]);
    driver.receive(answer("puback", 3));
    expect(words(driver)).toStrictEqual(["4d"]);
  });

  test("is not raised by an answer to what waits to be sent again, and that is not sent then", () => {
    const driver = keepingDriver();
    for (const topic of ["a", "b", "c", "d"]) driver.publish(topic, topic === "c" ? qos2 : {});
    driver.sent();
    driver.again({ receiveMaximum: 1 });
    expect(words(driver)).toStrictEqual(["1a*"]);
    // What the server had sent before may have been on its way for long.
    driver.receive(answer("puback", 2), answer("pubrec", 3));
    expect(words(driver)).toStrictEqual(["~3"]);
    expect(driver.session.isAwaitingServer).toBe(true);
    driver.receive(answer("puback", 1));
    expect(words(driver)).toStrictEqual(["4d*"]);
    driver.receive(answer("pubcomp", 3));
    expect(words(driver)).toStrictEqual([]);
    driver.again();
    expect(words(driver)).toStrictEqual(["4d*"]);
  });

  test("may be larger", () => {
    const driver = keepingDriver({}, { receiveMaximum: 1 });
    for (const topic of ["a", "b", "c"]) driver.publish(topic);
    driver.sent();
    driver.again({ receiveMaximum: 9 });
    expect(words(driver)).toStrictEqual(["1a*", "2b", "3c"]);
  });

  test("lost again before all were sent again, they keep their order", () => {
    const driver = keepingDriver();
    for (const topic of ["a", "b", "c"]) driver.publish(topic);
    driver.sent();
    driver.again({ receiveMaximum: 1 }).sent();
    driver.publish("d");
    driver.again();
    expect(words(driver)).toStrictEqual(["1a*", "2b*", "3c*", "4d"]);
  });

  test("with all Packet Identifiers in use, those that have theirs are sent again", () => {
    const driver = keepingDriver({ maxInflight: 65_535 });
    for (let count = 0; count < 65_535; count++) {
      driver.publish("a", { payload: new Uint8Array(0) });
      if (count % 5_000 === 0) driver.sent();
    }
    for (let batch = driver.sent(); batch.length > 0; batch = driver.sent());
    driver.publish("b");
    expect(driver.session.outgoing).toHaveLength(65_535);
    driver.again();
    expect(words(driver).slice(0, 2)).toStrictEqual(["1a*", "2a*"]);
  });

  test("batches take as much as one may hold, in order", () => {
    const driver = keepingDriver();
    for (const topic of ["a", "b", "c"]) {
      driver.publish(topic, { payload: new Uint8Array(50_000) });
      driver.sent();
    }
    driver.again();
    expect([words(driver), words(driver), words(driver)]).toStrictEqual([["1a*", "2b*"], ["3c*"], []]);
  });
});

describe("Packet Identifiers", () => {
  test("[MQTT-2.2.1-3] pains #24: those of what was under way stay in use", () => {
    const driver = keepingDriver();
    driver.publish("a");
    driver.publish("b", qos2);
    driver.sent();
    driver.receive(answer("pubrec", 2));
    driver.again().sent();
    for (let count = 3; count <= 65_535; count++) {
      driver.publish("c");
      driver.sent();
      driver.receive(answer("puback", count));
    }
    driver.publish("d");
    expect(words(driver)).toStrictEqual(["3d"]);
  });

  test("pains #18: nothing of exchanges remains that are over", () => {
    const driver = keepingDriver();
    for (let round = 0; round < 50; round++) {
      driver.publish("a", qos2);
      const cancelled = driver.subscribe("b");
      driver.session.cancel(cancelled);
      const [published] = driver.sent() as PublishPacket[];
      const packetIdentifier = published?.packetIdentifier ?? 0;
      driver.again();
      driver.receive(answer("pubrec", packetIdentifier), answer("pubcomp", packetIdentifier));
      driver.sent();
    }
    expect(driver.session).toMatchObject({ outgoing: [], records: [], isAwaitingServer: false, bufferedBytes: 0 });
  });
});
