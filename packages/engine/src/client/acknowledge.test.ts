import { describe, expect, it } from "vitest";
import { connected, gate, type Harness } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import { InvalidOptionError, UnsupportedError } from "../errors.ts";
import type { Message } from "./message.ts";

/** What has been acknowledged, in the order of the wire. */
const acknowledged = (harness: Harness): string[] =>
  harness.server.received.flatMap((packet) =>
    packet.type === "puback" || packet.type === "pubrec" ? [`${packet.type} ${packet.packetIdentifier}`] : [],
  );

/** A handler whose calls end when the test says so. */
function slowly() {
  const calls: { message: Message; done: () => void; fail: (error: unknown) => void }[] = [];
  const handler = (message: Message): Promise<void> => {
    const { promise, open, fail } = gate();
    calls.push({ message, done: () => open(), fail });
    return promise;
  };
  return { calls, handler };
}

describe.each([4, 5] as const)('ack: "processed" in protocol version %i', (version) => {
  it("acknowledges when the handler is done, in the order of the messages", async () => {
    const harness = await connected({ version });
    const { calls, handler } = slowly();
    await harness.client.subscribe("a", { qos: 2 }, handler);
    for (const qos of [1, 1, 2, 2, 1] as const) harness.server.publish("a", "", { qos });
    await settle();
    expect(calls).toHaveLength(5);
    expect(acknowledged(harness)).toEqual([]);
    for (const index of [4, 3, 1]) calls[index]?.done();
    await settle();
    expect(acknowledged(harness)).toEqual([]);
    calls[0]?.done();
    await settle();
    expect(acknowledged(harness)).toEqual(["puback 1", "puback 2", "puback 5"]);
    calls[2]?.done();
    await settle();
    expect(acknowledged(harness).slice(3)).toEqual(["pubrec 3", "pubrec 4"]);
    expect(harness.server.all("pubcomp").map(({ packetIdentifier }) => packetIdentifier)).toEqual([3, 4]);
  });

  it("acknowledges when all consumers are done", async () => {
    const harness = await connected({ version });
    const first = slowly();
    const second = slowly();
    await harness.client.subscribe("a", { qos: 1 }, first.handler);
    await harness.client.subscribe("+", { qos: 1 }, second.handler);
    const loop = await harness.client.subscribe("#", { qos: 1 });
    harness.server.publish("a", "", { qos: 1 });
    const iterator = loop[Symbol.asyncIterator]();
    await iterator.next();
    first.calls[0]?.done();
    second.calls[0]?.done();
    await settle();
    expect(acknowledged(harness)).toEqual([]);
    void iterator.next();
    await settle();
    expect(acknowledged(harness)).toEqual(["puback 1"]);
  });

  it("acknowledges at once after a handler that is synchronous", async () => {
    const harness = await connected({ version });
    const events = harness.record("messageAcknowledged");
    let count = 0;
    await harness.client.subscribe("a", { qos: 2 }, () => (count += 1));
    for (const qos of [0, 1, 2] as const) harness.server.publish("a", "", { qos });
    await settle();
    expect(count).toBe(3);
    expect(acknowledged(harness)).toEqual(["puback 1", "pubrec 2"]);
    expect(events.map(({ event }) => event)).toEqual([
      { packetId: 1, qos: 1 },
      { packetId: 2, qos: 2 },
    ]);
  });

  it("acknowledges a message whose handler has failed, and reports the error", async () => {
    const harness = await connected({ version });
    const events = harness.record("error");
    const failures = [new Error("asynchronous"), new Error("synchronous")] as const;
    await harness.client.subscribe("a", { qos: 1 }, () => Promise.reject(failures[0]));
    await harness.client.subscribe("b", { qos: 1, onHandlerError: "acknowledge" }, () => {
      throw failures[1];
    });
    harness.server.publish("a", "", { qos: 1 });
    await harness.server.expect("puback", 1);
    harness.server.publish("b", "", { qos: 1 });
    await harness.server.expect("puback", 2);
    expect(harness.server.all("puback").map(({ reasonCode }) => reasonCode)).toEqual([0, 0]);
    expect(events.map(({ event: { error } }) => error)).toEqual(failures);
  });

  it("acknowledges a message that nobody subscribed to at once", async () => {
    const harness = await connected({ version });
    for (const qos of [1, 2] as const) harness.server.publish("a", "", { qos });
    await settle();
    expect(acknowledged(harness)).toEqual(["puback 1", "pubrec 2"]);
  });

  it("has nobody to tell when the handler is done after the end of the connection", async () => {
    const harness = await connected({ version });
    const { calls, handler } = slowly();
    await harness.client.subscribe("a", { qos: 2 }, handler);
    for (const qos of [1, 2] as const) harness.server.publish("a", "", { qos });
    await settle();
    harness.server.end();
    await settle();
    for (const { done } of calls) done();
    await settle();
    expect(acknowledged(harness)).toEqual([]);
  });

  it("takes any promise-like thing for a promise", async () => {
    const harness = await connected({ version });
    let done = (): void => undefined;
    const thenable = {
      then: (resolve: () => void) => {
        done = resolve;
      },
    };
    await harness.client.subscribe("a", { qos: 1 }, () => thenable);
    harness.server.publish("a", "", { qos: 1 });
    await settle();
    expect(acknowledged(harness)).toEqual([]);
    done();
    await settle();
    expect(acknowledged(harness)).toEqual(["puback 1"]);
  });

  it("hands a QoS 2 message over once, also when the server sends it again", async () => {
    const harness = await connected({ version });
    const { calls, handler } = slowly();
    await harness.client.subscribe("a", { qos: 2 }, handler);
    harness.server.publish("a", "", { qos: 2 });
    harness.server.publish("a", "", { qos: 2, packetIdentifier: 1, duplicate: true });
    await settle();
    expect(calls).toHaveLength(1);
    expect(acknowledged(harness)).toEqual([]);
    calls[0]?.done();
    await harness.server.expect("pubcomp");
    expect(acknowledged(harness)).toEqual(["pubrec 1"]);
  });
});

