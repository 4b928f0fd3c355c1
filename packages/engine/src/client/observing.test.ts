import { encode, type PacketOf } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { connected, gate, Harness, watch } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import type { Authenticator } from "../authenticator.ts";
import { InvalidOptionError, NotConnectedError, TransportError } from "../errors.ts";

const resumed = { connect: () => [{ type: "connack", sessionPresent: true } as const] };

describe("stats", () => {
  it("are zero before there was a connection", () => {
    expect(new Harness().client.stats).toEqual({
      bytesSent: 0,
      bytesReceived: 0,
      packetsSent: 0,
      packetsReceived: 0,
      messagesSent: 0,
      messagesReceived: 0,
      reconnects: 0,
      roundTripMs: undefined,
    });
  });

  it("count bytes, packets and messages both ways", async () => {
    const harness = await connected();
    const before = harness.client.stats;
    expect(before).toMatchObject({ packetsSent: 1, packetsReceived: 1, messagesSent: 0, messagesReceived: 0 });
    await harness.client.publish("a", "b");
    await harness.client.publish("a", "b", { qos: 2 });
    harness.server.publish("c", "d", { qos: 1 });
    await settle();
    const { stats } = harness.client;
    // PUBLISH, PUBLISH, PUBREL, PUBACK; PUBREC, PUBCOMP, PUBLISH.
    expect(stats.packetsSent - before.packetsSent).toBe(4);
    expect(stats.packetsReceived - before.packetsReceived).toBe(3);
    expect(stats).toMatchObject({ messagesSent: 2, messagesReceived: 1 });
    const sent = harness.server.received.map((packet) => encode(packet, 5).length);
    expect(stats.bytesSent).toBe(sent.reduce((sum, length) => sum + length, 0));
    expect(stats.bytesReceived - before.bytesReceived).toBe(4 + 4 + 9);
  });

  it("count what the transport has taken, not what waits for it", async () => {
    const harness = await connected();
    const { bytesSent } = harness.client.stats;
    harness.server.stall();
    const published = watch(harness.client.publish("a", "b"));
    await settle();
    expect(harness.client.stats.bytesSent).toBe(bytesSent);
    harness.server.resume();
    await settle();
    expect(published.state).toBe("fulfilled");
    expect(harness.client.stats.bytesSent).toBe(bytesSent + 7);
  });

  it("count a message once, however often it is sent or comes", async () => {
    const harness = await connected({
      options: { cleanStart: false },
      answers: { publish: () => [], pubrec: () => [] },
    });
    const published = harness.client.publish("a", "b", { qos: 1 });
    harness.server.publish("c", "d", { qos: 2, packetIdentifier: 9 });
    await settle();
    harness.answers = resumed;
    harness.server.end();
    await harness.environment.advance(60_000);
    harness.server.publish("c", "d", { qos: 2, packetIdentifier: 9, duplicate: true });
    await published;
    expect(harness.client.stats).toMatchObject({ messagesSent: 1, messagesReceived: 1, reconnects: 1 });
  });

  it("go on over losses, and over close and connect", async () => {
    const harness = await connected();
    for (const reconnects of [1, 2]) {
      harness.server.end();
      await harness.environment.advance(60_000);
      expect(harness.client.stats.reconnects).toBe(reconnects);
    }
    const { packetsSent } = harness.client.stats;
    harness.client.close();
    await harness.client.connect();
    expect(harness.client.stats).toMatchObject({ packetsSent: packetsSent + 1, reconnects: 2 });
  });

  it("have the time from CONNECT to CONNACK, then from PINGREQ to PINGRESP", async () => {
    const harness = new Harness({ answers: { connect: () => [], pingreq: () => [] } });
    const connecting = harness.client.connect();
    await harness.environment.advance(40);
    harness.server.send({ type: "connack" });
    await connecting;
    expect(harness.client.stats.roundTripMs).toBe(40);
    await harness.environment.advance(60_000);
    await harness.server.expect("pingreq");
    expect(harness.client.stats.roundTripMs).toBe(40);
    await harness.environment.advance(25);
    harness.server.send({ type: "pingresp" });
    await harness.environment.advance(10);
    harness.server.send({ type: "pingresp" }); // Which nobody has asked for.
    await settle();
    expect(harness.client.stats.roundTripMs).toBe(25);
  });

  it("have the time from CONNECT to the first AUTH, where there is one", async () => {
    const properties = { authenticationMethod: "SLOW" };
    const { promise, open } = gate();
    const authenticator: Authenticator = {
      method: "SLOW",
      begin: () => ({
        respond: async () => {
          await promise;
          return new Uint8Array(1);
        },
        verify: () => undefined,
      }),
    };
    const harness = new Harness({
      options: { authenticator },
      answers: { connect: () => [], auth: () => [{ type: "connack", properties }] },
    });
    const connecting = harness.client.connect();
    await harness.environment.advance(7);
    harness.server.send({ type: "auth", reasonCode: 0x18, properties });
    await harness.environment.advance(100);
    open();
    await connecting;
    expect(harness.client.stats.roundTripMs).toBe(7);
  });

  it("are a copy", async () => {
    const harness = await connected();
    const { stats } = harness.client;
    await harness.client.publish("a", "b");
    expect(stats.messagesSent).toBe(0);
  });
});

