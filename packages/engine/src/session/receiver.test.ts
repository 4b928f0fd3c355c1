import { MqttError, ProtocolError } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { SessionDriver } from "../../testing/session-driver.ts";
import type { IncomingExchange } from "./exchanges.ts";

const versions = [5, 4, 3] as const;

/** The exchanges of the messages that have been handed over. */
function exchanges(driver: SessionDriver): IncomingExchange[] {
  return driver.eventsOf("message").flatMap(({ exchange }) => exchange ?? []);
}

/** The topics of the messages that have been handed over. */
function topics(driver: SessionDriver): string[] {
  return driver.eventsOf("message").map(({ packet }) => packet.topicName);
}

/** Expects that the Session ends the connection for a breach of the protocol. */
function expectFault(driver: SessionDriver, reasonCode: number): void {
  expect(driver.sent().at(-1)).toStrictEqual({ type: "disconnect", reasonCode });
  const [ended] = driver.eventsOf("ended");
  expect(ended?.error).toBeInstanceOf(ProtocolError);
  expect(ended?.error?.reasonCode).toBe(reasonCode);
}

describe("a message of the server", () => {
  test.each(versions)("[MQTT-3.3.4-1] at QoS 0 is handed over, and not answered, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.message(0, { qos: 0, topicName: "a/b" });
    expect(driver.events()).toMatchObject([{ type: "message", packet: { topicName: "a/b" }, exchange: undefined }]);
    expect(driver.sent()).toStrictEqual([]);
  });

  test.each(versions)("[MQTT-4.3.2-4] at QoS 1 gets PUBACK when the application is done, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.message(7);
    const [exchange] = exchanges(driver);
    expect(exchange).toMatchObject({ packetIdentifier: 7, qos: 1, isAcknowledged: false });
    expect(driver.sent()).toStrictEqual([]);
    if (exchange !== undefined) driver.session.acknowledge(exchange);
    expect(driver.sent()).toStrictEqual([{ type: "puback", packetIdentifier: 7, reasonCode: 0 }]);
    expect(driver.events()).toStrictEqual([{ type: "acknowledged", exchange }]);
    expect(exchange?.isAcknowledged).toBe(true);
  });

  test.each(versions)("[MQTT-4.3.3-8] [MQTT-4.3.3-11] at QoS 2 gets PUBREC, then PUBCOMP, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.message(7, { qos: 2 });
    const [exchange] = exchanges(driver);
    expect(driver.sent()).toStrictEqual([]);
    if (exchange !== undefined) driver.session.acknowledge(exchange);
    expect(driver.sent()).toStrictEqual([{ type: "pubrec", packetIdentifier: 7, reasonCode: 0 }]);
    driver.receive({ type: "pubrel", packetIdentifier: 7 });
    expect(driver.sent()).toStrictEqual([{ type: "pubcomp", packetIdentifier: 7, reasonCode: 0 }]);
    expect(driver.events()).toStrictEqual([{ type: "acknowledged", exchange }]);
  });

  test("is acknowledged once, however often the application says so", () => {
    const driver = new SessionDriver().connected();
    driver.message(7);
    const [exchange] = exchanges(driver);
    if (exchange === undefined) throw new Error("No message came");
    driver.session.acknowledge(exchange);
    driver.session.acknowledge(exchange, { reasonCode: 0x80 });
    expect(driver.sentInShort()).toStrictEqual(["puback 7"]);
    expect(driver.eventsOf("acknowledged")).toHaveLength(1);
  });

  test("[MQTT-4.3.2-5] at QoS 1 the same identifier after PUBACK is a new message, whatever DUP says", () => {
    const driver = new SessionDriver().connected();
    driver.message(7);
    for (const exchange of exchanges(driver)) driver.session.acknowledge(exchange);
    driver.message(7, { duplicate: true });
    expect(exchanges(driver)).toHaveLength(1);
  });

  test.each(versions)("[MQTT-4.3.3-10] at QoS 2 a repeat is not handed over again, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.message(7, { qos: 2 });
    driver.message(7, { qos: 2, duplicate: true });
    const [exchange, ...more] = exchanges(driver);
    expect(more).toStrictEqual([]);
    expect(driver.sent()).toStrictEqual([]);
    if (exchange !== undefined) driver.session.acknowledge(exchange);
    driver.message(7, { qos: 2, duplicate: true });
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7", "pubrec 7"]);
    expect(exchanges(driver)).toStrictEqual([]);
  });

  test("[MQTT-4.3.3-12] at QoS 2 the same identifier after PUBCOMP is a new message", () => {
    const driver = new SessionDriver().connected();
    driver.message(7, { qos: 2 });
    for (const exchange of exchanges(driver)) driver.session.acknowledge(exchange);
    driver.receive({ type: "pubrel", packetIdentifier: 7 });
    driver.message(7, { qos: 2 });
    expect(exchanges(driver)).toHaveLength(1);
  });

  test("[MQTT-4.3.3-9] after a PUBREC of 0x80 or above the same identifier is a new message", () => {
    const driver = new SessionDriver().connected();
    driver.message(7, { qos: 2 });
    for (const exchange of exchanges(driver)) driver.session.acknowledge(exchange, { reasonCode: 0x83 });
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7 0x83"]);
    driver.message(7, { qos: 2 });
    expect(exchanges(driver)).toHaveLength(1);
    expect(driver.sent()).toStrictEqual([]);
  });

  test("[MQTT-3.7.2-1] PUBREL for an unknown identifier gets PUBCOMP 0x92, before MQTT 5.0 PUBCOMP", () => {
    for (const version of versions) {
      const driver = new SessionDriver({ version }).connected();
      driver.receive({ type: "pubrel", packetIdentifier: 9 });
      expect(driver.sentInShort()).toStrictEqual([version === 5 ? "pubcomp 9 0x92" : "pubcomp 9"]);
      expect(driver.events()).toStrictEqual([]);
    }
  });

  test("a repeated PUBREL gets PUBCOMP again", () => {
    const driver = new SessionDriver({ version: 4 }).connected();
    driver.message(7, { qos: 2 });
    for (const exchange of exchanges(driver)) driver.session.acknowledge(exchange);
    driver.receive({ type: "pubrel", packetIdentifier: 7 }, { type: "pubrel", packetIdentifier: 7 });
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7", "pubcomp 7", "pubcomp 7"]);
  });

  test("PUBREL before PUBREC is a protocol error", () => {
    const driver = new SessionDriver().connected();
    driver.message(7, { qos: 2 }).receive({ type: "pubrel", packetIdentifier: 7 });
    expectFault(driver, 0x82);
  });
});

