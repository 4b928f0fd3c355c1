import { clientWriters, encode, PacketBatch, type ProtocolVersion } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { InvalidOptionError, UnsupportedError } from "./errors.ts";
import type { ConnectOptions, Credentials, EngineOptions } from "./options.ts";
import { connectPacket, resolveOptions } from "./resolve-options.ts";
import { MemorySessionStore } from "./session-store.ts";

const environment: EngineOptions["environment"] = {
  now: () => 0,
  setTimeout: () => undefined,
  clearTimeout: () => undefined,
  wallNow: () => 0,
  getRandomValues: (bytes) => bytes.map((_, index) => index * 17),
};

function engineOptions(options: object): EngineOptions {
  return { transports: [], environment, ...options };
}

/** The error that options are refused with. */
function refusal(options: object): unknown {
  try {
    resolveOptions(engineOptions(options));
  } catch (error) {
    return error;
  }
  throw new Error("The options were taken");
}

/** The CONNECT that these options make, as it was encoded and without what is undefined. */
function connectOf(options: ConnectOptions, attempt: Credentials & { version?: ProtocolVersion } = {}): unknown {
  const { version = 5 } = attempt;
  const resolved = resolveOptions(engineOptions(options));
  const packet = connectPacket(resolved, { ...attempt, version, clientId: resolved.clientId });
  // It can be sent.
  expect(new PacketBatch(clientWriters, { version }).add(packet)).toBe(encode(packet, version).length);
  return packet;
}

