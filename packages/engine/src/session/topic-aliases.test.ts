import { InvalidTopicError, type ControlPacket } from "@rivulet/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, same } from "../../../codec/testing/property-test.ts";
import { answer, keepingDriver, messageTo, SessionDriver, type ConnackOptions } from "../../testing/session-driver.ts";
import { PacketTooLargeError, QueueFullError, UnsupportedError } from "../errors.ts";

/** A connection to a server that takes some aliases. */
function aliasing(
  options: { readonly maximum?: number; readonly isAutomatic?: boolean } & ConnackOptions = {},
): SessionDriver {
  const { maximum = 10, isAutomatic = false, ...connack } = options;
  const session = { hasAutomaticAliases: isAutomatic };
  return keepingDriver({ session }, { topicAliasMaximum: maximum, ...connack });
}

/** Publishes with an alias. */
function publish(driver: SessionDriver, topicName: string, topicAlias: number, qos: 0 | 1 | 2 = 0): void {
  driver.publish(topicName, { qos, properties: { topicAlias } });
}

/** The PUBLISHes as topic and alias: `a=1`, `=1`, `a`. */
function topics(packets: readonly ControlPacket[]): string[] {
  return packets.flatMap((packet) => {
    if (packet.type !== "publish") return [];
    const alias = packet.properties?.topicAlias;
    return [`${packet.topicName}${alias === undefined ? "" : `=${alias}`}`];
  });
}

describe("an alias that the caller gives", () => {
  test("[MQTT-3.3.2-12] goes with its topic first, alone afterwards, and can be given another topic", () => {
    const driver = aliasing();
    publish(driver, "a", 1);
    publish(driver, "a", 1);
    publish(driver, "", 1);
    publish(driver, "b", 1);
    publish(driver, "", 1);
    publish(driver, "a", 2);
    publish(driver, "a", 1);
    expect(topics(driver.sent())).toStrictEqual(["a=1", "=1", "=1", "b=1", "=1", "a=2", "a=1"]);
  });

  test("without a topic stands for nothing until it has had one: InvalidTopicError", () => {
    const driver = aliasing();
    expect(() => publish(driver, "", 1)).toThrow(InvalidTopicError);
    publish(driver, "a", 1);
    expect(() => publish(driver, "", 2)).toThrow(InvalidTopicError);
    expect(topics(driver.sent())).toStrictEqual(["a=1"]);
  });

  test("is resolved when the message is published, and kept with its full topic", () => {
    const driver = aliasing({ receiveMaximum: 1 });
    publish(driver, "a", 1, 1);
    publish(driver, "", 1, 1);
    publish(driver, "b", 1, 1);
    publish(driver, "", 1, 1);
    expect(driver.session.records.map((record) => "packet" in record && record.packet?.topicName)).toStrictEqual([
      "a",
      "a",
      "b",
      "b",
    ]);
    const sent = topics(driver.sent());
    for (let packetIdentifier = 1; packetIdentifier < 4; packetIdentifier++) {
      driver.receive(answer("puback", packetIdentifier));
      sent.push(...topics(driver.sent()));
    }
    expect(sent).toStrictEqual(["a=1", "=1", "b=1", "=1"]);
  });

  test("[MQTT-3.2.2-17] [MQTT-3.3.2-9] above the server's maximum is refused, and changes nothing", () => {
    const driver = aliasing({ maximum: 2 });
    expect(() => publish(driver, "a", 3)).toThrow(UnsupportedError);
    expect(() => publish(driver, "", 3)).toThrow(UnsupportedError);
    publish(driver, "a", 2);
    expect(topics(driver.sent())).toStrictEqual(["a=2"]);
  });

  test("[MQTT-3.2.2-18] is refused by a server that said nothing of aliases", () => {
    expect(() => publish(new SessionDriver().connected(), "a", 1)).toThrow(UnsupportedError);
  });

  test("[MQTT-3.3.2-8] of 0 is refused, and stands for nothing", () => {
    const driver = aliasing();
    expect(() => publish(driver, "a", 0)).toThrow("topicAlias is 0");
    expect(() => publish(driver, "", 0)).toThrow(InvalidTopicError);
  });

  test("stands for nothing when its message was not taken", () => {
    const driver = keepingDriver(
      { queue: { maxMessages: 0 } },
      { topicAliasMaximum: 9, retainAvailable: 0, maximumPacketSize: 50, receiveMaximum: 1 },
    );
    const properties = { topicAlias: 1 };
    expect(() => driver.publish("a", { retain: true, properties })).toThrow(UnsupportedError);
    expect(() => driver.publish("a", { payload: new Uint8Array(60), properties })).toThrow(PacketTooLargeError);
    driver.publish("b");
    expect(() => driver.publish("a", { properties })).toThrow(QueueFullError);
    expect(() => driver.publish("a/#", { properties, qos: 0 })).toThrow(InvalidTopicError);
    expect(() => publish(driver, "", 1)).toThrow(InvalidTopicError);
  });

  test("stands for what it did before when its next message was too large, on the wire too", () => {
    const driver = aliasing({ maximumPacketSize: 50 });
    publish(driver, "a", 1);
    expect(() => driver.publish("b", { qos: 0, payload: new Uint8Array(60), properties: { topicAlias: 1 } })).toThrow(
      PacketTooLargeError,
    );
    publish(driver, "", 1);
    publish(driver, "a", 1);
    expect(topics(driver.sent())).toStrictEqual(["a=1", "=1", "=1"]);
  });

  test("given while there is no connection is for the next one, as far as its server takes it", () => {
    const driver = new SessionDriver();
    publish(driver, "a", 1);
    publish(driver, "", 1);
    publish(driver, "b", 5);
    publish(driver, "", 5);
    driver.connect().receive({ type: "connack", properties: { topicAliasMaximum: 4 } });
    expect(topics(driver.sent())).toStrictEqual(["a=1", "=1", "b", "b"]);
    publish(driver, "", 1);
    expect(() => publish(driver, "", 5)).toThrow(UnsupportedError);
    expect(topics(driver.sent())).toStrictEqual(["=1"]);
  });

  test("[MQTT-3.3.2-7] dies with the connection", () => {
    const driver = aliasing();
    publish(driver, "a", 1);
    driver.again({ topicAliasMaximum: 10 });
    expect(() => publish(driver, "", 1)).toThrow(InvalidTopicError);
    publish(driver, "a", 1);
    expect(topics(driver.sent())).toStrictEqual(["a=1"]);
  });
});

