import { describe, expect, it } from "vitest";
import { until } from "../../engine/testing/virtual-environment.ts";
import { ComponentHarness, connected } from "../testing/component-harness.ts";
import { MessageStates } from "./messages/listed-message.ts";
import type { BasicMQTT } from "./mqtt.ts";

const version5 = (mqtt: BasicMQTT): void => {
  mqtt.version = 1;
};

describe("connecting", () => {
  it("tells so, and that data can be sent", async () => {
    const { mqtt, seen } = await connected();
    expect(mqtt.connected).toBe(true);
    expect(mqtt.readyToSend).toBe(true);
    expect(seen).toEqual([
      ["connected", { statusCode: 0, description: "OK" }],
      ["readyToSend", {}],
    ]);
  });

  it("makes a Client Identifier, and keeps it", async () => {
    const { mqtt, server } = await connected();
    const [connect] = server.received;
    expect(connect).toMatchObject({ type: "connect", clientIdentifier: mqtt.clientId });
    expect(mqtt.clientId).not.toBe("");
  });

  it("cannot begin twice", async () => {
    const { mqtt } = await connected();
    await expect(mqtt.connect()).rejects.toMatchObject({ code: 104 });
    const harness = new ComponentHarness({ connect: () => [] });
    const first = harness.mqtt.connect();
    await expect(harness.mqtt.connect()).rejects.toMatchObject({ code: 1105 });
    harness.mqtt.interrupt();
    await expect(first).rejects.toMatchObject({ code: 301, group: "HTTP" });
  });

  it("that fails tells so, and can begin again", async () => {
    const harness = new ComponentHarness({ connect: () => [{ type: "connack", reasonCode: 5 }] });
    await expect(harness.mqtt.connect()).rejects.toMatchObject({ code: 500 });
    expect(harness.events("connected")).toMatchObject([{ statusCode: 500 }]);
    harness.answers = {};
    await harness.mqtt.connect();
    expect(harness.mqtt.connected).toBe(true);
  });

  it("with settings that make no sense fails likewise", async () => {
    const harness = new ComponentHarness();
    harness.mqtt.remoteHost = "";
    await expect(harness.mqtt.connect()).rejects.toMatchObject({ code: 152 });
    expect(harness.events("connected")).toMatchObject([{ statusCode: 152 }]);
    harness.mqtt.remoteHost = "server";
    await harness.mqtt.connect();
  });

  it("to what is no text fails at once", () => {
    const { mqtt } = new ComponentHarness();
    expect(() => {
      mqtt.remoteHost = 1883 as never;
    }).toThrow(expect.objectContaining({ code: 10022 }));
  });

  it("by the property waits for nothing, and leaves nothing unhandled", async () => {
    const harness = new ComponentHarness();
    harness.onOpen = () => Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" }));
    harness.mqtt.connected = true;
    expect(harness.mqtt.connected).toBe(false);
    await harness.saw("connected");
    expect(harness.events("connected")[0]?.statusCode).not.toBe(0);
    harness.onOpen = () => Promise.resolve();
    harness.mqtt.connected = true;
    await harness.saw("connected", 2);
    harness.mqtt.connected = true;
    await harness.saw("error");
    expect(harness.events("error")).toMatchObject([{ errorCode: 104 }]);
    harness.mqtt.connected = false;
    await harness.saw("disconnected");
  });

  it("takes no longer than the setting says", async () => {
    const harness = new ComponentHarness({ connect: () => [] });
    harness.mqtt.config("ConnectionTimeout=1");
    await expect(harness.mqtt.connect()).rejects.toMatchObject({ code: 201, group: "TCPClient" });
    expect(harness.events("connected")).toMatchObject([{ statusCode: 201 }]);
  });

  it("with a timeout of 0 goes on by itself", async () => {
    const harness = new ComponentHarness();
    harness.mqtt.timeout = 0;
    await harness.mqtt.connect();
    expect(harness.mqtt.connected).toBe(false);
    await harness.saw("connected");
    expect(harness.mqtt.connected).toBe(true);
  });

  it("is ended by disconnect", async () => {
    const harness = new ComponentHarness({ connect: () => [] });
    const connecting = harness.mqtt.connect();
    await harness.mqtt.disconnect();
    await expect(connecting).rejects.toMatchObject({ code: 301 });
    expect(harness.events("connected")).toMatchObject([{ statusCode: 301 }]);
    harness.answers = {};
    await harness.mqtt.connect();
  });
});