describe("resolveOptions", () => {
  test("fills in the defaults", () => {
    expect(resolveOptions(engineOptions({}))).toStrictEqual({
      transports: [],
      environment,
      properties: {},
      versions: [5],
      // 16 bytes, each as a digit to the base of 36.
      clientId: "rivulet0hyfwdubs9q7o5m3",
      cleanStart: true,
      keepAlive: 60,
      connectTimeoutMs: 30_000,
      operationTimeoutMs: 30_000,
    });
  });

  test("[MQTT311-3.1.3-5] a random clientId has at most 23 characters, of those that every server accepts", () => {
    const random = { ...environment, getRandomValues: (bytes: Uint8Array) => bytes.fill(0xff) };
    for (const source of [environment, random]) {
      const { clientId } = resolveOptions({ transports: [], environment: source });
      expect(clientId).toMatch(/^[0-9a-zA-Z]{1,23}$/);
    }
  });

  test("keeps what is asked for", () => {
    const options = {
      clientId: "kitchen",
      cleanStart: false,
      keepAlive: 0,
      connectTimeoutMs: 1,
      operationTimeoutMs: 2,
      pingTimeoutMs: 3,
      maxInflight: 4,
      offlineQueue: { maxMessages: 0, maxBytes: Infinity },
      reconnect: { minDelayMs: 5, maxDelayMs: Infinity, maxAttempts: 1, stableAfterMs: 0, retryInitial: true },
      redirect: { maxHops: 1, allow: () => true },
      username: "u",
      password: "p",
      will: { topic: "gone", payload: "x" },
    };
    expect(resolveOptions(engineOptions(options))).toMatchObject(options);
  });

  test("takes false for what can be turned off, and nothing of what can be left out", () => {
    for (const name of ["offlineQueue", "reconnect", "redirect"]) {
      for (const value of [false, undefined, {}]) {
        expect(resolveOptions(engineOptions({ [name]: value }))).toMatchObject({ [name]: value });
      }
    }
    expect(() => resolveOptions(engineOptions({ redirect: false, protocolVersion: 4 }))).not.toThrow();
  });

  test.each([
    [5, [5]],
    [4, [4]],
    [3, [3]],
    [
      [5, 4],
      [5, 4],
    ],
    [
      [4, 5, 3],
      [4, 5, 3],
    ],
  ])("protocolVersion %o is tried as %o", (protocolVersion, versions) => {
    expect(resolveOptions(engineOptions({ protocolVersion })).versions).toStrictEqual(versions);
  });

  test.each([
    ["protocolVersion", 6],
    ["protocolVersion", "5"],
    ["protocolVersion", []],
    ["protocolVersion", [5, 2]],
    ["protocolVersion", null],
    ["keepAlive", -1],
    ["keepAlive", 65_536],
    ["keepAlive", 1.5],
    ["keepAlive", "60"],
    ["sessionExpiryInterval", -1],
    ["sessionExpiryInterval", 0x1_0000_0000],
    ["receiveMaximum", 0],
    ["receiveMaximum", 65_536],
    ["topicAliasMaximum", -1],
    ["topicAliasMaximum", 65_536],
    ["maximumPacketSize", 0],
    ["maximumPacketSize", 0x1_0000_0000],
    ["connectTimeoutMs", 0],
    ["operationTimeoutMs", -5],
    ["pingTimeoutMs", NaN],
    ["maxInflight", 0],
    ["maxInflight", 65_536],
    ["reconnect", true],
    ["reconnect", null],
    ["reconnect", 5],
    ["redirect", true],
    ["redirect", "off"],
    ["offlineQueue", true],
    ["offlineQueue", 100],
  ])("%s: %o is refused by name", (option, value) => {
    const error = refusal({ [option]: value });
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option });
  });

  test.each([
    [{ offlineQueue: { maxMessages: -1 } }, "offlineQueue.maxMessages"],
    [{ offlineQueue: { maxBytes: 0.5 } }, "offlineQueue.maxBytes"],
    [{ offlineQueue: { maximum: 1 } }, "offlineQueue.maximum"],
    [{ offlineQueue: { qos0: "reject" } }, "offlineQueue.qos0"],
    [{ offlineQueue: { overflow: "pause" } }, "offlineQueue.overflow"],
    [{ reconnect: { minDelayMs: 0 } }, "reconnect.minDelayMs"],
    [{ reconnect: { maxDelayMs: -1 } }, "reconnect.maxDelayMs"],
    [{ reconnect: { minDelayMs: 2, maxDelayMs: 1 } }, "reconnect.maxDelayMs"],
    [{ reconnect: { maxAttempts: 0 } }, "reconnect.maxAttempts"],
    [{ reconnect: { stableAfterMs: -1 } }, "reconnect.stableAfterMs"],
    [{ reconnect: { retryInitial: "yes" } }, "reconnect.retryInitial"],
    [{ reconnect: { retry: 1000 } }, "reconnect.retry"],
    [{ reconnect: { period: 1000 } }, "reconnect.period"],
    [{ redirect: { maxHops: 0 } }, "redirect.maxHops"],
    [{ redirect: { allow: true } }, "redirect.allow"],
    [{ redirect: { hosts: [] } }, "redirect.hosts"],
    [{ will: { topic: "a", payload: "", qos: 3 } }, "will.qos"],
    [{ will: { topic: "a", payload: "", delayInterval: -1 } }, "will.delayInterval"],
    [{ will: { topic: "a", payload: "", messageExpiryInterval: 0.5 } }, "will.messageExpiryInterval"],
    [{ will: { topic: "a", payload: "", payloadFormat: "text" } }, "will.payloadFormat"],
    [{ will: { topic: "a", payload: "", message: "gone" } }, "will.message"],
    [{ will: { topic: "", payload: "" } }, "will.topic"],
    [{ will: { topic: "a/#", payload: "" } }, "will.topic"],
    [{ will: "gone" }, "will"],
    [{ clientId: 7 }, "clientId"],
    [{ clientId: null }, "clientId"],
    [{ credentials: { username: "u" } }, "credentials"],
    [{ keepalive: 5 }, "keepalive"],
    [{ clean: true }, "clean"],
  ])("%o is refused as %s", (options, option) => {
    const error = refusal(options);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option });
  });

  test("[MQTT311-3.1.3-7] an empty clientId needs cleanStart before MQTT 5.0", () => {
    for (const protocolVersion of [4, 3] as const) {
      expect(refusal({ clientId: "", cleanStart: false, protocolVersion })).toMatchObject({ option: "clientId" });
    }
    expect(() => resolveOptions(engineOptions({ clientId: "", protocolVersion: 4 }))).not.toThrow();
    expect(() => resolveOptions(engineOptions({ clientId: "", cleanStart: false }))).not.toThrow();
    const list = { clientId: "", cleanStart: false, protocolVersion: [5, 4] };
    expect(() => resolveOptions(engineOptions(list))).not.toThrow();
  });

  const recent: [name: string, options: ConnectOptions][] = [
    ["sessionExpiryInterval", { sessionExpiryInterval: 5 }],
    ["receiveMaximum", { receiveMaximum: 5 }],
    ["topicAliasMaximum", { topicAliasMaximum: 5 }],
    ["requestResponseInformation", { requestResponseInformation: true }],
    ["requestProblemInformation", { requestProblemInformation: false }],
    ["userProperties", { userProperties: [["a", "1"]] }],
    ["redirect", { redirect: {} }],
    ["will.delayInterval", { will: { topic: "a", payload: "", delayInterval: 1 } }],
    ["will.messageExpiryInterval", { will: { topic: "a", payload: "", messageExpiryInterval: 1 } }],
    ["will.contentType", { will: { topic: "a", payload: "", contentType: "text/plain" } }],
    ["will.payloadFormat", { will: { topic: "a", payload: "", payloadFormat: "utf-8" } }],
    ["will.responseTopic", { will: { topic: "a", payload: "", responseTopic: "b" } }],
    ["will.correlationData", { will: { topic: "a", payload: "", correlationData: new Uint8Array(1) } }],
    ["will.userProperties", { will: { topic: "a", payload: "", userProperties: [["a", "1"]] } }],
  ];

  test.each(recent)("%s needs MQTT 5.0", (feature, options) => {
    for (const protocolVersion of [4, 3, [4, 3]]) {
      const error = refusal({ ...options, protocolVersion });
      expect(error).toBeInstanceOf(UnsupportedError);
      expect(error).toMatchObject({ feature });
    }
    for (const protocolVersion of [5, [5, 4], [4, 5]] as const) {
      expect(() => resolveOptions(engineOptions({ ...options, protocolVersion }))).not.toThrow();
    }
  });

  test.each([{}, { clientId: "" }])("a session that is kept needs a clientId that is known again: %o", (options) => {
    const session = new MemorySessionStore();
    expect(() => resolveOptions(engineOptions({ ...options, session }))).toThrow(
      expect.objectContaining({ name: "InvalidOptionError", option: "clientId" }),
    );
    expect(resolveOptions(engineOptions({ clientId: "kitchen", session })).cleanStart).toBe(false);
  });

  test("maximumPacketSize, maxInflight and the time limits serve MQTT 3.1.1 too", () => {
    const options = { maximumPacketSize: 1024, maxInflight: 5, pingTimeoutMs: 5, keepAlive: 5, protocolVersion: 4 };
    expect(() => resolveOptions(engineOptions(options))).not.toThrow();
  });
});

