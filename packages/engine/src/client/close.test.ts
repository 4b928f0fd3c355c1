import { getEventListeners } from "node:events";
import { encode } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { connected, gate, Harness, untilAborted, watch } from "../../testing/client-harness.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import { ClosedError, InvalidOptionError, TransportError, UnsupportedError } from "../errors.ts";
import { closeGraceMs } from "../limits.ts";

/** A phase in which a client can be closed: brings a client there. */
interface Phase {
  readonly name: string;
  readonly isConnected?: boolean;
  reach(): Promise<{ harness: Harness; controller: AbortController; late?: () => void; connecting: Promise<void> }>;
}

const started = (build: (signal: AbortSignal) => Harness) => {
  const controller = new AbortController();
  const harness = build(controller.signal);
  const connecting = harness.client.connect();
  connecting.catch(() => undefined);
  return { harness, controller, connecting };
};

const phases: Phase[] = [
  {
    name: "idle",
    reach: async () => {
      const controller = new AbortController();
      const harness = new Harness({ options: { signal: controller.signal } });
      return { harness, controller, connecting: Promise.reject(new ClosedError()) };
    },
  },
  {
    name: "asking for the URL",
    reach: async () => {
      const url = gate<string>();
      const begun = started((signal) => new Harness({ url: () => url.promise, options: { signal } }));
      await settle();
      return { ...begun, late: () => url.open("mem://server") };
    },
  },
  {
    name: "asking for credentials",
    reach: async () => {
      const asked = gate<{ username: string }>();
      const begun = started((signal) => new Harness({ options: { signal, credentials: () => asked.promise } }));
      await settle();
      return { ...begun, late: () => asked.open({ username: "late" }) };
    },
  },
  {
    name: "opening the transport",
    reach: async () => {
      const begun = started((signal) => new Harness({ options: { signal } }));
      begun.harness.onOpen = ({ context: { signal } }) => untilAborted(signal);
      await settle();
      return begun;
    },
  },
  {
    name: "opening a transport that takes no notice",
    reach: async () => {
      const opening = gate();
      const begun = started((signal) => new Harness({ options: { signal } }));
      begun.harness.onOpen = () => opening.promise;
      await settle();
      return { ...begun, late: () => opening.open() };
    },
  },
  {
    name: "CONNECT sent",
    reach: async () => {
      const begun = started((signal) => new Harness({ options: { signal }, answers: { connect: () => [] } }));
      await until(() => begun.harness.servers[0]?.received.length === 1);
      return begun;
    },
  },
  {
    name: "CONNECT not taken",
    reach: async () => {
      const begun = started((signal) => new Harness({ options: { signal } }));
      begun.harness.onServer = (server) => {
        server.stall();
        server.settlesDroppedWrites = false;
      };
      await settle();
      return begun;
    },
  },
  {
    name: "connected",
    isConnected: true,
    reach: async () => {
      const begun = started((signal) => new Harness({ options: { signal }, answers: { publish: () => [] } }));
      await begun.connecting;
      return begun;
    },
  },
  {
    name: "connected and stalled",
    isConnected: true,
    reach: async () => {
      const begun = started((signal) => new Harness({ options: { signal } }));
      await begun.connecting;
      begun.harness.server.stall();
      begun.harness.server.settlesDroppedWrites = false;
      return begun;
    },
  },
];

describe("disconnect while messages come in", () => {
  it("closes the stream once, and loses nothing of what was written", async () => {
    const harness = await connected();
    const { client, server } = harness;
    server.endsWithClient = false;
    await client.subscribe("busy", () => undefined);
    server.stall();
    const published = watch(client.publish("a", "last words"));
    const disconnected = watch(client.disconnect());
    await settle();
    for (let count = 0; count < 3; count += 1) {
      server.publish("busy", String(count));
      await settle();
    }
    server.resume();
    await settle();
    for (let count = 0; count < 3; count += 1) {
      server.publish("busy", String(count));
      await settle();
    }
    expect(server.all("disconnect")).toHaveLength(1);
    expect(published.state).toBe("fulfilled");
    expect(server.aborted).toBeUndefined();
    server.end();
    await settle();
    expect(disconnected.state).toBe("fulfilled");
  });
});