describe('onHandlerError: "reject"', () => {
  it("acknowledges with 0x80", async () => {
    const harness = await connected();
    const events = harness.record("error");
    const failure = new Error("of the handler");
    await harness.client.subscribe("a", { qos: 2, onHandlerError: "reject" }, async (message) => {
      if (message.text() !== "fine") throw failure;
    });
    harness.server.publish("a", "", { qos: 1 });
    harness.server.publish("a", "", { qos: 2 });
    harness.server.publish("a", "");
    harness.server.publish("a", "fine", { qos: 2 });
    await settle();
    expect(acknowledged(harness)).toEqual(["puback 1", "pubrec 2", "pubrec 3"]);
    expect(harness.server.all("puback")[0]?.reasonCode).toBe(0x80);
    expect(harness.server.all("pubrec").map(({ reasonCode }) => reasonCode)).toEqual([0x80, 0]);
    expect(events).toHaveLength(3);
  });

  it("is not to be had in MQTT 3.1.1", async () => {
    const harness = await connected({ version: 4 });
    await expect(harness.client.subscribe("a", { onHandlerError: "reject" })).rejects.toThrow(InvalidOptionError);
  });
});

describe('ack: "on-receipt"', () => {
  it("acknowledges at once, whatever the handler does", async () => {
    const harness = await connected();
    const { calls, handler } = slowly();
    await harness.client.subscribe("a", { qos: 2, ack: "on-receipt" }, handler);
    for (const qos of [1, 2] as const) harness.server.publish("a", "", { qos });
    await settle();
    expect(acknowledged(harness)).toEqual(["puback 1", "pubrec 2"]);
    calls[0]?.message.acknowledge({ reasonCode: 0x80 });
    calls[0]?.fail(new Error("too late"));
    calls[1]?.done();
    await settle();
    expect(acknowledged(harness)).toHaveLength(2);
  });

  it("leaves a message to another consumer that does not want it so", async () => {
    const harness = await connected();
    const { calls, handler } = slowly();
    await harness.client.subscribe("a", { qos: 1, ack: "on-receipt" }, () => undefined);
    const loop = await harness.client.subscribe("a", { qos: 1, ack: "on-receipt" });
    await harness.client.subscribe("a", { qos: 1 }, handler);
    harness.server.publish("a", "", { qos: 1 });
    await settle();
    await loop.unsubscribe();
    await settle();
    expect(loop.dropped).toBe(1);
    expect(acknowledged(harness)).toEqual([]);
    calls[0]?.done();
    await settle();
    expect(acknowledged(harness)).toEqual(["puback 1"]);
  });
});

