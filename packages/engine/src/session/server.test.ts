import type { ConnackPacket } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { readServer, type Server } from "./server.ts";

const asked = { keepAlive: 60, sessionExpiryInterval: 300 };

function read(properties?: ConnackPacket["properties"], version: 3 | 4 | 5 = 5): Server {
  const packet: ConnackPacket = { type: "connack", sessionPresent: false, reasonCode: 0 };
  return readServer(properties === undefined ? packet : { ...packet, properties }, version, asked);
}

const defaults: Server = {
  sessionPresent: false,
  receiveMaximum: 65_535,
  maximumQoS: 2,
  retainAvailable: true,
  maximumPacketSize: 268_435_460,
  topicAliasMaximum: 0,
  wildcardSubscriptionAvailable: true,
  subscriptionIdentifierAvailable: true,
  sharedSubscriptionAvailable: true,
  keepAlive: 60,
  sessionExpiryInterval: 300,
  assignedClientIdentifier: undefined,
  responseInformation: undefined,
  serverReference: undefined,
  reasonString: undefined,
  userProperties: [],
};

describe("readServer", () => {
  test("fills in the defaults of section 3.2.2.3 where the server said nothing", () => {
    expect(read()).toStrictEqual(defaults);
    expect(read({})).toStrictEqual(defaults);
  });

  test.each([3, 4] as const)("a server of version %i has no subscription identifiers", (version) => {
    expect(read(undefined, version)).toStrictEqual({ ...defaults, subscriptionIdentifierAvailable: false });
  });

  test("says whether the server had a session", () => {
    const packet: ConnackPacket = { type: "connack", sessionPresent: true, reasonCode: 0 };
    expect(readServer(packet, 4, asked).sessionPresent).toBe(true);
  });

  test.each<[name: keyof Server, properties: NonNullable<ConnackPacket["properties"]>, value: unknown]>([
    ["receiveMaximum", { receiveMaximum: 1 }, 1],
    ["maximumQoS", { maximumQoS: 0 }, 0],
    ["maximumQoS", { maximumQoS: 1 }, 1],
    ["retainAvailable", { retainAvailable: 0 }, false],
    ["retainAvailable", { retainAvailable: 1 }, true],
    ["maximumPacketSize", { maximumPacketSize: 1024 }, 1024],
    ["topicAliasMaximum", { topicAliasMaximum: 7 }, 7],
    ["wildcardSubscriptionAvailable", { wildcardSubscriptionAvailable: 0 }, false],
    ["wildcardSubscriptionAvailable", { wildcardSubscriptionAvailable: 1 }, true],
    ["subscriptionIdentifierAvailable", { subscriptionIdentifierAvailable: 0 }, false],
    ["subscriptionIdentifierAvailable", { subscriptionIdentifierAvailable: 1 }, true],
    ["sharedSubscriptionAvailable", { sharedSubscriptionAvailable: 0 }, false],
    ["sharedSubscriptionAvailable", { sharedSubscriptionAvailable: 1 }, true],
    ["sessionExpiryInterval", { sessionExpiryInterval: 0 }, 0],
    ["assignedClientIdentifier", { assignedClientIdentifier: "auto-1" }, "auto-1"],
    ["responseInformation", { responseInformation: "answers/1" }, "answers/1"],
    ["serverReference", { serverReference: "127.0.0.2" }, "127.0.0.2"],
    ["reasonString", { reasonString: "welcome" }, "welcome"],
    [
      "userProperties",
      {
        userProperties: [
          ["a", "1"],
          ["a", "2"],
        ],
      },
      [
        ["a", "1"],
        ["a", "2"],
      ],
    ],
  ])("reads %s of %o", (name, properties, value) => {
    expect(read(properties)).toStrictEqual({ ...defaults, [name]: value });
  });

  test("[MQTT-3.1.2-21] [MQTT-3.2.2-21] the server's Keep Alive replaces ours, also when it is 0", () => {
    expect(read({ serverKeepAlive: 10 }).keepAlive).toBe(10);
    expect(read({ serverKeepAlive: 0 }).keepAlive).toBe(0);
  });
});
