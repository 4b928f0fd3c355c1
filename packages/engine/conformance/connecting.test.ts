import { describe, expect, it } from "vitest";
import type { ControlPacket } from "@rivulet/codec";
import {
  ConnectionRefusedError,
  InvalidOptionError,
  MemorySessionStore,
  MqttClient,
  ServerDisconnectError,
  TransportError,
} from "@rivulet/engine";
import { connected, Harness, watch } from "../testing/client-harness.ts";
import { SessionDriver } from "../testing/session-driver.ts";
import { settle } from "../testing/virtual-environment.ts";
import { keeping, reconnect } from "./reconnect.ts";

const versions = [5, 4] as const;

describe("a server that was asked for no explanations", () => {
  const connect = { properties: { requestProblemInformation: 0 } } as const;

  it.each([{ reasonString: "why" }, { userProperties: [["a", "b"] as [string, string]] }])(
    "ends the connection with one [MQTT-3.1.2-29]: %o",
    (properties) => {
      const driver = new SessionDriver({ connect }).connected();
      driver.publish("a");
      driver.sent();
      driver.receive({ type: "puback", packetIdentifier: 1, properties });
      expect(driver.sentInShort()).toEqual(["disconnect 0x82"]);
    },
  );

  it("may give them where they are always allowed [MQTT-3.1.2-29]", () => {
    const userProperties = [["a", "b"] as [string, string]];
    const driver = new SessionDriver({ connect }).connected({ userProperties, reasonString: "why" });
    driver.message(0, { qos: 0, properties: { userProperties } });
    driver.receive({ type: "disconnect", properties: { reasonString: "why" } });
    expect(driver.events().map(({ type }) => type)).toEqual(["message", "ended"]);
  });
});

