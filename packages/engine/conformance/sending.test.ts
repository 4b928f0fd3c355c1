import { describe, expect, it, test } from "vitest";
import { connected } from "../testing/client-harness.ts";
import { inShort, SessionDriver } from "../testing/session-driver.ts";
import { keeping, reconnect } from "./reconnect.ts";

const versions = [5, 4] as const;
const qos2 = { qos: 2 } as const;

describe.each(versions)("what a client sends, version %i", (version) => {
  const make = (): SessionDriver => new SessionDriver({ version }).connected();

  it("has no identifier and no DUP at QoS 0, and is sent once [MQTT-4.3.1-1 MQTT311-4.3.1-1]", () => {
    const driver = keeping({ version });
    driver.publish("a", { qos: 0 });
    expect(driver.sent()).toMatchObject([{ type: "publish", qos: 0, duplicate: false }]);
    expect(reconnect(driver)).toEqual([]);
  });

  it.each([
    [1, "MQTT-4.3.2-1 MQTT-4.3.2-2 MQTT311-4.3.2-1"],
    [2, "MQTT-4.3.3-1 MQTT-4.3.3-2 MQTT311-4.3.3-1"],
  ] as const)("has an unused identifier and no DUP at QoS %i [%s MQTT-2.2.1-3 MQTT311-2.3.1-2]", (qos, _statements) => {
    const driver = make();
    driver.publish("a", { qos });
    driver.publish("b", { qos });
    const [first, second] = driver.sent();
    expect([first, second]).toMatchObject([
      { qos, packetIdentifier: 1, duplicate: false },
      { qos, packetIdentifier: 2, duplicate: false },
    ]);
  });

  it("passes over identifiers that are in use [MQTT-2.2.1-3 MQTT-4.3.2-1 MQTT-4.3.3-1 MQTT311-2.3.1-2]", () => {
    const driver = new SessionDriver({ version, maxInflight: 65_535 }).connected();
    driver.publish("kept");
    expect(driver.sentInShort()).toEqual(["publish 1"]);
    for (let identifier = 2; identifier <= 65_535; identifier += 1) {
      driver.publish("a");
      driver.sent();
      driver.receive({ type: "puback", packetIdentifier: identifier });
    }
    driver.publish("b");
    expect(driver.sentInShort()).toEqual(["publish 2"]);
  });

  it("is under way until PUBACK at QoS 1 [MQTT-4.3.2-3 MQTT311-4.3.2-1 MQTT311-2.3.1-3]", () => {
    const driver = make();
    driver.publish("a");
    driver.sent();
    expect(driver.session.outgoing).toMatchObject([{ packetId: 1, stage: "awaiting-puback" }]);
    driver.receive({ type: "puback", packetIdentifier: 1 });
    expect(driver.session.outgoing).toEqual([]);
    expect(driver.eventsOf("answered")).toHaveLength(1);
  });

  it("is under way until PUBREC, and then until PUBCOMP at QoS 2 [MQTT-4.3.3-3 MQTT-4.3.3-5 MQTT311-4.3.3-1]", () => {
    const driver = make();
    driver.publish("a", qos2);
    driver.sent();
    expect(driver.session.outgoing).toMatchObject([{ packetId: 1, stage: "awaiting-pubrec" }]);
    driver.receive({ type: "pubrec", packetIdentifier: 1 });
    expect(driver.session.outgoing).toMatchObject([{ packetId: 1, stage: "awaiting-pubcomp" }]);
    expect(driver.eventsOf("answered")).toEqual([]);
    driver.receive({ type: "pubcomp", packetIdentifier: 1 });
    expect(driver.session.outgoing).toEqual([]);
    expect(driver.eventsOf("answered")).toHaveLength(1);
  });

  it("answers PUBREC with PUBREL and its identifier [MQTT-4.3.3-4 MQTT-2.2.1-5 MQTT311-4.3.3-1 MQTT311-2.3.1-6]", () => {
    const driver = make();
    driver.publish("a", qos2);
    driver.publish("b", qos2);
    driver.sent();
    driver.receive({ type: "pubrec", packetIdentifier: 2 });
    expect(driver.sent()).toMatchObject([{ type: "pubrel", packetIdentifier: 2, reasonCode: 0 }]);
  });

  it("sends PUBRELs in the order of the PUBRECs [MQTT-4.6.0-4 MQTT311-4.6.0-4]", () => {
    const driver = keeping({ version });
    for (const topic of ["a", "b", "c"]) driver.publish(topic, qos2);
    driver.sent();
    for (const packetIdentifier of [2, 3, 1]) driver.receive({ type: "pubrec", packetIdentifier });
    const order = ["pubrel 2", "pubrel 3", "pubrel 1"];
    expect(driver.sentInShort()).toEqual(order);
    expect(reconnect(driver).map(inShort)).toEqual(order);
  });

  it("says that it is a duplicate only when it is sent again by us [MQTT-3.3.1-3]", () => {
    const driver = make();
    driver.message(7, { qos: 1, duplicate: true });
    const [{ packet } = { packet: undefined }] = driver.eventsOf("message");
    expect(packet?.duplicate).toBe(true);
    driver.publish(packet?.topicName ?? "");
    expect(driver.sent()).toMatchObject([{ type: "publish", duplicate: false }]);
  });
});

