import type { SessionRecord, SessionSnapshot } from "rivulet";
import { saveSession } from "rivulet/session";
import { describe, expect, it } from "vitest";
import { until } from "../../engine/testing/virtual-environment.ts";
import { ComponentHarness, connected } from "../testing/component-harness.ts";
import type { BasicMQTT } from "./mqtt.ts";

const version5 = (mqtt: BasicMQTT): void => {
  mqtt.version = 1;
};

/** Connects again at the first loss, as a listener of it. */
function connectAgain(harness: ComponentHarness): Promise<void> {
  return new Promise((resolve, reject) => {
    harness.mqtt.onDisconnected = () => {
      harness.mqtt.onDisconnected = undefined;
      harness.mqtt.connect().then(resolve, reject);
    };
  });
}

describe("a listener that connects again", () => {
  it("when it was interrupted has a connection of its own", async () => {
    const harness = await connected({ subscribe: () => [] });
    const again = connectAgain(harness);
    const waiting = harness.mqtt.subscribe("a", 0);
    harness.mqtt.interrupt();
    expect(() => (harness.mqtt.remotePort = 1)).toThrow(expect.objectContaining({ code: 100 }));
    await expect(harness.mqtt.connect()).rejects.toMatchObject({ code: 1105 });
    await expect(waiting).rejects.toMatchObject({ code: 301 });
    await again;
    expect(harness.mqtt.connected).toBe(true);
  });

  it("when the object is reset is reset too", async () => {
    const harness = await connected();
    const again = connectAgain(harness);
    harness.mqtt.reset();
    await expect(again).rejects.toMatchObject({ code: 301 });
    expect(harness.mqtt.connected).toBe(false);
    harness.mqtt.remoteHost = "server";
    await harness.mqtt.connect();
  });

  it("at once, with settings that make no sense, does not call itself", async () => {
    const harness = new ComponentHarness();
    harness.mqtt.remoteHost = "";
    let depth = 0;
    let deepest = 0;
    harness.mqtt.onConnected = () => {
      depth += 1;
      deepest = Math.max(deepest, depth);
      if (harness.events("connected").length < 5) harness.mqtt.connected = true;
      depth -= 1;
    };
    harness.mqtt.connected = true;
    await harness.saw("connected", 6);
    expect(deepest).toBe(1);
  });
});

describe("a listener that ends the attempt", () => {
  it("while its client is being made ends it", async () => {
    const harness = await connected();
    await harness.mqtt.disconnect();
    harness.onCreate = () => {
      harness.mqtt.interrupt();
    };
    await expect(harness.mqtt.connect()).rejects.toMatchObject({ code: 301, group: "HTTP" });
    expect(harness.servers).toHaveLength(1);
    harness.onCreate = () => undefined;
    await harness.mqtt.connect();
    expect(harness.mqtt.connected).toBe(true);
  });
});

describe("a connection that the server refuses", () => {
  it("is told to have ended, as what had stood", async () => {
    const harness = new ComponentHarness({ connect: () => [{ type: "connack", reasonCode: 5 }] });
    harness.onOpen = (_signal, report) => {
      report("The connection stands", undefined, "host");
      return Promise.resolve();
    };
    await harness.mqtt.connect().catch(() => undefined);
    expect(harness.seen).toMatchObject([
      ["connectionStatus", { connectionEvent: "Remote host connection complete.", statusCode: 0 }],
      ["connectionStatus", { connectionEvent: "Remote host disconnected.", statusCode: 500 }],
      ["connected", { statusCode: 500 }],
    ]);
  });
});

describe("an asynchronous handler of errors", () => {
  it("that fails each time is called once", async () => {
    const { mqtt, seen } = await connected();
    mqtt.onError = () => Promise.reject(new Error("mine too"));
    mqtt.connected = true;
    await mqtt.doEvents();
    await mqtt.doEvents();
    expect(seen.filter(([name]) => name === "error")).toHaveLength(1);
  });
});