describe("waiting for an event", () => {
  it("ends with the client", async () => {
    const harness = await connected();
    const messages = watch(harness.client.once("message"));
    const disconnected = watch(harness.client.once("disconnected"));
    harness.client.close();
    await settle();
    expect(messages.error).toBeInstanceOf(ClosedError);
    expect(disconnected.state).toBe("fulfilled");
    const connecting = harness.client.connect();
    const again = watch(harness.client.once("disconnected"));
    harness.client.close();
    await expect(connecting).rejects.toBeInstanceOf(ClosedError);
    expect(again.error).toBeInstanceOf(ClosedError);
  });
});

describe("close", () => {
  for (const way of ["close", "signal"] as const) {
    it.each(phases)(`by ${way} while $name leaves nothing behind, and settles everything`, async (phase) => {
      const { harness, controller, late, connecting } = await phase.reach();
      const { client } = harness;
      const events = harness.record("disconnected");
      const waiting = [
        watch(connecting),
        watch(client.publish("a", "0")),
        watch(client.publish("a", "1", { qos: 1 })),
        watch(client.publish("a", "2", { qos: 2, signal: new AbortController().signal, timeoutMs: 1e6 })),
        watch(client.subscribe("late", { signal: controller.signal })),
      ];
      const isStalled = phase.name.includes("stalled");
      await settle();
      if (way === "close") client.close();
      else controller.abort();
      expect(client.state).toBe("closed");
      await settle();
      const states = waiting.map(({ state }) => state);
      expect(states).not.toContain("pending");
      if (phase.isConnected !== true) expect(new Set(states)).toEqual(new Set(["rejected"]));
      else if (isStalled) expect(states.slice(1, 4)).toEqual(["rejected", "rejected", "rejected"]);
      expect(waiting[2]?.error).toBeInstanceOf(ClosedError);
      late?.();
      await settle();
      expect(client.state).toBe("closed");
      expect(harness.environment.pendingTimers).toBe(0);
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
      for (const server of harness.servers) {
        expect(server.aborted).toBeDefined();
        // Closed without a word.
        expect(server.all("disconnect")).toHaveLength(0);
      }
      if (phase.name.startsWith("asking")) expect(harness.openings).toHaveLength(0);
      expect(events).toHaveLength(phase.isConnected === true ? 1 : 0);
      for (const { event } of events) expect(event).toMatchObject({ error: undefined, willReconnect: false });
      // Nothing that was left over disturbs what comes after.
      if (way === "signal") return;
      harness.onOpen = () => Promise.resolve();
      harness.onServer = () => undefined;
      harness.answers = {};
      if (phase.name === "asking for the URL" || phase.name === "asking for credentials") late?.();
      await client.connect();
      expect(client.state).toBe("connected");
      client.close();
      await settle();
      expect(harness.environment.pendingTimers).toBe(0);
    });
  }

  it("does nothing the second time, nor to a client that never was connected", () => {
    const harness = new Harness();
    harness.client.close();
    harness.client.close();
    expect(harness.client.state).toBe("closed");
  });

  it("of an attempt does not touch the next one, whenever the old one ends", async () => {
    const asked = [gate<{ username: string }>(), gate<{ username: string }>()];
    let count = 0;
    const credentials = (): Promise<{ username: string }> =>
      asked[count++]?.promise ?? Promise.reject(new Error("asked too often"));
    const harness = new Harness({ options: { credentials } });
    const first = watch(harness.client.connect());
    await settle();
    harness.client.close();
    const second = watch(harness.client.connect());
    await settle();
    asked[0]?.fail(new Error("too late"));
    await settle();
    expect(harness.client.state).toBe("connecting");
    expect(first).toMatchObject({ state: "rejected", error: { code: "ERR_CLOSED" } });
    asked[1]?.open({ username: "second" });
    await settle();
    expect(second.state).toBe("fulfilled");
    expect(harness.openings).toHaveLength(1);
  });

  it("of an attempt drops a transport that is opened late, and not the one of the next attempt", async () => {
    const openings = [gate(), gate()];
    const harness = new Harness();
    harness.onOpen = () => openings[harness.openings.length - 1]?.promise ?? Promise.resolve();
    const first = watch(harness.client.connect());
    await settle();
    harness.client.close();
    const second = watch(harness.client.connect());
    await settle();
    openings[1]?.open();
    await settle();
    expect(second.state).toBe("fulfilled");
    openings[0]?.open();
    await settle();
    expect(first.state).toBe("rejected");
    expect(harness.client.state).toBe("connected");
    expect(harness.servers.map(({ aborted }) => aborted !== undefined)).toEqual([false, true]);
    await expect(harness.client.publish("a", "b", { qos: 1 })).resolves.toMatchObject({ reasonCode: 0 });
  });

  it("by a signal that is aborted already makes connect reject with its reason, and publish too", async () => {
    const reason = new Error("never mind");
    const harness = new Harness({ options: { signal: AbortSignal.abort(reason) } });
    await expect(harness.client.publish("a", "b")).rejects.toThrow(ClosedError);
    await expect(harness.client.connect()).rejects.toBe(reason);
    expect(harness.openings).toHaveLength(0);
  });

  it("by a signal works for later connections too", async () => {
    const controller = new AbortController();
    const harness = await connected({ options: { signal: controller.signal } });
    harness.client.close();
    await harness.client.connect();
    controller.abort();
    expect(harness.client.state).toBe("closed");
    await expect(harness.client.connect()).rejects.toMatchObject({ name: "AbortError" });
  });

  it("of a signal while subscribe waits for the connection stops only that", async () => {
    const harness = new Harness();
    const opening = gate();
    harness.onOpen = () => opening.promise;
    const connecting = harness.client.connect();
    const controller = new AbortController();
    const subscribing = watch(harness.client.subscribe("a", { signal: controller.signal }));
    await settle();
    controller.abort(new Error("enough"));
    await settle();
    expect(subscribing).toMatchObject({ state: "rejected", error: { message: "enough" } });
    opening.open();
    await connecting;
    await settle();
    expect(harness.server.all("subscribe")).toHaveLength(0);
  });
});

