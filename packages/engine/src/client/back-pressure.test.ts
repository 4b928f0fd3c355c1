import { encode } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { connected, gate, watch } from "../../testing/client-harness.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import { QueueFullError } from "../errors.ts";
import { inboundBytesLimit, outputBytesLimit } from "../limits.ts";
import type { Message } from "./message.ts";

const text = ({ value }: IteratorResult<Message, undefined>): string | undefined => value?.text();

describe("a slow consumer", () => {
  it("ends in a connection that is not read, which goes on when half is consumed", async () => {
    const harness = await connected();
    const { server, client } = harness;
    const subscription = await client.subscribe("a", { highWaterMark: 10 });
    await settle();
    for (let count = 1; count <= 40; count += 1) server.publish("a", `${count}`);
    await settle(100);
    expect(subscription.buffered).toBe(10);
    expect(server.unread).toBe(30);
    const iterator = subscription[Symbol.asyncIterator]();
    for (let count = 1; count <= 4; count += 1) expect(text(await iterator.next())).toBe(`${count}`);
    await settle(100);
    expect([subscription.buffered, server.unread]).toEqual([6, 30]);
    expect(text(await iterator.next())).toBe("5");
    await settle(100);
    expect(subscription.buffered).toBe(10);
    expect(server.unread).toBe(25);
    for (let count = 6; count <= 40; count += 1) expect(text(await iterator.next())).toBe(`${count}`);
    expect(subscription.dropped).toBe(0);
  });

  it("that is a handler does so too, once as many calls are under way", async () => {
    const harness = await connected();
    const { server, client } = harness;
    const handling = gate();
    let calls = 0;
    const subscription = await client.subscribe("a", { highWaterMark: 5 }, () => {
      calls += 1;
      return handling.promise;
    });
    for (let count = 0; count < 30; count += 1) server.publish("a");
    await settle(100);
    expect(calls).toBe(5);
    expect(subscription.buffered).toBe(5);
    expect(server.unread).toBeGreaterThan(15);
    handling.open();
    await until(() => calls === 30);
    expect(subscription.dropped).toBe(0);
  });

  it("that leaves lets the others go on", async () => {
    const harness = await connected();
    const { server, client } = harness;
    const slow = await client.subscribe("slow", { highWaterMark: 2 });
    let seen = 0;
    await client.subscribe("fast", {}, () => (seen += 1));
    await settle();
    for (let count = 0; count < 5; count += 1) server.publish("slow");
    for (let count = 0; count < 5; count += 1) server.publish("fast");
    await settle(50);
    expect(seen).toBe(0);
    await slow.unsubscribe();
    await until(() => seen === 5);
  });

  it("does not keep the end of the client", async () => {
    const harness = await connected();
    const subscription = await harness.client.subscribe("a", { highWaterMark: 1 });
    await settle();
    for (let count = 0; count < 9; count += 1) harness.server.publish("a");
    await settle(50);
    expect(harness.server.unread).toBeGreaterThan(5);
    await harness.client.disconnect();
    expect(harness.client.state).toBe("closed");
    await settle();
    expect(harness.environment.pendingTimers).toBe(0);
    let left = 0;
    for await (const _ of subscription) left += 1;
    expect(left).toBeGreaterThan(0);
    const again = await connected();
    await again.client.subscribe("a", { highWaterMark: 1 });
    await settle();
    for (let count = 0; count < 9; count += 1) again.server.publish("a");
    await settle(50);
    again.client.close();
    await settle();
    expect(again.environment.pendingTimers).toBe(0);
  });

  it("of an earlier connection does not pause the next one", async () => {
    const harness = await connected();
    const { client } = harness;
    const old = await client.subscribe("a", { highWaterMark: 1 });
    harness.server.publish("a");
    await until(() => old.buffered === 1);
    client.close();
    await client.connect();
    let seen = 0;
    await client.subscribe("a", {}, () => (seen += 1));
    for (let count = 0; count < 5; count += 1) harness.server.publish("a");
    await until(() => seen === 5);
    expect(old.buffered).toBe(1);
  });

  it("does not keep the server from being answered when it is pinged", async () => {
    const harness = await connected({ options: { keepAlive: 10 } });
    const { server, client } = harness;
    const subscription = await client.subscribe("a", { highWaterMark: 2 });
    await settle();
    for (let count = 0; count < 8; count += 1) server.publish("a");
    await settle(50);
    expect(subscription.dropped).toBe(0);
    expect(server.unread).toBeGreaterThan(3);
    await harness.environment.advance(60_000);
    // PINGRESP stood behind them: some had to go.
    expect(client.state).toBe("connected");
    expect(server.all("pingreq").length).toBeGreaterThan(4);
    expect(subscription.buffered).toBeLessThanOrEqual(3);
    expect(subscription.dropped).toBeGreaterThan(3);
  });
});