describe("a connection", () => {
  it("that the server ends is told once, and its code is not 0", async () => {
    const harness = await connected();
    harness.server.end();
    await harness.saw("disconnected");
    expect(harness.events("disconnected")).toMatchObject([{ statusCode: 1120 }]);
    expect(harness.events("connectionStatus")).toMatchObject([
      { connectionEvent: "Remote host disconnected.", statusCode: 1120 },
    ]);
    await expect(harness.mqtt.publishMessage("a", 0, "")).rejects.toMatchObject({ code: 1117 });
  });

  it("is made again where that is wanted, and is given up by disconnect", async () => {
    const harness = await connected({}, (mqtt) => mqtt.config("AutoReconnect=True"));
    harness.server.end();
    await harness.saw("connected", 2);
    expect(harness.mqtt.connected).toBe(true);
    harness.onOpen = (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(signal.reason as Error);
        });
      });
    harness.server.end();
    await harness.saw("disconnected", 2);
    await harness.mqtt.disconnect();
    expect(harness.events("disconnected")).toHaveLength(2);
    harness.onOpen = () => Promise.resolve();
    await harness.mqtt.connect();
  });

  it("ends with what DISCONNECT is to say", async () => {
    const harness = await connected({}, version5);
    harness.mqtt.config("DisconnectReasonCode=4");
    harness.mqtt.config('DisconnectProperties={"ReasonString":"enough"}');
    await harness.mqtt.disconnect();
    expect(harness.server.received.at(-1)).toMatchObject({
      type: "disconnect",
      reasonCode: 4,
      properties: { reasonString: "enough" },
    });
    expect(harness.events("disconnected")).toEqual([{ statusCode: 0, description: "OK" }]);
  });

  it("may be interrupted by any listener", async () => {
    const harness = new ComponentHarness();
    harness.mqtt.onConnected = () => {
      harness.mqtt.interrupt();
    };
    await harness.mqtt.connect().catch(() => undefined);
    expect(harness.mqtt.connected).toBe(false);
    expect(harness.events("readyToSend")).toEqual([]);
  });

  it("does not let a property be changed that went into CONNECT", async () => {
    const { mqtt } = await connected();
    for (const change of [
      () => (mqtt.keepAliveInterval = 5),
      () => (mqtt.willTopic = "a"),
      () => (mqtt.willMessage = "a"),
      () => (mqtt.version = 1),
      () => (mqtt.cleanSession = false),
      () => (mqtt.clientId = "a"),
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: 211 }));
    }
    Object.assign(mqtt, { timeout: 5, user: "next", password: "next" });
  });
});

describe("publishing", () => {
  it("resolves when the message has left, and the events tell the rest", async () => {
    const harness = await connected({ publish: () => [] });
    await harness.mqtt.publishMessage("a", 1, "b");
    expect(harness.mqtt.outgoingMessages).toMatchObject([{ topic: "a", state: MessageStates.awaitingPuback }]);
    expect(harness.mqtt.config("OutgoingPacketId")).toBe("1");
    harness.server.send({ type: "puback", packetIdentifier: 1 });
    await harness.saw("messageOut");
    expect(harness.seen.slice(2).map(([name]) => name)).toEqual(["messageAck", "messageOut"]);
    expect(harness.mqtt.outgoingMessageCount).toBe(0);
  });

  it.each([
    [502, "a/#", 1],
    [505, "a", 3],
    [505, "a", 0.5],
  ])("with what is wrong is %i", async (code, topic, qos) => {
    const { mqtt } = await connected();
    await expect(mqtt.publishMessage(topic, qos, "")).rejects.toMatchObject({ code });
    mqtt.timeout = 0;
    await expect(mqtt.publishMessage(topic, qos, "")).rejects.toMatchObject({ code });
  });

  it("into a transport that takes nothing times out, and nothing is sent of it later", async () => {
    const harness = await connected();
    harness.server.stall();
    harness.mqtt.timeout = 1;
    harness.mqtt.config("AbsoluteTimeout=True");
    // The first is in the transport's hands.
    await expect(harness.mqtt.publishMessage("a", 0, "1")).rejects.toMatchObject({ code: 201 });
    harness.server.resume();
  });

  it("without waiting says when it would have to, and sends the message all the same", async () => {
    const harness = await connected();
    harness.mqtt.timeout = 0;
    harness.server.stall();
    const large = new Uint8Array(70_000);
    await expect(harness.mqtt.publishData("a", 0, large)).resolves.toBeUndefined();
    await expect(harness.mqtt.publishData("b", 0, large)).rejects.toMatchObject({ code: 135 });
    expect(harness.mqtt.readyToSend).toBe(false);
    harness.server.resume();
    await harness.saw("readyToSend", 2);
    expect(harness.mqtt.readyToSend).toBe(true);
    await until(() => harness.server.all("publish").length === 2);
  });

  it("that is refused is told by the event alone", async () => {
    const harness = await connected(
      { publish: ({ packetIdentifier = 0 }) => [{ type: "puback", packetIdentifier, reasonCode: 0x87 }] },
      version5,
    );
    await harness.mqtt.publishMessage("a", 1, "");
    await harness.saw("messageOut");
    expect(harness.events("messageAck")).toMatchObject([{ responseCode: 0x87 }]);
    expect(harness.events("error")).toEqual([]);
  });
});

