import type { PacketType } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { connected, gate, type Harness } from "../../testing/client-harness.ts";
import type { Answers } from "../../testing/scripted-server.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import { MemorySessionStore, type SessionStore } from "../session-store.ts";
import type { SubscribeOptions } from "./subscribe-options.ts";

const key = "rivulet/kitchen";

/** A server that keeps the Session of the client: what it has got, each QoS 2 message once, and what it is to send. */
class Broker {
  readonly received: string[] = [];
  /** QoS 2 messages of the client that have not been released. */
  readonly #unreleased = new Set<number>();
  /** The packets to the client that it has no answer for. */
  readonly #pending = new Map<number, { topicName: string; isReceived: boolean }>();
  #hasSession = false;
  #isDead = false;

  /** What it answers; `deaf` to one type of packet, as if the connection had been lost before that came. */
  answers(deaf?: PacketType): Answers {
    this.#isDead = false;
    const unless =
      <Packet extends { readonly type: PacketType }, Answer>(answer: (packet: Packet) => Answer[]) =>
      (packet: Packet): Answer[] => {
        this.#isDead ||= packet.type === deaf;
        return this.#isDead ? [] : answer(packet);
      };
    return {
      connect: unless(() => {
        const sessionPresent = this.#hasSession;
        this.#hasSession = true;
        const again = [...this.#pending].map(([packetIdentifier, { topicName, isReceived }]) =>
          isReceived ? ({ type: "pubrel", packetIdentifier } as const) : message(packetIdentifier, topicName, true),
        );
        return [{ type: "connack", sessionPresent }, ...again];
      }),
      publish: unless(({ qos, topicName, packetIdentifier = 0 }) => {
        if (!this.#unreleased.has(packetIdentifier)) this.received.push(topicName);
        if (qos === 2) this.#unreleased.add(packetIdentifier);
        return [{ type: qos === 1 ? "puback" : "pubrec", packetIdentifier }];
      }),
      pubrel: unless(({ packetIdentifier }) => {
        const reasonCode = this.#unreleased.delete(packetIdentifier) ? 0 : 0x92;
        return [{ type: "pubcomp", packetIdentifier, reasonCode }];
      }),
      pubrec: unless(({ packetIdentifier }) => {
        const pending = this.#pending.get(packetIdentifier);
        if (pending !== undefined) pending.isReceived = true;
        return [{ type: "pubrel", packetIdentifier }];
      }),
      pubcomp: unless(({ packetIdentifier }) => {
        this.#pending.delete(packetIdentifier);
        return [];
      }),
    };
  }

  get isIdle(): boolean {
    return this.#pending.size === 0 && this.#unreleased.size === 0;
  }

  send({ server }: Harness, packetIdentifier: number, topicName: string): void {
    this.#pending.set(packetIdentifier, { topicName, isReceived: false });
    server.send(message(packetIdentifier, topicName, false));
  }
}

function message(
  packetIdentifier: number,
  topicName: string,
  duplicate: boolean,
): Parameters<Harness["server"]["send"]>[0] {
  return { type: "publish", qos: 2, topicName, payload: new Uint8Array(0), packetIdentifier, duplicate };
}

/** A process that uses a store. */
function started(session: SessionStore, answers: Answers): Promise<Harness> {
  const options = { session, clientId: "kitchen", sessionExpiryInterval: 60, reconnect: false } as const;
  return connected({ options, answers });
}

/** The process dies: what the store has at that moment is all that is left. */
async function killed({ client }: Harness, store: SessionStore): Promise<SessionStore> {
  const records = structuredClone(await store.load(key));
  client.close();
  const copy = new MemorySessionStore();
  await copy.write(
    key,
    records.map((record) => ({ key: record.key, record })),
  );
  return copy;
}

describe("pains #21: messages of a process that dies arrive, and at QoS 2 once, when it dies", () => {
  it.each<[string, PacketType | undefined]>([
    ["before PUBLISH has arrived", "publish"],
    ["after PUBLISH, before PUBREL has", "pubrel"],
    ["when all is done", undefined],
  ])("%s", async (_, deaf) => {
    for (const qos of [1, 2] as const) {
      const broker = new Broker();
      const store = new MemorySessionStore();
      const first = await started(store, broker.answers(deaf));
      for (const topic of ["a", "b", "c"]) void first.client.publish(topic, "", { qos }).catch(() => undefined);
      await settle();
      const next = await started(await killed(first, store), broker.answers());
      await until(() => broker.isIdle && next.client.exportSession().records.length === 0);
      expect(broker.received).toEqual(["a", "b", "c"]);
      await next.client.disconnect();
    }
  });

  it("before it had a connection again", async () => {
    const broker = new Broker();
    const store = new MemorySessionStore();
    const first = await connected({
      options: { session: store, clientId: "kitchen", sessionExpiryInterval: 60 },
      answers: broker.answers(),
    });
    first.server.end();
    await until(() => first.client.state === "reconnecting");
    for (const topic of ["a", "b"]) await first.client.publish(topic, "", { qos: 2, until: "stored" });
    await started(await killed(first, store), broker.answers());
    await until(() => broker.received.length === 2);
    expect(broker.received).toEqual(["a", "b"]);
  });

  it("again and again", async () => {
    const broker = new Broker();
    let store: SessionStore = new MemorySessionStore();
    const published: string[] = [];
    for (const deaf of ["publish", "pubrel", "publish", "pubrel", undefined] as const) {
      const { length } = published;
      const harness = await started(store, broker.answers(deaf));
      for (let count = length; count < length + 3; count++) {
        published.push(`t${count}`);
        void harness.client.publish(`t${count}`, "", { qos: 2 }).catch(() => undefined);
      }
      await settle(20);
      store = await killed(harness, store);
    }
    await started(store, broker.answers());
    await until(() => broker.isIdle);
    expect(broker.received).toEqual(published);
  });
});

describe("a QoS 2 message for a process that dies", () => {
  /** Two processes, and what their handlers saw: the first dies when a message has come to it, or got so far. */
  async function across(
    options: SubscribeOptions,
    { deaf, isDone }: { readonly deaf?: PacketType; readonly isDone: boolean },
  ): Promise<{ seen: string[]; broker: Broker; left: number }> {
    const broker = new Broker();
    const store = new MemorySessionStore();
    const seen: string[] = [];
    const first = await started(store, broker.answers(deaf));
    const work = gate();
    if (isDone) work.open();
    await first.client.subscribe("t/#", { qos: 2, ...options }, async ({ topic, duplicate }) => {
      seen.push(`first ${topic}${duplicate ? " again" : ""}`);
      await work.promise;
    });
    broker.send(first, 5, "t/a");
    await settle();
    const second = await started(await killed(first, store), {
      ...broker.answers(),
      connect: () => [{ type: "connack", sessionPresent: true }],
    });
    await second.client.subscribe("t/#", { qos: 2, ...options }, ({ topic, duplicate }) => {
      seen.push(`second ${topic}${duplicate ? " again" : ""}`);
    });
    // The server sends it again as soon as there is somebody.
    second.server.send(...(broker.answers().connect?.({ type: "connect" } as never) ?? []).slice(1));
    await until(() => broker.isIdle);
    await settle();
    return {
      seen,
      broker,
      left: second.client.exportSession().records.filter(({ key: name }) => name.startsWith("in/")).length,
    };
  }

  it("processed: comes again when its handler was not done", async () => {
    const { seen, left } = await across({}, { isDone: false });
    expect([seen, left]).toEqual([["first t/a", "second t/a again"], 0]);
  });

  it.each(["pubrec", "pubcomp", undefined] as const)(
    "processed: comes once when its handler was done, %s lost",
    async (deaf) => {
      const { seen, left } = await across({}, { isDone: true, ...(deaf === undefined ? {} : { deaf }) });
      expect([seen, left]).toEqual([["first t/a"], 0]);
    },
  );

  it.each(["pubrec", "pubcomp", undefined] as const)(
    "on-receipt: comes again when its handler was not done, although the server has been told; %s lost",
    async (deaf) => {
      const { seen, left } = await across(
        { ack: "on-receipt" },
        { isDone: false, ...(deaf === undefined ? {} : { deaf }) },
      );
      expect([seen, left]).toEqual([["first t/a", "second t/a again"], 0]);
    },
  );

  it.each(["pubrec", "pubcomp", undefined] as const)(
    "on-receipt: comes once when its handler was done, %s lost",
    async (deaf) => {
      const { seen, left } = await across(
        { ack: "on-receipt" },
        { isDone: true, ...(deaf === undefined ? {} : { deaf }) },
      );
      expect([seen, left]).toEqual([["first t/a"], 0]);
    },
  );
});

describe("what another process had acknowledged, and was not done with", () => {
  /** The store of such a process, whose handler never ended. */
  async function heldStore(topics: readonly string[]): Promise<SessionStore> {
    const broker = new Broker();
    const store = new MemorySessionStore();
    const first = await started(store, broker.answers());
    const { promise } = gate();
    await first.client.subscribe("t/#", { qos: 2, ack: "on-receipt" }, () => promise);
    for (const [index, topic] of topics.entries()) broker.send(first, index + 1, topic);
    await until(() => broker.isIdle);
    await settle();
    return killed(first, store);
  }
  const present: Answers = { connect: () => [{ type: "connack", sessionPresent: true }] };

  it("waits for a subscription that matches, or a listener to all", async () => {
    const store = await heldStore(["t/a", "t/b", "t/c"]);
    const harness = await started(store, present);
    const seen: string[] = [];
    await harness.client.subscribe("t/b", { qos: 2 }, ({ topic, duplicate }) => seen.push(`${topic} ${duplicate}`));
    await settle();
    expect(seen).toEqual(["t/b true"]);
    await harness.client.subscribe("t/#", { qos: 2, ack: "on-receipt" }, ({ topic }) => seen.push(topic));
    await until(() => seen.length === 3);
    expect(seen).toEqual(["t/b true", "t/a", "t/c"]);
    await settle();
    expect(harness.client.exportSession().records.map(({ key: name }) => name)).toEqual(["sub/t/#", "sub/t/b"]);

    const other = await connected({
      options: { session: await heldStore(["t/a"]), clientId: "kitchen", sessionExpiryInterval: 60 },
      answers: present,
    });
    expect(other.client.exportSession().records).toHaveLength(2);
    const events = other.record("message");
    other.server.end();
    await other.environment.advance(60_000);
    expect(events).toMatchObject([{ event: { message: { topic: "t/a", duplicate: true } } }]);
  });

  it("is not lost when nobody asks for it: the next process has it", async () => {
    const store = await heldStore(["t/a"]);
    const idle = await started(store, present);
    await idle.client.disconnect();
    const harness = await started(store, present);
    const seen: string[] = [];
    await harness.client.subscribe("t/a", { qos: 2 }, ({ topic }) => seen.push(topic));
    await settle();
    expect(seen).toEqual(["t/a"]);
  });

  it("is in a snapshot too, without a store", async () => {
    const broker = new Broker();
    const harness = await connected({ answers: broker.answers(), options: { clientId: "kitchen" } });
    const { client } = harness;
    const work = gate();
    await client.subscribe("t/#", { qos: 2, ack: "on-receipt" }, () => work.promise);
    broker.send(harness, 1, "t/a");
    await until(() => broker.isIdle);
    const held = (): unknown[] => client.exportSession().records.filter((record) => "packetIdentifier" in record);
    expect(held()).toMatchObject([{ isComplete: true, packet: { topicName: "t/a" } }]);
    work.open();
    await until(() => held().length === 0);
  });
});
