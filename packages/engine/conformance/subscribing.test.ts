import { describe, expect, it } from "vitest";
import type { ControlPacketInput } from "@rivulet/codec";
import { ProtocolError, SubscribeError, TimeoutError } from "@rivulet/engine";
import { connected, gate, watch } from "../testing/client-harness.ts";
import { SessionDriver } from "../testing/session-driver.ts";
import { settle } from "../testing/virtual-environment.ts";
import { reconnect } from "./reconnect.ts";

const versions = [5, 4] as const;

describe.each(versions)("a subscription, version %i", (version) => {
  const none = version === 5 ? [0] : [];
  const make = (): SessionDriver => new SessionDriver({ version }).connected();

  it("waits for the SUBACK or UNSUBACK with its identifier, in any order [MQTT-2.2.1-6 MQTT-3.8.4-2 MQTT-3.10.4-5 MQTT311-2.3.1-7 MQTT311-3.8.4-2 MQTT311-3.10.4-4]", () => {
    const driver = make();
    driver.subscribe("a");
    driver.unsubscribe("b");
    driver.subscribe("c");
    expect(driver.sentInShort()).toEqual(["subscribe 1", "unsubscribe 2", "subscribe 3"]);
    driver.receive({ type: "suback", packetIdentifier: 3, reasonCodes: [0] });
    driver.receive({ type: "unsuback", packetIdentifier: 2, reasonCodes: none });
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [0] });
    expect(driver.eventsOf("answered").map(({ context }) => context)).toEqual(["c", "b", "a"]);
  });

  it("is not answered by the answer to something else [MQTT-3.8.4-2 MQTT-3.10.4-5 MQTT311-3.8.4-2 MQTT311-3.10.4-4]", () => {
    const unsuback: ControlPacketInput = { type: "unsuback", packetIdentifier: 1, reasonCodes: none };
    const suback: ControlPacketInput = { type: "suback", packetIdentifier: 1, reasonCodes: [0] };
    for (const [ask, answer] of [
      ["subscribe", unsuback],
      ["unsubscribe", suback],
    ] as const) {
      const driver = make();
      driver[ask]("a");
      driver.receive(answer);
      expect(driver.eventsOf("ended")).toMatchObject([{ error: expect.any(ProtocolError) as unknown }]);
    }
  });

  it("keeps its identifier from others until it is answered [MQTT-2.2.1-3 MQTT311-2.3.1-2 MQTT311-2.3.1-3]", () => {
    const driver = make();
    driver.subscribe("a");
    for (let count = 2; count < 65_536; count += 1) {
      driver.publish("b");
      driver.sent();
      driver.receive({ type: "puback", packetIdentifier: count });
    }
    driver.unsubscribe("a");
    expect(driver.sentInShort()).toEqual(["unsubscribe 2"]);
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [0] });
  });

  it.each([
    ["too few", [0]],
    ["too many", [0, 0, 0]],
  ])(
    "of two filters has one SUBACK with two codes, and not %s [MQTT-3.8.4-5 MQTT-3.8.4-6 MQTT311-3.8.4-4 MQTT311-3.8.4-5]",
    (_name, reasonCodes) => {
      const driver = make();
      driver.subscribe("a", ["a", "b"]);
      driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes });
      expect(driver.eventsOf("ended")).toMatchObject([{ error: expect.any(ProtocolError) as unknown }]);
    },
  );

  it("gives up where SUBACK or UNSUBACK does not come [MQTT-3.8.4-1 MQTT-3.10.4-4 MQTT311-3.8.4-1 MQTT311-3.10.4-5]", () => {
    const driver = make();
    driver.subscribe("a");
    driver.unsubscribe("b");
    driver.sent();
    driver.wait(29_999);
    expect(driver.eventsOf("failed")).toEqual([]);
    driver.wait(1);
    const failed = driver.eventsOf("failed");
    expect(failed.map(({ context }) => context)).toEqual(["a", "b"]);
    for (const { error } of failed) expect(error).toBeInstanceOf(TimeoutError);
  });

  it("takes messages that come before SUBACK [MQTT311-3.8.4-1 MQTT-3.8.4-1]", async () => {
    const { client, server } = await connected({
      version,
      answers: {
        subscribe: ({ packetIdentifier }) => [
          { type: "publish", topicName: "a", payload: new Uint8Array(1) },
          { type: "suback", packetIdentifier, reasonCodes: [0] },
        ],
      },
    });
    const topics: string[] = [];
    await client.subscribe("a", ({ topic }) => topics.push(topic));
    expect(server.all("subscribe")).toHaveLength(1);
    expect(topics).toEqual(["a"]);
  });

  it("says of each filter what the server said of it, in order [MQTT-3.8.4-7 MQTT-3.9.3-1 MQTT311-3.9.3-1 MQTT311-3.8.4-5 MQTT311-3.8.4-6 MQTT311-3.8.3-2]", async () => {
    const subscribe = ({ packetIdentifier }: { packetIdentifier: number }): [object] => [
      { type: "suback", packetIdentifier, reasonCodes: [1, 0x80, 0, 2] },
    ];
    const { client } = await connected({ version, answers: { subscribe: subscribe as never } });
    const { results } = await client.subscribe(["a", "b", "c", "d"], { qos: 2 });
    expect(results).toEqual([
      { filter: "a", qos: 1, reasonCode: 1 },
      { filter: "b", reasonCode: 0x80 },
      { filter: "c", qos: 0, reasonCode: 0 },
      { filter: "d", qos: 2, reasonCode: 2 },
    ]);
  });

  it("fails where the server refuses all of it [MQTT-3.8.4-7 MQTT311-3.8.3-2 MQTT311-3.8.4-5]", async () => {
    const subscribe = ({ packetIdentifier }: { packetIdentifier: number }): [object] => [
      { type: "suback", packetIdentifier, reasonCodes: [0x80] },
    ];
    const { client } = await connected({ version, answers: { subscribe: subscribe as never } });
    await expect(client.subscribe("a/#")).rejects.toBeInstanceOf(SubscribeError);
  });

  it("is given up with the very filter that it was made with [MQTT311-3.10.4-1]", async () => {
    const { client, server } = await connected({ version });
    const filters = ["a/+/#", "/ ä//B"];
    const subscription = await client.subscribe(filters);
    await subscription.unsubscribe();
    expect(server.all("unsubscribe").flatMap(({ topicFilters }) => topicFilters)).toEqual(filters);
  });

  it("that is over still has its messages acknowledged [MQTT-3.10.4-3 MQTT311-3.10.4-3]", async () => {
    const { client, server } = await connected({ version });
    const { promise, open } = gate();
    const subscription = await client.subscribe("a", { qos: 2 }, () => promise);
    server.publish("a", "1", { qos: 2 });
    await settle();
    await subscription.unsubscribe();
    server.publish("a", "2", { qos: 1 });
    open();
    expect(await server.expect("pubrec")).toMatchObject({ packetIdentifier: 1 });
    expect(await server.expect("pubcomp")).toMatchObject({ packetIdentifier: 1 });
    expect(await server.expect("puback")).toMatchObject({ packetIdentifier: 2 });
  });

  it("of many filters is given up with one UNSUBSCRIBE and one UNSUBACK [MQTT-3.10.4-6 MQTT311-3.10.4-6]", async () => {
    const { client, server } = await connected({ version });
    await client.subscribe(["a", "b", "c"]);
    const results = await client.unsubscribe(["a", "b", "c"]);
    expect(server.all("unsubscribe")).toHaveLength(1);
    expect(results.map(({ filter }) => filter)).toEqual(["a", "b", "c"]);
  });

  it("is replaced by a later one to the same filter [MQTT-3.8.4-3 MQTT311-3.8.4-3]", () => {
    const driver = new SessionDriver({ version, connect: { cleanStart: false } }).connected();
    const rest = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    for (const qos of [0, 2] as const) {
      const subscriptions = [{ topicFilter: "a", qos, ...rest }];
      driver.session.request({ type: "subscribe", subscriptions }, "a", { sentAt: 0, timeoutMs: 30_000 });
    }
    driver.receive({ type: "suback", packetIdentifier: 1, reasonCodes: [0] });
    driver.receive({ type: "suback", packetIdentifier: 2, reasonCodes: [2] });
    driver.sent();
    expect(reconnect(driver, false)).toMatchObject([
      { type: "subscribe", subscriptions: [{ topicFilter: "a", qos: 2 }] },
    ]);
  });
});