describe("disconnect", () => {
  it("sends DISCONNECT, closes its side, and waits for the server to close its own", async () => {
    const harness = await connected();
    const events = harness.record("disconnected");
    const { server, client } = harness;
    server.endsWithClient = false;
    const done = watch(client.disconnect({ reasonCode: 4, reasonString: "bye", userProperties: [["a", "b"]] }));
    expect(client.state).toBe("disconnecting");
    await settle();
    expect(server.received.at(-1)).toMatchObject({
      type: "disconnect",
      reasonCode: 4,
      properties: { reasonString: "bye", userProperties: [["a", "b"]] },
    });
    expect(server.isClosedByClient).toBe(true);
    expect(done.state).toBe("pending");
    server.end();
    await settle();
    expect(done.state).toBe("fulfilled");
    expect(client.state).toBe("closed");
    expect(events).toEqual([
      {
        name: "disconnected",
        event: { reasonCode: undefined, reasonString: undefined, error: undefined, willReconnect: false },
      },
    ]);
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("drops a server that never closes its side", async () => {
    const harness = await connected();
    harness.server.endsWithClient = false;
    const done = watch(harness.client.disconnect());
    await harness.environment.advance(closeGraceMs - 1);
    expect(done.state).toBe("pending");
    await harness.environment.advance(1);
    expect(done.state).toBe("fulfilled");
    expect(harness.server.aborted).toBeDefined();
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("does not wait longer when the server loses the connection instead of closing it", async () => {
    const harness = await connected();
    harness.server.endsWithClient = false;
    const done = watch(harness.client.disconnect());
    await settle();
    harness.server.lose(new TransportError("Reset by the server"));
    await settle();
    expect(done.state).toBe("fulfilled");
  });

  it("waits for what is under way and what waits, and sends nothing after DISCONNECT", async () => {
    const harness = await connected({ options: { maxInflight: 1 }, answers: { publish: () => [] } });
    const { server, client } = harness;
    const published = [1, 2, 3].map((number) => watch(client.publish("a", `${number}`, { qos: 1 })));
    const done = watch(client.disconnect());
    await expect(client.publish("a", "late")).rejects.toThrow(ClosedError);
    await expect(client.subscribe("late")).rejects.toThrow(ClosedError);
    await expect(client.unsubscribe("late")).rejects.toThrow(ClosedError);
    for (let count = 1; count <= 3; count += 1) {
      const { packetIdentifier = 0 } = await server.expect("publish", count);
      expect(done.state).toBe("pending");
      server.send({ type: "puback", packetIdentifier });
    }
    await settle();
    expect(published.map(({ state }) => state)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    expect(done.state).toBe("fulfilled");
    expect(server.received.map(({ type }) => type)).toEqual(["connect", "publish", "publish", "publish", "disconnect"]);
  });

  it("gives up after its time, and rejects the rest with ClosedError", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const published = watch(harness.client.publish("a", "b", { qos: 1 }));
    const done = watch(harness.client.disconnect({ timeoutMs: 300 }));
    await harness.environment.advance(299);
    expect(done.state).toBe("pending");
    await harness.environment.advance(1);
    expect(done.state).toBe("fulfilled");
    expect(published.error).toBeInstanceOf(ClosedError);
    expect(harness.server.received.at(-1)?.type).toBe("disconnect");
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it.each([true, false])(
    "settles when the transport takes nothing; told of the end: %s",
    async (settlesDroppedWrites) => {
      const harness = await connected();
      const { server, client } = harness;
      server.settlesDroppedWrites = settlesDroppedWrites;
      server.stall();
      const published = watch(client.publish("a", "b"));
      await settle();
      const waiting = watch(client.publish("a", "c"));
      const done = watch(client.disconnect({ timeoutMs: 300 }));
      await harness.environment.advance(300 + closeGraceMs);
      expect(done.state).toBe("fulfilled");
      expect(published.error).toBeInstanceOf(ClosedError);
      expect(waiting.error).toBeInstanceOf(ClosedError);
      expect(client.state).toBe("closed");
      expect(harness.environment.pendingTimers).toBe(0);
    },
  );

  it("gives a slow transport its whole time to take what was published before", async () => {
    const harness = await connected();
    const { server, client } = harness;
    server.stall();
    const published = watch(client.publish("a", "b"));
    const done = watch(client.disconnect());
    await harness.environment.advance(9000);
    expect([published.state, done.state]).toEqual(["pending", "pending"]);
    server.resume();
    await settle();
    expect([published.state, done.state]).toEqual(["fulfilled", "fulfilled"]);
    expect(server.received.map(({ type }) => type)).toEqual(["connect", "publish", "disconnect"]);
  });

  it("waits for nothing with a timeoutMs of 0, and as long as it takes with Infinity", async () => {
    for (const timeoutMs of [0, Infinity]) {
      const harness = await connected({ answers: { publish: () => [] } });
      const published = watch(harness.client.publish("a", "b", { qos: 1 }));
      const done = watch(harness.client.disconnect({ timeoutMs }));
      await settle();
      if (timeoutMs === Infinity) {
        await harness.environment.advance(600_000);
        expect([published.state, done.state]).toEqual(["pending", "pending"]);
        harness.server.send({ type: "puback", packetIdentifier: 1 });
        await settle();
      }
      expect(done.state).toBe("fulfilled");
      expect(published.state).toBe(timeoutMs === 0 ? "rejected" : "fulfilled");
      expect(harness.server.received.at(-1)?.type).toBe("disconnect");
      expect(harness.environment.pendingTimers).toBe(0);
    }
  });

  it("stops waiting when its signal is aborted", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const published = watch(harness.client.publish("a", "b", { qos: 1 }));
    const controller = new AbortController();
    const done = watch(harness.client.disconnect({ signal: controller.signal }));
    await settle();
    expect(done.state).toBe("pending");
    controller.abort();
    await settle();
    expect(done.state).toBe("fulfilled");
    expect(published.error).toBeInstanceOf(ClosedError);
    expect(harness.server.all("disconnect")).toHaveLength(0);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("closes at once when its signal was aborted before", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    harness.client.publish("a", "b", { qos: 1 }).catch(() => undefined);
    await harness.client.disconnect({ signal: AbortSignal.abort() });
    expect(harness.client.state).toBe("closed");
  });

  it("is idempotent, also after close and without a connection", async () => {
    const harness = await connected();
    await Promise.all([harness.client.disconnect(), harness.client.disconnect()]);
    await harness.client.disconnect();
    expect(harness.server.all("disconnect")).toHaveLength(1);
    const idle = new Harness();
    await idle.client.disconnect();
    expect(idle.client.state).toBe("closed");
    await expect(idle.client.publish("a", "b")).rejects.toThrow(ClosedError);
  });

  it("while connecting gives the attempt up", async () => {
    const harness = new Harness({ answers: { connect: () => [] } });
    const connecting = watch(harness.client.connect());
    await until(() => harness.servers[0]?.received.length === 1);
    await harness.client.disconnect();
    await settle();
    expect(connecting.error).toBeInstanceOf(ClosedError);
    expect(harness.client.state).toBe("closed");
    expect(harness.server.aborted).toBeDefined();
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("is cut short by close", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    harness.client.publish("a", "b", { qos: 1 }).catch(() => undefined);
    const done = watch(harness.client.disconnect());
    await settle();
    harness.client.close();
    await settle();
    expect(done.state).toBe("fulfilled");
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("is over when the connection is lost meanwhile", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const events = harness.record("disconnected");
    const published = watch(harness.client.publish("a", "b", { qos: 1 }));
    const done = watch(harness.client.disconnect());
    await settle();
    const failure = new TransportError("Reset by the server");
    harness.server.lose(failure);
    await settle();
    expect(done.state).toBe("fulfilled");
    expect(published.error).toBe(failure);
    expect(events).toMatchObject([{ event: { error: failure } }]);
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("does not wait for the handler that calls it", async () => {
    const harness = await connected();
    const done = gate();
    await harness.client.subscribe("a", { qos: 1 }, () => harness.client.disconnect().then(done.open, done.fail));
    harness.server.publish("a", "", { qos: 1 });
    await done.promise;
    expect(harness.client.state).toBe("closed");
  });

  it("is what `await using` does", async () => {
    const harness = await connected();
    {
      await using client = harness.client;
      client.publish("a", "b").catch(() => undefined);
    }
    expect(harness.server.received.map(({ type }) => type)).toEqual(["connect", "publish", "disconnect"]);
  });

  it("checks its options, and leaves the connection alone then", async () => {
    const harness = await connected();
    await expect(harness.client.disconnect({ reasonCode: 0x8e + 1000 })).rejects.toThrow(InvalidOptionError);
    await expect(harness.client.disconnect({ sessionExpiryInterval: 10 })).rejects.toThrow(InvalidOptionError);
    expect(harness.client.state).toBe("connected");
    const older = await connected({ version: 4 });
    await expect(older.client.disconnect({ reasonString: "bye" })).rejects.toThrow(UnsupportedError);
    await expect(older.client.disconnect({ reasonCode: 4 })).rejects.toThrow(UnsupportedError);
    await older.client.disconnect();
    expect(older.server.received.at(-1)).toEqual({ type: "disconnect", reasonCode: 0 });
  });

  it("may say how long the session is to be kept", async () => {
    const harness = await connected({ options: { sessionExpiryInterval: 60 } });
    await harness.client.disconnect({ sessionExpiryInterval: 10 });
    expect(harness.server.all("disconnect")).toMatchObject([{ properties: { sessionExpiryInterval: 10 } }]);
  });
});

describe("the end by the server", () => {
  it("is told with the server's reason", async () => {
    const harness = await connected({ options: { reconnect: false }, answers: { publish: () => [] } });
    const events = harness.record("disconnected");
    const published = watch(harness.client.publish("a", "b", { qos: 1 }));
    await harness.server.expect("publish");
    harness.server.send({ type: "disconnect", reasonCode: 0x8b, properties: { reasonString: "down for today" } });
    await settle();
    expect(harness.client.state).toBe("closed");
    expect(events).toMatchObject([
      {
        event: {
          reasonCode: 0x8b,
          reasonString: "down for today",
          error: { code: "ERR_SERVER_DISCONNECT", reasonCode: 0x8b },
          willReconnect: false,
        },
      },
    ]);
    expect(published.error).toMatchObject({ code: "ERR_SERVER_DISCONNECT" });
    expect(harness.server.isClosedByClient).toBe(true);
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("without a word is a TransportError", async () => {
    const harness = await connected({ options: { reconnect: false } });
    const events = harness.record("disconnected");
    harness.server.end();
    await settle();
    expect(events).toMatchObject([{ event: { error: { code: "ERR_TRANSPORT" }, reasonCode: undefined } }]);
    expect(harness.server.aborted).toBeDefined();
    expect(harness.client.connection).toBeUndefined();
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("is a TransportError too when a foreign transport fails with something else", async () => {
    const harness = await connected();
    const failure = new RangeError("of a foreign transport");
    harness.server.lose(failure);
    const { error } = await harness.client.once("disconnected");
    expect(error).toBeInstanceOf(TransportError);
    expect(error?.cause).toBe(failure);
  });

  it("comes when the transport fails while it is written to", async () => {
    const harness = await connected({ options: { reconnect: false } });
    harness.server.stall();
    const published = watch(harness.client.publish("a", "b"));
    await settle();
    harness.server.lose(new RangeError("of a foreign transport"));
    await settle();
    expect(published.error).toBeInstanceOf(TransportError);
    expect(harness.client.state).toBe("closed");
  });

  it("fails a write without the connection having been read to its end", async () => {
    const harness = await connected({ options: { reconnect: false } });
    harness.server.failsWrites = new RangeError("of a foreign transport");
    await expect(harness.client.publish("a", "b")).rejects.toMatchObject({
      code: "ERR_TRANSPORT",
      cause: harness.server.failsWrites,
    });
    await settle();
    expect(harness.client.state).toBe("closed");
    expect(harness.environment.pendingTimers).toBe(0);
  });
});

describe("what comes in one chunk", () => {
  const messages = (): Uint8Array[] =>
    ["1", "2", "3"].map((text) =>
      encode({ type: "publish", topicName: "a", payload: new TextEncoder().encode(text) }, 5),
    );
  const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(parts.flatMap((part) => [...part]));

  it("is not handed over any more once the client is closed", async () => {
    const harness = await connected();
    const { client, server } = harness;
    const seen: string[] = [];
    client.on("message", ({ message }) => {
      seen.push(message.text());
      client.close();
    });
    server.sendBytes(joined(...messages()));
    await settle();
    expect(seen).toEqual(["1"]);
  });

  it("does not come to the subscriptions of the next connection", async () => {
    const harness = await connected();
    const { client, server } = harness;
    const again = gate();
    const off = client.on("message", () => {
      off();
      client.close();
      client.connect().then(again.open, again.fail);
    });
    const events = harness.record("message");
    server.sendBytes(joined(...messages()));
    await again.promise;
    expect(events).toHaveLength(1);
  });

  it("may be the beginning and the end: whoever waits for the connection is told", async () => {
    const harness = new Harness({ options: { reconnect: false }, answers: { connect: () => [] } });
    harness.onServer = (server) => {
      server.sendBytes(joined(encode({ type: "connack" }, 5), encode({ type: "disconnect", reasonCode: 0x97 }, 5)));
    };
    const events = harness.record("connected", "disconnected");
    const connecting = watch(harness.client.connect());
    const waiting = [
      watch(harness.client.subscribe("a")),
      watch(harness.client.unsubscribe("a")),
      watch(harness.client.publish("a", "b", { qos: 1 })),
    ];
    await settle();
    expect(connecting.state).not.toBe("pending");
    expect(waiting.map(({ state }) => state)).toEqual(["rejected", "rejected", "rejected"]);
    expect(events.map(({ name }) => name)).toEqual(["connected", "disconnected"]);
    expect(harness.client.state).toBe("closed");
    expect(harness.environment.pendingTimers).toBe(0);
  });
});

describe("bytes that break the protocol", () => {
  const malformed = new Uint8Array([0x40, 0x01, 0x00]);

  it("are answered with DISCONNECT in MQTT 5.0, and the client is closed", async () => {
    const harness = await connected({ options: { reconnect: false } });
    const events = harness.record("disconnected");
    harness.server.sendBytes(malformed);
    harness.server.sendBytes(malformed); // Of no interest any more.
    await settle();
    expect(harness.server.received.at(-1)).toMatchObject({ type: "disconnect", reasonCode: 0x81 });
    expect(events).toMatchObject([{ event: { error: { name: "MalformedPacketError", reasonCode: 0x81 } } }]);
    expect(harness.client.state).toBe("closed");
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("end the connection without a word in MQTT 3.1.1", async () => {
    const harness = await connected({ version: 4 });
    const events = harness.record("disconnected");
    harness.server.sendBytes(malformed);
    await settle();
    expect(harness.server.all("disconnect")).toHaveLength(0);
    expect(harness.server.isClosedByClient).toBe(true);
    expect(events).toMatchObject([{ event: { error: { name: "MalformedPacketError" } } }]);
  });

  it("may be well formed and still break it", async () => {
    const harness = await connected();
    harness.server.send({ type: "connack" });
    const { error } = await harness.client.once("disconnected");
    expect(error).toMatchObject({ name: "ProtocolError", reasonCode: 0x82 });
    await settle();
    expect(harness.server.all("disconnect")).toMatchObject([{ reasonCode: 0x82 }]);
  });

  it("may be too many for one packet", async () => {
    const harness = await connected({ options: { maximumPacketSize: 50 } });
    expect(harness.server.all("connect")[0]?.properties).toMatchObject({ maximumPacketSize: 50 });
    harness.server.publish("a", "x".repeat(60));
    const { error } = await harness.client.once("disconnected");
    expect(error).toMatchObject({ name: "PacketTooLargeError" });
    await settle();
    expect(harness.server.all("disconnect")).toMatchObject([{ reasonCode: 0x95 }]);
  });

  it("do not keep a client whose transport takes nothing", async () => {
    const harness = await connected({ options: { reconnect: false } });
    harness.server.stall();
    harness.client.publish("a", "b").catch(() => undefined);
    await settle();
    harness.server.sendBytes(malformed);
    await settle();
    expect(harness.client.state).toBe("closed");
    expect(harness.server.aborted).toBeUndefined();
    await harness.environment.advance(closeGraceMs);
    expect(harness.server.aborted).toBeDefined();
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("fail an attempt to connect", async () => {
    const harness = new Harness({ answers: { connect: () => [] } });
    harness.onServer = (server) => server.sendBytes(malformed);
    const connecting = watch(harness.client.connect());
    await settle();
    await harness.environment.advance(closeGraceMs);
    expect(connecting).toMatchObject({ state: "rejected", error: { name: "MalformedPacketError" } });
    expect(harness.environment.pendingTimers).toBe(0);
  });
});

describe("keep-alive", () => {
  it("sends PINGREQ when nothing was sent for its time, and goes on while the server answers", async () => {
    const harness = await connected({ options: { keepAlive: 10 } });
    await harness.environment.advance(9999);
    expect(harness.server.all("pingreq")).toHaveLength(0);
    await harness.environment.advance(1);
    expect(harness.server.all("pingreq")).toHaveLength(1);
    await harness.environment.advance(30_000);
    expect(harness.server.all("pingreq")).toHaveLength(4);
    expect(harness.client.state).toBe("connected");
    await harness.client.disconnect();
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("gives up a server that is silent", async () => {
    const harness = await connected({ options: { reconnect: false, keepAlive: 10 }, answers: { pingreq: () => [] } });
    const events = harness.record("disconnected");
    await harness.environment.advance(14_999);
    expect(harness.client.state).toBe("connected");
    await harness.environment.advance(1);
    expect(events).toMatchObject([{ event: { error: { code: "ERR_TRANSPORT" } } }]);
    await harness.environment.advance(closeGraceMs);
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("gives up a connection that takes nothing, and drops it", async () => {
    const harness = await connected({ options: { reconnect: false, keepAlive: 10 } });
    harness.server.stall();
    const published = watch(harness.client.publish("a", "b"));
    await harness.environment.advance(20_000 + closeGraceMs);
    expect(harness.client.state).toBe("closed");
    expect(published.state).toBe("rejected");
    expect(harness.server.aborted).toBeDefined();
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("takes a pingTimeoutMs of its own, and the server's Keep Alive", async () => {
    const harness = await connected({
      options: { reconnect: false, keepAlive: 10, pingTimeoutMs: 100 },
      answers: { pingreq: () => [], connect: () => [{ type: "connack", properties: { serverKeepAlive: 20 } }] },
    });
    await harness.environment.advance(20_099);
    expect(harness.server.all("pingreq")).toHaveLength(1);
    expect(harness.client.state).toBe("connected");
    await harness.environment.advance(1);
    expect(harness.client.state).toBe("closed");
  });

  it("finds out after a long sleep", async () => {
    const harness = await connected({ options: { reconnect: false, keepAlive: 10 }, answers: { pingreq: () => [] } });
    await harness.environment.sleep(3_600_000);
    expect(harness.server.all("pingreq")).toHaveLength(1);
    await harness.environment.advance(5000);
    expect(harness.client.state).toBe("closed");
  });

  it("can be turned off", async () => {
    const harness = await connected({ options: { keepAlive: 0 } });
    await harness.environment.advance(10_000_000);
    expect(harness.server.received).toHaveLength(1);
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("is not starved by a handler that takes its time", async () => {
    const harness = await connected({ options: { keepAlive: 10 } });
    const handling = gate();
    await harness.client.subscribe("a", { qos: 1, highWaterMark: 1 }, () => handling.promise);
    for (let count = 0; count < 5; count += 1) harness.server.publish("a", "b", { qos: 1 });
    await harness.environment.advance(100_000);
    expect(harness.client.state).toBe("connected");
    expect(harness.server.all("pingreq").length).toBeGreaterThan(8);
    expect(harness.server.all("puback")).toHaveLength(0);
    handling.open();
    await harness.server.expect("puback", 5);
  });
});