describe("disconnecting", () => {
  it("with what cannot be sent is refused, and the connection stays", async () => {
    const harness = await connected({}, version5);
    harness.mqtt.config('DisconnectProperties={"SessionExpInterval":"5"}');
    await expect(harness.mqtt.disconnect()).rejects.toMatchObject({ code: 10022 });
    expect(harness.mqtt.connected).toBe(true);
    harness.mqtt.connected = false;
    await harness.saw("error");
    expect(harness.events("error")).toMatchObject([{ errorCode: 10022 }]);
    await harness.mqtt.publishMessage("a", 0, "still there");
    harness.mqtt.config("DisconnectProperties=");
    await harness.mqtt.disconnect();
    await harness.mqtt.connect();
  });
});

describe("the session", () => {
  const refused = (): Promise<void> => Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" }));

  it("outlives attempts that fail, whatever they were to begin with", async () => {
    const harness = await connected({ publish: () => [] }, (mqtt) => (mqtt.clientId = "kitchen"));
    const { mqtt } = harness;
    await mqtt.publishMessage("a", 1, "1");
    mqtt.interrupt();
    harness.onOpen = refused;
    await mqtt.connect().catch(() => undefined);
    expect(mqtt.outgoingMessageCount).toBe(1);
    mqtt.cleanSession = false;
    harness.onOpen = () => Promise.resolve();
    harness.answers = { connect: () => [{ type: "connack", sessionPresent: true }] };
    await mqtt.connect();
    await harness.saw("messageOut");
    expect(harness.server.all("publish")).toMatchObject([{ packetIdentifier: 1, duplicate: true }]);
  });

  it("that was restored is not lost with an attempt that fails, nor what had not been sent", async () => {
    const before = await connected({ publish: () => [] }, (mqtt) => (mqtt.clientId = "kitchen"));
    before.mqtt.timeout = 0;
    before.server.stall();
    for (const payload of ["1", "2"]) {
      await before.mqtt.publishData(payload, 1, new Uint8Array(70_000)).catch(() => undefined);
    }
    const saved = before.mqtt.saveSession();
    const after = new ComponentHarness({ connect: () => [{ type: "connack", sessionPresent: true }] });
    after.mqtt.restoreSession(saved);
    after.onOpen = refused;
    await after.mqtt.connect().catch(() => undefined);
    after.onOpen = () => Promise.resolve();
    await after.mqtt.connect();
    await after.saw("messageOut", 2);
    expect(after.events("messageOut").map(({ topic }) => topic)).toEqual(["1", "2"]);
  });

  it("that the object has taken along can be restored all the same", async () => {
    const harness = await connected({ publish: () => [] }, (mqtt) => (mqtt.clientId = "kitchen"));
    const { mqtt } = harness;
    await mqtt.publishMessage("a", 1, "1");
    const saved = mqtt.saveSession();
    mqtt.interrupt();
    mqtt.cleanSession = false;
    harness.answers = { connect: () => [{ type: "connack", sessionPresent: true }] };
    mqtt.onConnected = () => {
      if (mqtt.config("SessionPresent") === "True") mqtt.restoreSession(saved);
    };
    await mqtt.connect();
    await harness.saw("messageOut");
    expect(harness.events("error")).toEqual([]);
    expect(harness.server.all("publish")).toMatchObject([{ packetIdentifier: 1, duplicate: true }]);
  });

  it("of another message is not restored where one is under way", async () => {
    const [before, harness] = await Promise.all(
      ["1", "2"].map(async (text) => {
        const each = await connected({ publish: () => [] }, (mqtt) => (mqtt.clientId = "kitchen"));
        await each.mqtt.publishMessage("a", 1, text);
        return each;
      }),
    );
    expect(() => harness?.mqtt.restoreSession(before?.mqtt.saveSession() ?? "")).toThrow(
      expect.objectContaining({ code: 500 }),
    );
  });

  it("with a message that is none is no session, and nothing changes", async () => {
    const snapshot: SessionSnapshot = {
      version: 1,
      clientId: "kitchen",
      records: [{ key: "out/0000000000000001", awaits: "puback" } as SessionRecord],
    };
    const bytes = saveSession({ exportSession: () => snapshot });
    const { mqtt } = new ComponentHarness();
    expect(() => {
      mqtt.restoreSession(btoa(String.fromCharCode(...bytes)));
    }).toThrow(expect.objectContaining({ code: 500 }));
    expect([mqtt.clientId, mqtt.cleanSession]).toEqual(["", true]);
    await mqtt.connect();
  });

  it("is not restored while a connection is being made", async () => {
    const before = await connected({}, (mqtt) => (mqtt.clientId = "kitchen"));
    const saved = before.mqtt.saveSession();
    const harness = new ComponentHarness({ connect: () => [] });
    const connecting = harness.mqtt.connect();
    expect(() => {
      harness.mqtt.restoreSession(saved);
    }).toThrow(expect.objectContaining({ code: 211 }));
    harness.mqtt.interrupt();
    await expect(connecting).rejects.toMatchObject({ code: 301 });
  });

  it("that is restored where the server has none hands over what had come", async () => {
    const before = await connected({ pubrec: () => [] }, (mqtt) => (mqtt.clientId = "kitchen"));
    before.server.publish("a", "21.5", { qos: 2, packetIdentifier: 7 });
    await until(() => before.mqtt.incomingMessages[0]?.state === 7);
    const saved = before.mqtt.saveSession();
    const after = new ComponentHarness();
    after.mqtt.clientId = "kitchen";
    after.mqtt.cleanSession = false;
    after.mqtt.onConnected = () => {
      after.mqtt.restoreSession(saved);
    };
    await after.mqtt.connect();
    expect(after.events("messageIn")).toMatchObject([{ packetId: 7, topic: "a" }]);
    expect(after.mqtt.incomingMessageCount).toBe(0);
  });
});

