import { encode } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { connected, gate, Harness, untilAborted, watch } from "../../testing/client-harness.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import {
  ClosedError,
  ConnectionRefusedError,
  InvalidOptionError,
  MqttError,
  TimeoutError,
  TransportError,
  UnsupportedError,
} from "../errors.ts";
import { closeGraceMs } from "../limits.ts";

/** The CONNACK of MQTT 3.1.1 that says "unacceptable protocol version" (MQTT311 section 3.2). */
const refusedIn311 = new Uint8Array([0x20, 0x02, 0x00, 0x01]);

describe("connect", () => {
  it("resolves when the server accepts", async () => {
    const harness = new Harness({ options: { clientId: "kitchen", keepAlive: 30 } });
    const { client } = harness;
    const events = harness.record("connected", "disconnected");
    expect(client.state).toBe("idle");
    expect([client.server, client.sessionPresent, client.connection, client.readyToSend]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
    const connecting = client.connect();
    expect(client.state).toBe("connecting");
    await connecting;
    expect(client.state).toBe("connected");
    expect(client.sessionPresent).toBe(false);
    expect(client.server).toMatchObject({ keepAlive: 30, receiveMaximum: 65_535 });
    expect(client.connection).toEqual({ transport: "memory", url: "mem://server" });
    expect(client.readyToSend).toBe(true);
    expect(client.protocolVersion).toBe(5);
    expect(events).toEqual([{ name: "connected", event: { sessionPresent: false, server: client.server } }]);
    expect(harness.server.received).toMatchObject([{ type: "connect", clientIdentifier: "kitchen", cleanStart: true }]);
  });

  it("takes the identifier that the server assigns, and keeps it", async () => {
    const properties = { assignedClientIdentifier: "assigned" };
    const harness = await connected({
      options: { clientId: "" },
      answers: { connect: () => [{ type: "connack", properties }] },
    });
    expect(harness.client.clientId).toBe("assigned");
    harness.client.close();
    await harness.client.connect();
    expect(harness.server.all("connect")[0]?.clientIdentifier).toBe("assigned");
  });

  it("rejects with the server's reason when it refuses, and can be asked again", async () => {
    const properties = { reasonString: "go away" };
    const harness = new Harness({ answers: { connect: () => [{ type: "connack", reasonCode: 0x87, properties }] } });
    const events = harness.record("connected", "disconnected", "error");
    harness.onServer = (server) => {
      server.endsWithClient = true;
    };
    const waiting = watch(harness.client.publish("a", "waits"));
    const error: unknown = await harness.client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionRefusedError);
    expect(error).toMatchObject({ reasonCode: 0x87, reasonString: "go away" });
    expect(harness.client.state).toBe("closed");
    expect(events).toEqual([]);
    await settle();
    expect(waiting).toMatchObject({ state: "rejected", error });
    expect(harness.environment.pendingTimers).toBe(0);
    harness.answers = {};
    await harness.client.connect();
    expect(harness.client.state).toBe("connected");
  });

  it("rejects when the server hangs up, and says whether it had answered", async () => {
    const harness = new Harness({
      answers: {
        connect: () => {
          harness.server.end();
          return [];
        },
      },
    });
    await expect(harness.client.connect()).rejects.toThrow(
      /^The server closed the connection before it answered: wrong port or scheme\?$/,
    );
    harness.answers = {};
    await harness.client.connect();
    const disconnected = harness.client.once("disconnected");
    harness.server.end();
    expect((await disconnected).error?.message).toBe("The server closed the connection");
    harness.client.close();
  });

  it("gives a server that refuses and does not close its side a moment, no more", async () => {
    const harness = new Harness({ answers: { connect: () => [{ type: "connack", reasonCode: 0x86 }] } });
    harness.onServer = (server) => {
      server.endsWithClient = false;
    };
    const connecting = watch(harness.client.connect());
    await harness.environment.advance(closeGraceMs);
    expect(connecting).toMatchObject({ state: "rejected", error: { reasonCode: 0x86 } });
    expect(harness.server.aborted).toBeDefined();
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("does nothing when the client is connected, and joins an attempt that is under way", async () => {
    const harness = new Harness();
    const both = [harness.client.connect(), harness.client.connect()];
    await Promise.all(both);
    await harness.client.connect();
    expect(harness.openings).toHaveLength(1);
  });

  it("connects again after the client was closed", async () => {
    const harness = await connected();
    const { client, server } = harness;
    client.close();
    expect(client.state).toBe("closed");
    expect(server.aborted).toBeDefined();
    await client.connect();
    expect(client.state).toBe("connected");
    await expect(client.publish("a", "b", { qos: 1 })).resolves.toMatchObject({ reasonCode: 0 });
    expect(server.all("publish")).toHaveLength(0);
  });

  it("rejects while the client is being disconnected", async () => {
    const harness = await connected();
    const disconnecting = harness.client.disconnect();
    await expect(harness.client.connect()).rejects.toThrow(ClosedError);
    await disconnecting;
  });

  it("lets listeners of disconnected connect again at once", async () => {
    const harness = await connected();
    const again = gate();
    harness.client.on("disconnected", () => void harness.client.connect().then(again.open, again.fail));
    harness.server.end();
    await again.promise;
    expect(harness.client.state).toBe("connected");
    await harness.environment.advance(closeGraceMs);
    expect(harness.client.state).toBe("connected");
    expect(harness.server.aborted).toBeUndefined();
  });

  it("waits for an old connection that takes its time to end", async () => {
    const harness = await connected({ options: { reconnect: false } });
    const old = harness.server;
    old.endsWithClient = false;
    const again = gate();
    harness.client.on("disconnected", () => void harness.client.connect().then(again.open, again.fail));
    old.sendBytes(new Uint8Array([0, 0]));
    await settle();
    expect(harness.servers).toHaveLength(1);
    expect(old.aborted).toBeUndefined();
    await harness.environment.advance(closeGraceMs);
    expect(old.aborted).toBeDefined();
    await again.promise;
    expect(harness.client.state).toBe("connected");
    await expect(harness.client.publish("a", "b", { qos: 1 })).resolves.toMatchObject({ reasonCode: 0 });
  });

  it("is told before any message, even of the same chunk", async () => {
    const harness = new Harness({ answers: { connect: () => [] } });
    const events = harness.record("connected", "message");
    harness.onServer = (server) => {
      const message = encode({ type: "publish", topicName: "a", payload: new Uint8Array() }, 5);
      server.sendBytes(new Uint8Array([...encode({ type: "connack" }, 5), ...message]));
    };
    await harness.client.connect();
    await settle();
    expect(events.map(({ name }) => name)).toEqual(["connected", "message"]);
  });

  it("does not connect when the CONNECT cannot be sent to anybody, and leaves nothing open", async () => {
    const harness = new Harness({ version: 4, options: { password: "alone" } });
    await expect(harness.client.connect()).rejects.toBeInstanceOf(MqttError);
    expect(harness.client.state).toBe("closed");
    expect(harness.servers.every(({ aborted }) => aborted !== undefined)).toBe(true);
    expect(harness.environment.pendingTimers).toBe(0);
  });
});

describe("several URLs", () => {
  it("are tried in order", async () => {
    const harness = new Harness({ url: ["mem://first", new URL("mem://second:99/path?x=1"), "mem://third"] });
    harness.onOpen = ({ target }) =>
      target.hostname === "first" ? Promise.reject(new TransportError("Nobody is there")) : Promise.resolve();
    await harness.client.connect();
    expect(harness.openings.map(({ target }) => target.hostname)).toEqual(["first", "second"]);
    expect(harness.openings[1]?.target).toMatchObject({ port: 99, path: "/path?x=1", scheme: "mem:" });
  });

  it("reject with the last failure", async () => {
    const harness = new Harness({ url: ["mem://first", "mem://second"] });
    harness.onOpen = ({ target }) => Promise.reject(new TransportError(`Nobody at ${target.hostname}`));
    await expect(harness.client.connect()).rejects.toThrow("Nobody at second");
  });

  it("reject with what became of each", async () => {
    const url = ["mem://first:1", "mem://u:s3cret@second:2/path?token=s3cret", "mem://third"];
    const harness = new Harness({
      url,
      options: { connectTimeoutMs: 50 },
      answers: { connect: () => [{ type: "connack", reasonCode: 0x87 }] },
    });
    const refused = new TransportError("Cannot connect to first:1", { cause: new Error("ECONNREFUSED"), isTls: true });
    harness.onOpen = ({ target: { hostname }, context }) => {
      if (hostname === "first") return Promise.reject(refused);
      return hostname === "third" ? untilAborted(context.signal) : Promise.resolve();
    };
    const connecting = watch(harness.client.connect());
    await harness.environment.advance(60);
    expect(connecting).toMatchObject({
      state: "rejected",
      error: {
        name: "TransportError",
        message:
          "Every server failed: Cannot connect to first:1; mem://second:2/path: The server refused the connection: Not authorized (0x87); Connecting to mem://third took longer than 50 ms",
        errors: [refused, { code: "ERR_CONNECTION_REFUSED" }, { code: "ERR_TIMEOUT" }],
      },
    });
  });

  it("reject with what else is known of the failure that counts", async () => {
    const harness = new Harness({ url: ["mem://first", "mem://second"] });
    const cause = new Error("underneath");
    const secret = new Error("s3cret");
    const failure = new TransportError("Nobody at second", {
      ...{ cause, isTls: true, failure: "handshake", closeCode: 1006 },
    });
    harness.onOpen = ({ target }) => Promise.reject(target.hostname === "first" ? secret : failure);
    const error: unknown = await harness.client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({
      ...{ cause, isTls: true, failure: "handshake", closeCode: 1006, errors: [secret, failure] },
      message: "Every server failed: mem://first: The attempt failed; Nobody at second",
    });
  });

  it("reject with what a server has said, if no other failure may pass", async () => {
    const harness = new Harness({
      url: ["mem://first", "mem://second"],
      answers: { connect: () => [{ type: "connack", reasonCode: 0x86 }] },
    });
    const error: unknown = await harness.client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionRefusedError);
    expect(error).not.toHaveProperty("errors");
  });

  it("are no longer tried when the client was closed", async () => {
    const harness = new Harness({ url: ["mem://first", "mem://second"] });
    const opening = gate();
    harness.onOpen = () => opening.promise;
    const connecting = watch(harness.client.connect());
    await settle();
    harness.client.close();
    opening.fail(new TransportError("Nobody is there"));
    await settle();
    expect(connecting).toMatchObject({ state: "rejected", error: { code: "ERR_CLOSED" } });
    expect(harness.openings).toHaveLength(1);
  });

  it("must be at least one", async () => {
    const harness = new Harness({ url: [] });
    await expect(harness.client.connect()).rejects.toMatchObject({ option: "url" });
  });

  it("may be asked for, anew for each attempt", async () => {
    let count = 0;
    const harness = new Harness({ url: async () => `mem://server${(count += 1)}` });
    await harness.client.connect();
    harness.client.close();
    await harness.client.connect();
    expect(harness.openings.map(({ target }) => target.hostname)).toEqual(["server1", "server2"]);
  });

  it("reject with what the function that is asked throws", async () => {
    const failure = new Error("no URL today");
    const harness = new Harness({ url: () => Promise.reject(failure) });
    await expect(harness.client.connect()).rejects.toBe(failure);
    expect(harness.client.state).toBe("closed");
  });

  it("need a transport for their scheme", async () => {
    const harness = new Harness({ url: "carrier-pigeon://loft" });
    const error: unknown = await harness.client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({ feature: "carrier-pigeon:" });
    expect((error as Error).message).toContain("mem:");
  });

  it("must be URLs", async () => {
    const harness = new Harness({ url: "not a URL with s3cret" });
    const error: unknown = await harness.client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(String(error)).not.toContain("s3cret");
  });
});

describe("credentials", () => {
  it("in the URL are decoded, and the options win", async () => {
    const url = "mem://us%40er:p%C3%A4ss%2Fword@server";
    const harness = await connected({ url });
    expect(harness.server.all("connect")).toMatchObject([
      { userName: "us@er", password: new TextEncoder().encode("päss/word") },
    ]);
    const other = await connected({ url, options: { username: "other" } });
    expect(other.server.all("connect")).toMatchObject([
      { userName: "other", password: new TextEncoder().encode("päss/word") },
    ]);
  });

  it("from a function are asked for before each attempt, and win over all", async () => {
    let count = 0;
    const harness = new Harness({
      url: ["mem://u:p@first", "mem://u:p@second"],
      options: {
        username: "option",
        password: "option",
        credentials: () => Promise.resolve({ username: `user${(count += 1)}`, password: new Uint8Array([count]) }),
      },
      answers: { connect: () => [{ type: "connack", reasonCode: 0x86 }] },
    });
    await expect(harness.client.connect()).rejects.toThrow(ConnectionRefusedError);
    expect(harness.servers.map((server) => server.all("connect")[0])).toMatchObject([
      { userName: "user1", password: new Uint8Array([1]) },
      { userName: "user2", password: new Uint8Array([2]) },
    ]);
  });

  it("that cannot be had are why the attempt fails", async () => {
    const failure = new Error("no credentials");
    const harness = new Harness({ options: { credentials: () => Promise.reject(failure) } });
    await expect(harness.client.connect()).rejects.toBe(failure);
    expect(harness.openings).toHaveLength(0);
  });

  it("may be synchronous, and may be none", async () => {
    const harness = await connected({ url: "mem://u:p@server", options: { credentials: () => ({}) } });
    expect(harness.server.all("connect")).toMatchObject([{ userName: "u" }]);
  });

  it("are nowhere to be seen", async () => {
    const secrets = ["t0psecret", "h1dden", "al%65x", "alex"];
    const shown: unknown[] = [];
    /** Everything that can be seen of a value: what it holds, and its message, stack and cause. */
    const look = (value: unknown): string => {
      if (!(value instanceof Error)) {
        return JSON.stringify(value, (_, inner: unknown) => (inner instanceof Error ? look(inner) : inner)) ?? "";
      }
      return [String(value), value.stack, JSON.stringify(value), look(Object.values(value)), look(value.cause)].join();
    };
    for (const url of [
      "mem://al%65x:t0psecret@server",
      "mem://al%65x:t0psecret@server:port",
      "x://al%65x:t0psecret@y",
    ]) {
      for (const failure of ["none", "open", "refuse", "malformed", "timeout", "bad"]) {
        const harness = new Harness({
          url: failure === "bad" ? url.replace("t0psecret", "t0psecret%") : url,
          options: { protocolVersion: [5, 4], connectTimeoutMs: 100, username: "h1dden" },
        });
        for (const name of ["packet", "log", "connectionStatus", "disconnected", "connected", "error"] as const) {
          harness.client.on(name, (event) => shown.push(event));
        }
        if (failure === "open") harness.onOpen = () => Promise.reject(new TransportError("Nobody is there"));
        if (failure === "refuse") harness.answers = { connect: () => [{ type: "connack", reasonCode: 0x84 }] };
        if (failure === "timeout") harness.answers = { connect: () => [] };
        harness.onServer = (server) => {
          if (failure === "malformed") server.sendBytes(new Uint8Array([0, 0]));
        };
        harness.onOpen = ((open) => async (opening) => {
          shown.push(opening.target, opening.options);
          opening.context.report(`Opening ${opening.target.url}`);
          await open(opening);
        })(harness.onOpen);
        const connecting = watch(harness.client.connect());
        await harness.environment.advance(10_000);
        expect(connecting.state).not.toBe("pending");
        shown.push(connecting.error, harness.client.connection, harness.client.server, harness.client);
        harness.client.close();
      }
    }
    expect(shown.length).toBeGreaterThan(50);
    const text = shown.map(look).join("\n");
    expect(text).toContain("mem://server");
    for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

describe("connectionStatus", () => {
  it("tells what stands, in the order in which the transport says so", async () => {
    const harness = new Harness();
    harness.onOpen = ({ context }) => {
      context.report("Asking");
      context.report("Through the proxy", undefined, "proxy");
      context.report("Shaking hands", "tls");
      context.report("Secured", undefined, "tls");
      context.report("Connected", undefined, "host");
      return Promise.resolve();
    };
    const events = harness.record("connectionStatus");
    await harness.client.connect();
    expect(events.map(({ event }) => event)).toEqual([
      { status: "Asking", reached: undefined },
      { status: "Through the proxy", reached: "proxy" },
      { status: "Secured", reached: "tls" },
      { status: "Connected", reached: "host" },
    ]);
  });
});

describe("several protocol versions", () => {
  const options = { protocolVersion: [5, 4] } as const;

  it("fall back when the server says that it does not know the first", async () => {
    const harness = new Harness({
      options,
      answers: {
        connect: ({ protocolVersion }) => [{ type: "connack", reasonCode: protocolVersion === 5 ? 0x84 : 0 }],
      },
    });
    const status = harness.record("connectionStatus");
    const waiting = harness.client.publish("a", "waits", { qos: 1 });
    expect(harness.client.protocolVersion).toBe(5);
    await harness.client.connect();
    expect(harness.client.protocolVersion).toBe(4);
    expect(harness.client.server?.subscriptionIdentifierAvailable).toBe(false);
    expect(status).toMatchObject([{ event: { status: expect.stringContaining("version 5") as string } }]);
    await waiting;
    expect(harness.server.version).toBe(4);
    // What was found out is kept.
    harness.client.close();
    await harness.client.connect();
    expect(harness.servers.map(({ version }) => version)).toEqual([5, 4, 4]);
  });

  it("fall back on the CONNACK of a server that only speaks MQTT 3.1.1", async () => {
    const harness = new Harness({ options });
    harness.onServer = (server) => {
      if (harness.servers.length > 1) return;
      server.answers.connect = () => [];
      server.sendBytes(refusedIn311);
    };
    await harness.client.connect();
    expect(harness.client.protocolVersion).toBe(4);
  });

  it("fall back when the server hangs up before it has answered", async () => {
    for (const hangUp of ["end", "lose"] as const) {
      const harness = new Harness({ options });
      harness.onServer = (server) => {
        if (harness.servers.length > 1) return;
        server.answers.connect = () => {
          if (hangUp === "end") server.end();
          else server.lose(new TransportError("Reset by the server"));
          return [];
        };
      };
      await harness.client.connect();
      expect(harness.client.protocolVersion).toBe(4);
    }
  });

  it("reject with what the last was refused for", async () => {
    const harness = new Harness({
      options: { protocolVersion: [5, 4, 3] },
      answers: {
        connect: ({ protocolVersion }) => [{ type: "connack", reasonCode: protocolVersion === 5 ? 0x84 : 1 }],
      },
    });
    await expect(harness.client.connect()).rejects.toMatchObject({ code: "ERR_CONNECTION_REFUSED", reasonCode: 1 });
    expect(harness.servers.map(({ version }) => version)).toEqual([5, 4, 3]);
    expect(harness.openings.map(({ options: { webSocket } }) => webSocket?.protocols)).toEqual([
      undefined,
      undefined,
      ["mqttv3.1"],
    ]);
  });

  it.each([0x86, 0x87, 0x88])("do not fall back when the server refuses with %i", async (reasonCode) => {
    const harness = new Harness({ options, answers: { connect: () => [{ type: "connack", reasonCode }] } });
    await expect(harness.client.connect()).rejects.toMatchObject({ reasonCode });
    expect(harness.servers).toHaveLength(1);
  });

  it("do not fall back when the server does not answer in time", async () => {
    const harness = new Harness({ options, answers: { connect: () => [] } });
    const connecting = watch(harness.client.connect());
    await harness.environment.advance(40_000);
    expect(connecting.error).toBeInstanceOf(TimeoutError);
    expect(harness.servers).toHaveLength(1);
  });

  it("do not fall back when the transport cannot be opened", async () => {
    const harness = new Harness({ options });
    harness.onOpen = () => Promise.reject(new TransportError("Nobody is there"));
    await expect(harness.client.connect()).rejects.toThrow("Nobody is there");
    expect(harness.openings).toHaveLength(1);
  });

  it("do not fall back when the client is closed meanwhile", async () => {
    const harness = new Harness({ options, answers: { connect: () => [] } });
    const connecting = watch(harness.client.connect());
    await until(() => harness.servers.length === 1);
    await harness.server.expect("connect");
    harness.client.close();
    await settle();
    expect(connecting).toMatchObject({ state: "rejected", error: { code: "ERR_CLOSED" } });
    expect(harness.openings).toHaveLength(1);
  });

  it("check what waited for what the version cannot say", async () => {
    const harness = new Harness({
      options,
      answers: {
        connect: ({ protocolVersion }) => [{ type: "connack", reasonCode: protocolVersion === 5 ? 0x84 : 0 }],
      },
    });
    const waiting = watch(harness.client.publish("a", "b", { contentType: "text/plain" }));
    await harness.client.connect();
    await settle();
    expect(waiting).toMatchObject({ state: "rejected", error: { code: "ERR_UNSUPPORTED" } });
  });
});

describe("the time to connect", () => {
  it("is over while the transport is being opened", async () => {
    const harness = new Harness({ options: { connectTimeoutMs: 500 } });
    harness.onOpen = ({ context: { signal } }) => untilAborted(signal);
    const connecting = watch(harness.client.connect());
    await harness.environment.advance(499);
    expect(connecting.state).toBe("pending");
    await harness.environment.advance(1);
    expect(connecting.error).toBeInstanceOf(TimeoutError);
    expect(connecting.error).toMatchObject({ timeoutMs: 500 });
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("is over although the transport does not heed its signal, and what it opens too late is closed", async () => {
    const harness = new Harness({ options: { connectTimeoutMs: 500 } });
    const opening = gate();
    harness.onOpen = () => opening.promise;
    const connecting = watch(harness.client.connect());
    await harness.environment.advance(500);
    expect(connecting.error).toBeInstanceOf(TimeoutError);
    expect(harness.environment.pendingTimers).toBe(0);
    opening.open();
    await settle();
    expect(harness.server.aborted).toBeDefined();
  });

  it("is over when the server does not answer, counted from the beginning", async () => {
    const harness = new Harness({ options: { connectTimeoutMs: 500 }, answers: { connect: () => [] } });
    const opening = gate();
    harness.onOpen = () => opening.promise;
    const connecting = watch(harness.client.connect());
    await harness.environment.advance(400);
    opening.open();
    await harness.environment.advance(99);
    expect(connecting.state).toBe("pending");
    await harness.environment.advance(1);
    expect(connecting.error).toBeInstanceOf(TimeoutError);
    expect(harness.environment.pendingTimers).toBe(0);
    expect(harness.server.aborted).toBeDefined();
  });

  it("is told in whole milliseconds", async () => {
    const harness = new Harness({ options: { connectTimeoutMs: 500 }, answers: { connect: () => [] } });
    const opening = gate();
    harness.onOpen = () => opening.promise;
    const connecting = watch(harness.client.connect());
    await harness.environment.advance(99.3);
    opening.open();
    await harness.environment.advance(401);
    expect(connecting.error).toMatchObject({ message: "The server's answer to CONNECT took longer than 401 ms" });
  });

  it("is over when the transport does not even take the CONNECT", async () => {
    const harness = new Harness({ options: { connectTimeoutMs: 500 } });
    harness.onServer = (server) => server.stall();
    const connecting = watch(harness.client.connect());
    await harness.environment.advance(500);
    expect(connecting.error).toBeInstanceOf(TimeoutError);
    expect(harness.server.aborted).toBeDefined();
    expect(harness.environment.pendingTimers).toBe(0);
  });

  it("may be endless", async () => {
    const harness = new Harness({ options: { connectTimeoutMs: Infinity } });
    await harness.client.connect();
    expect(harness.client.state).toBe("connected");
  });
});