describe.each(versions)("a connection, version %i", (version) => {
  it("begins with CONNECT, and has no other one [MQTT-3.1.0-1 MQTT-3.1.0-2 MQTT311-3.1.0-1 MQTT311-3.1.0-2]", async () => {
    const { client, servers, server } = await connected({ version });
    await client.connect();
    await client.publish("a", "b", { qos: 1 });
    await Promise.all([client.connect(), client.connect()]);
    expect(server.received.map(({ type }) => type)).toEqual(["connect", "publish"]);
    expect(servers).toHaveLength(1);
  });

  it("pings when nothing was sent for the Keep Alive [MQTT-3.1.2-20 MQTT311-3.1.2-23]", () => {
    const driver = new SessionDriver({ version }).connected();
    driver.wait(30_000).publish("a", { qos: 0 });
    driver.sent();
    for (let count = 0; count < 59; count += 1) driver.wait(1000).message(0, { qos: 0 });
    expect(driver.sent()).toEqual([]);
    driver.wait(1000);
    expect(driver.sentInShort()).toEqual(["pingreq"]);
  });

  it("is given up when PINGREQ has no answer [MQTT-3.12.4-1 MQTT311-3.12.4-1]", () => {
    const driver = new SessionDriver({ version }).connected();
    driver.wait(60_000);
    expect(driver.sentInShort()).toEqual(["pingreq"]);
    driver.wait(30_000);
    expect(driver.eventsOf("ended")).toMatchObject([{ error: expect.any(TransportError) as unknown }]);
  });

  it("may have a session that the server kept where no clean one was asked for [MQTT-3.2.2-3 MQTT311-3.2.2-2]", () => {
    for (const sessionPresent of [true, false]) {
      const driver = new SessionDriver({ version, connect: { cleanStart: false } }).connect();
      driver.receive({ type: "connack", sessionPresent });
      expect(driver.eventsOf("connected")).toMatchObject([{ server: { sessionPresent } }]);
    }
  });

  it("ends where a clean session is said to be an old one [MQTT-3.2.2-2 MQTT-3.2.2-4 MQTT311-3.2.2-1]", () => {
    const driver = new SessionDriver({ version }).connect();
    driver.receive({ type: "connack", sessionPresent: true });
    expect(driver.session.state).toBe("ended");
    expect(driver.eventsOf("connected")).toEqual([]);
  });

  it("ends where CONNACK is not the first packet [MQTT-3.2.0-1 MQTT311-3.2.0-1]", () => {
    const driver = new SessionDriver({ version }).connect();
    driver.message(0, { qos: 0 });
    expect(driver.session.state).toBe("ended");
    expect(driver.eventsOf("message")).toEqual([]);
  });

  it("that the server refused does nothing more [MQTT-3.1.4-6 MQTT-3.2.2-7 MQTT311-3.1.4-5 MQTT311-3.2.2-5]", () => {
    const driver = new SessionDriver({ version }).connect();
    driver.publish("a", { qos: 0 });
    driver.publish("a");
    expect(driver.sentInShort()).toEqual(["connect"]);
    driver.receive({ type: "connack", reasonCode: version === 5 ? 0x87 : 5 }, { type: "pingresp" });
    expect(driver.eventsOf("ended")).toMatchObject([{ error: expect.any(ConnectionRefusedError) as unknown }]);
    expect(driver.sent()).toEqual([]);
    expect(driver.session.state).toBe("ended");
  });

  it("that was accepted is connected [MQTT311-3.1.4-4]", () => {
    const driver = new SessionDriver({ version }).connect();
    driver.receive({ type: "connack" });
    expect(driver.session.state).toBe("connected");
  });

  it("fails where the server closes it without CONNACK [MQTT311-3.1.4-1 MQTT311-3.2.2-6]", async () => {
    const harness = new Harness({ version, answers: { connect: () => [] } });
    const connecting = watch(harness.client.connect());
    await harness.nextServer();
    await settle();
    harness.server.end();
    await settle();
    expect(connecting).toMatchObject({ state: "rejected", error: expect.any(TransportError) as unknown });
  });

  it.each(version === 5 ? [0x85, 0x9a, 0x9b, 0x8c, 0x87] : [2, 1, 3, 4, 5])(
    "that is refused tells why: %i [MQTT-3.1.3-8 MQTT-3.2.2-12 MQTT-3.2.2-13 MQTT-4.12.0-1 MQTT311-3.1.3-9 MQTT311-3.1.3-8 MQTT311-3.1.2-2]",
    async (reasonCode) => {
      const harness = new Harness({ version, answers: { connect: () => [{ type: "connack", reasonCode }] } });
      const error: unknown = await harness.client.connect().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConnectionRefusedError);
      expect(error).toMatchObject({ reasonCode });
      await settle();
      expect(harness.server.isClosedByClient || harness.server.aborted !== undefined).toBe(true);
    },
  );

  it("ends at what it may not be sent [MQTT-4.13.1-1 MQTT311-4.8.0-1]", () => {
    const driver = new SessionDriver({ version }).connected();
    driver.receive({ type: "pingreq" });
    expect(driver.session.state).toBe("ended");
    expect(driver.sentInShort()).toEqual(version === 5 ? ["disconnect 0x82"] : []);
  });

  it("is closed when what came cannot be handled [MQTT311-4.8.0-2 MQTT-4.13.1-1]", async () => {
    const { server, client } = await connected({ version, options: { reconnect: false } });
    server.sendBytes(Uint8Array.of(0x00, 0x00));
    await settle();
    expect(client.state).toBe("closed");
    expect(server.isClosedByClient || server.aborted !== undefined).toBe(true);
  });

  it("is closed after our DISCONNECT, which is the last packet [MQTT-3.14.4-1 MQTT-3.14.4-2 MQTT311-3.14.4-1 MQTT311-3.14.4-2]", async () => {
    const { server, client } = await connected({ version });
    const publishing = client.publish("a", "b", { qos: 1 });
    const disconnecting = client.disconnect();
    await Promise.all([publishing, disconnecting]);
    server.publish("a", "late", { qos: 1 });
    await settle();
    expect(server.received.map(({ type }) => type)).toEqual(["connect", "publish", "disconnect"]);
    expect(server.isClosedByClient).toBe(true);
  });

  it("that is cut off is not made again at once [MQTT311-3.1.4-2]", async () => {
    const { server, servers, environment } = await connected({ version });
    server.end();
    await settle();
    expect(servers).toHaveLength(1);
    await environment.advance(60_000);
    expect(servers.length).toBeGreaterThan(1);
  });

  it("finds the session of its client identifier, and no other one [MQTT-3.1.3-2 MQTT311-3.1.3-2]", async () => {
    const store = new MemorySessionStore();
    const publishes = async (clientId: string, topics: string[]): Promise<ControlPacket[]> => {
      const { client, server } = await connected({
        version,
        options: { clientId, cleanStart: false, session: store },
        answers: { connect: () => [{ type: "connack", sessionPresent: true }], publish: () => [] },
      });
      for (const topic of topics) client.publish(topic, "", { qos: 1 }).catch(() => undefined);
      await settle();
      client.close();
      await settle();
      return server.all("publish");
    };
    expect(await publishes("kitchen", ["a"])).toMatchObject([{ topicName: "a", duplicate: false }]);
    expect(await publishes("cellar", [])).toEqual([]);
    expect(await publishes("kitchen", [])).toMatchObject([{ topicName: "a", duplicate: true }]);
  });

  it("throws the session away with Clean Start [MQTT-3.1.2-4 MQTT311-3.1.2-6]", () => {
    const driver = new SessionDriver({ version }).connected();
    driver.publish("a", { qos: 2 });
    driver.publish("b");
    driver.sent();
    const sent = reconnect(driver, false);
    expect(sent.filter((packet) => packet.type === "pubrel" || ("duplicate" in packet && packet.duplicate))).toEqual(
      [],
    );
    expect(driver.eventsOf("failed")).toMatchObject([{ context: "a" }]);
  });

  it("goes on with the session that the server has [MQTT-3.1.2-23 MQTT-4.1.0-1 MQTT311-3.1.2-4 MQTT311-4.1.0-1 MQTT311-4.1.0-2]", () => {
    const driver = keeping({ version });
    driver.publish("a", { qos: 2 });
    driver.message(7, { qos: 2 });
    driver.sent();
    driver.wait(10_000).receive({ type: "pubrec", packetIdentifier: 1 });
    driver.sent();
    expect(reconnect(driver)).toMatchObject([{ type: "pubrel", packetIdentifier: 1 }]);
    driver.events();
    driver.message(7, { qos: 2, duplicate: true });
    expect(driver.eventsOf("message")).toEqual([]);
  });

  it("drops the session that the server has lost [MQTT-3.2.2-5 MQTT311-3.2.2-3]", () => {
    const driver = keeping({ version });
    driver.publish("a", { qos: 2 });
    driver.message(7, { qos: 2 });
    driver.sent();
    expect(reconnect(driver, false)).toEqual([]);
    expect(driver.events()).toMatchObject([{ type: "connected" }, { type: "failed", context: "a" }]);
    driver.message(7, { qos: 2 });
    expect(driver.eventsOf("message")).toHaveLength(1);
  });

  it("takes messages that come right behind CONNACK [MQTT311-3.1.2-5]", async () => {
    const harness = new Harness({ version, options: { cleanStart: false, clientId: "kitchen" } });
    const messages: string[] = [];
    harness.client.on("message", ({ message }) => messages.push(message.topic));
    harness.answers = {
      connect: () => [
        { type: "connack", sessionPresent: true },
        { type: "publish", topicName: "a", payload: new Uint8Array(1), qos: 1, packetIdentifier: 1 },
      ],
    };
    await harness.client.connect();
    await harness.server.expect("puback");
    expect(messages).toEqual(["a"]);
  });
});