describe("acknowledgements", () => {
  test("[MQTT-4.6.0-2] [MQTT-4.6.0-3] leave in the order of the messages, PUBACKs and PUBRECs each", () => {
    const driver = new SessionDriver().connected();
    driver.message(1).message(2, { qos: 2 }).message(3).message(4, { qos: 2 }).message(5);
    const [first, second, third, fourth, fifth] = exchanges(driver) as [
      IncomingExchange,
      IncomingExchange,
      IncomingExchange,
      IncomingExchange,
      IncomingExchange,
    ];
    for (const exchange of [fifth, fourth, third]) driver.session.acknowledge(exchange);
    expect(driver.sent()).toStrictEqual([]);
    driver.session.acknowledge(second);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 2", "pubrec 4"]);
    driver.session.acknowledge(first);
    expect(driver.sentInShort()).toStrictEqual(["puback 1", "puback 3", "puback 5"]);
    const order = driver.eventsOf("acknowledged").map(({ exchange }) => exchange.packetIdentifier);
    expect(order).toStrictEqual([2, 4, 1, 3, 5]);
  });

  test("say what the application wants", () => {
    const driver = new SessionDriver().connected();
    driver.message(1);
    const acknowledgement = { reasonCode: 0x97, properties: { reasonString: "full" } };
    for (const exchange of exchanges(driver)) driver.session.acknowledge(exchange, acknowledgement);
    expect(driver.sent()).toMatchObject([{ type: "puback", packetIdentifier: 1, ...acknowledgement }]);
  });

  test.each([
    ["[MQTT-3.4.2-2] [MQTT-3.4.2-3]", 1, "puback 1 0x97"],
    ["[MQTT-3.5.2-2] [MQTT-3.5.2-3]", 2, "pubrec 1 0x97"],
  ] as const)("%s go without properties that make them too large, QoS %i", (_, qos, expected) => {
    const driver = new SessionDriver().connected({ maximumPacketSize: 20 });
    driver.message(1, { qos });
    const properties = { reasonString: "there is no room left" };
    for (const exchange of exchanges(driver)) driver.session.acknowledge(exchange, { reasonCode: 0x97, properties });
    const packets = driver.sent();
    expect(packets).toStrictEqual([{ type: qos === 1 ? "puback" : "pubrec", packetIdentifier: 1, reasonCode: 0x97 }]);
    expect(expected).toContain("0x97");
  });

  test.each([{ reasonCode: 0x01 }, { reasonCode: 0, properties: { reasonString: "\u0000" } }])(
    "that cannot be sent throw, and the message can still be acknowledged: %o",
    (acknowledgement) => {
      const driver = new SessionDriver().connected();
      driver.message(1).message(2);
      const [first, second] = exchanges(driver) as [IncomingExchange, IncomingExchange];
      expect(() => driver.session.acknowledge(second, acknowledgement)).toThrow(MqttError);
      driver.session.acknowledge(first);
      driver.session.acknowledge(second);
      expect(driver.sentInShort()).toStrictEqual(["puback 1", "puback 2"]);
    },
  );

  test("have nowhere to go when the connection is gone", () => {
    const driver = new SessionDriver().connected();
    driver.message(1);
    const [exchange] = exchanges(driver) as [IncomingExchange];
    driver.session.transportClosed(undefined);
    driver.events();
    driver.session.acknowledge(exchange);
    expect(driver.events()).toStrictEqual([]);
    expect(driver.session.bufferedBytes).toBe(0);
  });
});

