import { describe, expect, test } from "vitest";
import { failureOf } from "../../testing/config-core.ts";
import { Settings } from "../settings/settings.ts";
import { connectOptions, disconnectOptions, publishOptions, subscribeOptions } from "./message-options.ts";

function settingsWith(given: Partial<Settings>, message: Partial<Settings["message"]> = {}): Settings {
  const settings = Object.assign(new Settings(), given);
  const { will, outgoing, ...fields } = message;
  Object.assign(settings.message, fields);
  Object.assign(settings.message.will, will);
  Object.assign(settings.message.outgoing, outgoing);
  return settings;
}

const properties = {
  contentType: "text/plain",
  correlationData: "0aff",
  messageExpInterval: 60,
  payloadFormatIndicator: 1,
  responseTopic: "answers",
};
const asOptions = {
  contentType: "text/plain",
  correlationData: Uint8Array.of(0x0a, 0xff),
  messageExpiryInterval: 60,
  payloadFormat: "utf-8",
  responseTopic: "answers",
};

describe("connectOptions", () => {
  test("are those of MQTT 3.1.1 by default", () => {
    expect(connectOptions(new Settings())).toEqual({
      protocolVersion: 4,
      cleanStart: true,
      keepAlive: 0,
      republishInterval: 60,
    });
  });

  test("have what is set", () => {
    const given = { cleanSession: false, clientId: "c", keepAliveInterval: 30, user: "u", password: "p" };
    expect(connectOptions(settingsWith({ ...given, republishInterval: 0 }))).toEqual({
      protocolVersion: 4,
      cleanStart: false,
      clientId: "c",
      keepAlive: 30,
      pingTimeoutMs: 30_000,
      username: "u",
      password: "p",
      republishInterval: 0,
    });
  });

  test("have in MQTT 5.0 what that has", () => {
    const message = {
      clientTopicAliasMax: 3,
      maximumPacketSize: 1000,
      receiveMaximum: 4,
      requestProblemInformation: false,
      requestResponseInformation: true,
      sessionExpInterval: 99,
    };
    expect(connectOptions(settingsWith({ version: 1 }, message))).toEqual({
      protocolVersion: 5,
      cleanStart: true,
      keepAlive: 0,
      topicAliasMaximum: 3,
      maximumPacketSize: 1000,
      receiveMaximum: 4,
      requestProblemInformation: false,
      requestResponseInformation: true,
      sessionExpiryInterval: 99,
    });
    expect(connectOptions(settingsWith({ version: 0 }, message))).toEqual(connectOptions(new Settings()));
    // Where nothing is said, the protocol's defaults count, not those of MqttClient.
    expect(connectOptions(settingsWith({ version: 1 }))).toMatchObject({
      topicAliasMaximum: 0,
      receiveMaximum: 65_535,
      sessionExpiryInterval: undefined,
    });
  });

  test("have a will where there is a topic for it", () => {
    const message = { willQos: 1, willRetain: true, will: { ...properties, delayInterval: 5 } };
    expect(connectOptions(settingsWith({ willMessage: "gone" }, message)).will).toBeUndefined();
    const will = { topic: "t", payload: "gone", qos: 1, retain: true };
    const given = { willTopic: "t", willMessage: "gone" };
    expect(connectOptions(settingsWith(given, message)).will).toEqual(will);
    expect(connectOptions(settingsWith({ ...given, version: 1 }, message)).will).toEqual({
      ...will,
      ...asOptions,
      delayInterval: 5,
    });
    expect(failureOf(() => connectOptions(settingsWith({ willTopic: "t/#" }))).code).toBe(502);
  });

  test.each([
    [{ cleanSession: false }, 500],
    [{ cleanSession: false, version: 1 }, 500],
    [{ keepAliveInterval: 65_536 }, 10022],
    [{ keepAliveInterval: -1 }, 10022],
    [{ keepAliveInterval: 1.5 }, 10022],
  ])("of %j cannot be made: %i", (given, code) => {
    const error = failureOf(() => connectOptions(settingsWith(given)));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain("secret");
  });

  test("of a password without a user cannot be made before MQTT 5.0 [MQTT311-3.1.2-22]", () => {
    const error = failureOf(() => connectOptions(settingsWith({ password: "secret" })));
    expect(error.code).toBe(500);
    expect(error.message).not.toContain("secret");
  });

  test("may have a password alone in MQTT 5.0", () => {
    const options = connectOptions(settingsWith({ version: 1, password: "p" }));
    expect(options.password).toBe("p");
    expect(options.username).toBeUndefined();
  });
});

describe("publishOptions", () => {
  test("have the flags, Duplicate at QoS 1 and 2 only", () => {
    const settings = settingsWith({}, { retain: true, duplicate: true });
    expect(publishOptions(settings, 0)).toEqual({ qos: 0, retain: true, duplicate: false });
    expect(publishOptions(settings, 2)).toEqual({ qos: 2, retain: true, duplicate: true });
    for (const qos of [-1, 3, 0.5]) expect(failureOf(() => publishOptions(settings, qos)).code).toBe(505);
  });

  test("have properties in MQTT 5.0", () => {
    const message = {
      outgoing: { ...properties, topicAlias: 2 },
      outgoingUserProperties: [["a", "b"] as const],
    };
    expect(publishOptions(settingsWith({}, message), 1)).toEqual({ qos: 1, retain: false, duplicate: false });
    expect(publishOptions(settingsWith({ version: 1 }, message), 1)).toEqual({
      qos: 1,
      retain: false,
      duplicate: false,
      ...asOptions,
      topicAlias: 2,
      userProperties: [["a", "b"]],
    });
    expect(publishOptions(settingsWith({ version: 1 }), 1)).toEqual({ qos: 1, retain: false, duplicate: false });
    const bytes = settingsWith({ version: 1 }, { outgoing: { ...message.outgoing, payloadFormatIndicator: 0 } });
    expect(publishOptions(bytes, 1).payloadFormat).toBe("bytes");
  });
});

describe("subscribeOptions", () => {
  test("take filters apart with the delimiter that is set", () => {
    const settings = settingsWith({}, { topicDelimiter: ";", subscriptionIdentifier: 5, topicNoLocal: "true" });
    expect(subscribeOptions(settings, "a;b", 1)).toEqual({
      filters: [
        { filter: "a", qos: 1 },
        { filter: "b", qos: 1 },
      ],
      options: {},
    });
    settings.version = 1;
    const options = { qos: 1, noLocal: true, retainAsPublished: false, retainHandling: 0 };
    expect(subscribeOptions(settings, "a", 1)).toEqual({
      filters: [{ filter: "a", ...options }],
      options: { identifier: 5 },
    });
  });
});

describe("disconnectOptions", () => {
  test("have in MQTT 5.0 what was set", () => {
    const message = { disconnectReasonCode: 4, disconnectReasonString: "bye", disconnectSessionExpInterval: 0 };
    expect(disconnectOptions(settingsWith({}, message), 100)).toEqual({ timeoutMs: 100 });
    expect(disconnectOptions(settingsWith({ version: 1 }, message), 100)).toEqual({
      timeoutMs: 100,
      reasonCode: 4,
      reasonString: "bye",
      sessionExpiryInterval: 0,
    });
    expect(disconnectOptions(settingsWith({ version: 1 }), 0)).toEqual({ timeoutMs: 0, reasonCode: 0 });
  });
});