describe.each(versions)("what is sent again on the next connection, version %i", (version) => {
  const again = "MQTT-4.4.0-1 MQTT311-4.4.0-1";

  it(`is the PUBLISH, with its identifier and DUP [${again} MQTT-3.3.1-1 MQTT311-3.3.1-1 MQTT311-2.3.1-3]`, () => {
    const driver = keeping({ version });
    driver.publish("a");
    driver.publish("b", qos2);
    driver.sent();
    expect(reconnect(driver)).toMatchObject([
      { topicName: "a", packetIdentifier: 1, duplicate: true },
      { topicName: "b", packetIdentifier: 2, duplicate: true },
    ]);
  });

  it(`is PUBREL after a PUBREC, and never the PUBLISH [${again} MQTT-4.3.3-5 MQTT-4.3.3-6 MQTT311-4.3.3-1]`, () => {
    const driver = keeping({ version });
    driver.publish("a", qos2);
    driver.sent();
    driver.receive({ type: "pubrec", packetIdentifier: 1 });
    driver.sent();
    expect(reconnect(driver)).toMatchObject([{ type: "pubrel", packetIdentifier: 1 }]);
  });

  it("is nothing that has been answered [MQTT-4.3.2-3 MQTT-4.3.3-3 MQTT311-4.3.2-1]", () => {
    const driver = keeping({ version });
    driver.publish("a");
    driver.publish("b", qos2);
    driver.sent();
    driver.receive({ type: "puback", packetIdentifier: 1 });
    driver.receive({ type: "pubrec", packetIdentifier: 2 }, { type: "pubcomp", packetIdentifier: 2 });
    driver.sent();
    expect(reconnect(driver)).toEqual([]);
  });

  it(`is in the order in which it was published [MQTT-4.6.0-1 MQTT311-4.6.0-1]`, () => {
    const driver = keeping({ version });
    for (const [index, topic] of ["a", "b", "c", "d"].entries())
      driver.publish(topic, { qos: index % 2 === 0 ? 1 : 2 });
    driver.sent();
    driver.receive({ type: "puback", packetIdentifier: 1 });
    driver.sent();
    driver.publish("e");
    expect(driver.sentInShort()).toEqual(["publish 5"]);
    const order = ["publish 2", "publish 3", "publish 4", "publish 5"];
    expect(reconnect(driver).map(inShort)).toEqual(order);
    expect(reconnect(driver).map(inShort)).toEqual(order);
  });

  it(`is sent again at no other time [${again}]`, () => {
    const driver = keeping({ version });
    driver.publish("a");
    driver.sent();
    for (let count = 0; count < 30; count += 1) {
      driver.wait(10_000).receive({ type: "pingresp" });
      expect(driver.sentInShort().filter((packet) => packet !== "pingreq")).toEqual([]);
    }
  });

  it(`keeps its identifier from new messages [MQTT-2.2.1-3 MQTT311-2.3.1-2 MQTT311-2.3.1-3]`, () => {
    const driver = keeping({ version });
    driver.publish("a");
    driver.sent();
    reconnect(driver);
    driver.publish("b");
    expect(driver.sentInShort()).toEqual(["publish 2"]);
  });
});