describe("[MQTT-3.3.4-9] Receive Maximum", () => {
  const connect = { properties: { receiveMaximum: 2 } };

  test("one message more ends the connection with 0x93, as long as nothing has been acknowledged", () => {
    const driver = new SessionDriver({ connect }).connected();
    driver.message(1).message(2, { qos: 2 });
    expect(driver.session.state).toBe("connected");
    driver.message(3);
    expect(driver.sent()).toMatchObject([{ type: "disconnect", reasonCode: 0x93 }]);
    expect(driver.eventsOf("message")).toHaveLength(2);
  });

  test("a server that does not heed it later is told of once, and still heard", () => {
    const driver = new SessionDriver({ connect }).connected();
    driver.message(9);
    for (const exchange of exchanges(driver)) driver.session.acknowledge(exchange);
    driver.message(1).message(2, { qos: 2 });
    expect(driver.session.isOverrun).toBe(false);
    expect(driver.eventsOf("log")).toHaveLength(0);
    driver.message(3).message(4);
    expect(driver.session).toMatchObject({ isOverrun: true, state: "connected" });
    const logs = driver.events().filter(({ type }) => type === "log");
    expect(logs).toMatchObject([{ level: "info", message: expect.stringContaining("Receive Maximum, 2,") as unknown }]);
  });

  test("a server that has more under way from another connection is heard, and what is left at PUBREL not counted", () => {
    const driver = new SessionDriver({ connect: { ...connect, cleanStart: false } }).connected();
    driver.message(1, { qos: 2 }).message(2, { qos: 2 });
    for (const exchange of exchanges(driver)) driver.session.acknowledge(exchange);
    driver.again({ sessionPresent: true }).message(3).message(4, { qos: 2 });
    expect(driver.session).toMatchObject({ isOverrun: false, state: "connected" });
    driver.receive({ type: "pubrel", packetIdentifier: 1 }).message(5);
    expect(driver.session).toMatchObject({ isOverrun: true, state: "connected" });
  });

  test("a message counts until PUBACK, or until PUBCOMP", () => {
    const driver = new SessionDriver({ connect }).connected();
    driver.message(1).message(2, { qos: 2 });
    for (const exchange of exchanges(driver)) driver.session.acknowledge(exchange);
    driver.message(3);
    expect(driver.session.isOverrun).toBe(false);
    driver.message(4);
    expect(driver.session.isOverrun).toBe(true);
    driver.receive({ type: "pubrel", packetIdentifier: 2 });
    expect(driver.session.isOverrun).toBe(false);
  });

  test("QoS 0, and repeats at QoS 2, do not count", () => {
    const driver = new SessionDriver({ connect }).connected();
    driver.message(1).message(2, { qos: 2 });
    driver.message(2, { qos: 2, duplicate: true }).message(0, { qos: 0 });
    expect(driver.session.isOverrun).toBe(false);
  });

  test("is 65,535 when the server was not told of one", () => {
    const driver = new SessionDriver().connected();
    for (let packetIdentifier = 1; packetIdentifier <= 0xffff; packetIdentifier++) driver.message(packetIdentifier);
    expect(driver.session.isOverrun).toBe(false);
    driver.message(1);
    expect(driver.session.isOverrun).toBe(true);
  });

  test("does not exist before MQTT 5.0, where any number may be too many", () => {
    const driver = new SessionDriver({ version: 4 }).connected();
    driver.message(1);
    expect(driver.session).toMatchObject({ isOverrun: true, state: "connected" });
    expect(driver.eventsOf("log")).toHaveLength(0);
  });
});

