import { describe, expect, it } from "vitest";
import { InvalidOptionError, InvalidTopicError, type Message, type MqttClient } from "@rivulet/engine";
import { connected } from "../testing/client-harness.ts";
import { settle } from "../testing/virtual-environment.ts";

const versions = [5, 4] as const;

function messagesOf(client: MqttClient): Message[] {
  const messages: Message[] = [];
  client.on("message", ({ message }) => messages.push(message));
  return messages;
}

describe.each(versions)("what an application sees of a message, version %i", (version) => {
  it("is whether it was retained, also when it is empty [MQTT311-3.3.1-8 MQTT311-3.3.1-9 MQTT311-3.3.1-10]", async () => {
    const { client, server } = await connected({ version });
    const messages = messagesOf(client);
    server.publish("a", "", { retain: true });
    server.publish("a", "b", { retain: false });
    await settle();
    expect(messages.map(({ retain, payload }) => [retain, payload.length])).toEqual([
      [true, 0],
      [false, 1],
    ]);
  });

  it("is whether it was sent before, by the server [MQTT-3.3.1-3 MQTT311-3.3.1-3]", async () => {
    const { client, server } = await connected({ version });
    const messages = messagesOf(client);
    server.publish("a", "", { qos: 1, duplicate: true });
    server.publish("a", "", { qos: 1 });
    await server.expect("puback", 2);
    expect(messages.map(({ duplicate }) => duplicate)).toEqual([true, false]);
  });

  it("is nothing where it subscribed to nothing like it, and yet it is acknowledged [MQTT-4.5.0-2 MQTT-3.3.2-3 MQTT311-4.5.0-2 MQTT311-3.3.2-3]", async () => {
    const { client, server } = await connected({ version });
    const topics: string[] = [];
    await client.subscribe("a", ({ topic }) => topics.push(topic));
    server.publish("b", "", { qos: 1 });
    server.publish("b", "", { qos: 2 });
    expect(await server.expect("puback")).toMatchObject({ packetIdentifier: 1 });
    expect(await server.expect("pubcomp")).toMatchObject({ packetIdentifier: 2 });
    expect(topics).toEqual([]);
  });

  it("is each copy that the server sends for overlapping filters [MQTT311-3.3.5-1 MQTT-3.3.4-5]", async () => {
    const { client, server } = await connected({ version });
    const got: string[] = [];
    await client.subscribe(["a/#", "a/b"], (message) => got.push(message.text()));
    server.publish("a/b", "1", { qos: 1 });
    server.publish("a/b", "2", { qos: 1 });
    await server.expect("puback", 2);
    expect(got).toEqual(["1", "2"]);
  });

  it("it sends itself is no duplicate [MQTT-4.3.2-2 MQTT-4.3.3-2 MQTT-3.3.1-3]", async () => {
    const { client, server } = await connected({ version });
    await client.publish("a", "", { qos: 1 });
    await client.publish("a", "", { qos: 2 });
    expect(server.all("publish").map(({ duplicate }) => duplicate)).toEqual([false, false]);
  });

  it("it sends retained where it wants to, empty if it wants to [MQTT311-3.3.1-5 MQTT311-3.3.1-10]", async () => {
    const { client, server } = await connected({ version });
    await client.publish("a", "", { qos: 1, retain: true });
    await client.publish("a", "b", { qos: 1 });
    expect(server.all("publish")).toMatchObject([{ retain: true, payload: new Uint8Array(0) }, { retain: false }]);
  });
});

describe("with MQTT 5.0 an application sees of a message", () => {
  it("every property as the server sent it [MQTT-3.3.2-6 MQTT-3.3.2-15 MQTT-3.3.2-16 MQTT-3.3.2-17 MQTT-3.3.2-18 MQTT-3.3.2-20]", async () => {
    const { client, server } = await connected();
    const messages = messagesOf(client);
    const properties = {
      messageExpiryInterval: 7,
      responseTopic: "re/ply",
      correlationData: Uint8Array.of(0, 255, 13),
      contentType: "text/x; charset=é",
    };
    const userProperties: [string, string][] = [
      ["b", "1"],
      ["a", "2"],
      ["b", "1"],
      ["", ""],
    ];
    server.publish("a", "", { properties: { ...properties, userProperties } });
    await settle();
    expect(messages).toMatchObject([{ ...properties, userProperties }]);
  });

  it("all subscriptions that it is for, also one that is there twice [MQTT-3.3.4-3 MQTT-3.3.4-4]", async () => {
    const { client, server } = await connected();
    const messages = messagesOf(client);
    server.publish("a", "", { properties: { subscriptionIdentifiers: [5, 268_435_455, 5] } });
    await settle();
    expect(messages).toMatchObject([{ subscriptionIdentifiers: [5, 268_435_455, 5] }]);
  });

  it("the copy that is for its subscription, and not the others [MQTT-3.3.4-5 MQTT-3.3.4-3]", async () => {
    const { client, server } = await connected();
    const got: string[] = [];
    for (const filter of ["a/#", "a/b"]) {
      await client.subscribe(filter, (message) => got.push(`${filter} ${message.text()}`));
    }
    const identifiers = server.all("subscribe").map(({ properties }) => properties?.subscriptionIdentifier ?? 0);
    for (const [index, identifier] of identifiers.entries()) {
      server.publish("a/b", String(index), { properties: { subscriptionIdentifiers: [identifier] } });
    }
    await settle();
    expect(got).toEqual(["a/# 0", "a/b 1"]);
  });

  it("and asks for no response to a topic with wildcards [MQTT-3.3.2-14]", async () => {
    const { client, server } = await connected();
    await expect(client.request("a", "", { responseTopic: "b/+" })).rejects.toBeInstanceOf(InvalidTopicError);
    await settle();
    expect(server.received.map(({ type }) => type)).toEqual(["connect"]);
  });

  it("and cannot name a subscription in its own [MQTT-3.3.4-6]", async () => {
    const { client, server } = await connected();
    const options = { subscriptionIdentifiers: [1], subscriptionIdentifier: 1 } as object;
    await expect(client.publish("a", "", options)).rejects.toBeInstanceOf(InvalidOptionError);
    await settle();
    expect(server.all("publish")).toEqual([]);
  });
});
