import { MalformedPacketError } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { SessionDriver } from "../testing/session-driver.ts";
import { keeping, reconnect } from "./reconnect.ts";

const versions = [5, 4] as const;
const qos2 = { qos: 2 } as const;

/** Acknowledges the messages that have come, in the order of the given places. */
function acknowledge(driver: SessionDriver, ...places: number[]): void {
  const messages = driver.eventsOf("message");
  for (const place of places) {
    const { exchange } = messages[place] ?? {};
    if (exchange !== undefined) driver.session.acknowledge(exchange);
  }
}

describe.each(versions)("a message from the server, version %i", (version) => {
  const make = (): SessionDriver => new SessionDriver({ version }).connected();

  it("gets no answer at QoS 0, PUBACK at QoS 1, PUBREC at QoS 2 [MQTT-3.3.4-1 MQTT311-3.3.4-1]", () => {
    const driver = make();
    driver.message(0, { qos: 0 }).message(1).message(2, qos2);
    acknowledge(driver, 0, 1, 2);
    expect(driver.sentInShort()).toEqual(["puback 1", "pubrec 2"]);
  });

  it("is answered with its own identifier [MQTT-2.2.1-5 MQTT311-2.3.1-6]", () => {
    const driver = make();
    driver.message(500).message(65_535, qos2);
    acknowledge(driver, 0, 1);
    expect(driver.sentInShort()).toEqual(["puback 500", "pubrec 65535"]);
    driver.receive({ type: "pubrel", packetIdentifier: 65_535 });
    expect(driver.sentInShort()).toEqual(["pubcomp 65535"]);
  });

  it("at QoS 1 is acknowledged when the application has it, and not before [MQTT-4.3.2-4 MQTT311-4.3.2-2]", () => {
    const driver = make();
    driver.message(1);
    expect(driver.sent()).toEqual([]);
    acknowledge(driver, 0);
    expect(driver.sentInShort()).toEqual(["puback 1"]);
  });

  it("at QoS 1 is a new one after PUBACK, whatever DUP says [MQTT-4.3.2-5 MQTT311-4.3.2-2]", () => {
    const driver = make();
    driver.message(1);
    acknowledge(driver, 0);
    driver.sent();
    driver.message(1, { duplicate: true });
    acknowledge(driver, 0);
    expect(driver.sentInShort()).toEqual(["puback 1"]);
  });

  it("at QoS 2 gets PUBREC when the application has it, and PUBCOMP [MQTT-4.3.3-8 MQTT-4.3.3-11 MQTT311-4.3.3-2]", () => {
    const driver = make();
    driver.message(1, qos2);
    expect(driver.sent()).toEqual([]);
    acknowledge(driver, 0);
    expect(driver.sentInShort()).toEqual(["pubrec 1"]);
    driver.receive({ type: "pubrel", packetIdentifier: 1 });
    expect(driver.sent()).toMatchObject([{ type: "pubcomp", packetIdentifier: 1, reasonCode: 0 }]);
  });

  it("at QoS 2 is handed over once, and gets PUBREC each time [MQTT-4.3.3-10 MQTT311-4.3.3-2]", () => {
    const driver = make();
    driver.message(1, qos2);
    acknowledge(driver, 0);
    expect(driver.sentInShort()).toEqual(["pubrec 1"]);
    driver.message(1, { ...qos2, duplicate: true });
    expect(driver.eventsOf("message")).toEqual([]);
    expect(driver.sentInShort()).toEqual(["pubrec 1"]);
  });

  it("at QoS 2 is handed over once, also when it is sent again on another connection [MQTT-4.3.3-10 MQTT311-4.3.3-2]", () => {
    const driver = keeping({ version });
    driver.message(1, qos2);
    acknowledge(driver, 0);
    driver.sent();
    reconnect(driver);
    driver.message(1, { ...qos2, duplicate: true });
    expect(driver.eventsOf("message")).toEqual([]);
    expect(driver.sentInShort()).toEqual(["pubrec 1"]);
    driver.receive({ type: "pubrel", packetIdentifier: 1 });
    expect(driver.sent()).toMatchObject([{ type: "pubcomp", packetIdentifier: 1, reasonCode: 0 }]);
  });

  it("at QoS 2 is a new one after PUBCOMP [MQTT-4.3.3-12 MQTT311-4.3.3-2]", () => {
    const driver = make();
    driver.message(1, qos2);
    acknowledge(driver, 0);
    driver.receive({ type: "pubrel", packetIdentifier: 1 });
    driver.sent();
    driver.message(1, qos2);
    expect(driver.eventsOf("message")).toHaveLength(1);
  });

  it("is acknowledged in the order of arrival [MQTT-4.6.0-2 MQTT-4.6.0-3 MQTT311-4.6.0-2 MQTT311-4.6.0-3]", () => {
    const driver = make();
    for (const identifier of [3, 1, 2]) driver.message(identifier).message(identifier + 10, qos2);
    const messages = driver.eventsOf("message");
    for (const { exchange } of [...messages].reverse()) {
      expect(driver.sent()).toEqual([]);
      if (exchange !== undefined && exchange.packetIdentifier % 10 !== 3) driver.session.acknowledge(exchange);
    }
    for (const { exchange } of messages) if (exchange !== undefined) driver.session.acknowledge(exchange);
    const sent = driver.sentInShort();
    expect(sent.filter((packet) => packet.startsWith("puback"))).toEqual(["puback 3", "puback 1", "puback 2"]);
    expect(sent.filter((packet) => packet.startsWith("pubrec"))).toEqual(["pubrec 13", "pubrec 11", "pubrec 12"]);
  });
});

