import { reasonCodes, type ControlPacketInput, type ProtocolVersion } from "@rivulet/codec";
import { afterEach, describe, expect, it } from "vitest";
import { connected, gate, Harness, watch, type HarnessOptions } from "../../testing/client-harness.ts";
import type { Answers } from "../../testing/scripted-server.ts";
import { settle } from "../../testing/virtual-environment.ts";
import type { Authentication, Authenticator } from "../authenticator.ts";
import {
  AuthenticationError,
  ClosedError,
  ConnectionRefusedError,
  InvalidOptionError,
  NotConnectedError,
  PacketTooLargeError,
  ProtocolError,
  ServerDisconnectError,
  TimeoutError,
  TransportError,
  UnsupportedError,
} from "../errors.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const properties = (data?: string): object => ({
  authenticationMethod: "RHYME",
  ...(data === undefined ? {} : { authenticationData: bytes(data) }),
});

const auth = (reasonCode: number, data?: string): ControlPacketInput => ({
  type: "auth",
  reasonCode,
  properties: properties(data),
});
const { continueAuthentication, reAuthenticate, success, badAuthenticationMethod } = reasonCodes;

/** An authenticator that answers `x` by `x!`, is content with everything, and counts. */
class Rhyme implements Authenticator {
  readonly method = "RHYME";
  readonly said: string[] = [];
  count = 0;
  readonly #changes: Partial<Authentication>;

  constructor(changes: Partial<Authentication> = {}) {
    this.#changes = changes;
  }

  begin(): Authentication | Promise<Authentication> {
    this.count += 1;
    return {
      initialData: bytes(`begin ${this.count}`),
      respond: (data) => {
        this.said.push(`respond ${new TextDecoder().decode(data)}`);
        return bytes(`${new TextDecoder().decode(data)}!`);
      },
      verify: (data) => {
        this.said.push(`verify ${new TextDecoder().decode(data)}`);
      },
      ...this.#changes,
    };
  }
}

/** A server that asks once before it accepts, each time. */
function asking(): Answers {
  let isConnected = false;
  return {
    connect: () => [auth(continueAuthentication, "ask")],
    auth: ({ reasonCode }) => {
      if (reasonCode === reAuthenticate) return [auth(continueAuthentication, "ask again")];
      if (isConnected) return [auth(success, "fine again")];
      isConnected = true;
      return [{ type: "connack", properties: properties("fine") }];
    },
  };
}

function harness(authenticator: Authenticator, options: HarnessOptions = {}): Harness {
  return new Harness({
    answers: asking(),
    ...options,
    options: { authenticator, reconnect: false, ...options.options },
  });
}

const made: Harness[] = [];
afterEach(() => {
  for (const { client } of made.splice(0)) client.close();
});

function own(one: Harness): Harness {
  made.push(one);
  return one;
}

async function authenticated(authenticator: Authenticator, options: HarnessOptions = {}): Promise<Harness> {
  const one = own(harness(authenticator, options));
  await one.client.connect();
  await settle();
  return one;
}

/** An authentication of which one part fails. */
const failing: [part: string, changes: Partial<Authentication>][] = [
  ["respond", { respond: () => Promise.reject(new Error("no idea")) }],
  [
    "respond, at once",
    {
      respond: () => {
        throw new Error("no idea");
      },
    },
  ],
  ["verify", { verify: () => Promise.reject(new Error("no idea")) }],
];

