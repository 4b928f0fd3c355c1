import { describe, expect, it } from "vitest";
import { connected, gate, Harness, untilAborted, watch, type HarnessOptions } from "../../testing/client-harness.ts";
import { settle, until, VirtualEnvironment } from "../../testing/virtual-environment.ts";
import { ClosedError, ConnectionRefusedError, NotConnectedError, TransportError } from "../errors.ts";
import { closeGraceMs } from "../limits.ts";
import type { ReconnectOptions } from "../options.ts";

/** What the randomness of the tests makes of the most that is waited for: it is always the same. */
const share = 0.094;
/** Longer than any first delay. */
const secondMs = 1000;

const down = (): Promise<void> => Promise.reject(new TransportError("Nobody is there"));
const up = (): Promise<void> => Promise.resolve();

/** Reconnects without a delay. */
const atOnce: ReconnectOptions = { retry: ({ wouldStop }) => (wouldStop ? "stop" : 0) };

function cleanStarts(harness: Harness): boolean[] {
  return harness.servers.flatMap((server) => server.all("connect").map(({ cleanStart }) => cleanStart));
}

describe("a connection that is lost", () => {
  const losses: readonly [name: string, lose: (harness: Harness) => Promise<void>, expected: object][] = [
    ["because the server closes it", async ({ server }) => server.end(), { error: { code: "ERR_TRANSPORT" } }],
    [
      "because the transport fails",
      async ({ server }) => server.lose(new TransportError("Reset by the server")),
      { error: { message: "Reset by the server" } },
    ],
    [
      "because the server says DISCONNECT",
      async ({ server }) =>
        server.send({ type: "disconnect", reasonCode: 0x8b, properties: { reasonString: "later" } }),
      { reasonCode: 0x8b, reasonString: "later", error: { code: "ERR_SERVER_DISCONNECT" } },
    ],
    [
      "because the server breaks the protocol",
      async ({ server }) => server.send({ type: "connack" }),
      { reasonCode: 0x82, error: { name: "ProtocolError" } },
    ],
    [
      "because the server is silent",
      async ({ server, environment }) => {
        server.answers.pingreq = () => [];
        await environment.advance(90_000);
      },
      { error: { code: "ERR_TRANSPORT" } },
    ],
  ];

  it.each(losses)("%s is made again", async (_, lose, expected) => {
    const harness = await connected();
    const { client, environment } = harness;
    const events = harness.record("disconnected", "reconnecting", "connected");
    await lose(harness);
    await settle();
    expect(client.state).toBe("reconnecting");
    expect([client.server, client.sessionPresent, client.readyToSend]).toEqual([undefined, undefined, false]);
    expect(events).toMatchObject([
      { name: "disconnected", event: { ...expected, willReconnect: true } },
      { name: "reconnecting", event: { attempt: 1, delayMs: 94 } },
    ]);
    await environment.advance(93);
    expect(harness.servers).toHaveLength(1);
    await environment.advance(1);
    expect(client.state).toBe("connected");
    expect(events.at(-1)).toEqual({ name: "connected", event: { sessionPresent: false, server: client.server } });
    expect(harness.servers).toHaveLength(2);
    expect(harness.servers[0]?.aborted).toBeDefined();
    await expect(client.publish("a", "b", { qos: 1 })).resolves.toMatchObject({ reasonCode: 0 });
  });

  it("is not, when `reconnect` is false", async () => {
    const harness = await connected({ options: { reconnect: false } });
    const events = harness.record("disconnected", "reconnecting");
    harness.server.end();
    await harness.environment.advance(100_000);
    expect(harness.client.state).toBe("closed");
    expect(events).toMatchObject([{ name: "disconnected", event: { willReconnect: false } }]);
    expect(harness.environment.pendingTimers).toBe(0);
    expect(harness.environment.pendingWakers).toBe(0);
  });

  it.each([0x87, 0x8e, 0x95])("is not, when the server's reason is %i", async (reasonCode) => {
    const harness = await connected();
    const events = harness.record("disconnected", "reconnecting");
    harness.server.send({ type: "disconnect", reasonCode });
    await harness.environment.advance(100_000);
    expect(harness.client.state).toBe("closed");
    expect(events).toMatchObject([{ name: "disconnected", event: { reasonCode, willReconnect: false } }]);
  });

  it("leaves the server its time to hear why, and the Session is used by one at a time", async () => {
    const harness = await connected({ options: { reconnect: atOnce } });
    const [first] = harness.servers;
    if (first !== undefined) first.endsWithClient = false;
    first?.send({ type: "connack" });
    await harness.environment.advance(closeGraceMs - 1);
    expect(first?.received.at(-1)).toMatchObject({ type: "disconnect", reasonCode: 0x82 });
    expect([first?.aborted, harness.servers.length]).toEqual([undefined, 1]);
    await harness.environment.advance(1);
    expect(first?.aborted).toBeDefined();
    expect(harness.client.state).toBe("connected");
  });

  it("before whoever waited for it has heard of it is waited for again", async () => {
    const harness = new Harness({ options: { reconnect: atOnce } });
    harness.onServer = (server) => {
      if (harness.servers.length > 1) return;
      server.answers.connect = () => [{ type: "connack" }, { type: "disconnect", reasonCode: 0x8b }];
    };
    const connecting = watch(harness.client.connect());
    const subscribing = watch(harness.client.subscribe("a"));
    await harness.environment.advance(secondMs);
    expect(connecting.state).toBe("fulfilled");
    expect(subscribing.state).toBe("fulfilled");
    expect(harness.servers).toHaveLength(2);
  });
});