describe("with MQTT 5.0 a message from the server", () => {
  it("is a new one after a PUBREC of 0x80 or above [MQTT-4.3.3-9]", () => {
    const driver = new SessionDriver().connected();
    for (let count = 0; count < 2; count += 1) {
      driver.message(1, qos2);
      const [event] = driver.eventsOf("message");
      expect(event).toBeDefined();
      if (event?.exchange !== undefined) driver.session.acknowledge(event.exchange, { reasonCode: 0x80 });
      expect(driver.sentInShort()).toEqual(["pubrec 1 0x80"]);
    }
  });

  it("is acknowledged to the end although it has expired meanwhile [MQTT-4.3.3-13]", () => {
    const driver = new SessionDriver().connected();
    driver.message(1, { ...qos2, properties: { messageExpiryInterval: 1 } });
    driver.wait(5000);
    acknowledge(driver, 0);
    expect(driver.sentInShort()).toEqual(["pubrec 1"]);
    driver.wait(5000).receive({ type: "pubrel", packetIdentifier: 1 });
    expect(driver.sentInShort()).toEqual(["pubcomp 1"]);
  });

  it("is taken with every alias up to the maximum [MQTT-3.3.2-10]", () => {
    const driver = new SessionDriver({ connect: { properties: { topicAliasMaximum: 2 } } }).connected();
    for (const topicAlias of [1, 2]) {
      driver.message(0, { qos: 0, topicName: `t${topicAlias}`, properties: { topicAlias } });
      driver.message(0, { qos: 0, topicName: "", properties: { topicAlias } });
    }
    const topics = driver.eventsOf("message").map(({ packet }) => packet.topicName);
    expect(topics).toEqual(["t1", "t1", "t2", "t2"]);
  });

  it.each([
    [2, 3],
    [0, 1],
    [undefined, 1],
  ])(
    "ends the connection with 0x94 where the alias is above the maximum: %s, %i [MQTT-3.1.2-26 MQTT-3.1.2-27 MQTT-3.3.2-11]",
    (topicAliasMaximum, topicAlias) => {
      const properties = topicAliasMaximum === undefined ? {} : { topicAliasMaximum };
      const driver = new SessionDriver({ connect: { properties } }).connected();
      driver.message(0, { qos: 0, properties: { topicAlias } });
      expect(driver.sentInShort()).toEqual(["disconnect 0x94"]);
      expect(driver.eventsOf("ended")).toHaveLength(1);
    },
  );

  it("ends the connection with 0x94 where the alias is 0 [MQTT-3.3.2-8]", () => {
    const driver = new SessionDriver({ connect: { properties: { topicAliasMaximum: 2 } } }).connected();
    const bytes = Uint8Array.of(0x30, 0x07, 0, 1, 0x61, 3, 0x23, 0, 0);
    expect(() => driver.receiveBytes(bytes)).toThrow(expect.objectContaining({ reasonCode: 0x94 }));
  });

  it("means nothing with an alias of the connection before [MQTT-3.3.2-7]", () => {
    const driver = keeping({ connect: { properties: { topicAliasMaximum: 2 } } });
    driver.message(0, { qos: 0, topicName: "a", properties: { topicAlias: 1 } });
    reconnect(driver);
    driver.events();
    driver.message(0, { qos: 0, topicName: "", properties: { topicAlias: 1 } });
    expect(driver.sentInShort()).toEqual(["disconnect 0x82"]);
  });

  it("with a QoS of 3 cannot be read [MQTT-3.3.1-4]", () => {
    const driver = new SessionDriver().connected();
    expect(() => driver.receiveBytes(Uint8Array.of(0x36, 6, 0, 1, 0x61, 0, 1, 0))).toThrow(MalformedPacketError);
  });

  it.each([
    [1, "puback 1", "MQTT-3.4.2-2 MQTT-3.4.2-3"],
    [2, "pubrec 1", "MQTT-3.5.2-2 MQTT-3.5.2-3"],
  ] as const)("at QoS %i is acknowledged without what would make %s too large [%s]", (qos, expected, _statements) => {
    const driver = new SessionDriver().connected({ maximumPacketSize: 30 });
    for (const properties of [{ reasonString: "x".repeat(30) }, { userProperties: [["a", "x".repeat(30)]] }]) {
      driver.message(1, { qos });
      const [event] = driver.eventsOf("message");
      const reasonCode = 0x83;
      if (event?.exchange !== undefined)
        driver.session.acknowledge(event.exchange, { reasonCode, properties } as object);
      const sent = driver.sent();
      expect(sent).toMatchObject([{ reasonCode }]);
      expect(sent[0]).not.toHaveProperty("properties");
      expect(expected).toContain(sent[0]?.type);
    }
  });
});
