import { describe, expect, it } from "vitest";
import { connected, gate, Harness, watch } from "../../testing/client-harness.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import { ClosedError, InvalidOptionError, NotConnectedError, PublishError, StoreError } from "../errors.ts";
import { MemorySessionStore, type SessionChange, type SessionRecord } from "../session-store.ts";

/** A store whose writes wait until they are let through. */
class HeldStore extends MemorySessionStore {
  writing = gate();

  override async write(session: string, changes: readonly SessionChange[]): Promise<void> {
    await this.writing.promise;
    await super.write(session, changes);
  }
}

const stored = { until: "stored", qos: 1 } as const;
const keep = (session: MemorySessionStore): { session: MemorySessionStore; clientId: string } => ({
  session,
  clientId: "kitchen",
});

async function records(store: MemorySessionStore): Promise<readonly SessionRecord[]> {
  return store.load("rivulet/kitchen");
}

describe("publish until stored", () => {
  it("resolves when the store has the message, before the server does", async () => {
    const store = new HeldStore();
    const harness = await connected({ options: keep(store), answers: { publish: () => [] } });
    const published = watch(harness.client.publish("a", "b", stored));
    await settle();
    expect(published.state).toBe("pending");
    expect(harness.server.all("publish")).toEqual([]);
    store.writing.open();
    await settle();
    expect(published.value).toEqual({ packetId: 1, reasonCode: 0, reasonString: undefined, userProperties: [] });
    expect(harness.server.all("publish")).toHaveLength(1);
    expect(harness.client.inflight.outgoing).toHaveLength(1);
    expect(await records(store)).toHaveLength(1);
  });

  it("resolves without a connection, and the message is seen through", async () => {
    const store = new MemorySessionStore();
    const harness = await connected({ options: keep(store) });
    harness.server.end();
    await settle();
    expect(harness.client.state).toBe("reconnecting");
    await expect(harness.client.publish("a", "b", stored)).resolves.toMatchObject({ packetId: undefined });
    expect(await records(store)).toHaveLength(1);
    harness.answers = { connect: () => [{ type: "connack", sessionPresent: true }] };
    await harness.environment.advance(60_000);
    expect(harness.server.all("publish")).toHaveLength(1);
    expect(await records(store)).toEqual([]);
  });

  it("finds its message also where the store brings others before it", async () => {
    const store = new MemorySessionStore();
    const first = await connected({ options: keep(store), answers: { publish: () => [] } });
    await Promise.all([first.client.publish("a", "1", stored), first.client.publish("a", "2", stored)]);
    first.client.close();
    const second = new Harness({
      options: keep(store),
      answers: { connect: () => [{ type: "connack", sessionPresent: true }], publish: () => [] },
    });
    const published = watch(second.client.publish("a", "3", stored));
    await settle();
    expect(published.state).toBe("pending"); // The store has not been read.
    await second.client.connect();
    await settle();
    expect(published).toMatchObject({ state: "fulfilled", value: { packetId: undefined } });
    expect(await records(store)).toHaveLength(3);
  });

  it("resolves while the transport takes nothing, at any QoS", async () => {
    const store = new MemorySessionStore();
    const harness = await connected({ options: keep(store) });
    harness.server.stall();
    const first = watch(harness.client.publish("a", "", { qos: 0 })); // The transport has it, and does not take it.
    await settle();
    const second = watch(harness.client.publish("a", "b", stored));
    const third = watch(harness.client.publish("a", "c", { until: "stored", qos: 2 }));
    await settle();
    expect([first.state, second.state, third.state]).toEqual(["pending", "fulfilled", "fulfilled"]);
    expect(await records(store)).toHaveLength(2);
    expect(harness.server.all("publish")).toEqual([]);
    harness.server.resume();
    await until(() => harness.client.inflight.outgoing.length === 0);
    await settle();
    expect(harness.server.all("publish").map(({ payload }) => String.fromCharCode(...payload))).toEqual(["", "b", "c"]);
    expect(await records(store)).toEqual([]);
  });

  it.each([
    ["a message that waits", 1, false],
    ["one that is sent at once", 1, true],
    ["one that is too large for the batch", 100_000, true],
  ])(
    "leaves the bytes to the caller: %s is sent, sent again and stored as it was",
    async (_what, length, isConnected) => {
      const store = new MemorySessionStore();
      const harness = await connected({ options: keep(store), answers: { publish: () => [] } });
      if (!isConnected) harness.server.end();
      await settle();
      // Of what Node makes its Buffers of, `slice` would share the bytes.
      const bytes = Object.assign(new Uint8Array(length).fill(7), { slice: () => bytes });
      const publishing = harness.client.publish("a", bytes, stored);
      bytes.fill(1); // At once: what is written down and sent in this turn is not what it has become.
      await publishing;
      bytes.fill(2);
      harness.answers = { connect: () => [{ type: "connack", sessionPresent: true }], publish: () => [] };
      if (isConnected) await harness.server.expect("publish");
      const sent = harness.servers.flatMap((server) => server.all("publish"));
      if (isConnected) harness.server.end();
      await harness.environment.advance(60_000);
      await harness.server.expect("publish");
      sent.push(...harness.server.all("publish"));
      const found = [...(await records(store)), ...sent.map((packet) => ({ packet }))].map((record) =>
        "packet" in record ? record.packet?.payload : undefined,
      );
      expect(found.map((payload) => new Set(payload))).toEqual(found.map(() => new Set([7])));
      expect(found).toHaveLength(isConnected ? 3 : 2);
      harness.client.close();
    },
  );

  it("emits what fails later", async () => {
    const store = new MemorySessionStore();
    const harness = await connected({
      options: keep(store),
      answers: { publish: ({ packetIdentifier = 0 }) => [{ type: "puback", packetIdentifier, reasonCode: 0x87 }] },
    });
    const errors = harness.record("error");
    await harness.client.publish("a", "b", stored);
    await settle();
    expect(errors).toMatchObject([{ event: { error: expect.any(PublishError) as unknown } }]);
    // Whoever waits hears of it himself.
    await expect(harness.client.publish("a", "b", { qos: 1 })).rejects.toThrow(PublishError);
    expect(errors).toHaveLength(1);
  });

  it("does not count the end of the client as a failure: the store keeps the message", async () => {
    const store = new MemorySessionStore();
    const harness = await connected({ options: keep(store), answers: { publish: () => [] } });
    const errors = harness.record("error");
    await harness.client.publish("a", "b", stored);
    harness.client.close();
    await settle();
    expect(errors).toEqual([]);
    expect(await records(store)).toHaveLength(1);
  });

  it("rejects when the store fails, or the client is closed first", async () => {
    const failing = new HeldStore();
    const one = await connected({ options: keep(failing) });
    const published = watch(one.client.publish("a", "b", stored));
    failing.writing.fail(new Error("disk full"));
    await settle();
    expect(published.error).toBeInstanceOf(StoreError);

    const other = await connected({ options: keep(new HeldStore()) });
    const pending = watch(other.client.publish("a", "b", stored));
    other.client.close();
    await settle();
    expect(pending.error).toBeInstanceOf(ClosedError);
  });

  it("can be given up until then, and not afterwards", async () => {
    const store = new HeldStore();
    const harness = await connected({ options: { ...keep(store), maxInflight: 1 }, answers: { publish: () => [] } });
    const controllers = [new AbortController(), new AbortController()];
    const published = controllers.map(({ signal }) => watch(harness.client.publish("a", "b", { ...stored, signal })));
    controllers[1]?.abort(new Error("enough"));
    await settle();
    expect(published[1]).toMatchObject({ state: "rejected", error: new Error("enough") });
    store.writing.open();
    await settle();
    controllers[0]?.abort();
    await settle();
    expect(published[0]).toMatchObject({ state: "fulfilled" });
    expect(await records(store)).toHaveLength(1);
  });

  it("needs a session store", async () => {
    const { client } = await connected();
    await expect(client.publish("a", "b", stored)).rejects.toThrow(InvalidOptionError);
    await expect(client.publish("a", "b", { until: "acknowledged", qos: 1 })).resolves.toMatchObject({ packetId: 1 });
    // Wrong on purpose: programs in JavaScript have no types.
    const wrong = { until: "later" as "stored" };
    await expect(client.publish("a", "b", wrong)).rejects.toThrow(/"later"/);
  });

  it("is nothing at QoS 0 for a message that leaves at once, and the store for one that waits", async () => {
    const store = new MemorySessionStore();
    const harness = await connected({ options: keep(store) });
    await expect(harness.client.publish("a", "b", { until: "stored" })).resolves.toMatchObject({ reasonCode: 0 });
    harness.server.end();
    await settle();
    await expect(harness.client.publish("a", "b", { until: "stored" })).resolves.toMatchObject({ reasonCode: 0 });
    expect(await records(store)).toHaveLength(1);
  });
});