describe("connectPacket", () => {
  test("of MQTT 5.0 tells our limits", () => {
    expect(connectOf({ clientId: "kitchen" })).toStrictEqual({
      type: "connect",
      protocolVersion: 5,
      cleanStart: true,
      keepAlive: 60,
      clientIdentifier: "kitchen",
      properties: { receiveMaximum: 1000, topicAliasMaximum: 10, maximumPacketSize: undefined },
    });
  });

  test("of MQTT 5.0 tells what is asked for", () => {
    const properties = { sessionExpiryInterval: 300, receiveMaximum: 5, topicAliasMaximum: 0, maximumPacketSize: 1024 };
    const userProperties = [["a", "1"]] as const;
    const options = { requestResponseInformation: true, requestProblemInformation: false, userProperties };
    expect(connectOf({ ...properties, ...options })).toMatchObject({
      properties: { ...properties, requestResponseInformation: 1, requestProblemInformation: 0, userProperties },
    });
  });

  test("of MQTT 5.0 has all of the will [MQTT-3.1.2-9]", () => {
    const will = {
      topic: "gone",
      payload: "kitchen",
      qos: 2,
      retain: true,
      delayInterval: 5,
      payloadFormat: "utf-8",
      contentType: "text/plain",
    } as const;
    expect(connectOf({ will })).toMatchObject({
      will: {
        topic: "gone",
        payload: new TextEncoder().encode("kitchen"),
        qos: 2,
        retain: true,
        properties: { willDelayInterval: 5, payloadFormatIndicator: 1, contentType: "text/plain" },
      },
    });
  });

  test.each([4, 3] as const)("of version %i goes without what that version does not have", (version) => {
    const will = { topic: "gone", payload: new Uint8Array([1]), delayInterval: 5 };
    const options = { clientId: "kitchen", protocolVersion: [5, version], will, sessionExpiryInterval: 5 } as const;
    expect(connectOf(options, { version })).toStrictEqual({
      type: "connect",
      protocolVersion: version,
      cleanStart: true,
      keepAlive: 60,
      clientIdentifier: "kitchen",
      will: { topic: "gone", payload: new Uint8Array([1]), qos: 0, retain: false },
    });
  });

  test("[MQTT-3.1.2-17] [MQTT-3.1.2-19] has user name and password, and in MQTT 5.0 a password alone", () => {
    const password = new TextEncoder().encode("secret");
    for (const version of [5, 4, 3] as const) {
      const options = { protocolVersion: version };
      const both = connectOf(options, { version, username: "kitchen", password: "secret" });
      expect(both).toMatchObject({ userName: "kitchen", password });
    }
    expect(connectOf({}, { password: "secret" })).toMatchObject({ password });
    expect(connectOf({}, { password: "secret" })).not.toHaveProperty("userName");
  });

  test.each([
    ["[MQTT311-3.1.2-22] a password alone before MQTT 5.0", 4, { password: "secret" }],
    ["a user name with U+0000", 5, { username: "secret\u0000" }],
    ["a user name that is too long", 5, { username: "secret".repeat(12_000) }],
    ["a password that is too long", 5, { password: "secret".repeat(12_000) }],
  ] as const)("%s is refused, without a word of it", (_, version, credentials) => {
    const resolved = resolveOptions(engineOptions({ protocolVersion: version }));
    const attempt = { version, clientId: resolved.clientId, ...credentials };
    expect(() => connectPacket(resolved, attempt)).toThrow(InvalidOptionError);
    expect(() => connectPacket(resolved, attempt)).not.toThrow(/secret/);
  });

  test("a will of no bytes is refused", () => {
    expect(() => resolveOptions(engineOptions({ will: { topic: "a", payload: 5 } }))).toThrow(
      expect.objectContaining({ name: "InvalidOptionError", option: "will.payload" }),
    );
    expect(() => resolveOptions(engineOptions({ password: 5 }))).toThrow(
      expect.objectContaining({ name: "InvalidOptionError", option: "password" }),
    );
  });
});
