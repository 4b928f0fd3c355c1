import { describe, expect, test } from "vitest";
import { answer, keepingDriver, SessionDriver, first } from "../../testing/session-driver.ts";
import { acknowledgementPatienceMs } from "../limits.ts";
import type { IncomingExchange } from "./exchanges.ts";

const versions = [5, 4] as const;
const qos2 = { qos: 2 } as const;
const again = { qos: 2, duplicate: true } as const;

/** The exchanges of the messages that have been handed over since the last time. */
function taken(driver: SessionDriver): IncomingExchange[] {
  return driver.eventsOf("message").flatMap(({ exchange }) => exchange ?? []);
}

/** A connection over which one QoS 2 message came. */
function withMessage(version: 4 | 5 = 5): { driver: SessionDriver; exchange: IncomingExchange } {
  const driver = keepingDriver({ version }).message(7, qos2);
  const exchange = first(taken(driver));
  return { driver, exchange };
}

describe.each(versions)("[MQTT-4.3.3-10] a QoS 2 message is handed over once, version %i", (version) => {
  test("when its consumer was done, and PUBREC was lost", () => {
    const { driver, exchange } = withMessage(version);
    driver.session.acknowledge(exchange);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7"]);
    driver.again().message(7, again);
    expect(taken(driver)).toStrictEqual([]);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7"]);
    driver.receive(answer("pubrel", 7));
    expect(driver.sentInShort()).toStrictEqual(["pubcomp 7"]);
  });

  test("when PUBREC was in a batch that never left", () => {
    const { driver, exchange } = withMessage(version);
    driver.session.acknowledge(exchange);
    driver.again().message(7, again);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7"]);
    expect(taken(driver)).toStrictEqual([]);
  });

  test("when its consumer is done while there is no connection", () => {
    const { driver, exchange } = withMessage(version);
    driver.lose().session.acknowledge(exchange);
    expect(driver.session.transmit(driver.now)).toHaveLength(0);
    driver.again().message(7, again);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7"]);
    expect(taken(driver)).toStrictEqual([]);
    expect(driver.session.incoming).toMatchObject([{ packetId: 7, stage: "awaiting-pubrel" }]);
  });

  test("when its consumer is still at it: PUBREC waits for that", () => {
    const { driver, exchange } = withMessage(version);
    driver.again().message(7, again);
    driver.message(7, again);
    expect(taken(driver)).toStrictEqual([]);
    expect(driver.sentInShort()).toStrictEqual([]);
    driver.session.acknowledge(exchange);
    driver.session.acknowledge(exchange);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7"]);
    expect(driver.eventsOf("acknowledged")).toHaveLength(1);
  });

  test("when its consumer is done on the next connection, before the server has sent it again", () => {
    const { driver, exchange } = withMessage(version);
    driver.again().session.acknowledge(exchange);
    expect(driver.sentInShort()).toStrictEqual([]);
    driver.message(7, again);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7"]);
    expect(taken(driver)).toStrictEqual([]);
  });

  test("[MQTT-4.3.3-11] [MQTT-4.3.3-12] when PUBREL or PUBCOMP was lost", () => {
    const { driver, exchange } = withMessage(version);
    driver.session.acknowledge(exchange);
    driver.sent();
    driver.again().receive(answer("pubrel", 7));
    expect(driver.sentInShort()).toStrictEqual(["pubcomp 7"]);
    driver.again().receive(answer("pubrel", 7));
    expect(driver.sentInShort()).toStrictEqual([version === 5 ? "pubcomp 7 0x92" : "pubcomp 7"]);
    driver.message(7, qos2);
    expect(taken(driver)).toHaveLength(1);
  });

  test("any number of connections long", () => {
    const { driver, exchange } = withMessage(version);
    for (let round = 0; round < 5; round++) {
      driver.again().message(7, again);
      if (round === 2) driver.session.acknowledge(exchange);
      expect(driver.sentInShort()).toStrictEqual(round < 2 ? [] : ["pubrec 7"]);
    }
    expect(taken(driver)).toStrictEqual([]);
  });
});

describe("other messages", () => {
  test("at QoS 1 are handed over again, and what is done with the first copy says nothing of the second", () => {
    const driver = keepingDriver().message(7);
    const one = first(taken(driver));
    driver.again();
    driver.session.acknowledge(one);
    expect(driver.sentInShort()).toStrictEqual([]);
    driver.message(7, { duplicate: true });
    const second = first(taken(driver));
    expect(driver.sentInShort()).toStrictEqual([]);
    driver.session.acknowledge(second);
    expect(driver.sentInShort()).toStrictEqual(["puback 7"]);
  });

  test("that were refused while there was no connection are refused when they come again", () => {
    const { driver, exchange } = withMessage();
    driver.lose().session.acknowledge(exchange, { reasonCode: 0x83 });
    driver.again().message(7, again);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7 0x83"]);
    driver.message(7, qos2);
    expect(taken(driver)).toHaveLength(1);
  });

  test("PUBREL for what has had no PUBREC breaks the protocol, on the next connection too", () => {
    const { driver } = withMessage();
    driver.again().receive(answer("pubrel", 7));
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x82"]);
  });
});