describe("a connection with MQTT 5.0", () => {
  it("takes on the identifier that the server assigned [MQTT-3.1.3-7 MQTT-3.2.2-16]", async () => {
    const connect = (): [{ type: "connack"; properties: { assignedClientIdentifier: string } }] => [
      { type: "connack", properties: { assignedClientIdentifier: "given" } },
    ];
    const harness = await connected({ options: { clientId: "" }, answers: { connect } });
    const { client, environment } = harness;
    expect(client.clientId).toBe("given");
    harness.server.lose(new TransportError("The connection was lost"));
    const again = harness.nextServer();
    await environment.advance(60_000);
    expect(await (await again).expect("connect")).toMatchObject({ clientIdentifier: "given" });
    client.close();
  });

  it("pings by the server's Keep Alive [MQTT-3.1.2-21 MQTT-3.2.2-21]", () => {
    const driver = new SessionDriver().connected({ serverKeepAlive: 10 });
    driver.wait(10_000);
    expect(driver.sentInShort()).toEqual(["pingreq"]);
  });

  it("ends with 0x95 where a packet is larger than we take [MQTT-3.1.2-24]", async () => {
    const { server, client } = await connected({ options: { maximumPacketSize: 64, reconnect: false } });
    server.publish("a", "x".repeat(100));
    expect(await server.expect("disconnect")).toMatchObject({ reasonCode: 0x95 });
    await settle();
    expect(client.state).toBe("closed");
  });

  it("is not for sending messages again while it lasts [MQTT-4.4.0-1]", () => {
    const { environment } = new Harness();
    const options = { protocolVersion: 5, republishInterval: 10, transports: [], environment } as const;
    expect(() => new MqttClient("mem://server", options)).toThrow(InvalidOptionError);
  });

  it("ends at a second CONNACK [MQTT-3.2.0-2]", () => {
    const driver = new SessionDriver().connected();
    driver.receive({ type: "connack" });
    expect(driver.sentInShort()).toEqual(["disconnect 0x82"]);
  });

  it("ends at a DISCONNECT before CONNACK [MQTT-3.14.0-1]", () => {
    const driver = new SessionDriver().connect();
    driver.sent();
    driver.receive({ type: "disconnect", reasonCode: 0x80 });
    expect(driver.sentInShort()).toEqual(["disconnect 0x82"]);
  });

  it("is not fought for when another one has taken it over [MQTT-3.1.4-3 MQTT-4.13.2-1]", async () => {
    const harness = await connected();
    const { server, client, environment, servers } = harness;
    const events = harness.record("disconnected");
    server.send({ type: "disconnect", reasonCode: 0x8e });
    await environment.advance(600_000);
    expect(events).toMatchObject([{ event: { error: expect.any(ServerDisconnectError) as unknown } }]);
    expect(client.state).toBe("closed");
    expect(servers).toHaveLength(1);
    expect(server.isClosedByClient || server.aborted !== undefined).toBe(true);
  });

  it("ends where the server's DISCONNECT has a Session Expiry Interval [MQTT-3.14.2-2]", () => {
    const driver = new SessionDriver().connected();
    driver.receive({ type: "disconnect", properties: { sessionExpiryInterval: 1 } });
    expect(driver.sentInShort()).toEqual(["disconnect 0x82"]);
  });

  it("ends without what would make DISCONNECT too large [MQTT-3.14.2-3 MQTT-3.14.2-4]", () => {
    for (const properties of [{ reasonString: "x".repeat(40) }, { userProperties: [["a", "x".repeat(40)]] }]) {
      const driver = new SessionDriver().connected({ maximumPacketSize: 20 });
      driver.session.disconnect({ type: "disconnect", reasonCode: 4, properties } as never, 1000);
      const sent = driver.sent();
      expect(sent).toMatchObject([{ type: "disconnect", reasonCode: 4 }]);
      expect(sent[0]).not.toHaveProperty("properties");
    }
  });
});