describe("with MQTT 5.0 a subscription", () => {
  it("is given up with one code for each filter, in order [MQTT-3.10.4-6 MQTT-3.11.3-1]", async () => {
    const unsubscribe = ({ packetIdentifier }: { packetIdentifier: number }): [object] => [
      { type: "unsuback", packetIdentifier, reasonCodes: [0, 0x11, 0x87] },
    ];
    const { client } = await connected({ answers: { unsubscribe: unsubscribe as never } });
    expect(await client.unsubscribe(["a", "b", "c"])).toEqual([
      { filter: "a", reasonCode: 0 },
      { filter: "b", reasonCode: 0x11 },
      { filter: "c", reasonCode: 0x87 },
    ]);
    const driver = new SessionDriver().connected();
    driver.unsubscribe("a", ["a", "b"]);
    driver.receive({ type: "unsuback", packetIdentifier: 1, reasonCodes: [0] });
    expect(driver.eventsOf("ended")).toMatchObject([{ error: expect.any(ProtocolError) as unknown }]);
  });

  it("with No Local says so, and may not be shared [MQTT-3.8.3-3 MQTT-3.8.3-4]", async () => {
    const { client, server } = await connected();
    await client.subscribe("a", { noLocal: true });
    expect(server.all("subscribe")).toMatchObject([{ subscriptions: [{ topicFilter: "a", noLocal: true }] }]);
    await expect(client.subscribe("$share/g/a", { noLocal: true })).rejects.toThrow();
    expect(server.all("subscribe")).toHaveLength(1);
  });

  it.each(["$share//a", "$share/g", "$share/g+/a", "$share/g#/a", "$share/+/a"])(
    "to %s is refused [MQTT-4.8.2-1 MQTT-4.8.2-2]",
    async (filter) => {
      const { client, server } = await connected();
      expect(watch(client.subscribe(filter)).state).toBe("pending");
      await settle();
      expect(server.all("subscribe")).toEqual([]);
    },
  );
});