describe("authentication while connecting", () => {
  it("[MQTT-4.12.0-3] [MQTT-4.12.0-5] goes to and fro in CONNECT, AUTH and CONNACK", async () => {
    const authenticator = new Rhyme();
    const { server, client } = await authenticated(authenticator);
    expect(client.state).toBe("connected");
    expect(server.received).toMatchObject([
      { type: "connect", properties: properties("begin 1") },
      auth(continueAuthentication, "ask!"),
    ]);
    expect(authenticator.said).toEqual(["respond ask", "verify fine"]);
  });

  it("has no data where the authenticator has none", async () => {
    const { server } = await authenticated(new Rhyme({ initialData: undefined, respond: () => undefined }));
    expect(server.all("connect")[0]?.properties).not.toHaveProperty("authenticationData");
    expect(server.all("auth")).toStrictEqual([auth(continueAuthentication)]);
  });

  it("[MQTT-3.1.2-30] sends nothing else, and hands over nothing, before the server is found to be the right one", async () => {
    const verified = gate();
    const one = own(harness(new Rhyme({ verify: () => verified.promise })));
    const events = one.record("connected", "message");
    const connecting = watch(one.client.connect());
    void one.client.publish("a", "queued", { qos: 1 });
    const server = await one.nextServer();
    await server.expect("auth");
    server.publish("b", "early");
    await settle();
    expect([connecting.state, one.client.state, events]).toEqual(["pending", "connecting", []]);
    expect(server.received.map(({ type }) => type)).toEqual(["connect", "auth"]);
    verified.open();
    await server.expect("publish");
    await settle();
    expect(connecting.state).toBe("fulfilled");
    expect(events.map(({ name }) => name)).toEqual(["connected", "message"]);
  });

  it("begins anew with each connection", async () => {
    const authenticator = new Rhyme();
    const one = await authenticated(authenticator, { options: { reconnect: { minDelayMs: 1 } } });
    one.answers = asking();
    one.server.end();
    await settle();
    await one.environment.advance(1);
    await settle();
    expect(one.server.all("connect")).toMatchObject([{ properties: properties("begin 2") }]);
    expect(one.client.state).toBe("connected");
  });

  it("opens nothing when the authenticator cannot begin", async () => {
    const cause = new Error("no idea");
    const one = own(harness({ method: "RHYME", begin: () => Promise.reject(cause) }));
    const error = await one.client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ cause, reasonCode: badAuthenticationMethod });
    expect(one.servers).toHaveLength(0);
  });

  it.each(failing)("ends with the cause and DISCONNECT when this fails: %s", async (_, changes) => {
    const one = own(harness(new Rhyme(changes)));
    const events = one.record("connected");
    const error = await one.client.connect().catch((reason: unknown) => reason);
    await settle();
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ cause: new Error("no idea") });
    expect(one.server.received.at(-1)).toMatchObject({ type: "disconnect", reasonCode: badAuthenticationMethod });
    expect([one.client.state, events]).toEqual(["closed", []]);
  });

  it("passes on an AuthenticationError as it is", async () => {
    const reason = new AuthenticationError("The server is not who it should be");
    const one = own(harness(new Rhyme({ verify: () => Promise.reject(reason) })));
    await expect(one.client.connect()).rejects.toBe(reason);
  });

  it("does not try again by itself", async () => {
    const options = { reconnect: { retryInitial: true } };
    const one = own(harness(new Rhyme({ verify: () => Promise.reject(new Error("no idea")) }), { options }));
    await expect(one.client.connect()).rejects.toThrow(AuthenticationError);
    expect(one.servers).toHaveLength(1);
  });

  it.each(["respond", "verify"])("does not wait for ever for %s", async (part) => {
    const { promise } = gate<never>();
    const one = own(harness(new Rhyme({ [part]: () => promise }), { options: { connectTimeoutMs: 100 } }));
    const connecting = watch(one.client.connect());
    await settle();
    await one.environment.advance(100);
    expect(connecting.error).toBeInstanceOf(TimeoutError);
  });

  it("leaves nothing behind when the client is closed meanwhile", async () => {
    const answer = gate<Uint8Array>();
    const one = own(harness(new Rhyme({ respond: () => answer.promise })));
    const connecting = watch(one.client.connect());
    await settle();
    one.client.close();
    answer.open(bytes("late"));
    await settle();
    expect(connecting.error).toBeInstanceOf(ClosedError);
    expect(one.server.all("auth")).toEqual([]);
    const late = gate<Uint8Array>();
    const other = own(harness(new Rhyme({ respond: () => late.promise })));
    void other.client.connect().catch(() => undefined);
    await settle();
    other.client.close();
    late.fail(new Error("late"));
    await settle();
    expect([one.environment.pendingTimers, other.environment.pendingTimers]).toEqual([0, 0]);
  });

  it("rejects with what the server says when it refuses", async () => {
    const refusal: ControlPacketInput = { type: "connack", reasonCode: badAuthenticationMethod };
    const one = own(harness(new Rhyme(), { answers: { connect: () => [refusal] } }));
    await expect(one.client.connect()).rejects.toThrow(ConnectionRefusedError);
  });

  it.each<[what: string, packet: ControlPacketInput]>([
    ["AUTH", auth(continueAuthentication, "and?")],
    ["CONNACK", { type: "connack", properties: properties() }],
  ])("ends when %s comes out of turn", async (_, packet) => {
    const one = own(harness(new Rhyme({ respond: () => gate<never>().promise })));
    const connecting = watch(one.client.connect());
    const server = await one.nextServer();
    await settle();
    server.send(packet);
    await settle();
    expect(connecting.error).toBeInstanceOf(ProtocolError);
    expect(server.received.at(-1)).toMatchObject({ type: "disconnect", reasonCode: reasonCodes.protocolError });
  });
});

