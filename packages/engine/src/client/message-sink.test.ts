import { describe, expect, it } from "vitest";
import { connected, Harness, watch, type HarnessOptions } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import { ClosedError, InvalidOptionError, InvalidTopicError, PublishError } from "../errors.ts";
import type { OutgoingMessage } from "./message-sink.ts";

/** A server that acknowledges nothing by itself and takes so many messages at a time. */
const slow = (receiveMaximum: number): HarnessOptions => ({
  answers: {
    connect: () => [{ type: "connack", properties: { receiveMaximum } }],
    publish: () => [],
  },
});

const messages = (count: number, qos: 0 | 1 | 2 = 1): OutgoingMessage[] =>
  Array.from({ length: count }, (_, index) => ({ topic: `t/${index}`, payload: String(index), qos }));

describe("writable", () => {
  it("publishes what is piped to it, in order, and is closed when all have been acknowledged", async () => {
    const { client, server } = await connected();
    const payloads: OutgoingMessage["payload"][] = ["a", new Uint8Array([0x62]), new Blob(["c"]), "d"];
    const source = new ReadableStream<OutgoingMessage>({
      start: (controller) => {
        for (const [index, payload] of payloads.entries()) {
          controller.enqueue({ topic: "t", payload, qos: (index % 3) as 0 | 1 | 2, retain: index === 0 });
        }
        controller.close();
      },
    });
    await source.pipeTo(client.writable);
    const sent = server.all("publish");
    expect(sent.map(({ payload }) => new TextDecoder().decode(payload))).toEqual(["a", "b", "c", "d"]);
    expect(sent.map(({ qos }) => qos)).toEqual([0, 1, 2, 0]);
    expect(sent.map(({ retain }) => retain)).toEqual([true, false, false, false]);
    expect(server.all("pubrel")).toHaveLength(1);
  });

  it("takes at QoS 0 one message when the transport has taken the one before", async () => {
    const { client, server } = await connected();
    const writer = client.writable.getWriter();
    server.stall();
    const writes = messages(3, 0).map((message) => watch(writer.write(message)));
    await settle();
    // The first batch is with the transport.
    expect(writes.map(({ state }) => state)).toEqual(["pending", "pending", "pending"]);
    expect(client.bufferedBytes).toBeLessThan(20);
    server.resume();
    await settle();
    expect(writes.map(({ state }) => state)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    expect(server.all("publish")).toHaveLength(3);
  });

  it("has as many under way as the server takes, and one that waits", async () => {
    const { client, server } = await connected(slow(3));
    const writer = client.writable.getWriter();
    const writes = messages(6).map((message) => watch(writer.write(message)));
    const states = (): number => writes.filter(({ state }) => state === "fulfilled").length;
    await settle();
    expect(server.all("publish")).toHaveLength(3);
    expect(states()).toBe(3);
    server.send({ type: "puback", packetIdentifier: 1 });
    await settle();
    expect(server.all("publish")).toHaveLength(4);
    expect(states()).toBe(4);
    const closing = watch(writer.close());
    for (const packetIdentifier of [2, 3, 4, 5]) server.send({ type: "puback", packetIdentifier });
    await settle();
    expect(states()).toBe(6);
    expect(closing.state).toBe("pending");
    server.send({ type: "puback", packetIdentifier: 6 });
    await settle();
    expect(closing.state).toBe("fulfilled");
  });

  it("goes on when its message is done, although others keep the client from being ready", async () => {
    const { client, server } = await connected(slow(1));
    const writer = client.writable.getWriter();
    void client.publish("other", "", { qos: 1 });
    const write = watch(writer.write({ topic: "t", payload: "", qos: 1 }));
    await settle();
    for (let count = 0; count < 3; count += 1) void client.publish("other", "", { qos: 1 });
    for (const packetIdentifier of [1, 2]) {
      expect(write.state).toBe("pending");
      server.send({ type: "puback", packetIdentifier });
      await settle();
    }
    expect(write.state).toBe("fulfilled");
    expect(client.readyToSend).toBe(false);
  });

  it("waits for the connection", async () => {
    const { client, ...harness } = new Harness();
    const writer = client.writable.getWriter();
    const writes = messages(2).map((message) => watch(writer.write(message)));
    await settle();
    expect(writes.map(({ state }) => state)).toEqual(["pending", "pending"]);
    await client.connect();
    await settle();
    expect(writes.map(({ state }) => state)).toEqual(["fulfilled", "fulfilled"]);
    expect(harness.servers).toHaveLength(1);
  });

  it.each<[string, OutgoingMessage, new (...args: never[]) => Error]>([
    ["a topic that is none", { topic: "t/#", payload: "", qos: 1 }, InvalidTopicError],
    ["the same at QoS 0", { topic: "t/#", payload: "" }, InvalidTopicError],
    ["an option that does not exist", { topic: "t", payload: "", dup: true } as never, InvalidOptionError],
    ["no message", undefined as never, TypeError],
  ])("errors with %s, and the client has a new one", async (_, message, kind) => {
    const { client, server } = await connected();
    const { writable } = client;
    expect(client.writable).toBe(writable);
    const writer = writable.getWriter();
    const closed = watch(writer.closed);
    await expect(writer.write(message)).rejects.toThrow(kind);
    await settle();
    expect(closed.error).toBeInstanceOf(kind);
    expect(client.writable).not.toBe(writable);
    await client.writable.getWriter().write({ topic: "t", payload: "after" });
    expect(server.all("publish")).toHaveLength(1);
  });

  it("errors when the server does not take a message that is under way", async () => {
    const { client, server } = await connected(slow(10));
    const { writable } = client;
    const writer = writable.getWriter();
    await writer.write({ topic: "t", payload: "", qos: 1 });
    const closing = watch(writer.close());
    await settle();
    server.send({ type: "puback", packetIdentifier: 1, reasonCode: 0x97 });
    await settle();
    expect(closing.error).toBeInstanceOf(PublishError);

    const other = client.writable.getWriter();
    const closed = watch(other.closed);
    await other.write({ topic: "t", payload: "", qos: 1 });
    server.send({ type: "puback", packetIdentifier: 2, reasonCode: 0x97 });
    await settle();
    expect(closed.error).toBeInstanceOf(PublishError);
    await expect(other.write({ topic: "t", payload: "" })).rejects.toThrow(PublishError);
  });

  it("errors when the client is closed", async () => {
    const { client } = await connected(slow(1));
    const writer = client.writable.getWriter();
    const closed = watch(writer.closed);
    const [, waiting] = messages(2).map((message) => watch(writer.write(message)));
    await settle();
    client.close();
    await settle();
    expect(waiting?.state).not.toBe("pending");
    expect(closed.error).toBeInstanceOf(ClosedError);
  });

  it("that is closed or aborted is followed by a new one, and what was written before is seen through", async () => {
    const { client, server } = await connected(slow(2));
    const first = client.writable;
    await first.getWriter().close();
    const { writable } = client;
    expect(writable).not.toBe(first);
    const writer = writable.getWriter();
    await writer.write({ topic: "t", payload: "", qos: 1 });
    await writer.abort(new Error("enough"));
    const last = client.writable;
    expect(last).not.toBe(writable);
    server.send({ type: "puback", packetIdentifier: 1, reasonCode: 0x97 });
    await settle();
    expect(client.writable).toBe(last);
    await expect(last.getWriter().write({ topic: "t", payload: "" })).resolves.toBeUndefined();
  });
});