describe('ack: "manual"', () => {
  it("acknowledges when the application says so, in the order of the messages", async () => {
    const harness = await connected();
    const messages: Message[] = [];
    await harness.client.subscribe("a", { qos: 2, ack: "manual" }, (message) => void messages.push(message));
    for (const qos of [1, 1, 2] as const) harness.server.publish("a", "", { qos });
    await settle();
    expect(acknowledged(harness)).toEqual([]);
    messages[2]?.acknowledge({ reasonCode: 0x83 });
    messages[1]?.acknowledge({ reasonString: "fine", userProperties: [["a", "b"]] });
    await settle();
    expect(acknowledged(harness)).toEqual(["pubrec 3"]);
    messages[0]?.acknowledge();
    messages[0]?.acknowledge({ reasonCode: 0x80 }); // Does nothing the second time.
    await settle();
    expect(acknowledged(harness)).toEqual(["pubrec 3", "puback 1", "puback 2"]);
    expect(harness.server.all("pubrec")[0]?.reasonCode).toBe(0x83);
    expect(harness.server.all("puback")).toMatchObject([
      { reasonCode: 0 },
      { reasonCode: 0, properties: { reasonString: "fine", userProperties: [["a", "b"]] } },
    ]);
  });

  it("is not tied to the loop", async () => {
    const harness = await connected();
    const subscription = await harness.client.subscribe("a", { qos: 1, ack: "manual" });
    for (let count = 0; count < 3; count += 1) harness.server.publish("a", "", { qos: 1 });
    const messages: Message[] = [];
    for await (const message of subscription) {
      messages.push(message);
      if (messages.length === 3) break;
    }
    await settle();
    expect(acknowledged(harness)).toEqual([]);
    for (const message of messages.reverse()) message.acknowledge();
    await settle();
    expect(acknowledged(harness)).toEqual(["puback 1", "puback 2", "puback 3"]);
  });

  it("checks what it is told", async () => {
    const harness = await connected();
    const messages: Message[] = [];
    await harness.client.subscribe("a", { qos: 1, ack: "manual" }, (message) => void messages.push(message));
    harness.server.publish("a", "", { qos: 1 });
    harness.server.publish("a", "");
    await settle();
    expect(() => messages[0]?.acknowledge({ reasonCode: 0x04 })).toThrow(InvalidOptionError);
    messages[1]?.acknowledge(); // Nothing to do at QoS 0.
    await settle();
    expect(acknowledged(harness)).toEqual([]);
  });

  it("takes no options before MQTT 5.0", async () => {
    const harness = await connected({ version: 4 });
    const messages: Message[] = [];
    await harness.client.subscribe("a", { qos: 1, ack: "manual" }, (message) => void messages.push(message));
    harness.server.publish("a", "", { qos: 1 });
    await settle();
    expect(() => messages[0]?.acknowledge({ reasonString: "fine" })).toThrow(UnsupportedError);
    expect(() => messages[0]?.acknowledge({ reasonCode: 0x80 })).toThrow(UnsupportedError);
    messages[0]?.acknowledge();
    await settle();
    expect(acknowledged(harness)).toEqual(["puback 1"]);
  });

  it("lets any consumer acknowledge early", async () => {
    const harness = await connected();
    const { calls, handler } = slowly();
    await harness.client.subscribe("a", { qos: 1 }, handler);
    harness.server.publish("a", "", { qos: 1 });
    await settle();
    calls[0]?.message.acknowledge();
    await settle();
    expect(acknowledged(harness)).toEqual(["puback 1"]);
    calls[0]?.done();
    await settle();
    expect(acknowledged(harness)).toHaveLength(1);
  });
});