describe("while the server owes an answer", { timeout: 30_000 }, () => {
  it("reading goes on, and QoS 0 above the bound is dropped, the oldest first", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const { server, client } = harness;
    const subscription = await client.subscribe("a", { highWaterMark: 4, qos: 1 });
    await settle();
    const published = watch(client.publish("b", "", { qos: 1 }));
    const { packetIdentifier = 0 } = await server.expect("publish");
    server.publish("a", "kept", { qos: 1 });
    for (let count = 1; count <= 20; count += 1) server.publish("a", `${count}`);
    server.send({ type: "puback", packetIdentifier });
    await until(() => published.state === "fulfilled");
    await settle();
    const left: string[] = [];
    client.close();
    for await (const message of subscription) left.push(message.text());
    expect(left[0]).toBe("kept");
    expect(left.at(-1)).toBe("20");
    expect(left.length).toBeLessThanOrEqual(5);
    expect(subscription.dropped + left.length).toBe(21);
  });

  it("nothing is lost of what a consumer takes in its turn", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const { server, client } = harness;
    const subscription = await client.subscribe("a", { highWaterMark: 4 });
    client.publish("b", "", { qos: 1 }).catch(() => undefined);
    const seen: string[] = [];
    const looping = (async () => {
      for await (const message of subscription) {
        seen.push(message.text());
        await settle(1);
      }
    })();
    for (let count = 0; count < 200; count += 1) server.publish("a", `${count}`);
    await until(() => seen.length === 200);
    expect(subscription.dropped).toBe(0);
    client.close();
    await looping;
  });

  it.each([4, 5] as const)("1,000 handlers that each await a QoS 2 publish do not deadlock (%i)", async (version) => {
    const harness = await connected({ version });
    const { server, client } = harness;
    let done = 0;
    await client.subscribe("in", { qos: 2 }, async (message) => {
      await client.publish("out", message.payload, { qos: 2 });
      done += 1;
    });
    // As many as Receive Maximum allows, at once.
    for (let count = 0; count < 1000; count += 1) server.publish("in", `${count}`, { qos: 2 });
    await until(() => done === 1000);
    await server.expect("pubcomp", 1000);
    const out = server.all("publish").map(({ payload }) => new TextDecoder().decode(payload));
    expect(out).toEqual(Array.from({ length: 1000 }, (_, index) => `${index}`));
    expect(client.state).toBe("connected");
  });
});