describe("what is sent again", () => {
  test("[MQTT-3.3.2-7] has its topic and no alias, and makes no mapping", () => {
    const driver = aliasing();
    for (const qos of [1, 2] as const) publish(driver, "a", 1, qos);
    driver.publish("b", { properties: { topicAlias: 1, contentType: "x" } });
    expect(topics(driver.sent())).toStrictEqual(["a=1", "=1", "b=1"]);
    driver.again({ topicAliasMaximum: 10 });
    publish(driver, "b", 1);
    const sent = driver.sent();
    expect(topics(sent)).toStrictEqual(["a", "a", "b", "b=1"]);
    expect(sent[2]).toMatchObject({ duplicate: true, properties: { contentType: "x" } });
  });

  test("has none either where aliases are given by themselves", () => {
    const driver = aliasing({ isAutomatic: true });
    driver.publish("a");
    driver.publish("a");
    expect(topics(driver.sent())).toStrictEqual(["a=1", "=1"]);
    driver.again({ topicAliasMaximum: 10 });
    driver.publish("a");
    expect(topics(driver.sent())).toStrictEqual(["a", "a", "a=1"]);
  });

  test("as a new message, after the Session was lost, has none either", () => {
    const driver = aliasing();
    publish(driver, "a", 1, 1);
    publish(driver, "", 1, 1);
    driver.sent();
    driver.again({ sessionPresent: false, topicAliasMaximum: 10 });
    expect(topics(driver.sent())).toStrictEqual(["a", "a"]);
  });
});

