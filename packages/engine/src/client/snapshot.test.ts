import { describe, expect, it } from "vitest";
import { connected, Harness, watch, type HarnessOptions } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import { ClosedError, StoreError } from "../errors.ts";
import { MemorySessionStore, type SessionRecord, type SessionSnapshot } from "../session-store.ts";

const clientId = "kitchen";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const present = { connect: () => [{ type: "connack", sessionPresent: true } as const] };
const absent = { connect: () => [{ type: "connack" } as const] };

/** What a client has that was cut off in the middle of everything. */
async function snapshotOf({ options, ...rest }: HarnessOptions = {}): Promise<SessionSnapshot> {
  const harness = await connected({
    ...rest,
    options: { clientId, cleanStart: false, maxInflight: 3, ...options },
    answers: { publish: () => [], pubrel: () => [], pubrec: () => [] },
  });
  const { client, server } = harness;
  await client.subscribe(["in/#", "$share/all/x"], { qos: 2, ack: "on-receipt" }, () => new Promise(() => undefined));
  const publish = (topic: string, qos: 0 | 1 | 2): void => {
    void client.publish(topic, topic, { qos });
  };
  publish("one", 1);
  publish("two", 2);
  publish("three", 2);
  publish("four", 1);
  publish("five", 0);
  await settle();
  server.send({ type: "pubrec", packetIdentifier: 4 });
  server.publish("in/1", "in", { qos: 2 });
  await settle();
  const snapshot = client.exportSession();
  client.close();
  return snapshot;
}