describe("inflight", () => {
  it("shows messages to the server by stage", async () => {
    const harness = await connected({ answers: { publish: () => [], pubrel: () => [] } });
    const { client, server } = harness;
    void client.publish("one", "", { qos: 1 });
    void client.publish("two", "", { qos: 2 });
    void client.publish("three", "", { qos: 2 });
    await settle();
    server.send({ type: "pubrec", packetIdentifier: 3 });
    await settle();
    expect(client.inflight).toEqual({
      outgoing: [
        { topic: "one", packetId: 1, qos: 1, stage: "awaiting-puback" },
        { topic: "two", packetId: 2, qos: 2, stage: "awaiting-pubrec" },
        { topic: "three", packetId: 3, qos: 2, stage: "awaiting-pubcomp" },
      ],
      incoming: [],
    });
    server.end();
    await settle();
    expect(client.inflight.outgoing.map(({ stage }) => stage)).toEqual([
      "awaiting-puback",
      "awaiting-pubrec",
      "sending-pubrel",
    ]);
    // The server may still know of them: the next connection goes on with them.
    client.close();
    expect(client.inflight.outgoing).toHaveLength(3);
  });

  it("shows messages of the server by stage", async () => {
    const harness = await connected({ answers: { pubrec: () => [] } });
    const { client, server } = harness;
    const handlers = [gate(), gate()];
    await client.subscribe("#", { qos: 2 }, ({ qos }) => handlers[qos - 1]?.promise);
    server.publish("one", "", { qos: 1 });
    server.publish("two", "", { qos: 2 });
    await settle();
    expect(client.inflight.incoming).toEqual([
      { topic: "one", packetId: 1, qos: 1, stage: "sending-puback" },
      { topic: "two", packetId: 2, qos: 2, stage: "sending-pubrec" },
    ]);
    for (const { open } of handlers) open();
    await settle();
    expect(client.inflight.incoming).toEqual([{ topic: "two", packetId: 2, qos: 2, stage: "awaiting-pubrel" }]);
    server.send({ type: "pubrel", packetIdentifier: 2 });
    await settle();
    expect(client.inflight.incoming).toEqual([]);
  });
});