describe("reauthenticate", () => {
  it("[MQTT-4.12.1-1] begins another exchange, while messages flow", async () => {
    const authenticator = new Rhyme();
    const { server, client } = await authenticated(authenticator);
    server.received.splice(0);
    const done = client.reauthenticate();
    await client.publish("a", "meanwhile", { qos: 1 });
    await done;
    expect(server.all("auth")).toStrictEqual([
      auth(reAuthenticate, "begin 2"),
      auth(continueAuthentication, "ask again!"),
    ]);
    expect(authenticator.said.slice(2)).toEqual(["respond ask again", "verify fine again"]);
    expect(client.state).toBe("connected");
  });

  it("is one at a time, and any number one after the other", async () => {
    const authenticator = new Rhyme();
    const { client, environment } = await authenticated(authenticator);
    await Promise.all([client.reauthenticate(), client.reauthenticate()]);
    expect(authenticator.count).toBe(2);
    await client.reauthenticate();
    expect(authenticator.count).toBe(3);
    expect(environment.pendingTimers).toBe(1); // Of the keep-alive.
  });

  it.each([...failing, ["begin", undefined] as [string, undefined]])(
    "[MQTT-4.12.1-2] ends the connection when this fails: %s",
    async (_, changes) => {
      let isFirst = true;
      const authenticator: Authenticator = {
        method: "RHYME",
        begin: () => {
          const isFine = isFirst;
          isFirst = false;
          if (!isFine && changes === undefined) throw new Error("no idea");
          return new Rhyme(isFine ? {} : changes).begin();
        },
      };
      const one = await authenticated(authenticator);
      const events = one.record("disconnected");
      const error = await one.client.reauthenticate().catch((reason: unknown) => reason);
      await settle();
      expect(error).toBeInstanceOf(AuthenticationError);
      expect(error).toMatchObject({ cause: new Error("no idea") });
      expect(events).toMatchObject([{ event: { error, willReconnect: false } }]);
      expect(one.server.received.at(-1)).toMatchObject({ type: "disconnect", reasonCode: badAuthenticationMethod });
    },
  );

  it("ends with the cause when its packet is larger than the server takes", async () => {
    const answers = {
      ...asking(),
      connect: () => [{ type: "connack", properties: { ...properties(), maximumPacketSize: 20 } } as const],
    };
    const one = await authenticated(new Rhyme(), { answers });
    await expect(one.client.reauthenticate()).rejects.toMatchObject({
      name: "AuthenticationError",
      cause: expect.any(PacketTooLargeError) as unknown,
    });
  });

  it.each<[what: string, does: (one: Harness) => void, error: new (...args: never) => Error]>([
    ["refuses", ({ server }) => server.send({ type: "disconnect", reasonCode: 0x87 }), ServerDisconnectError],
    ["is lost", ({ server }) => server.end(), TransportError],
    ["is left", ({ client }) => client.close(), ClosedError],
    ["is silent", ({ environment }) => void environment.advance(500), TimeoutError],
  ])("rejects when the server %s", async (_, does, error) => {
    const answers: Answers = { ...asking() };
    const one = await authenticated(new Rhyme(), { answers, options: { operationTimeoutMs: 500 } });
    one.server.answers.auth = () => [];
    const done = watch(one.client.reauthenticate());
    await settle();
    expect(done.state).toBe("pending");
    does(one);
    await settle(40);
    expect(done.error).toBeInstanceOf(error);
    expect(one.client.state).toBe("closed");
  });

  it("rejects without a connection, and without an authenticator", async () => {
    const one = own(harness(new Rhyme()));
    await expect(one.client.reauthenticate()).rejects.toThrow(NotConnectedError);
    const { client } = own(await connected());
    await expect(client.reauthenticate()).rejects.toThrow(AuthenticationError);
    expect(client.state).toBe("connected");
  });

  it("rejects before MQTT 5.0", async () => {
    const { client } = own(await connected({ version: 4 }));
    await expect(client.reauthenticate()).rejects.toThrow(UnsupportedError);
  });
});

describe("option authenticator", () => {
  it.each<[protocolVersion: ProtocolVersion | readonly ProtocolVersion[]]>([[4], [3], [[5, 4]]])(
    "needs MQTT 5.0, not %j",
    (protocolVersion) => {
      const make = (): unknown => harness(new Rhyme(), { options: { protocolVersion } });
      expect(make).toThrow(UnsupportedError);
      expect(make).toThrow(expect.objectContaining({ feature: "authenticator" }));
    },
  );

  it("is an object", () => {
    expect(() => harness("SCRAM" as never)).toThrow(InvalidOptionError);
  });

  it("[MQTT-4.12.0-7] without it no AUTH is sent, and none may come", async () => {
    const one = own(await connected({ options: { reconnect: false } }));
    const events = one.record("disconnected");
    one.server.send(auth(continueAuthentication, "ask"));
    await settle();
    expect(events).toMatchObject([{ event: { error: expect.any(ProtocolError) as unknown } }]);
    expect(one.server.all("auth")).toEqual([]);
  });
});
