import { describe, expect, test } from "vitest";
import { coreForConfig, failureOf } from "../../testing/config-core.ts";
import { config } from "./config.ts";

function set(core: ReturnType<typeof coreForConfig>, name: string, value: unknown): void {
  config(core, `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
}

describe("ConnectProperties", () => {
  test("has all values as strings, and takes numbers and booleans too", () => {
    const core = coreForConfig();
    expect(config(core, "ConnectProperties")).toBe("{}");
    set(core, "ConnectProperties", {
      SessionExpInterval: 3600,
      ReceiveMaximum: "5",
      RequestProblemInformation: "true",
      MaximumPacketSize: 65_000,
      RequestResponseInformation: false,
      ClientTopicAliasMax: "9",
    });
    expect(JSON.parse(config(core, "ConnectProperties"))).toEqual({
      SessionExpInterval: "3600",
      ReceiveMaximum: "5",
      RequestProblemInformation: "True",
      MaximumPacketSize: "65000",
      RequestResponseInformation: "False",
      ClientTopicAliasMax: "9",
    });
    expect(core.settings.message).toMatchObject({ maximumPacketSize: 65_000, requestResponseInformation: false });
  });

  test("shares values with the settings of that name", () => {
    const core = coreForConfig();
    config(core, "SessionExpInterval=5");
    config(core, "ClientTopicAliasMax=6");
    expect(JSON.parse(config(core, "ConnectProperties"))).toEqual({
      ClientTopicAliasMax: "6",
      SessionExpInterval: "5",
    });
    set(core, "ConnectProperties", { SessionExpInterval: "7" });
    expect(config(core, "SessionExpInterval")).toBe("7");
    expect(config(core, "ClientTopicAliasMax")).toBe("6");
  });

  test("resets one value by an empty one or -1, and all by nothing", () => {
    const core = coreForConfig();
    set(core, "ConnectProperties", { ReceiveMaximum: 3, MaximumPacketSize: 4, RequestProblemInformation: false });
    set(core, "ConnectProperties", { ReceiveMaximum: "-1", RequestProblemInformation: "" });
    expect(JSON.parse(config(core, "ConnectProperties"))).toEqual({ MaximumPacketSize: "4" });
    set(core, "ConnectProperties", { ReceiveMaximum: 3, MaximumPacketSize: -1 });
    expect(JSON.parse(config(core, "ConnectProperties"))).toEqual({ ReceiveMaximum: "3" });
    set(core, "ConnectProperties", "");
    expect(config(core, "ConnectProperties")).toBe("{}");
  });

  test("changes nothing when something is wrong", () => {
    const core = coreForConfig();
    set(core, "ConnectProperties", { ReceiveMaximum: 3 });
    for (const bad of [
      { ReceiveMaximum: 4, MaximumPacketSize: 0 },
      { ReceiveMaximum: 4, Unknown: "1" },
      { ReceiveMaximum: 0 },
      { ReceiveMaximum: 4, RequestProblemInformation: "maybe" },
      "no JSON",
      "[]",
    ]) {
      expect(failureOf(() => set(core, "ConnectProperties", bad)).code).toBe(10022);
    }
    expect(JSON.parse(config(core, "ConnectProperties"))).toEqual({ ReceiveMaximum: "3" });
  });
});

describe("WillProperties", () => {
  test("has the response topic under both spellings", () => {
    const core = coreForConfig();
    set(core, "WillProperties", { ReponseTopic: "a" });
    expect(JSON.parse(config(core, "WillProperties"))).toEqual({ ReponseTopic: "a", ResponseTopic: "a" });
    set(core, "WillProperties", { ResponseTopic: "b" });
    expect(core.settings.message.will.responseTopic).toBe("b");
    // It can be set to what it reads.
    set(core, "WillProperties", config(core, "WillProperties"));
    expect(core.settings.message.will.responseTopic).toBe("b");
  });

  test("has the others", () => {
    const core = coreForConfig();
    const all = {
      ContentType: "text/plain",
      CorrelationData: "00ff",
      MessageExpInterval: "3600",
      PayloadFormatIndicator: "1",
      WillDelayInterval: "10",
    };
    set(core, "WillProperties", all);
    expect(JSON.parse(config(core, "WillProperties"))).toEqual(all);
    expect(core.settings.message.outgoing.contentType).toBe("");
    set(core, "WillProperties", "");
    expect(config(core, "WillProperties")).toBe("{}");
    for (const bad of [{ CorrelationData: "0" }, { CorrelationData: "xy" }, { PayloadFormatIndicator: 2 }]) {
      expect(failureOf(() => set(core, "WillProperties", bad)).code).toBe(10022);
    }
    expect(failureOf(() => set(core, "WillProperties", { ContentType: "a\0" })).code).toBe(10022);
    expect(failureOf(() => set(core, "WillProperties", { ContentType: "a".repeat(65_536) })).code).toBe(10022);
    expect(failureOf(() => set(core, "WillProperties", { CorrelationData: "00".repeat(65_536) })).code).toBe(10022);
    expect(failureOf(() => set(core, "WillProperties", { ResponseTopic: "+" })).code).toBe(10022);
  });
});

describe("OutgoingMessageProperties", () => {
  test("has User Properties as often as they come", () => {
    const core = coreForConfig();
    set(core, "OutgoingMessageProperties", '{"UserProperty":"a:1","TopicAlias":"1","UserProperty":"b:2:3"}');
    expect(core.settings.message.outgoingUserProperties).toEqual([
      ["a", "1"],
      ["b", "2:3"],
    ]);
    expect(config(core, "OutgoingUserPropCount")).toBe("2");
    expect(config(core, "TopicAlias")).toBe("1");
    expect(config(core, "OutgoingMessageProperties")).toBe(
      '{"TopicAlias":"1","UserProperty":"a:1","UserProperty":"b:2:3"}',
    );
  });

  test("keeps them when it is set without, and replaces them when it is set with some", () => {
    const core = coreForConfig();
    set(core, "OutgoingMessageProperties", '{"UserProperty":"a:1","UserProperty":"b:2"}');
    set(core, "OutgoingMessageProperties", { ContentType: "x" });
    expect(config(core, "OutgoingUserPropCount")).toBe("2");
    set(core, "OutgoingMessageProperties", { UserProperty: "c:" });
    expect(core.settings.message.outgoingUserProperties).toEqual([["c", ""]]);
    set(core, "OutgoingMessageProperties", { UserProperty: "" });
    expect(config(core, "OutgoingUserPropCount")).toBe("0");
    expect(config(core, "OutgoingMessageProperties")).toBe('{"ContentType":"x"}');
    expect(failureOf(() => set(core, "OutgoingMessageProperties", { UserProperty: "none" })).code).toBe(10022);
  });

  test("shares values with the settings of that name", () => {
    const core = coreForConfig();
    config(core, "ResponseTopic=a");
    config(core, "TopicAlias=4");
    expect(config(core, "OutgoingMessageProperties")).toBe('{"ResponseTopic":"a","TopicAlias":"4"}');
    set(core, "OutgoingMessageProperties", { responseTopic: "", TopicAlias: -1 });
    expect(config(core, "ResponseTopic")).toBe("");
    expect(config(core, "TopicAlias")).toBe("-1");
  });

  test("loses all by nothing", () => {
    const core = coreForConfig();
    set(core, "OutgoingMessageProperties", { CorrelationData: "0A", UserProperty: "a:b", MessageExpInterval: 0 });
    expect(JSON.parse(config(core, "OutgoingMessageProperties"))).toEqual({
      CorrelationData: "0A",
      UserProperty: "a:b",
      MessageExpInterval: "0",
    });
    set(core, "OutgoingMessageProperties", " ");
    expect(config(core, "OutgoingMessageProperties")).toBe("{}");
  });
});

describe("DisconnectProperties", () => {
  test("is what is sent, until something comes", () => {
    const core = coreForConfig();
    set(core, "DisconnectProperties", { SessionExpInterval: 0, ReasonString: "bye" });
    expect(config(core, "DisconnectProperties")).toBe('{"SessionExpInterval":"0","ReasonString":"bye"}');
    core.received.disconnectProperties = { reasonString: "full" };
    expect(config(core, "DisconnectProperties")).toBe('{"ReasonString":"full"}');
    expect(core.settings.message.disconnectReasonString).toBe("bye");
    core.received.disconnectProperties = {};
    expect(config(core, "DisconnectProperties")).toBe("{}");
    set(core, "DisconnectProperties", { ReasonString: "again" });
    expect(config(core, "DisconnectProperties")).toBe('{"SessionExpInterval":"0","ReasonString":"again"}');
    set(core, "DisconnectProperties", "");
    expect(config(core, "DisconnectProperties")).toBe("{}");
  });
});

describe("ConnAckProperties", () => {
  test("has what the server said, and nothing that it did not", () => {
    const core = coreForConfig();
    core.received.connackProperties = {
      assignedClientIdentifier: "c",
      maximumQoS: 1,
      maximumPacketSize: 100,
      reasonString: "r",
      receiveMaximum: 10,
      responseInformation: "i",
      retainAvailable: 0,
      serverKeepAlive: 60,
      topicAliasMaximum: 5,
      sessionExpiryInterval: 7,
      sharedSubscriptionAvailable: 1,
      subscriptionIdentifierAvailable: 0,
      wildcardSubscriptionAvailable: 1,
    };
    expect(JSON.parse(config(core, "ConnAckProperties"))).toEqual({
      AssignedClientIdentifier: "c",
      MaximumQoS: "1",
      MaximumPacketSize: "100",
      ReasonString: "r",
      ReceiveMaximum: "10",
      ResponseInformation: "i",
      RetainAvailable: "False",
      ServerKeepAlive: "60",
      ServerTopicAliasMax: "5",
      SessionExpInterval: "7",
      SharedSubscriptionAvailable: "True",
      SubscriptionIdentifiersAvailable: "False",
      WildcardSubscriptionAvailable: "True",
      WildcardSubscriptionAvaiable: "True",
    });
    core.received.connackProperties = {};
    expect(config(core, "ConnAckProperties")).toBe("{}");
  });
});