describe("attempts that fail", () => {
  it("are repeated, each after a longer time, until one succeeds", async () => {
    const harness = await connected();
    const events = harness.record("disconnected", "reconnecting");
    const status = harness.record("connectionStatus");
    harness.onOpen = down;
    harness.server.end();
    await harness.environment.advance(100_000);
    const { openings } = harness;
    const most = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map((seconds) => Math.round(share * seconds * 1000));
    const seen = events.slice(1, 11).map(({ event }) => event);
    expect(seen).toMatchObject(
      most.map((mostMs, index) => ({ attempt: index + 1, delayMs: expect.closeTo(mostMs, -1.5) as number })),
    );
    // One loss, however many attempts follow.
    expect(events.map(({ name }) => name).filter((name) => name === "disconnected")).toHaveLength(1);
    expect(status.at(-1)?.event).toMatchObject({
      status: expect.stringMatching(/^Nobody is there: attempt \d+ follows in \d+ ms$/) as string,
    });
    expect(harness.client.state).toBe("reconnecting");
    harness.onOpen = up;
    const { length } = openings;
    await harness.environment.advance(60_000);
    expect(openings).toHaveLength(length + 1);
    expect(harness.client.state).toBe("connected");
  });

  it("may be so many and no more", async () => {
    const harness = await connected({ options: { reconnect: { maxAttempts: 3 } } });
    const events = harness.record("disconnected", "reconnecting");
    harness.onOpen = down;
    harness.server.end();
    await settle();
    const waiting = [watch(harness.client.connect()), watch(harness.client.publish("a", "b", { qos: 1 }))];
    const next = watch(harness.client.once("message"));
    await harness.environment.advance(100_000);
    expect(harness.openings).toHaveLength(4);
    expect(harness.client.state).toBe("closed");
    expect(events.map(({ name }) => name)).toEqual([
      "disconnected",
      "reconnecting",
      "reconnecting",
      "reconnecting",
      "disconnected",
    ]);
    expect(events.at(-1)).toMatchObject({ event: { willReconnect: false, error: { message: "Nobody is there" } } });
    for (const { error } of waiting) expect(error).toMatchObject({ message: "Nobody is there" });
    expect(next.error).toBeInstanceOf(ClosedError);
    expect(harness.environment.pendingTimers).toBe(0);
    expect(harness.environment.pendingWakers).toBe(0);
    // And from there on anew.
    harness.onOpen = up;
    await harness.client.connect();
    harness.onOpen = down;
    harness.server.end();
    await settle();
    expect(events.at(-1)).toMatchObject({ name: "reconnecting", event: { attempt: 1 } });
  });

  it("end when the server's reason says so", async () => {
    const harness = await connected();
    const events = harness.record("disconnected");
    harness.answers = { connect: () => [{ type: "connack", reasonCode: 0x87 }] };
    harness.server.end();
    await harness.environment.advance(100_000);
    expect(harness.servers).toHaveLength(2);
    expect(events).toMatchObject([
      { event: { willReconnect: true } },
      { event: { willReconnect: false, reasonCode: 0x87, error: { code: "ERR_CONNECTION_REFUSED" } } },
    ]);
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("end when the server has broken the protocol five times in a row", async () => {
    const harness = await connected();
    harness.onServer = (server) => server.sendBytes(new Uint8Array([0, 0]));
    harness.server.sendBytes(new Uint8Array([0, 0]));
    await harness.environment.advance(1_000_000);
    expect(harness.servers).toHaveLength(5);
    expect(harness.client.state).toBe("closed");
  });

  it("do not fall back to another version once one has worked, but when the server says so", async () => {
    const harness = await connected({ options: { protocolVersion: [5, 4], reconnect: atOnce } });
    let count = 0;
    harness.onServer = (server) => {
      count += 1;
      if (count === 1) server.end();
      if (count === 2) server.answers.connect = () => [{ type: "connack", reasonCode: 0x84 }];
    };
    harness.server.end();
    await until(() => harness.client.state === "connected" && count > 2);
    await settle();
    expect(harness.servers.map((server) => server.all("connect")[0]?.protocolVersion)).toEqual([5, 5, 5, 4]);
  });

  it("run into the deadline of each, also when the server sends a byte a minute", async () => {
    const harness = await connected({ options: { connectTimeoutMs: 5000, reconnect: { maxAttempts: 2 } } });
    harness.onServer = (server) => {
      server.answers.connect = () => [];
      if (harness.servers.length === 2) return;
      // The beginning of a CONNACK that does not end.
      for (const [index, byte] of [0x20, 0x7f, 0, 0, 0].entries()) {
        harness.environment.setTimeout(() => server.sendBytes(new Uint8Array([byte])), 1 + 2000 * index);
      }
    };
    const events = harness.record("disconnected");
    harness.server.end();
    await harness.environment.advance(100_000);
    expect(harness.servers).toHaveLength(3);
    for (const { aborted } of harness.servers) expect(aborted).toBeDefined();
    expect(events.at(-1)).toMatchObject({ event: { error: { code: "ERR_TIMEOUT" } } });
  });
});

describe("a server that accepts and drops again and again", () => {
  it("is left alone for longer and longer, until a connection has lasted", async () => {
    const harness = await connected();
    const events = harness.record("reconnecting");
    const attempts = (): number[] => events.splice(0).map(({ event }) => event.attempt);
    for (let count = 0; count < 6; count += 1) {
      harness.server.end();
      await harness.environment.advance(29_999);
      expect(harness.client.state).toBe("connected");
    }
    // The delays are part of these times, so no connection has lasted for 30 s.
    expect(attempts()).toEqual([1, 2, 3, 4, 5, 6]);
    await harness.environment.advance(30_000);
    harness.server.end();
    await settle();
    expect(attempts()).toEqual([1]);
  });
});

describe("the first attempt", () => {
  it("rejects when it fails, and there is no other", async () => {
    const harness = new Harness();
    harness.onOpen = down;
    const events = harness.record("disconnected", "reconnecting");
    await expect(harness.client.connect()).rejects.toThrow("Nobody is there");
    await harness.environment.advance(100_000);
    expect([harness.client.state, harness.openings.length, events]).toEqual(["closed", 1, []]);
    expect(harness.environment.pendingWakers).toBe(0);
  });

  it("is followed by others with `retryInitial`", async () => {
    const harness = new Harness({ options: { reconnect: { retryInitial: true } } });
    harness.onOpen = down;
    const events = harness.record("disconnected", "reconnecting", "connected");
    const waiting = [
      watch(harness.client.connect()),
      watch(harness.client.subscribe("a")),
      watch(harness.client.publish("a", "b", { qos: 1 })),
    ];
    expect(harness.client.state).toBe("connecting");
    await settle();
    expect(harness.client.state).toBe("reconnecting");
    await harness.environment.advance(secondMs);
    harness.onOpen = up;
    await harness.environment.advance(10_000);
    expect(waiting.map(({ state }) => state)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set(["reconnecting", "connected"]));
  });

  it("is followed by so many and no more, and rejects with the last reason", async () => {
    const harness = new Harness({ options: { reconnect: { retryInitial: true, maxAttempts: 2 } } });
    let count = 0;
    harness.onOpen = () => Promise.reject(new TransportError(`Nobody is there: ${(count += 1)}`));
    const events = harness.record("disconnected");
    const connecting = watch(harness.client.connect());
    await harness.environment.advance(100_000);
    expect(connecting.error).toMatchObject({ message: "Nobody is there: 3" });
    expect(events).toEqual([]); // There was none.
    expect(harness.client.state).toBe("closed");
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("ends it when the server's reason says so, also with `retryInitial`", async () => {
    const harness = new Harness({
      options: { reconnect: { retryInitial: true } },
      answers: { connect: () => [{ type: "connack", reasonCode: 0x85 }] },
    });
    await expect(harness.client.connect()).rejects.toMatchObject({ reasonCode: 0x85 });
    expect(harness.openings).toHaveLength(1);
  });
});

describe("retry", () => {
  it("decides", async () => {
    const seen: unknown[] = [];
    const harness = await connected({
      options: {
        reconnect: {
          retry: ({ attempt, reasonCode, wasConnected, wouldStop }) => {
            seen.push([attempt, reasonCode, wasConnected, wouldStop]);
            return attempt < 3 ? attempt * 10 : "stop";
          },
        },
      },
    });
    harness.answers = { connect: () => [{ type: "connack", reasonCode: 0x87 }] };
    const events = harness.record("reconnecting");
    harness.server.end();
    await harness.environment.advance(secondMs);
    expect(seen).toEqual([
      [1, undefined, true, false],
      [2, 0x87, false, true],
      [3, 0x87, false, true],
    ]);
    expect(events.map(({ event }) => event)).toEqual([
      { attempt: 1, delayMs: 10 },
      { attempt: 2, delayMs: 20 },
    ]);
    expect(harness.client.state).toBe("closed");
  });

  it.each(["at a loss", "at an attempt that fails"])("that throws %s closes the client with that", async (when) => {
    const failure = new RangeError("of the application");
    const harness = await connected({
      options: {
        reconnect: {
          retry: ({ wasConnected }) => {
            if (wasConnected && when !== "at a loss") return 0;
            throw failure;
          },
        },
      },
    });
    harness.onOpen = down;
    const events = harness.record("disconnected");
    harness.server.end();
    await harness.environment.advance(secondMs);
    expect(harness.client.state).toBe("closed");
    expect(events.at(-1)?.event).toMatchObject({ error: failure, willReconnect: false });
    expect(harness.environment.pendingTimers).toBe(0);
  });
});

describe("what is asked before each attempt", () => {
  it("is the URL, and a function that rejects makes the attempt fail", async () => {
    let count = 0;
    const harness = new Harness({
      url: async () => {
        count += 1;
        if (count === 2) throw new Error("no URL with s3cret today");
        return `mem://server${count}`;
      },
    });
    await harness.client.connect();
    const events = harness.record("reconnecting");
    const status = harness.record("connectionStatus");
    harness.server.end();
    await harness.environment.advance(secondMs);
    expect(harness.openings.map(({ target }) => target.hostname)).toEqual(["server1", "server3"]);
    expect(events).toHaveLength(2);
    expect(JSON.stringify(status)).not.toContain("s3cret");
    expect(status.at(-1)?.event.status).toMatch(/^The attempt failed: attempt 2/);
  });

  it("are the credentials, and a function that rejects makes the attempt fail", async () => {
    let count = 0;
    const harness = await connected({
      options: {
        credentials: async () => {
          count += 1;
          if (count === 2) throw new Error("no credentials today");
          return { username: `user${count}` };
        },
      },
    });
    harness.server.end();
    await harness.environment.advance(secondMs);
    expect(harness.servers.map((server) => server.all("connect")[0]?.userName)).toEqual(["user1", "user3"]);
  });

  it("are the credentials once more when they were refused, no more", async () => {
    let count = 0;
    const credentials = (): { username: string } => ({ username: `user${(count += 1)}` });
    for (const accepted of ["user3", "none"]) {
      count = 0;
      const harness = await connected({ options: { credentials } });
      harness.answers = {
        connect: ({ userName }) => [{ type: "connack", reasonCode: userName === accepted ? 0 : 0x86 }],
      };
      harness.server.end();
      await harness.environment.advance(100_000);
      expect(count).toBe(3);
      expect(harness.client.state).toBe(accepted === "none" ? "closed" : "connected");
    }
  });
});

describe("several URLs", () => {
  const url = ["mem://first", "mem://second"];

  it("are tried from the first one each time", async () => {
    const harness = new Harness({ url });
    let isFirstDown = true;
    harness.onOpen = ({ target }) => (isFirstDown && target.hostname === "first" ? down() : up());
    await harness.client.connect();
    const events = harness.record("reconnecting");
    harness.server.end();
    await harness.environment.advance(secondMs);
    isFirstDown = false;
    harness.server.end();
    await harness.environment.advance(secondMs);
    expect(harness.openings.map(({ target }) => target.hostname)).toEqual([
      "first",
      "second",
      "first",
      "second",
      "first",
    ]);
    // Going on to the next is no attempt of its own.
    expect(events.map(({ event }) => event.attempt)).toEqual([1, 2]);
  });

  it("make an attempt that is worth another one as long as one of the failures may pass", async () => {
    for (const refusing of ["first", "second", "both"]) {
      const harness = await connected({ url });
      harness.onOpen = ({ target }) => (refusing === "both" || target.hostname === refusing ? up() : down());
      harness.answers = { connect: () => [{ type: "connack", reasonCode: 0x87 }] };
      harness.server.end();
      await harness.environment.advance(50);
      expect(harness.client.state).toBe("reconnecting");
      await harness.environment.advance(100);
      expect(harness.client.state).toBe(refusing === "both" ? "closed" : "reconnecting");
      harness.client.close();
    }
  });
});

describe("Clean Start", () => {
  const drop = async (harness: Harness): Promise<void> => {
    harness.server.end();
    await harness.nextServer();
    await settle();
  };

  it.each([
    [5, true, [true, false, false, false]],
    [5, false, [false, false, false, false]],
    [4, true, [true, true, true, true]],
    [4, false, [false, false, false, false]],
  ] as const)("of version %i, asked for: %s, is %o", async (version, cleanStart, expected) => {
    const harness = await connected({ version, options: { cleanStart, clientId: "kitchen", reconnect: atOnce } });
    await drop(harness);
    await drop(harness);
    harness.client.close();
    await harness.client.connect();
    await settle();
    expect(cleanStarts(harness)).toEqual(expected);
  });

  it("is asked for until a server has accepted it", async () => {
    const harness = new Harness({
      options: { reconnect: { retryInitial: true, retry: () => 0 } },
    });
    harness.onServer = (server) => {
      const reasonCode = harness.servers.length < 3 ? 0x89 : 0;
      server.answers.connect = () => [{ type: "connack", reasonCode }];
    };
    await harness.client.connect();
    await drop(harness);
    expect(cleanStarts(harness)).toEqual([true, true, true, false]);
  });

  it("goes with the identifier that the server has assigned", async () => {
    const properties = { assignedClientIdentifier: "assigned" };
    const harness = await connected({
      options: { clientId: "", reconnect: atOnce },
      answers: { connect: () => [{ type: "connack", properties }] },
    });
    await drop(harness);
    expect(harness.server.all("connect")).toMatchObject([{ clientIdentifier: "assigned", cleanStart: false }]);
  });
});

describe("while the client waits to connect again", () => {
  const waiting = async (options: HarnessOptions = {}): Promise<Harness> => {
    const harness = await connected({
      ...options,
      options: { reconnect: { retry: () => 50_000 }, ...options.options },
    });
    harness.server.end();
    await settle();
    expect(harness.client.state).toBe("reconnecting");
    return harness;
  };

  it("connect does not wait any longer", async () => {
    const harness = await waiting();
    const both = [harness.client.connect(), harness.client.connect()];
    await Promise.all(both);
    expect(harness.openings).toHaveLength(2);
    expect(harness.client.state).toBe("connected");
    await harness.environment.advance(100_000);
    expect(harness.openings).toHaveLength(2);
  });

  it("connect by a listener of disconnected, or of reconnecting, does not either", async () => {
    for (const name of ["disconnected", "reconnecting"] as const) {
      const harness = await connected({ options: { reconnect: { retry: () => 50_000 } } });
      const again = gate();
      harness.client.on(name, () => void harness.client.connect().then(again.open, again.fail));
      harness.server.end();
      await again.promise;
      expect(harness.client.state).toBe("connected");
    }
  });

  it("close by a listener of disconnected is the end", async () => {
    const harness = await connected();
    const events = harness.record("reconnecting", "disconnected");
    harness.client.on("disconnected", () => {
      harness.client.close();
    });
    harness.server.end();
    await settle();
    expect(events.map(({ name, event }) => [name, "willReconnect" in event && event.willReconnect])).toEqual([
      ["disconnected", true],
      ["disconnected", false],
    ]);
    expect(harness.client.state).toBe("closed");
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("waking up ends the wait, and what is told of it goes with the client", async () => {
    const harness = await waiting();
    expect(harness.environment.pendingWakers).toBe(1);
    harness.environment.wakeUp();
    harness.environment.wakeUp();
    await settle();
    expect(harness.client.state).toBe("connected");
    expect(harness.openings).toHaveLength(2);
    harness.environment.wakeUp(); // One that is connected stays so.
    await settle();
    expect(harness.client.state).toBe("connected");
    harness.client.close();
    expect(harness.environment.pendingWakers).toBe(0);
    await harness.client.connect();
    await harness.client.disconnect();
    expect(harness.environment.pendingWakers).toBe(0);
  });

  it("a platform that cannot tell has nothing but timers", async () => {
    const environment = new VirtualEnvironment();
    const { now, wallNow, setTimeout, clearTimeout, getRandomValues } = environment;
    const plain = {
      now: now.bind(environment),
      wallNow: wallNow.bind(environment),
      setTimeout: setTimeout.bind(environment),
      clearTimeout: clearTimeout.bind(environment),
      getRandomValues: getRandomValues.bind(environment),
    };
    const harness = await waiting({ options: { environment: plain } });
    await environment.advance(50_000);
    expect(harness.client.state).toBe("connected");
    harness.client.close();
    await settle();
    expect(environment.pendingTimers).toBe(0);
  });

  it("disconnect waits for nothing, because nobody could finish it", async () => {
    const harness = await waiting();
    const events = harness.record("disconnected");
    const published = watch(harness.client.publish("a", "b", { qos: 1 }));
    const subscribing = watch(harness.client.subscribe("a"));
    await harness.client.disconnect();
    await settle();
    expect(published.error).toBeInstanceOf(ClosedError);
    expect(subscribing.error).toBeInstanceOf(ClosedError);
    expect(events).toMatchObject([{ event: { willReconnect: false, error: undefined } }]);
    expect(harness.environment.pendingTimers).toBe(0);
    await expect(harness.client.subscribe("a")).rejects.toThrow(ClosedError);
    await expect(new Harness().client.subscribe("a")).rejects.toThrow(NotConnectedError);
  });
});

describe("waking up", () => {
  it("checks what is due, although no timer has fired", async () => {
    const harness = await connected({ options: { keepAlive: 10 }, answers: { pingreq: () => [] } });
    // A page in the background: time goes by, and its timers do not fire.
    harness.environment.oversleep(20_000);
    await settle();
    expect(harness.server.all("pingreq")).toHaveLength(0);
    harness.environment.wakeUp();
    await settle();
    expect(harness.server.all("pingreq")).toHaveLength(1);
    harness.environment.oversleep(5000);
    harness.environment.wakeUp();
    await settle();
    expect(harness.client.state).toBe("reconnecting");
  });

  it("asks a server that may be out of reach for a sign of life, once, and gives it the time of a ping", async () => {
    let isThere = true;
    const answers = { pingreq: () => (isThere ? [{ type: "pingresp" } as const] : []) };
    const harness = await connected({ options: { keepAlive: 60, pingTimeoutMs: 5000 }, answers });
    harness.environment.wakeUp();
    await settle();
    expect(harness.server.all("pingreq")).toHaveLength(1);
    expect(harness.client.state).toBe("connected");
    isThere = false;
    harness.environment.wakeUp();
    harness.environment.wakeUp();
    await settle();
    harness.environment.wakeUp();
    await settle();
    expect(harness.server.all("pingreq")).toHaveLength(2);
    await harness.environment.advance(4999);
    await settle();
    expect(harness.client.state).toBe("connected");
    await harness.environment.advance(1);
    await settle();
    expect(harness.client.state).toBe("reconnecting");
  });

  it("asks nothing where keep-alive is off", async () => {
    const harness = await connected({ options: { keepAlive: 0 } });
    harness.environment.wakeUp();
    await settle();
    expect(harness.server.all("pingreq")).toHaveLength(0);
  });

  it("is not needed when a chunk comes, or something is published", async () => {
    for (const what of ["chunk", "publish"]) {
      const harness = await connected({ options: { keepAlive: 10 } });
      harness.environment.oversleep(10_000);
      if (what === "chunk") harness.server.publish("a");
      else harness.client.publish("a", "b").catch(() => undefined);
      await settle();
      expect(harness.server.all("pingreq")).toHaveLength(1);
    }
  });
});

describe("close and disconnect while the client connects again", () => {
  interface Phase {
    readonly name: string;
    /** A client that has been connected, and is on its way back. */
    readonly reach: () => Promise<{ harness: Harness; late?: () => void }>;
  }

  const lose = async (options: HarnessOptions, then?: (harness: Harness) => void): Promise<Harness> => {
    const harness = await connected({ ...options, options: { reconnect: atOnce, ...options.options } });
    then?.(harness);
    harness.server.end();
    await harness.environment.advance(1);
    expect(harness.client.state).toBe("reconnecting");
    return harness;
  };

  const phases: Phase[] = [
    {
      name: "waiting",
      reach: async () => ({ harness: await lose({ options: { reconnect: { retry: () => 5000 } } }) }),
    },
    {
      name: "leaving the old connection",
      reach: async () => {
        const harness = await connected({ options: { reconnect: atOnce } });
        harness.server.endsWithClient = false;
        harness.server.send({ type: "connack" });
        await harness.environment.advance(1);
        return { harness };
      },
    },
    {
      name: "asking for the URL",
      reach: async () => {
        const url = gate<string>();
        let count = 0;
        const harness = await lose({ url: () => (count++ === 0 ? "mem://server" : url.promise) });
        return { harness, late: () => url.open("mem://late") };
      },
    },
    {
      name: "asking for credentials",
      reach: async () => {
        const asked = gate<{ username: string }>();
        let count = 0;
        const harness = await lose({ options: { credentials: () => (count++ === 0 ? {} : asked.promise) } });
        return { harness, late: () => asked.open({ username: "late" }) };
      },
    },
    {
      name: "opening the transport",
      reach: async () => ({
        harness: await lose({}, (harness) => {
          harness.onOpen = ({ context: { signal } }) => untilAborted(signal);
        }),
      }),
    },
    {
      name: "opening a transport that takes no notice",
      reach: async () => {
        const opening = gate();
        const harness = await lose({}, (other) => {
          other.onOpen = () => opening.promise;
        });
        return { harness, late: () => opening.open() };
      },
    },
    {
      name: "CONNECT sent",
      reach: async () => ({
        harness: await lose({}, (harness) => {
          harness.answers = { connect: () => [] };
        }),
      }),
    },
    {
      name: "CONNECT not taken",
      reach: async () => ({
        harness: await lose({}, (harness) => {
          harness.onServer = (server) => {
            server.stall();
            server.settlesDroppedWrites = false;
          };
        }),
      }),
    },
    {
      name: "waiting for another attempt",
      reach: async () => ({
        harness: await lose(
          { options: { reconnect: { retry: ({ wasConnected }) => (wasConnected ? 0 : 5000) } } },
          (harness) => {
            harness.onOpen = down;
          },
        ),
      }),
    },
    {
      name: "waiting for another first attempt",
      reach: async () => {
        const harness = new Harness({ options: { reconnect: { retryInitial: true, retry: () => 5000 } } });
        harness.onOpen = down;
        harness.client.connect().catch(() => undefined);
        await settle();
        return { harness };
      },
    },
  ];

  for (const way of ["close", "disconnect"] as const) {
    it.each(phases)(`${way} while $name leaves nothing behind, and settles everything`, async ({ reach }) => {
      const { harness, late } = await reach();
      const { client, environment } = harness;
      expect(client.state).toBe("reconnecting");
      const waiting = [
        watch(client.connect()),
        watch(client.subscribe("a")),
        watch(client.publish("a", "0")),
        watch(client.publish("a", "1", { qos: 1 })),
        watch(client.once("message")),
      ];
      const leaving = watch(Promise.resolve(client[way]()));
      expect(client.state).toBe("closed");
      await settle();
      expect(leaving.state).toBe("fulfilled");
      for (const { error } of waiting) expect(error).toBeInstanceOf(ClosedError);
      late?.();
      await environment.advance(0);
      expect(environment.pendingTimers).toBe(0);
      expect(environment.pendingWakers).toBe(0);
      for (const { aborted } of harness.servers) expect(aborted).toBeDefined();
      const { length } = harness.openings;
      await environment.advance(1_000_000);
      expect(harness.openings).toHaveLength(length);
      // Nothing that was left over disturbs what comes after.
      harness.onOpen = up;
      harness.onServer = () => undefined;
      harness.answers = {};
      await client.connect();
      await expect(client.publish("a", "b", { qos: 1 })).resolves.toMatchObject({ reasonCode: 0 });
      client.close();
      await settle();
      expect(environment.pendingTimers).toBe(0);
    });
  }
});

describe("redirect", () => {
  const hosts = (harness: Harness): string[] =>
    harness.openings.map(({ target }) => `${target.hostname}${target.port === 0 ? "" : `:${target.port}`}`);

  /** Servers that send a client elsewhere with CONNACK, by host. */
  const sending = (
    places: Record<string, [reasonCode: number, serverReference?: string]>,
    rest: HarnessOptions = {},
  ): Harness => {
    const harness: Harness = new Harness({ url: "mem://first", ...rest });
    harness.onServer = (server) => {
      const [reasonCode, serverReference] = places[harness.openings.at(-1)?.target.hostname ?? ""] ?? [];
      if (reasonCode === undefined) return;
      server.answers.connect = () => [{ type: "connack", reasonCode, properties: { serverReference } }];
    };
    return harness;
  };

  it("is off by default: a server that sends us elsewhere has refused, and says where", async () => {
    const harness = sending({ first: [0x9c, "second"] });
    const error: unknown = await harness.client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionRefusedError);
    expect(error).toMatchObject({ reasonCode: 0x9c, serverReference: "second" });
    expect(hosts(harness)).toEqual(["first"]);
    const other = await connected();
    const events = other.record("disconnected");
    other.server.send({ type: "disconnect", reasonCode: 0x9d, properties: { serverReference: "second" } });
    await settle();
    expect(events[0]?.event).toMatchObject({
      error: { reasonCode: 0x9d, serverReference: "second" },
      willReconnect: false,
    });
  });

  it("goes where CONNACK says at once: for this time with 0x9C", async () => {
    const harness = sending({ first: [0x9c, "second:99 third"] }, { options: { redirect: {}, reconnect: atOnce } });
    await harness.client.connect();
    harness.server.end();
    await harness.nextServer();
    await settle();
    expect(hosts(harness)).toEqual(["first", "second:99", "first", "second:99"]);
  });

  it("goes there from now on with 0x9D, also when the new place moves in its turn", async () => {
    const places: Record<string, [number, string]> = { first: [0x9d, "second"] };
    const harness = sending(places, { options: { redirect: {}, reconnect: atOnce } });
    const drop = async (): Promise<void> => {
      harness.server.end();
      await harness.nextServer();
      await until(() => harness.client.state === "connected");
    };
    await harness.client.connect();
    await drop();
    expect(hosts(harness)).toEqual(["first", "second", "second"]);
    places["second"] = [0x9d, "third"];
    await drop();
    harness.client.close();
    await harness.client.connect();
    expect(hosts(harness).slice(3)).toEqual(["second", "third", "third"]);
  });

  it("tries the references in order, and then the next URL", async () => {
    const harness = sending(
      { first: [0x9c, "one two"], one: [0x89], two: [0x9c, "three"], three: [0x89] },
      { url: ["mem://first", "mem://last"], options: { redirect: {} } },
    );
    await harness.client.connect();
    expect(hosts(harness)).toEqual(["first", "one", "two", "three", "last"]);
  });

  it("goes on to the next URL when the server names nobody", async () => {
    const harness = sending({ first: [0x9c] }, { url: ["mem://first", "mem://last"], options: { redirect: {} } });
    await harness.client.connect();
    expect(hosts(harness)).toEqual(["first", "last"]);
  });

  it("ends after so many hops", async () => {
    for (const maxHops of [undefined, 1]) {
      const harness = sending(
        { first: [0x9c, "second"], second: [0x9d, "first"] },
        { options: { redirect: { maxHops } } },
      );
      await expect(harness.client.connect()).rejects.toMatchObject({ code: "ERR_CONNECTION_REFUSED" });
      expect(harness.openings).toHaveLength((maxHops ?? 5) + 1);
    }
  });

  it("goes where DISCONNECT says, for one time", async () => {
    const harness = await connected({ url: "mem://first", options: { redirect: {}, reconnect: atOnce } });
    const events = harness.record("disconnected");
    harness.server.send({ type: "disconnect", reasonCode: 0x9c, properties: { serverReference: "second" } });
    await harness.nextServer();
    await settle();
    expect(events).toMatchObject([{ event: { reasonCode: 0x9c, willReconnect: true } }]);
    harness.server.end();
    await harness.nextServer();
    expect(hosts(harness)).toEqual(["first", "second", "first"]);
  });

  it("goes where DISCONNECT says, from now on, and asks the old place no more", async () => {
    const harness = await connected({ url: "mem://first", options: { redirect: {}, reconnect: atOnce } });
    harness.server.send({ type: "disconnect", reasonCode: 0x9d, properties: { serverReference: "second" } });
    await harness.nextServer();
    await settle();
    harness.onOpen = down;
    harness.server.end();
    await until(() => harness.openings.length > 4);
    expect(hosts(harness).slice(0, 5)).toEqual(["first", "second", "second", "second", "second"]);
    harness.client.close();
  });

  it("comes back when nobody is at the other place", async () => {
    const harness = await connected({ url: "mem://first", options: { redirect: {}, reconnect: atOnce } });
    harness.onOpen = ({ target }) => (target.hostname === "second" ? down() : up());
    harness.server.send({ type: "disconnect", reasonCode: 0x9c, properties: { serverReference: "second" } });
    await harness.nextServer();
    expect(hosts(harness)).toEqual(["first", "second", "first"]);
  });

  it("by DISCONNECT again and again ends after so many hops, unless the connections last", async () => {
    for (const lastMs of [0, 30_000]) {
      const harness = await connected({ options: { redirect: { maxHops: 2 }, reconnect: atOnce } });
      for (let count = 0; count < 3; count += 1) {
        await harness.environment.advance(lastMs);
        harness.server.send({ type: "disconnect", reasonCode: 0x9c, properties: { serverReference: `other${count}` } });
        await harness.environment.advance(1);
      }
      expect(harness.client.state).toBe(lastMs === 0 ? "closed" : "connected");
    }
  });

  it("is remembered for the next connect where the client does not connect again by itself", async () => {
    const harness = await connected({ url: "mem://first", options: { redirect: {}, reconnect: false } });
    harness.server.send({ type: "disconnect", reasonCode: 0x9c, properties: { serverReference: "second" } });
    await settle();
    expect(harness.client.state).toBe("closed");
    await harness.client.connect();
    expect(hosts(harness)).toEqual(["first", "second"]);
  });

  it("tells another host credentials or a will only when that is allowed", async () => {
    const asked: string[] = [];
    const allow = ({ hostname }: { hostname: string }): boolean => asked.push(hostname) > 1;
    for (const redirect of [{}, { allow }]) {
      const harness = sending({ first: [0x9c, "second third"] }, { url: "mem://u:p@first", options: { redirect } });
      const connecting = watch(harness.client.connect());
      await settle();
      expect(connecting.state).toBe("allow" in redirect ? "fulfilled" : "rejected");
      expect(hosts(harness)).toEqual("allow" in redirect ? ["first", "third"] : ["first"]);
      harness.client.close();
    }
    expect(asked).toEqual(["second", "third"]);
  });

  it("closes the client with what `allow` throws", async () => {
    const failure = new RangeError("of the application");
    const allow = (): boolean => {
      throw failure;
    };
    const harness = sending({ first: [0x9c, "second"] }, { options: { redirect: { allow } } });
    await expect(harness.client.connect()).rejects.toBe(failure);
    const other = await connected({ options: { redirect: { allow } } });
    const events = other.record("disconnected");
    other.server.send({ type: "disconnect", reasonCode: 0x9c, properties: { serverReference: "second" } });
    await settle();
    expect(events[0]?.event).toMatchObject({ error: failure, willReconnect: false });
  });
});

describe("`offlineQueue: false`", () => {
  it("makes publish reject at once without a connection", async () => {
    const harness = new Harness({ options: { offlineQueue: false } });
    const refused = (): Promise<void> =>
      expect(harness.client.publish("a", "b", { qos: 1 })).rejects.toBeInstanceOf(NotConnectedError);
    await refused();
    const connecting = harness.client.connect();
    await refused();
    await connecting;
    await expect(harness.client.publish("a", "b", { qos: 1 })).resolves.toMatchObject({ reasonCode: 0 });
    harness.server.end();
    await settle();
    await refused();
    harness.client.close();
    await expect(harness.client.publish("a", "b")).rejects.toBeInstanceOf(ClosedError);
  });
});

describe("a server that sends a byte a minute", () => {
  it("runs into the deadline of the first attempt too", async () => {
    const harness = new Harness({ answers: { connect: () => [] } });
    const connecting = watch(harness.client.connect());
    for (const byte of [0x20, 0x7f, 0, 0]) {
      await harness.environment.advance(9000);
      harness.server.sendBytes(new Uint8Array([byte]));
    }
    await settle();
    expect(connecting.error).toMatchObject({ code: "ERR_TIMEOUT" });
    expect(harness.server.aborted).toBeDefined();
    expect(harness.environment.pendingTimers).toBe(0);
  });
});

describe("a listener that sees the CONNACK", () => {
  it("may close the client: it stays closed", async () => {
    const harness = new Harness();
    harness.client.on("packet", ({ packet }) => {
      if (packet.type === "connack") harness.client.close();
    });
    const events = harness.record("connected");
    await expect(harness.client.connect()).rejects.toBeInstanceOf(ClosedError);
    await settle();
    expect([harness.client.state, events]).toEqual(["closed", []]);
    expect(harness.environment.pendingTimers).toBe(0);
  });
});
