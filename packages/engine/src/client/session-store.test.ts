import { describe, expect, it } from "vitest";
import { connected, gate, Harness, watch, type HarnessOptions } from "../../testing/client-harness.ts";
import { messageTo } from "../../testing/session-driver.ts";
import { SlowStore } from "../../testing/slow-store.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import { StoreError } from "../errors.ts";
import type { EngineOptions } from "../options.ts";
import { MemorySessionStore, type SessionStore } from "../session-store.ts";
import { Session } from "../session/session.ts";
import { Persister } from "./persister.ts";

const present = { connect: () => [{ type: "connack", sessionPresent: true } as const] };

function optionsWith(session: SessionStore, options: Partial<EngineOptions> = {}): Partial<EngineOptions> {
  return { session, clientId: "kitchen", sessionExpiryInterval: 60, reconnect: { retry: () => 0 }, ...options };
}

function withStore(session: SessionStore, { options, ...rest }: HarnessOptions = {}): Promise<Harness> {
  return connected({ ...rest, options: optionsWith(session, options) });
}

function types({ server }: Harness): string[] {
  return server.received.map(({ type }) => type);
}

describe("pains #21: what a store does not have yet", () => {
  it("is not sent: a message, a PUBREL, a PUBREC", async () => {
    const store = new SlowStore();
    const harness = await withStore(store, { answers: { publish: () => [], pubrel: () => [] } });
    const { client, server } = harness;
    await client.subscribe("in", { qos: 2 }, () => undefined);
    const before = types(harness).length;
    const sent = (): string[] => types(harness).slice(before);

    store.hold();
    const publishing = client.publish("a", "1", { qos: 2 });
    await settle();
    expect(sent()).toEqual([]);
    store.go();
    await server.expect("publish");

    store.hold();
    server.send({ type: "pubrec", packetIdentifier: 2 });
    await settle();
    expect(sent()).toEqual(["publish"]);
    store.go();
    await server.expect("pubrel");
    server.send({ type: "pubcomp", packetIdentifier: 2 });
    await publishing;

    store.hold();
    server.publish("in", "", { qos: 2 });
    await settle();
    expect(sent()).toEqual(["publish", "pubrel"]);
    store.go();
    await server.expect("pubcomp");
    expect(sent()).toEqual(["publish", "pubrel", "pubrec", "pubcomp"]);
  });

  it("is written in the order in which it happened, one write at a time, what gathers meanwhile in the next", async () => {
    const store = new SlowStore();
    const harness = await withStore(store);
    store.hold();
    void harness.client.publish("a", "", { qos: 1 });
    await settle();
    for (const topic of ["b", "c"]) void harness.client.publish(topic, "", { qos: 1 });
    await settle();
    expect(store.writes).toEqual([["+out/1"]]);
    store.go();
    await harness.server.expect("publish", 3);
    await until(() => store.writes.flat().length === 6);
    expect(store.writes.flat()).toEqual(["+out/1", "+out/2", "+out/3", "-out/1", "-out/2", "-out/3"]);
    expect(store.writes[1]?.slice(0, 2)).toEqual(["+out/2", "+out/3"]);
  });

  it("what needs no store does not wait for one", async () => {
    const store = new SlowStore();
    store.hold();
    const harness = new Harness({ options: optionsWith(store) });
    await harness.client.connect();
    await harness.client.publish("a", "", { qos: 0 });
    await harness.client.unsubscribe("b");
    expect(store.writes).toEqual([]);
  });

  it("is written without a connection too, once the store has been read", async () => {
    const store = new SlowStore();
    const harness = await withStore(store);
    harness.onOpen = () => Promise.reject(new Error("Nobody is there"));
    harness.server.end();
    await until(() => harness.client.state === "reconnecting");
    void harness.client.publish("a", "", { qos: 1 }).catch(() => undefined);
    await until(() => store.writes.length === 1);
    expect(store.writes).toEqual([["+out/1"]]);
    harness.client.close();
  });

  it("disconnect does not wait for a store for ever", async () => {
    const store = new SlowStore();
    const harness = await withStore(store);
    store.hold();
    const publishing = watch(harness.client.publish("a", "", { qos: 1 }));
    const disconnecting = watch(harness.client.disconnect({ timeoutMs: 1_000 }));
    await harness.environment.advance(5_000);
    expect([publishing.state, disconnecting.state]).toEqual(["rejected", "fulfilled"]);
    expect(harness.server.all("publish")).toEqual([]);
  });

  it("takes any number of changes at once", async () => {
    const store = new SlowStore();
    const session = new Session<string>({ version: 5, queue: { maxMessages: Infinity }, isKept: true });
    for (let count = 0; count < 150_000; count++) session.publish(messageTo("a"), "");
    let length = 0;
    const failed = (error: StoreError): void => {
      throw error;
    };
    const persister = new Persister(session, {
      store,
      key: "k",
      stored: (entries) => (length = entries.length),
      failed,
    });
    await persister.flush();
    expect(length).toBe(150_000);
    expect(persister.flush()).toBe(undefined);
  });
});