describe("overflow", () => {
  it.each([
    ["drop-oldest", ["QoS 1", "8", "9", "10"]],
    ["drop-newest", ["QoS 1", "1", "2", "3"]],
  ] as const)("%s drops QoS 0 and goes on reading", async (overflow, kept) => {
    const harness = await connected();
    const { server, client } = harness;
    const subscription = await client.subscribe("a", { qos: 1, highWaterMark: 4, overflow });
    server.publish("a", "QoS 1", { qos: 1 });
    for (let count = 1; count <= 10; count += 1) server.publish("a", `${count}`);
    await settle(50);
    expect(server.unread).toBe(0);
    expect(subscription.dropped).toBe(7);
    client.close();
    const left: string[] = [];
    for await (const message of subscription) left.push(message.text());
    expect(left).toEqual(kept);
  });

  it("drop-oldest drops what comes when there is nothing older that may be dropped", async () => {
    const harness = await connected();
    const { server, client } = harness;
    const subscription = await client.subscribe("a", { qos: 1, highWaterMark: 2, overflow: "drop-oldest" });
    for (let count = 0; count < 3; count += 1) server.publish("a", "", { qos: 1 });
    server.publish("a", "dropped");
    await settle(50);
    expect([subscription.buffered, subscription.dropped]).toEqual([3, 1]);
  });
});