const out = (changes: object = {}, packet: object = {}): object => ({
  key: "out/0000000000000001",
  packet: {
    ...{ type: "publish", topicName: "a", payload: new Uint8Array(1), qos: 1, retain: false, duplicate: false },
    ...packet,
  },
  ...changes,
});
const sent = (qos: number, awaits: string): object => out({ awaits }, { qos, packetIdentifier: 5 });
const incoming = (changes: object = {}): object => ({ key: "in/5", packetIdentifier: 5, ...changes });
const subscription = {
  ...{ topicFilter: "a/#", qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
} as const;
const subscribed = (changes: object = {}): object => ({ key: "sub/a/#", subscription, ...changes });
const snapshotWith = (...records: unknown[]): SessionSnapshot => ({
  version: 1,
  clientId,
  records: records as SessionRecord[],
});

describe("exportSession", () => {
  it("gives a plain object with everything under way", async () => {
    const snapshot = await snapshotOf();
    expect(structuredClone(snapshot)).toStrictEqual(snapshot);
    expect(snapshot).toMatchObject({ version: 1, clientId });
    expect(snapshot.records.map(({ key }) => key.split("/")[0])).toEqual([
      ...["out", "out", "out", "out", "out"],
      "in",
      ...["sub", "sub"],
    ]);
    expect(snapshot.records.slice(0, 6)).toMatchObject([
      { awaits: "puback", packet: { topicName: "one", packetIdentifier: 2, payload: bytes("one") } },
      { awaits: "pubrec", packet: { topicName: "two", packetIdentifier: 3 } },
      { awaits: "pubcomp", packet: { topicName: "three", packetIdentifier: 4 } },
      { packet: { topicName: "four", qos: 1 } },
      { packet: { topicName: "five", qos: 0 } },
      { key: "in/1", packetIdentifier: 1 },
    ]);
  });

  it("is empty for a client that has nothing", () => {
    const { client } = new Harness({ options: { clientId } });
    expect(client.exportSession()).toEqual({ version: 1, clientId, records: [] });
  });
});

describe("importSession before connect", () => {
  it("goes on with everything, in order", async () => {
    const snapshot = await snapshotOf();
    const harness = new Harness({ options: { clientId }, answers: present });
    harness.client.importSession(snapshot);
    expect(harness.client.inflight.outgoing).toHaveLength(3);
    expect(harness.client.exportSession()).toEqual(snapshot);
    const own = watch(harness.client.publish("six", "six", { qos: 1 }));
    await harness.client.connect();
    await settle();
    const { server } = harness;
    expect(server.all("connect")).toMatchObject([{ cleanStart: false }]);
    expect(server.all("pubrel")[0]).toMatchObject({ packetIdentifier: 4 });
    expect(server.all("publish")).toMatchObject([
      { topicName: "one", packetIdentifier: 2, duplicate: true },
      { topicName: "two", packetIdentifier: 3, duplicate: true },
      { topicName: "four", duplicate: false },
      { topicName: "five" },
      { topicName: "six" },
    ]);
    expect(own.state).toBe("fulfilled");
    expect(server.all("subscribe")).toEqual([]);
    expect(harness.client.inflight.outgoing).toEqual([]);
  });

  it("leaves what comes for its subscriptions to the listener of message", async () => {
    const snapshot = await snapshotOf();
    const harness = new Harness({ options: { clientId }, answers: present });
    harness.client.importSession(snapshot);
    const messages = harness.record("message");
    await harness.client.connect();
    harness.server.publish("in/2", "again");
    await settle();
    // The first was acknowledged on receipt, and its consumer was not done with it.
    expect(messages.map(({ event }) => event.message.topic)).toEqual(["in/1", "in/2"]);
  });

  it("subscribes again where the server has lost the session", async () => {
    const snapshot = await snapshotOf();
    const harness = new Harness({ options: { clientId }, answers: absent });
    harness.client.importSession(snapshot);
    await harness.client.connect();
    await settle();
    const filters = harness.server.all("subscribe").flatMap(({ subscriptions }) => subscriptions);
    expect(filters.map(({ topicFilter }) => topicFilter)).toEqual(["in/#", "$share/all/x"]);
  });

  it.each([
    [5, undefined, false],
    [4, undefined, false],
    [5, false, false],
    [5, true, true],
  ] as const)(
    "in version %i, with cleanStart %o, CONNECT has Clean Start %o",
    async (version, cleanStart, expected) => {
      const snapshot = await snapshotOf();
      const harness = new Harness({
        version,
        options: { clientId, cleanStart, sessionLost: "fail" },
        answers: expected ? absent : present,
      });
      harness.client.importSession(snapshot);
      await harness.client.connect();
      await settle();
      expect(harness.server.all("connect")).toMatchObject([{ cleanStart: expected }]);
      // A server that is asked for an empty Session has lost what was under way.
      expect(harness.server.all("publish")).toHaveLength(expected ? 2 : 4);
    },
  );

  it("gives up what the server has lost, as sessionLost says", async () => {
    const snapshot = await snapshotOf();
    const harness = new Harness({ options: { clientId, sessionLost: "fail" }, answers: absent });
    harness.client.importSession(snapshot);
    await harness.client.connect();
    await settle();
    expect(harness.server.all("publish").map(({ topicName }) => topicName)).toEqual(["four", "five"]);
    expect(harness.client.inflight.outgoing).toEqual([]);
  });

  it("serves a client that was closed, too", async () => {
    const snapshot = await snapshotOf();
    const harness = await connected({ options: { clientId } });
    harness.client.close();
    harness.client.importSession(snapshot);
    harness.answers = present;
    await harness.client.connect();
    await settle();
    expect(harness.server.all("publish").map(({ topicName }) => topicName)).toEqual(["one", "two", "four", "five"]);
  });

  it("takes the clientId along where none was given", async () => {
    const snapshot = await snapshotOf();
    for (const given of [undefined, ""]) {
      const harness = new Harness({ options: { clientId: given }, answers: present });
      harness.client.importSession(snapshot);
      expect(harness.client.clientId).toBe(clientId);
      await harness.client.connect();
      expect(harness.server.all("connect")).toMatchObject([{ clientIdentifier: clientId }]);
      harness.client.close();
    }
  });
});

describe("importSession in a listener of connected", () => {
  it.each([true, false])("comes before anything is sent, session present: %o", async (sessionPresent) => {
    const snapshot = await snapshotOf();
    const harness = new Harness({
      options: { clientId, cleanStart: false, sessionLost: "republish" },
      answers: { connect: () => [{ type: "connack", sessionPresent }], publish: () => [], pubrel: () => [] },
    });
    harness.client.on("connected", () => {
      harness.client.importSession(snapshot);
    });
    const own = watch(harness.client.publish("six", "six", { qos: 1 }));
    await harness.client.connect();
    await settle();
    const topics = harness.server.all("publish").map(({ topicName }) => topicName);
    expect(topics).toEqual(
      sessionPresent ? ["one", "two", "four", "five", "six"] : ["one", "two", "three", "four", "five", "six"],
    );
    expect(own.state).toBe("pending");
  });

  it("writes what it takes up into the store", async () => {
    const snapshot = await snapshotOf();
    const store = new MemorySessionStore();
    const harness = new Harness({
      options: { clientId, session: store },
      answers: { ...present, publish: () => [], pubrel: () => [] },
    });
    harness.client.on("connected", () => {
      harness.client.importSession(snapshot);
    });
    await harness.client.connect();
    await settle();
    const kept = await store.load(`rivulet/${clientId}`);
    expect(kept.map(({ key }) => key)).toEqual(expect.arrayContaining(["in/1", "sub/in/#"]));
    expect(kept.filter(({ key }) => key.startsWith("out/"))).toHaveLength(4);
  });

  it("is refused for another client's session", async () => {
    const harness = new Harness({ options: { clientId: "cellar" } });
    const errors: unknown[] = [];
    harness.client.on("connected", () => {
      try {
        harness.client.importSession(snapshotWith());
      } catch (error) {
        errors.push(error);
      }
    });
    await harness.client.connect();
    expect(errors).toMatchObject([{ name: "StoreError", message: expect.stringContaining('"cellar"') as string }]);
  });
});

describe("importSession comes too late", () => {
  it("once a Packet Identifier is in use", async () => {
    const snapshot = await snapshotOf();
    const harness = await connected({ options: { clientId }, answers: { publish: () => [], pubrec: () => [] } });
    const published = watch(harness.client.publish("a", "b", { qos: 1 }));
    await settle();
    const before = harness.client.exportSession();
    expect(() => harness.client.importSession(snapshot)).toThrow(StoreError);
    expect(harness.client.exportSession()).toEqual(before);
    expect(published.state).toBe("pending");
  });

  it("once the server has messages under way", async () => {
    const snapshot = await snapshotOf();
    const harness = await connected({ options: { clientId }, answers: { pubrec: () => [] } });
    harness.server.publish("a", "", { qos: 2 });
    await settle();
    expect(() => harness.client.importSession(snapshot)).toThrow(StoreError);
    expect(harness.client.inflight.outgoing).toEqual([]);
  });

  it("where the session is in a store that has not been read", async () => {
    const { client } = new Harness({ options: { clientId, session: new MemorySessionStore() } });
    expect(() => client.importSession(snapshotWith())).toThrow(/store/);
  });

  it("while the client disconnects", async () => {
    const harness = await connected({ options: { clientId }, answers: { publish: () => [] } });
    void harness.client.publish("a", "b", { qos: 1 });
    await settle();
    const disconnecting = harness.client.disconnect();
    expect(() => harness.client.importSession(snapshotWith())).toThrow(ClosedError);
    harness.client.close();
    await disconnecting;
  });
});

describe("a snapshot", () => {
  const fits: [string, unknown[]][] = [
    ["nothing", []],
    ["a message that waits", [out()]],
    ["one at QoS 0", [out({}, { qos: 0 })]],
    ["one that expires", [out({ expiresAt: 1_700_000_000_000 })]],
    ["fields that are undefined", [out({ awaits: undefined, released: undefined, expiresAt: undefined })]],
    ["one that awaits PUBACK", [sent(1, "puback")]],
    ["one that awaits PUBREC", [sent(2, "pubrec")]],
    ["one that awaits PUBCOMP", [out({ awaits: "pubcomp", released: 2 }, { qos: 2, packetIdentifier: 5 })]],
    ["properties", [out({}, { properties: { contentType: "text/plain", userProperties: [["a", "b"]] } })]],
    ["a message of the server", [incoming()]],
    [
      "one that is held",
      [incoming({ packet: (out({}, { qos: 2, packetIdentifier: 5 }) as { packet: object }).packet })],
    ],
    [
      "one whose exchange is over",
      [incoming({ key: "in/5/1", isComplete: true, packet: (out() as { packet: object }).packet })],
    ],
    ["a subscription", [subscribed({ identifier: 268_435_455 })]],
    ["one of each", [sent(1, "puback"), incoming(), subscribed()]],
  ];
  it.each(fits)("may hold %s", (_, records) => {
    const { client } = new Harness({ options: { clientId } });
    client.importSession(snapshotWith(...records));
    expect(client.exportSession().records).toHaveLength(records.length);
  });

  const faults: [string, unknown[], RegExp][] = [
    ["a record that is none", [null], /records\[0\]/],
    ["a record that is text", ["out/0000000000000001"], /records\[0\]/],
    ["a record without a key", [{ packet: {} }], /key is not sound/],
    ["a key that is no text", [out({ key: ["out/0000000000000001"] })], /key is not sound/],
    ["a key of no kind", [out({ key: "over/1" })], /key is not sound/],
    ["a key with another place", [out({ key: "out/1" })], /key is not sound/],
    ["a place that is too far", [out({ key: "out/9000000000000001" })], /key is not sound/],
    ["a key that comes twice", [out(), out()], /records\[1\]: out\/0000000000000001 comes twice/],
    ["a packet that is none", [out({ packet: 5 })], /records\[0\]: .*packet of type undefined/],
    ["no packet", [{ key: "out/0000000000000001" }], /packet is not sound/],
    ["a null for a packet", [out({ packet: null })], /records\[0\]/],
    ["another packet", [out({ packet: { type: "pingreq" } })], /packet is not sound/],
    ["a topic with a wildcard", [out({}, { topicName: "a/#" })], /a\/#/],
    ["no topic", [out({}, { topicName: undefined })], /topic name/],
    ["a payload from JSON", [out({}, { payload: { 0: 1 } })], /payload/],
    ["a QoS that there is not", [out({}, { qos: 3 })], /qos is 3/],
    ["no QoS", [out({}, { qos: undefined })], /QoS 0/],
    ["a QoS as text", [out({}, { qos: "1" })], /qos/],
    ["a Packet Identifier at QoS 0", [out({}, { qos: 0, packetIdentifier: 1 })], /packetIdentifier/],
    ["a Packet Identifier of 0", [out({}, { packetIdentifier: 0 })], /packetIdentifier/],
    ["a property that there is not", [out({}, { properties: { color: "red" } })], /color/],
    ["correlation data from JSON", [out({}, { properties: { correlationData: {} } })], /correlationData/],
    ["PUBREC for QoS 1", [sent(1, "pubrec")], /awaits is not sound/],
    ["PUBACK for QoS 2", [sent(2, "puback")], /awaits is not sound/],
    ["an answer that there is not", [sent(1, "pubnack")], /awaits is not sound/],
    ["an answer to QoS 0", [out({ awaits: "puback" }, { qos: 0 })], /awaits is not sound/],
    ["an answer to what was not sent", [out({ awaits: "puback" })], /awaits is not sound/],
    [
      "a Packet Identifier twice",
      [sent(1, "puback"), { ...sent(1, "puback"), key: "out/0000000000000002" }],
      /records\[1\]: 5 comes twice/,
    ],
    ["a PUBREL without a place", [out({ released: 0.5 })], /released is not sound/],
    ["a time that is none", [out({ expiresAt: "soon" })], /expiresAt is not sound/],
    ["a field that there is not", [out({ context: {} })], /context is not sound/],
    ["a message of the server without an identifier", [{ key: "in/undefined" }], /packetIdentifier is not sound/],
    ["one whose identifier is too large", [{ key: "in/65536", packetIdentifier: 65_536 }], /packetIdentifier is not/],
    ["one with the key of another", [incoming({ key: "in/6" })], /key is not sound/],
    ["one that is over, without a message", [incoming({ key: "in/5/1", isComplete: true })], /packet is not sound/],
    ["one that is over, with the key of one that is not", [incoming({ isComplete: true })], /key is not sound/],
    [
      "one that is over or not",
      [incoming({ key: "in/5/1", isComplete: "yes" })],
      /packet is not sound|isComplete is not/,
    ],
    ["one that holds something else", [incoming({ packet: { type: "pingreq" } })], /packet is not sound/],
    ["a subscription to nothing", [{ key: "sub/a" }], /topic filter/],
    ["a subscription with the key of another", [subscribed({ key: "sub/b" })], /key is not sound/],
    ["a subscription identifier of 0", [subscribed({ identifier: 0 })], /subscriptionIdentifier/],
    [
      "No Local for a shared subscription",
      [{ key: "sub/$share/a/b", subscription: { ...subscription, topicFilter: "$share/a/b", noLocal: true } }],
      /noLocal/,
    ],
  ];
  it.each(faults)("with %s is refused, by name, and changes nothing", async (_, records, message) => {
    const harness = new Harness({ options: { clientId } });
    void harness.client.publish("mine", "", { qos: 1 });
    const before = harness.client.exportSession();
    // What comes first is sound: none of it is taken up either.
    const snapshot = snapshotWith(...records);
    const importing = (): void => {
      harness.client.importSession(snapshot);
    };
    expect(importing).toThrow(StoreError);
    expect(importing).toThrow(message);
    expect(harness.client.exportSession()).toEqual(before);
    await harness.client.connect();
    expect(harness.server.all("connect")).toMatchObject([{ cleanStart: true }]);
  });

  it.each([
    undefined,
    null,
    5,
    "text",
    [],
    {},
    { version: 2, clientId, records: [] },
    { version: 1, records: [] },
    { version: 1, clientId },
  ])("that is none is refused: %o", (value) => {
    const { client } = new Harness({ options: { clientId } });
    // Wrong on purpose: it comes from outside.
    expect(() => client.importSession(value as SessionSnapshot)).toThrow(StoreError);
  });

  it("of another client is refused where the clientId was given", () => {
    const { client } = new Harness({ options: { clientId: "cellar" } });
    expect(() => client.importSession(snapshotWith(out()))).toThrow(/of the client "kitchen", not of "cellar"/);
    expect(client.exportSession().records).toEqual([]);
  });
});