describe("with MQTT 5.0", () => {
  it.each([
    [1, "puback"],
    [2, "pubrec"],
  ] as const)("at QoS %i a %s of 0x80 or above ends the message for good [MQTT-4.4.0-2]", (qos, type) => {
    const driver = keeping();
    driver.publish("a", { qos });
    driver.sent();
    driver.receive({ type, packetIdentifier: 1, reasonCode: 0x97 });
    expect(driver.sent()).toEqual([]);
    expect(reconnect(driver)).toEqual([]);
  });

  it("a message that was sent does not expire any more [MQTT-4.3.3-7]", async () => {
    const options = { cleanStart: false, clientId: "kitchen" };
    const connect = (): [{ type: "connack"; sessionPresent: true }] => [{ type: "connack", sessionPresent: true }];
    const harness = await connected({ options, answers: { connect, publish: () => [] } });
    const { client, environment } = harness;
    client.publish("a", "", { qos: 2, messageExpiryInterval: 10 }).catch(() => undefined);
    await harness.server.expect("publish");
    harness.server.end();
    const again = harness.nextServer();
    harness.onOpen = () => Promise.resolve(void environment.sleep(60_000));
    await environment.advance(60_000);
    const packet = await (await again).expect("publish");
    expect(packet).toMatchObject({ duplicate: true, properties: { messageExpiryInterval: 10 } });
    client.close();
  });

  it("the send quota is the server's Receive Maximum, and our own if it is less [MQTT-4.9.0-1 MQTT-3.3.4-7]", () => {
    for (const [maxInflight, receiveMaximum, expected] of [
      [1000, 2, 2],
      [2, 1000, 2],
      [1000, 1, 1],
    ] as const) {
      const driver = new SessionDriver({ maxInflight }).connected({ receiveMaximum });
      for (let count = 0; count < 5; count += 1) driver.publish("a");
      expect(driver.sent()).toHaveLength(expected);
    }
  });

  it("each message at QoS 1 and 2 takes one, and gives it back at its end [MQTT-4.9.0-2 MQTT-3.3.4-7]", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 2 });
    for (const qos of [1, 2, 1, 2, 0] as const) driver.publish("a", { qos });
    expect(driver.sentInShort()).toEqual(["publish 1", "publish 2"]);
    driver.receive({ type: "pubrec", packetIdentifier: 2 });
    expect(driver.sentInShort()).toEqual(["pubrel 2"]);
    driver.receive({ type: "puback", packetIdentifier: 1 });
    expect(driver.sentInShort()).toEqual(["publish 3"]);
    driver.receive({ type: "pubcomp", packetIdentifier: 2 });
    expect(driver.sentInShort()).toEqual(["publish 4", "publish"]);
  });

  it("without quota everything but messages is sent and answered [MQTT-4.9.0-3 MQTT-3.3.4-8]", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 1 });
    driver.publish("a", qos2);
    driver.publish("b");
    driver.subscribe("c");
    driver.message(9);
    const [event] = driver.eventsOf("message");
    if (event?.exchange !== undefined) driver.session.acknowledge(event.exchange);
    driver.receive({ type: "pubrec", packetIdentifier: 1 });
    expect(driver.sentInShort()).toEqual(["publish 1", "subscribe 2", "puback 9", "pubrel 1"]);
    driver.wait(60_000);
    expect(driver.sentInShort()).toEqual(["pingreq"]);
  });

  it("on a new connection the quota is the new one, also for what is sent again [MQTT-4.9.0-1 MQTT-4.9.0-2]", () => {
    const driver = keeping();
    for (const topic of ["a", "b", "c"]) driver.publish(topic);
    driver.sent();
    expect(reconnect(driver, true, { receiveMaximum: 1 }).map(inShort)).toEqual(["publish 1"]);
    driver.receive({ type: "puback", packetIdentifier: 1 });
    expect(driver.sentInShort()).toEqual(["publish 2"]);
  });

  test.each([
    ["QoS 1 where the server takes QoS 0", { maximumQoS: 0 }, { qos: 1 }, "MQTT-3.2.2-11 MQTT-3.2.2-9"],
    ["QoS 2 where the server takes QoS 1", { maximumQoS: 1 }, { qos: 2 }, "MQTT-3.2.2-11 MQTT-3.2.2-9"],
    ["RETAIN where the server retains nothing", { retainAvailable: 0 }, { retain: true }, "MQTT-3.2.2-14"],
    [
      "an alias above the server's maximum",
      { topicAliasMaximum: 2 },
      { properties: { topicAlias: 3 } },
      "MQTT-3.2.2-17",
    ],
    ["an alias where the server takes none", {}, { properties: { topicAlias: 1 } }, "MQTT-3.2.2-18"],
    ["more than the server's Maximum Packet Size", { maximumPacketSize: 8 }, {}, "MQTT-3.2.2-15"],
  ] as const)("%s is not sent (%o, %o) [%s]", (_name, connack, packet, _statements) => {
    const driver = new SessionDriver().connected(connack);
    expect(() => driver.publish("a/b/c", packet)).toThrow();
    expect(driver.sent()).toEqual([]);
  });

  it("an alias up to the server's maximum is sent [MQTT-3.3.2-9 MQTT-3.2.2-17]", () => {
    const driver = new SessionDriver().connected({ topicAliasMaximum: 2 });
    driver.publish("a", { qos: 0, properties: { topicAlias: 2 } });
    driver.publish("a", { qos: 0, properties: { topicAlias: 2 } });
    expect(driver.sent()).toMatchObject([
      { topicName: "a", properties: { topicAlias: 2 } },
      { topicName: "", properties: { topicAlias: 2 } },
    ]);
    expect(() => driver.publish("a", { qos: 0, properties: { topicAlias: 3 } })).toThrow();
  });

  it("aliases are forgotten with the connection, and never stand for the topic of what is sent again [MQTT-3.3.2-7]", () => {
    const driver = new SessionDriver({ connect: { cleanStart: false } }).connected({ topicAliasMaximum: 1 });
    driver.publish("a", { properties: { topicAlias: 1 } });
    driver.publish("a", { properties: { topicAlias: 1 } });
    driver.sent();
    expect(reconnect(driver, true, { topicAliasMaximum: 1 })).toMatchObject([{ topicName: "a" }, { topicName: "a" }]);
    driver.publish("a", { properties: { topicAlias: 1 } });
    expect(driver.sent()).toMatchObject([{ topicName: "a" }]);
  });
});