describe("what is read while a message is told of", () => {
  it("is of this message, also when others came with it", async () => {
    const harness = await connected({}, version5);
    const { mqtt, server } = harness;
    const read: string[] = [];
    const readOne = (): unknown => read.push(mqtt.config("IncomingUserPropValue[0]"));
    mqtt.onMessageAck = readOne;
    mqtt.onMessageIn = readOne;
    server.joinsAnswers = true;
    server.send(
      ...["1", "2"].map((value, index) => ({
        ...{ type: "publish" as const, topicName: "a", payload: new Uint8Array(), qos: 1 as const },
        ...{ packetIdentifier: index + 1, properties: { userProperties: [["number", value] as [string, string]] } },
      })),
    );
    await harness.saw("messageIn", 2);
    expect(read).toEqual(["1", "1", "2", "2"]);
  });

  it("of the last message that was published is not of one that is sent again", async () => {
    const harness = await connected({ publish: () => [] }, (mqtt) => {
      mqtt.config("AutoReconnect=True");
      mqtt.cleanSession = false;
      mqtt.clientId = "kitchen";
    });
    const { mqtt } = harness;
    await mqtt.publishMessage("a", 1, "");
    await mqtt.publishMessage("a", 0, "");
    harness.answers = { connect: () => [{ type: "connack", sessionPresent: true }], publish: () => [] };
    harness.server.end();
    await harness.saw("connected", 2);
    await harness.server.expect("publish");
    expect(harness.server.all("publish")).toMatchObject([{ packetIdentifier: 1, duplicate: true }]);
    expect(mqtt.config("OutgoingPacketId")).toBe("-1");
  });
});

describe("the log", () => {
  it("has no payload, of whatever kind of bytes", async () => {
    const { mqtt } = await connected();
    const lines: string[] = [];
    mqtt.config("LogLevel=3");
    mqtt.onLog = ({ message }) => lines.push(message);
    await mqtt.publishData("a", 0, Buffer.from("secret"));
    expect(lines.join("\n")).toContain('"payload":"6 bytes"');
  });
});

describe("an error", () => {
  it("does not repeat what stands behind the name of a setting", () => {
    const { mqtt } = new ComponentHarness();
    expect(() => mqtt.config("FirewallPassword secret")).toThrow(/^(?!.*secret).*FirewallPassword/);
  });
});

describe("a connection that is to be made again", () => {
  it("does not wait for ever for a server that says nothing", async () => {
    const { mqtt, options } = await connected({}, (one) => one.config("ConnectionTimeout=5"));
    expect(options[0]?.connectTimeoutMs).toBe(50_000);
    await mqtt.disconnect();
    mqtt.config("AbsoluteTimeout=True");
    await mqtt.connect();
    expect(options[1]?.connectTimeoutMs).toBe(5_000);
  });
});