describe("aliases that are given by themselves", () => {
  test("are as many as the server takes; the topic that was not used for longest gives its own up", () => {
    const driver = aliasing({ maximum: 2, isAutomatic: true });
    for (const topic of ["a", "b", "a", "c", "a", "b", "c"]) driver.publish(topic, { qos: 0 });
    expect(topics(driver.sent())).toStrictEqual(["a=1", "b=2", "=1", "c=2", "=1", "b=2", "c=1"]);
  });

  test("are none where the server takes none, or is of MQTT 3.1.1", () => {
    const driver = aliasing({ maximum: 0, isAutomatic: true });
    driver.publish("a", { qos: 0 });
    expect(driver.sent()).toStrictEqual([{ ...messageTo("a"), qos: 0 }]);
    const old = new SessionDriver({ version: 4, session: { hasAutomaticAliases: true } }).connected();
    old.publish("a", { qos: 0 });
    expect(old.sent()).toStrictEqual([{ ...messageTo("a"), qos: 0 }]);
  });

  test("go round those that the caller gives", () => {
    const driver = aliasing({ maximum: 3, isAutomatic: true });
    publish(driver, "x", 2);
    for (const topic of ["a", "b", "x", "c", "x"]) driver.publish(topic, { qos: 0 });
    expect(topics(driver.sent())).toStrictEqual(["x=2", "a=3", "b=1", "=2", "c=3", "=2"]);
  });

  test("follow the order of the wire, not that of publishing", () => {
    const driver = aliasing({ isAutomatic: true, receiveMaximum: 1 });
    for (const topic of ["a", "b", "b", "a"]) driver.publish(topic);
    const sent = topics(driver.sent());
    for (let packetIdentifier = 1; packetIdentifier < 4; packetIdentifier++) {
      driver.receive(answer("puback", packetIdentifier));
      sent.push(...topics(driver.sent()));
    }
    expect(sent).toStrictEqual(["a=1", "b=2", "=2", "=1"]);
  });

  test("[MQTT-3.2.2-15] are left out where they would make a message too large, queued or not", () => {
    const driver = aliasing({ isAutomatic: true, maximumPacketSize: 30, receiveMaximum: 1 });
    const payload = new Uint8Array(30 - 2 - 3 - 1);
    driver.publish("a", { qos: 0, payload });
    driver.publish("b");
    driver.publish("a", { qos: 0, payload });
    driver.publish("c", { payload: payload.subarray(2) });
    expect(topics(driver.sent())).toStrictEqual(["a", "b=1", "a"]);
    driver.receive(answer("puback", 1));
    expect(topics(driver.sent())).toStrictEqual(["c"]);
    expect(driver.eventsOf("failed")).toStrictEqual([]);
    expect(() => driver.publish("a", { qos: 0, payload: new Uint8Array(25) })).toThrow(PacketTooLargeError);
  });

  test("a server that resolves them sees the topics that were published", () => {
    const step = fc.record({
      topicName: fc.constantFrom("", "a", "b", "c", "d"),
      topicAlias: fc.option(fc.integer({ min: 1, max: 5 })),
      isLost: fc.boolean(),
    });
    check(
      fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 4 }), fc.array(step, { maxLength: 40 })),
      ([isAutomatic, maximum, steps]) => {
        const driver = aliasing({ maximum, isAutomatic });
        const known = new Map<number, string>();
        const asked = new Map<number, string>();
        for (const { topicName, topicAlias, isLost } of steps) {
          if (isLost) {
            driver.again({ topicAliasMaximum: maximum });
            known.clear();
            asked.clear();
          }
          if (topicName === "" && topicAlias === null) continue;
          const expected = topicName === "" ? asked.get(topicAlias as number) : topicName;
          const isFine = (topicAlias ?? 0) <= maximum && expected !== undefined;
          try {
            driver.publish(topicName, { qos: 0, ...(topicAlias === null ? {} : { properties: { topicAlias } }) });
            same(isFine, true);
          } catch (error) {
            if (isFine) throw error;
            continue;
          }
          if (topicAlias !== null) asked.set(topicAlias, expected as string);
          const [packet] = driver.sent();
          if (packet?.type !== "publish") throw new Error("Nothing was sent");
          const alias = packet.properties?.topicAlias;
          if (alias !== undefined && (alias < 1 || alias > maximum)) throw new Error(`Alias ${alias} was sent`);
          if (alias !== undefined && packet.topicName !== "") known.set(alias, packet.topicName);
          same(packet.topicName === "" ? known.get(alias ?? 0) : packet.topicName, expected);
        }
      },
      0.5,
    );
  });
});