describe("publish without a connection", () => {
  it.each([
    ["false", false as const, [0, 1, 2] as const],
    ["qos0: drop", { qos0: "drop" } as const, [0] as const],
  ])("rejects where offlineQueue is %s", async (_, offlineQueue, refused) => {
    const harness = new Harness({ options: { offlineQueue } });
    const tryAll = async (): Promise<void> => {
      for (const qos of refused) {
        await expect(harness.client.publish("a", "b", { qos })).rejects.toThrow(NotConnectedError);
      }
    };
    await tryAll();
    await harness.client.connect();
    for (const qos of refused) await harness.client.publish("a", "b", { qos });
    harness.server.end();
    await settle();
    expect(harness.client.state).toBe("reconnecting");
    await tryAll();
    harness.client.close();
    await expect(harness.client.publish("a", "b")).rejects.toThrow(ClosedError);
  });

  it("waits where only QoS 0 is dropped, and above that by default", async () => {
    const harness = new Harness({ options: { offlineQueue: { qos0: "drop" } } });
    const published = watch(harness.client.publish("a", "b", { qos: 1 }));
    await settle();
    expect(published.state).toBe("pending");
    await harness.client.connect();
    await settle();
    expect(published.state).toBe("fulfilled");
  });

  it("is refused for a Blob too", async () => {
    const { client } = new Harness({ options: { offlineQueue: false } });
    await expect(client.publish("a", new Blob(["b"]))).rejects.toThrow(NotConnectedError);
  });
});