describe("[MQTT-4.6.0-2] [MQTT-4.6.0-3] acknowledgements on the next connection", () => {
  test("leave in the order in which its messages come, whatever that was before", () => {
    const driver = keepingDriver();
    for (const identifier of [1, 2, 3]) driver.message(identifier, qos2);
    const [one, second, third] = taken(driver) as [IncomingExchange, IncomingExchange, IncomingExchange];
    driver.session.acknowledge(third);
    driver.again();
    for (const identifier of [1, 4, 3, 2]) driver.message(identifier, { qos: 2, duplicate: identifier < 4 });
    const fourth = first(taken(driver));
    driver.session.acknowledge(one);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 1"]);
    driver.session.acknowledge(second);
    expect(driver.sentInShort()).toStrictEqual([]);
    driver.session.acknowledge(fourth);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 4", "pubrec 3", "pubrec 2"]);
  });

  test("what the server does not send again is not waited for", () => {
    const driver = keepingDriver();
    for (const identifier of [1, 2]) driver.message(identifier);
    driver.again().message(2, { duplicate: true });
    const second = taken(driver)[2]!; // The first two are of the connection before.
    driver.session.acknowledge(second);
    expect(driver.sentInShort()).toStrictEqual(["puback 2"]);
  });
});

describe("when the server has lost the Session", () => {
  const lost = { sessionPresent: false };

  test("the same identifier is a new message, and a late consumer of the old one says nothing of it", () => {
    const { driver, exchange } = withMessage();
    driver.again(lost).message(7, qos2);
    const second = first(taken(driver));
    expect(second).not.toBe(exchange);
    driver.session.acknowledge(exchange);
    expect(driver.sentInShort()).toStrictEqual([]);
    driver.session.acknowledge(second);
    expect(driver.sentInShort()).toStrictEqual(["pubrec 7"]);
    expect(driver.session.incoming).toHaveLength(1);
  });

  test("PUBREL for what was acknowledged before is unknown", () => {
    const { driver, exchange } = withMessage();
    driver.session.acknowledge(exchange);
    driver.again(lost).receive(answer("pubrel", 7));
    expect(driver.sentInShort()).toStrictEqual(["pubcomp 7 0x92"]);
  });

  test("what was under way does not count against Receive Maximum", () => {
    const driver = keepingDriver({ connect: { cleanStart: false, properties: { receiveMaximum: 1 } } });
    driver.message(1, qos2).again(lost).message(1, qos2);
    expect(driver.session.isOverrun).toBe(false);
    expect(driver.eventsOf("log")).toStrictEqual([]);
  });
});

describe("a message that the application wants once more", () => {
  test.each([1, 2] as const)("is handed over once more when the server sends it again, at QoS %i", (qos) => {
    const driver = keepingDriver().message(7, { qos });
    const exchange = first(taken(driver));
    driver.session.forget(exchange);
    driver.again().message(7, { qos, duplicate: true });
    const second = first(taken(driver));
    driver.session.acknowledge(exchange); // Of no meaning any more.
    expect(driver.sentInShort()).toStrictEqual([]);
    driver.session.acknowledge(second);
    expect(driver.sentInShort()).toStrictEqual([qos === 1 ? "puback 7" : "pubrec 7"]);
  });
});

describe("a head that nobody acknowledges", () => {
  const complaint = /^A message to a\/b has not been acknowledged for 30000 ms/;

  test("is complained about once, after 30 s, with its topic", () => {
    const driver = new SessionDriver().connected().message(1, { topicName: "a/b" });
    driver.events();
    expect(driver.session.nextDeadline).toBe(acknowledgementPatienceMs);
    driver.wait(acknowledgementPatienceMs - 1);
    expect(driver.events()).toStrictEqual([]);
    driver.wait(1);
    expect(driver.events()).toMatchObject([
      { type: "log", level: "info", message: expect.stringMatching(complaint) as string },
    ]);
    expect(driver.session.nextDeadline).toBe(60_000);
    driver.wait(10_000);
    expect(driver.events()).toStrictEqual([]);
  });

  test("and so is the next one, of either QoS, that has waited so long", () => {
    const driver = new SessionDriver({ connect: { keepAlive: 0 } }).connected();
    driver.message(1, { topicName: "one" });
    driver.now += 1_000;
    driver.message(2, { topicName: "two", qos: 2 });
    driver.now += 1_000;
    driver.message(3, { topicName: "three" });
    const one = first(taken(driver));
    const complaints: string[] = [];
    const complain = (): void => {
      for (const { message } of driver.eventsOf("log")) complaints.push(message.split(" ")[3] ?? "");
    };
    driver.wait(28_000);
    complain();
    expect(complaints).toStrictEqual(["one"]);
    driver.session.acknowledge(one);
    expect(driver.session.nextDeadline).toBe(31_000);
    driver.wait(1_000);
    complain();
    expect(complaints).toStrictEqual(["one", "two"]);
  });

  test("of a connection that is gone is not complained about", () => {
    const driver = keepingDriver().message(1);
    driver.again();
    driver.events();
    driver.wait(acknowledgementPatienceMs);
    expect(driver.eventsOf("log")).toStrictEqual([]);
  });
});