describe("subscribing", () => {
  it("tells what the server says of each filter, also when it refuses all", async () => {
    const harness = await connected({
      subscribe: ({ packetIdentifier, subscriptions }) => [
        {
          type: "suback",
          packetIdentifier,
          reasonCodes: subscriptions.map(({ qos }, index) => (index > 0 ? qos : 0x80)),
        },
      ],
    });
    await harness.mqtt.subscribe("a, b", 1);
    await harness.mqtt.subscribe("c", 2);
    expect(harness.events("subscribed")).toEqual([
      { topicFilter: "a", qos: 0, responseCode: 0x80 },
      { topicFilter: "b", qos: 1, responseCode: 1 },
      { topicFilter: "c", qos: 0, responseCode: 0x80 },
    ]);
  });

  it("gives no identifier that nobody asked for, and can be repeated for ever", async () => {
    const harness = await connected({}, version5);
    for (let time = 0; time < 50; time += 1) await harness.mqtt.subscribe("a,b", 1);
    await harness.mqtt.subscribe("a", 1);
    await harness.mqtt.subscribe("b", 1);
    const sent = harness.server.received.filter(({ type }) => type === "subscribe" || type === "unsubscribe");
    expect(sent).toHaveLength(52);
    expect(sent.every((packet) => !("properties" in packet) || packet.properties === undefined)).toBe(true);
    harness.server.publish("a", "1");
    await harness.saw("messageIn");
    expect(harness.events("messageIn")).toHaveLength(1);
  });

  it("has one code for all filters of a call that unsubscribes", async () => {
    const codes = [0x11, 0x87];
    const harness = await connected(
      { unsubscribe: ({ packetIdentifier }) => [{ type: "unsuback", packetIdentifier, reasonCodes: codes }] },
      version5,
    );
    await harness.mqtt.unsubscribe("a,b");
    expect(harness.events("unsubscribed")).toEqual([{ topicFilters: "a,b", responseCode: 0x87 }]);
  });

  it("is interrupted, and times out", async () => {
    const harness = await connected({ subscribe: () => [] });
    const subscribing = harness.mqtt.subscribe("a", 0);
    harness.mqtt.interrupt();
    await expect(subscribing).rejects.toMatchObject({ code: 301, group: "HTTP" });
    await harness.mqtt.connect();
    harness.mqtt.timeout = 1;
    await expect(harness.mqtt.subscribe("a", 0)).rejects.toMatchObject({ code: 201 });
  });
});

describe("messages at QoS 2 that the server has not released", () => {
  const received = async (prepare?: (mqtt: BasicMQTT) => void): Promise<ComponentHarness> => {
    const harness = await connected({ pubrec: () => [] }, prepare);
    harness.server.publish("a", "21.5", { qos: 2, packetIdentifier: 7 });
    await harness.server.expect("pubrec");
    await until(() => harness.mqtt.incomingMessages[0]?.state === MessageStates.awaitingPubrel);
    return harness;
  };

  it("are handed over when they are, once", async () => {
    const harness = await received();
    harness.server.publish("a", "21.5", { qos: 2, packetIdentifier: 7, duplicate: true });
    await harness.server.expect("pubrec", 2);
    expect(harness.events("messageIn")).toEqual([]);
    harness.server.send({ type: "pubrel", packetIdentifier: 7 });
    await harness.saw("messageIn");
    expect(harness.seen.slice(2)).toMatchObject([
      ["messageAck", { packetId: 7, direction: 1, index: 0 }],
      ["messageIn", { packetId: 7, qos: 2 }],
    ]);
  });

  it("are handed over when the server has lost the session", async () => {
    const harness = await received();
    harness.server.end();
    await harness.saw("disconnected");
    await harness.mqtt.connect();
    expect(harness.events("messageIn")).toMatchObject([{ packetId: 7 }]);
    expect(harness.mqtt.incomingMessageCount).toBe(0);
  });

  it("go on in another object that has taken up the session", async () => {
    const before = await received((mqtt) => {
      mqtt.clientId = "kitchen";
      mqtt.cleanSession = false;
    });
    const saved = before.mqtt.saveSession();
    before.mqtt.interrupt();
    const after = new ComponentHarness({
      connect: () => [{ type: "connack", sessionPresent: true }],
      pubrec: () => [],
    });
    after.mqtt.restoreSession(saved);
    expect(after.mqtt.cleanSession).toBe(false);
    expect(after.mqtt.clientId).toBe("kitchen");
    expect(after.mqtt.incomingMessages).toMatchObject([{ packetId: 7, state: MessageStates.awaitingPubrel }]);
    await after.mqtt.connect();
    // The server may not know that PUBREC has left.
    after.server.publish("a", "21.5", { qos: 2, packetIdentifier: 7, duplicate: true });
    await after.server.expect("pubrec");
    expect(after.events("messageIn")).toEqual([]);
    after.server.send({ type: "pubrel", packetIdentifier: 7 });
    await after.saw("messageIn");
    expect(new TextDecoder().decode(after.events("messageIn")[0]?.message)).toBe("21.5");
  });
});