describe("the bytes that wait for consumers", { timeout: 30_000 }, () => {
  const megabyte = new Uint8Array(1024 * 1024);

  it("are bounded, all subscriptions together", async () => {
    const harness = await connected();
    const { server, client } = harness;
    const subscriptions = [await client.subscribe("a"), await client.subscribe("b")];
    await settle();
    for (let count = 0; count < 12; count += 1) {
      server.publish("a", "", { payload: megabyte });
      server.publish("b", "", { payload: megabyte });
    }
    await settle(100);
    const buffered = subscriptions.reduce((sum, subscription) => sum + subscription.buffered, 0);
    expect(buffered * megabyte.length).toBe(inboundBytesLimit);
    expect(server.unread).toBeGreaterThan(5);
    expect(subscriptions[0]?.dropped).toBe(0);
    await subscriptions[0]?.unsubscribe();
    await settle(100);
    expect(server.unread).toBe(0);
    expect(subscriptions[1]?.buffered).toBe(12);
  });

  it("make room by QoS 0 that is dropped while the server owes an answer", async () => {
    const harness = await connected({ version: 4, answers: { publish: () => [] } });
    const { server, client } = harness;
    const subscription = await client.subscribe("a");
    client.publish("b", "", { qos: 1 }).catch(() => undefined);
    for (let count = 0; count < 40; count += 1) server.publish("a", "", { payload: megabyte });
    await until(() => server.unread === 0);
    await settle();
    expect(client.state).toBe("connected");
    expect(subscription.dropped + subscription.buffered).toBe(40);
    // No more than is needed.
    expect(subscription.buffered * megabyte.length).toBeGreaterThan(inboundBytesLimit - 2 * megabyte.length);
    expect(subscription.buffered * megabyte.length).toBeLessThanOrEqual(inboundBytesLimit + megabyte.length);
  });

  it("end the connection in MQTT 3.1.1 when they are of QoS 1 and the server owes an answer", async () => {
    const harness = await connected({ options: { reconnect: false }, version: 4, answers: { publish: () => [] } });
    const { server, client } = harness;
    const events = harness.record("disconnected");
    await client.subscribe("a", { qos: 1 });
    client.publish("b", "", { qos: 1 }).catch(() => undefined);
    for (let count = 0; count < 20; count += 1) server.publish("a", "", { payload: megabyte, qos: 1 });
    await until(() => events.length > 0);
    expect(events[0]?.event.error).toBeInstanceOf(QueueFullError);
    expect(client.state).toBe("closed");
  });

  it("end the connection also when the server says no more, and when the messages have no payload", async () => {
    for (const payload of [megabyte, new Uint8Array(0)]) {
      const harness = await connected({
        version: 4,
        options: { reconnect: false, keepAlive: 0 },
        answers: { publish: () => [] },
      });
      const { server, client } = harness;
      await client.subscribe("a", { qos: 1 });
      client.publish("b", "", { qos: 1 }).catch(() => undefined);
      const publish = encode({ type: "publish", topicName: "a", payload, qos: 1, packetIdentifier: 1 }, 4);
      const perChunk = payload.length === 0 ? 70_000 : 17;
      const chunk = new Uint8Array(publish.length * perChunk);
      for (let offset = 0; offset < chunk.length; offset += publish.length) chunk.set(publish, offset);
      server.sendBytes(chunk);
      await until(() => client.state === "closed");
    }
  });

  it("[MQTT-3.3.4-9] end the connection in MQTT 5.0 with 0x93 when the server does not heed Receive Maximum", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const { server, client } = harness;
    const events = harness.record("disconnected");
    await client.subscribe("a", { qos: 1 });
    client.publish("b", "", { qos: 1 }).catch(() => undefined);
    // One more than 1,000 is only said, once something has been acknowledged; with 16 MiB it is too many.
    await client.subscribe("first", { qos: 1, ack: "on-receipt" }, () => undefined);
    server.publish("first", "", { qos: 1 });
    await server.expect("puback");
    for (let count = 0; count < 1001; count += 1) server.publish("a", "", { qos: 1 });
    await settle(20);
    expect(client.state).toBe("connected");
    for (let count = 0; count < 20; count += 1) server.publish("a", "", { payload: megabyte, qos: 1 });
    await until(() => events.length > 0);
    expect(events[0]?.event).toMatchObject({ reasonCode: 0x93, error: expect.any(QueueFullError) as unknown });
    expect(await server.expect("disconnect")).toMatchObject({ reasonCode: 0x93 });
  });

  it("[MQTT-3.3.4-9] end it at one more than receiveMaximum where nothing has been acknowledged, whatever their size", async () => {
    const harness = await connected({ options: { receiveMaximum: 100 } });
    const { server, client } = harness;
    const events = harness.record("disconnected");
    const subscription = await client.subscribe("a", { qos: 1 });
    for (let count = 0; count < 100; count += 1) server.publish("a", "", { qos: 1 });
    await until(() => subscription.buffered === 100);
    expect(client.state).toBe("connected");
    server.publish("a", "", { qos: 1 });
    expect(await server.expect("disconnect")).toMatchObject({ reasonCode: 0x93 });
    expect(events).toMatchObject([
      { event: { reasonCode: 0x93, error: { name: "ProtocolError" }, willReconnect: true } },
    ]);
  });

  it("may be more in MQTT 5.0, where Receive Maximum bounds them", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const { server, client } = harness;
    const subscription = await client.subscribe("a", { qos: 1 });
    client.publish("b", "", { qos: 1 }).catch(() => undefined);
    for (let count = 0; count < 20; count += 1) server.publish("a", "", { payload: megabyte, qos: 1 });
    await until(() => subscription.buffered === 20);
    expect(client.state).toBe("connected");
  });
});

describe("a server that sends and does not read", { timeout: 30_000 }, () => {
  it("does not fill the memory with acknowledgements", async () => {
    const harness = await connected({ answers: { pubrec: () => [] } });
    const { server, client } = harness;
    await client.subscribe("a", { qos: 1 }, () => undefined);
    server.stall();
    // Each chunk is worth 4,000 acknowledgements of 4 bytes.
    const pubrel = encode({ type: "pubrel", packetIdentifier: 7 }, 5);
    const chunk = new Uint8Array(pubrel.length * 4000);
    for (let offset = 0; offset < chunk.length; offset += pubrel.length) chunk.set(pubrel, offset);
    for (let count = 0; count < 200; count += 1) server.sendBytes(chunk);
    await settle(400);
    expect(client.bufferedBytes).toBeGreaterThan(outputBytesLimit);
    expect(client.bufferedBytes).toBeLessThan(2 * outputBytesLimit);
    const { unread } = server;
    expect(unread).toBeGreaterThan(50);
    server.resume();
    await until(() => server.unread === 0);
    await settle();
    expect(client.state).toBe("connected");
    expect(client.bufferedBytes).toBe(0);
  });
});