describe("a store that fails", () => {
  it("closes the client with StoreError: what was under way rejects with it, and nothing leaves", async () => {
    const store = new SlowStore();
    const harness = await withStore(store);
    const events = harness.record("disconnected");
    const cause = new Error("The disk is full");
    store.failure = cause;
    const publishing = watch(harness.client.publish("a", "", { qos: 1 }));
    await until(() => harness.client.state === "closed");
    await settle();
    expect(publishing).toMatchObject({ state: "rejected", error: { name: "StoreError", cause } });
    expect(harness.server.all("publish")).toEqual([]);
    expect(harness.server.aborted).toBeDefined();
    expect(events).toMatchObject([{ event: { error: { name: "StoreError" }, willReconnect: false } }]);
    expect(harness.servers).toHaveLength(1);
    expect(store.writes).toHaveLength(1);
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("also while there is no connection", async () => {
    const store = new SlowStore();
    const harness = await withStore(store, { options: { reconnect: { minDelayMs: 60_000 } } });
    harness.server.end();
    await until(() => harness.client.state === "reconnecting");
    store.failure = new StoreError("Gone");
    const publishing = watch(harness.client.publish("a", "", { qos: 1 }));
    await until(() => harness.client.state === "closed");
    await settle();
    expect(publishing.error).toBe(store.failure);
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("fails what waits for the next write as well", async () => {
    const store = new SlowStore();
    const harness = await withStore(store);
    store.hold();
    const results = [watch(harness.client.publish("a", "", { qos: 1 }))];
    await settle();
    results.push(watch(harness.client.publish("b", "", { qos: 1, until: "stored" })));
    await settle();
    store.failure = new Error("No");
    store.go();
    await until(() => harness.client.state === "closed");
    await settle();
    expect(results).toMatchObject([
      { state: "rejected", error: { name: "StoreError" } },
      { state: "rejected", error: { name: "StoreError" } },
    ]);
    expect(store.writes).toHaveLength(1);
  });

  it("to be read rejects connect, and no connection is made", async () => {
    const store = new MemorySessionStore();
    const cause = new Error("Damaged");
    store.load = () => Promise.reject(cause);
    const harness = new Harness({ options: optionsWith(store) });
    await expect(harness.client.connect()).rejects.toMatchObject({ name: "StoreError", cause });
    expect([harness.client.state, harness.openings.length]).toEqual(["closed", 0]);
  });

  it("can be used again by the next connect, when it works again", async () => {
    const store = new SlowStore();
    const harness = await withStore(store, { answers: present });
    store.failure = new Error("Full");
    void harness.client.publish("a", "", { qos: 1 }).catch(() => undefined);
    await until(() => harness.client.state === "closed");
    store.failure = undefined;
    await harness.client.connect();
    await expect(harness.client.publish("b", "", { qos: 1 })).resolves.toMatchObject({ reasonCode: 0 });
  });
});

it("a Persister that has failed writes nothing more, and says why each time", async () => {
  const store = new SlowStore();
  store.failure = new StoreError("Full");
  const session = new Session<string>({ version: 5, isKept: true });
  const failures: StoreError[] = [];
  const persister = new Persister(session, {
    ...{ store, key: "k", stored: () => undefined },
    failed: (error) => failures.push(error),
  });
  for (const topic of ["a", "b"]) {
    session.publish(messageTo(topic), topic);
    await expect(persister.flush()).rejects.toBe(store.failure);
  }
  expect(failures).toEqual([store.failure]);
  expect(store.writes).toEqual([["+out/1"]]);
});

describe("a message that is acknowledged on receipt", () => {
  it("is kept until the last of its consumers is done; at QoS 0 it is not kept", async () => {
    const store = new SlowStore();
    const harness = await withStore(store);
    const works = [gate(), gate()];
    for (const { promise } of works) {
      await harness.client.subscribe("a", { qos: 2, ack: "on-receipt" }, () => promise);
    }
    await settle();
    store.writes.length = 0;
    harness.server.publish("a", "", { qos: 0 });
    harness.server.publish("a", "", { qos: 2 });
    await harness.server.expect("pubcomp");
    works[0]?.open();
    await settle();
    expect(store.writes.flat()).toEqual(["+in/1", "-in/1", "+in/1/1"]);
    works[1]?.open();
    await until(() => store.writes.flat().length === 4);
    expect(store.writes.flat().at(-1)).toBe("-in/1/1");
  });
});

describe("a Session is let go of", () => {
  const key = "rivulet/kitchen";

  it("after the last write, and disconnect waits for it", async () => {
    const store = new SlowStore();
    const harness = await withStore(store);
    await harness.client.publish("a", "", { qos: 1 });
    await until(() => store.writes.length === 2);
    store.hold();
    harness.server.answers = { publish: () => [] };
    void harness.client.publish("b", "", { qos: 1, timeoutMs: 1 }).catch(() => undefined);
    await settle();
    harness.client.close();
    await settle();
    expect(store.released).toEqual([]);
    const disconnecting = watch(harness.client.disconnect());
    await settle();
    expect(disconnecting.state).toBe("pending");
    store.go();
    await until(() => disconnecting.state === "fulfilled");
    expect(store.released).toEqual([key]);
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("by disconnect, which waits for that too", async () => {
    const store = new SlowStore();
    const held = gate();
    store.release = (session) => {
      store.released.push(session);
      return held.promise;
    };
    const harness = await withStore(store);
    const disconnecting = watch(harness.client.disconnect());
    await until(() => store.released.length === 1);
    await settle();
    expect([harness.client.state, disconnecting.state]).toEqual(["closed", "pending"]);
    held.open();
    await settle();
    expect(disconnecting.state).toBe("fulfilled");
  });

  it("by disconnect without a connection; not for ever when the store does not answer", async () => {
    const store = new SlowStore();
    const harness = await withStore(store, { options: { reconnect: { minDelayMs: 60_000 } } });
    harness.server.end();
    await until(() => harness.client.state === "reconnecting");
    store.release = () => gate().promise;
    const disconnecting = watch(harness.client.disconnect({ timeoutMs: 1000 }));
    await settle();
    expect([harness.client.state, disconnecting.state]).toEqual(["closed", "pending"]);
    await harness.environment.advance(5000);
    expect(disconnecting.state).toBe("fulfilled");
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("when no connection could be made", async () => {
    const store = new SlowStore();
    const harness = new Harness({ options: optionsWith(store) });
    harness.onOpen = () => Promise.reject(new Error("Nobody is there"));
    await expect(harness.client.connect()).rejects.toThrow("Nobody is there");
    await settle();
    expect(store.released).toEqual([key]);
  });

  it("once, however many connections there were and however often the client is closed", async () => {
    const store = new SlowStore();
    const harness = await withStore(store);
    harness.server.end();
    await until(() => harness.servers.length === 2 && harness.client.state === "connected");
    harness.client.close();
    harness.client.close();
    await harness.client.disconnect();
    expect(store.released).toEqual([key]);
    await harness.client.connect();
    await harness.client.disconnect();
    expect(store.released).toEqual([key, key]);
  });

  it("when it comes after the client was closed; and the next connect waits for that", async () => {
    const store = new SlowStore();
    const loads = [gate(), gate()];
    let count = 0;
    store.load = async () => {
      await loads[count++]?.promise;
      return [];
    };
    const harness = new Harness({ options: optionsWith(store) });
    void harness.client.connect().catch(() => undefined);
    await settle();
    harness.client.close();
    const connecting = watch(harness.client.connect());
    await settle();
    expect([count, store.released]).toEqual([1, []]);
    loads[0]?.open();
    await until(() => count === 2);
    expect(store.released).toEqual([key]);
    loads[1]?.open();
    await until(() => connecting.state === "fulfilled");
    expect(store.released).toEqual([key]);
    harness.client.close();
  });

  it("when a write fails, and when the records are damaged; not when nothing was loaded", async () => {
    const failing = new SlowStore();
    const harness = await withStore(failing);
    failing.failure = new Error("Full");
    void harness.client.publish("a", "", { qos: 1 }).catch(() => undefined);
    await until(() => failing.released.length > 0);
    expect([failing.released, harness.client.state]).toEqual([[key], "closed"]);

    const damaged = new SlowStore();
    damaged.load = () => Promise.resolve([null as never]);
    const second = new Harness({ options: optionsWith(damaged) });
    await expect(second.client.connect()).rejects.toThrow(StoreError);
    await settle();
    expect(damaged.released).toEqual([key]);

    const taken = new SlowStore();
    taken.load = () => Promise.reject(new StoreError("Another client has it"));
    const third = new Harness({ options: optionsWith(taken) });
    await expect(third.client.connect()).rejects.toThrow("Another client has it");
    await settle();
    expect(taken.released).toEqual([]);
  });

  it("and what the store says against it is an error event", async () => {
    const store = new SlowStore();
    const cause = new Error("The lock is gone");
    store.release = () => Promise.reject(cause);
    const harness = await withStore(store);
    const errors = harness.record("error");
    await harness.client.disconnect();
    expect(errors).toMatchObject([{ event: { error: { name: "StoreError", cause } } }]);
  });

  it("for the next client to load", async () => {
    const memory = new MemorySessionStore();
    let isHeld = false;
    const store: SessionStore = {
      load: (session) => {
        if (isHeld) return Promise.reject(new StoreError("Another client has it"));
        isHeld = true;
        return memory.load(session);
      },
      write: (session, changes) => memory.write(session, changes),
      release: () => {
        isHeld = false;
        return Promise.resolve();
      },
    };
    const first = await withStore(store);
    await expect(withStore(store)).rejects.toThrow("Another client has it");
    expect(isHeld).toBe(true);
    await first.client.disconnect();
    await expect(withStore(store)).resolves.toBeDefined();
  });
});

describe("messageStored", () => {
  it("tells once of each message, when the store has it", async () => {
    const store = new SlowStore();
    const harness = await withStore(store);
    const events = harness.record("messageStored");
    store.hold();
    const publishing = [harness.client.publish("a", "", { qos: 1 }), harness.client.publish("b", "", { qos: 2 })];
    await settle();
    expect(events).toEqual([]);
    store.go();
    await Promise.all(publishing);
    await settle();
    expect(events.map(({ event }) => event)).toEqual([
      { topic: "a", qos: 1, packetId: 1 },
      { topic: "b", qos: 2, packetId: 2 },
    ]);
  });
});

describe("Sessions in one store", () => {
  it("are apart by namespace and clientId", async () => {
    const store = new MemorySessionStore();
    const offline = async (options: Partial<EngineOptions>): Promise<void> => {
      const harness = await withStore(store, { options, answers: { publish: () => [] } });
      void harness.client.publish(`from ${JSON.stringify(options)}`, "", { qos: 1 }).catch(() => undefined);
      await harness.server.expect("publish");
      harness.client.close();
    };
    const all = [{}, { sessionNamespace: "other" }, { clientId: "hall" }];
    for (const options of all) await offline(options);
    for (const options of all) {
      const harness = await withStore(store, { options, answers: present });
      await harness.server.expect("puback", 0);
      expect(harness.server.all("publish").map(({ topicName }) => topicName)).toEqual([
        `from ${JSON.stringify(options)}`,
      ]);
    }
  });

  it("are read again by the same client after it was closed", async () => {
    const store = new MemorySessionStore();
    const harness = await withStore(store, { answers: { ...present, publish: () => [] } });
    void harness.client.publish("a", "", { qos: 1 }).catch(() => undefined);
    await harness.server.expect("publish");
    harness.client.close();
    await harness.client.connect();
    expect(await harness.server.expect("publish")).toMatchObject({
      topicName: "a",
      duplicate: true,
      packetIdentifier: 1,
    });
  });

  it("are read once when an attempt to connect is taken over by the next connect", async () => {
    const store = new MemorySessionStore();
    const harness = await withStore(store, { answers: present, options: { reconnect: { retry: () => 1000 } } });
    harness.server.end();
    await until(() => harness.client.state === "reconnecting");
    void harness.client.publish("a", "", { qos: 1 }).catch(() => undefined);
    await settle();
    harness.client.close();
    await harness.client.connect();
    await settle();
    expect(harness.server.all("publish")).toHaveLength(1);
  });

  it("are not read before what was written at a close is there, however often the client is closed meanwhile", async () => {
    const store = new SlowStore();
    const harness = await withStore(store, { answers: present, options: { reconnect: { retry: () => 1000 } } });
    harness.server.end();
    await until(() => harness.client.state === "reconnecting");
    const controller = new AbortController();
    void harness.client.publish("a", "", { qos: 1, signal: controller.signal }).catch(() => undefined);
    await settle();
    store.hold();
    controller.abort();
    for (let times = 0; times < 2; times += 1) {
      harness.client.close();
      void harness.client.connect().catch(() => undefined);
      await settle();
    }
    store.go();
    await until(() => harness.client.state === "connected");
    await settle();
    expect(harness.server.all("publish")).toEqual([]);
  });
});