describe("messages that the server has not acknowledged", () => {
  it("are sent again on the next connection of the same object", async () => {
    const harness = await connected({ publish: () => [] }, (mqtt) => {
      mqtt.clientId = "kitchen";
      mqtt.cleanSession = false;
    });
    await harness.mqtt.publishMessage("a", 1, "1");
    await harness.mqtt.publishMessage("a", 2, "2");
    harness.server.end();
    await harness.saw("disconnected");
    harness.answers = { connect: () => [{ type: "connack", sessionPresent: true }] };
    await harness.mqtt.connect();
    await harness.saw("messageOut", 2);
    expect(harness.server.all("publish")).toMatchObject([
      { packetIdentifier: 1, duplicate: true },
      { packetIdentifier: 2, duplicate: true },
    ]);
  });

  it("are taken up by a handler of connected, from a file", async () => {
    const before = await connected({ publish: () => [] }, (mqtt) => {
      mqtt.clientId = "kitchen";
      mqtt.config("SessionStateFile=state");
    });
    await before.mqtt.publishMessage("a", 1, "1");
    expect(new TextDecoder().decode(before.files.contents.get("state"))).toBe("");
    const saved = before.mqtt.saveSession();
    expect(new TextDecoder().decode(before.files.contents.get("state"))).toBe(saved);
    const after = new ComponentHarness({ connect: () => [{ type: "connack", sessionPresent: true }] });
    after.files.write("state", before.files.read("state"));
    after.mqtt.clientId = "kitchen";
    after.mqtt.cleanSession = false;
    after.mqtt.config("SessionStateFile=state");
    after.mqtt.onConnected = () => {
      if (after.mqtt.config("SessionPresent") === "True") after.mqtt.restoreSession("");
    };
    await after.mqtt.connect();
    await after.saw("messageOut");
    expect(after.server.all("publish")).toMatchObject([{ duplicate: true, topicName: "a" }]);
  });

  it("are not taken up by another client, nor from what is no session", async () => {
    const before = await connected({ publish: () => [] }, (mqtt) => (mqtt.clientId = "kitchen"));
    const saved = before.mqtt.saveSession();
    const { mqtt } = new ComponentHarness();
    mqtt.clientId = "cellar";
    expect(() => {
      mqtt.restoreSession(saved);
    }).toThrow(expect.objectContaining({ code: 500 }));
    for (const damaged of ["", "no base64!", btoa("RVS?"), saved.slice(0, -8)]) {
      expect(() => {
        mqtt.restoreSession(damaged);
      }).toThrow(expect.objectContaining({ code: 500 }));
    }
    mqtt.config("SessionStateFile=nowhere");
    expect(() => {
      mqtt.restoreSession(saved);
    }).toThrow(expect.objectContaining({ code: 302, group: "TCPClient" }));
    expect(mqtt.cleanSession).toBe(true);
  });
});

describe("reset", () => {
  it("ends the connection, and everything has its default again but handlers", async () => {
    const harness = await connected({ publish: () => [] }, (mqtt) => (mqtt.user = "somebody"));
    await harness.mqtt.publishMessage("a", 1, "");
    harness.mqtt.reset();
    const { mqtt } = harness;
    expect(mqtt.connected).toBe(false);
    expect([mqtt.user, mqtt.clientId, mqtt.remoteHost, mqtt.outgoingMessageCount]).toEqual(["", "", "", 0]);
    expect(harness.events("disconnected")).toHaveLength(1);
    mqtt.remoteHost = "server";
    await mqtt.connect();
    expect(harness.events("connected")).toHaveLength(2);
  });
});

describe("a handler that throws", () => {
  it("is told of by the event error, and disturbs nothing", async () => {
    const harness = new ComponentHarness();
    harness.mqtt.onConnected = () => {
      throw new Error("mine");
    };
    harness.mqtt.onError = () => {
      throw new Error("mine too");
    };
    await harness.mqtt.connect();
    expect(harness.events("error")).toMatchObject([{ description: expect.stringContaining("mine") as string }]);
    expect(harness.mqtt.connected).toBe(true);
  });
});