describe("Topic Aliases of the server", () => {
  const connect = { properties: { topicAliasMaximum: 2 } };
  const aliased = (topicName: string, topicAlias: number) => ({
    topicName,
    qos: 0 as const,
    properties: { topicAlias },
  });

  test("[MQTT-3.3.2-10] stand for the topic that they came with", () => {
    const driver = new SessionDriver({ connect }).connected();
    driver.message(0, aliased("a", 1)).message(0, aliased("b", 2));
    driver.message(0, aliased("", 1)).message(0, aliased("", 2));
    expect(topics(driver)).toStrictEqual(["a", "b", "a", "b"]);
  });

  test("can be given another topic", () => {
    const driver = new SessionDriver({ connect }).connected();
    driver.message(0, aliased("a", 1)).message(0, aliased("b", 1)).message(0, aliased("", 1));
    expect(topics(driver)).toStrictEqual(["a", "b", "b"]);
  });

  test("are understood at every QoS, also of a repeat", () => {
    const driver = new SessionDriver({ connect }).connected();
    driver.message(1, { ...aliased("a", 1), qos: 2 });
    driver.message(1, { ...aliased("b", 1), qos: 2, duplicate: true });
    driver.message(2, { ...aliased("", 1), qos: 1 });
    expect(topics(driver)).toStrictEqual(["a", "b"]);
  });

  test("[MQTT-3.1.2-26] [MQTT-3.3.2-11] above the maximum are answered with 0x94", () => {
    const driver = new SessionDriver({ connect }).connected();
    driver.message(0, aliased("a", 3));
    expectFault(driver, 0x94);
  });

  test("[MQTT-3.1.2-27] are answered with 0x94 when the server was told of no maximum", () => {
    const driver = new SessionDriver().connected();
    driver.message(0, aliased("a", 1));
    expectFault(driver, 0x94);
  });

  test("that stand for nothing are a protocol error", () => {
    const driver = new SessionDriver({ connect }).connected();
    driver.message(0, aliased("", 1));
    expectFault(driver, 0x82);
  });

  test("[MQTT-3.3.2-7] die with the connection", () => {
    const driver = new SessionDriver({ connect }).connected();
    driver.message(0, aliased("a", 1));
    driver.session.transportClosed(undefined);
    driver.connected();
    driver.message(0, aliased("", 1));
    expectFault(driver, 0x82);
  });
});