describe("sendRaw", () => {
  it("puts bytes between packets, in order, and resolves when they are taken", async () => {
    const harness = await connected();
    const { client, server } = harness;
    server.stall();
    const sent = [client.publish("a", "1"), client.sendRaw(encode({ type: "pingreq" }, 5)), client.publish("a", "2")];
    const raw = watch(sent[1] as Promise<unknown>);
    await settle();
    expect(raw.state).toBe("pending");
    server.resume();
    await Promise.all(sent);
    expect(server.received.slice(1).map(({ type }) => type)).toEqual(["publish", "pingreq", "publish"]);
    expect(client.stats).toMatchObject({ messagesSent: 2, packetsSent: 3 });
  });

  it("sends what needs more than one buffer", async () => {
    const harness = await connected();
    const payload = new Uint8Array(100_000).fill(7);
    await harness.client.sendRaw(encode({ type: "publish", topicName: "a", payload }, 5));
    expect(harness.server.all("publish")).toMatchObject([{ topicName: "a", payload }]);
  });

  it("does nothing for no bytes, and takes nothing but bytes", async () => {
    const { client } = await connected();
    await expect(client.sendRaw(new Uint8Array(0))).resolves.toBeUndefined();
    // Wrong on purpose: programs in JavaScript have no types.
    await expect(client.sendRaw(5 as unknown as Uint8Array)).rejects.toThrow(InvalidOptionError);
  });

  it("needs a connection", async () => {
    const harness = new Harness({ answers: { connect: () => [] } });
    const bytes = encode({ type: "pingreq" }, 5);
    await expect(harness.client.sendRaw(bytes)).rejects.toThrow(NotConnectedError);
    void harness.client.connect();
    await settle();
    await expect(harness.client.sendRaw(bytes)).rejects.toThrow(NotConnectedError);
    harness.client.close();
    await expect(harness.client.sendRaw(bytes)).rejects.toThrow(NotConnectedError);
  });

  it("rejects when the connection is lost first", async () => {
    const harness = await connected({ options: { reconnect: false } });
    harness.server.stall();
    const sent = watch(harness.client.sendRaw(encode({ type: "pingreq" }, 5)));
    await settle();
    harness.server.lose(new TransportError("The line is cut"));
    await settle();
    expect(sent).toMatchObject({ state: "rejected", error: expect.any(TransportError) as unknown });
  });
});

describe("the event packet", () => {
  const secret = new TextEncoder().encode("secret");
  const authenticationMethod = "RHYME";
  const properties = { authenticationMethod, authenticationData: secret };

  it("shows CONNECT, AUTH and CONNACK both ways without credentials, and the will whole", async () => {
    const authenticator: Authenticator = {
      method: authenticationMethod,
      begin: () => ({ initialData: secret, respond: () => secret, verify: () => undefined }),
    };
    const harness = new Harness({
      options: {
        ...{ authenticator, clientId: "kitchen", username: "cook", password: "secret" },
        will: { topic: "gone", payload: "kitchen" },
      },
      answers: {
        connect: () => [{ type: "auth", reasonCode: 0x18, properties }],
        auth: () => [{ type: "connack", properties }],
      },
    });
    const events = harness.record("packet");
    await harness.client.connect();
    const shown = events.map(({ event: { direction, packet } }) => ({ direction, ...packet }));
    expect(shown).toMatchObject([
      { direction: "out", type: "connect", clientIdentifier: "kitchen", will: { topic: "gone" } },
      { direction: "in", type: "auth", reasonCode: 0x18 },
      { direction: "out", type: "auth", reasonCode: 0x18 },
      { direction: "in", type: "connack", reasonCode: 0 },
    ]);
    expect((shown[0] as unknown as PacketOf<"connect">).will?.payload).toEqual(new TextEncoder().encode("kitchen"));
    for (const packet of shown) {
      expect(packet).not.toHaveProperty("userName");
      expect(packet).not.toHaveProperty("password");
      expect(packet).toHaveProperty("properties.authenticationMethod", authenticationMethod);
      expect(packet).not.toHaveProperty("properties.authenticationData");
    }
    // What is shown is not what is sent.
    await expect(harness.server.expect("connect")).resolves.toMatchObject({ userName: "cook", password: secret });
  });

  it("has the size of each packet", async () => {
    const harness = await connected();
    const events = harness.record("packet");
    await harness.client.publish("a", "b");
    expect(events.map(({ event: { bytes } }) => bytes)).toEqual([7]);
  });
});
