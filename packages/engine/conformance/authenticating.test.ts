import { describe, expect, it } from "vitest";
import type { AuthPacket } from "@rivulet/codec";
import { AuthenticationError, ConnectionRefusedError, ProtocolError } from "@rivulet/engine";
import { connected } from "../testing/client-harness.ts";
import { SessionDriver } from "../testing/session-driver.ts";
import { settle } from "../testing/virtual-environment.ts";

const method = { authenticationMethod: "CHALLENGE" };
const data = Uint8Array.of(1, 2, 3);
const challenge: AuthPacket = { type: "auth", reasonCode: 0x18, properties: { ...method, authenticationData: data } };

/** A client that names an Authentication Method; its CONNECT has been sent. */
function connecting(): SessionDriver {
  const driver = new SessionDriver({ connect: { properties: method } }).connect();
  expect(driver.sent()).toMatchObject([{ type: "connect", properties: method }]);
  return driver;
}

function authenticated(): SessionDriver {
  const driver = connecting();
  driver.receive({ type: "connack", properties: method });
  driver.session.accept(driver.now);
  expect(driver.session.state).toBe("connected");
  driver.events();
  return driver;
}

describe("enhanced authentication", () => {
  it("answers a challenge with 0x18, and with the method of CONNECT [MQTT-4.12.0-3 MQTT-4.12.0-5]", () => {
    const driver = connecting();
    driver.receive(challenge);
    expect(driver.eventsOf("auth")).toMatchObject([{ packet: challenge }]);
    driver.session.authenticate(0x18, data);
    expect(driver.sent()).toEqual([challenge]);
  });

  it("sends nothing but AUTH before CONNACK [MQTT-3.1.2-30]", () => {
    const driver = connecting();
    driver.publish("a", { qos: 0 });
    driver.publish("b");
    driver.receive(challenge);
    driver.session.authenticate(0x18, data);
    expect(driver.sentInShort()).toEqual(["auth 0x18"]);
    driver.receive({ type: "connack", properties: method });
    driver.session.accept(driver.now);
    expect(driver.sentInShort()).toEqual(["publish", "publish 1"]);
  });

  it.each([
    ["says success", "MQTT-4.12.0-2", { ...challenge, reasonCode: 0 }],
    ["begins anew", "MQTT-4.12.0-2", { ...challenge, reasonCode: 0x19 }],
    ["names another method", "MQTT-4.12.0-5", { ...challenge, properties: { authenticationMethod: "OTHER" } }],
  ] as const)("ends where the server's AUTH before CONNACK %s [%s]", (_what, _statement, packet) => {
    const driver = connecting();
    driver.receive(packet);
    expect(driver.eventsOf("ended")).toMatchObject([{ error: expect.any(ProtocolError) as unknown }]);
    expect(driver.sentInShort()).toEqual(["disconnect 0x82"]);
  });

  it("ends where the server refuses in the middle of it [MQTT-4.12.0-4 MQTT-4.13.2-1]", () => {
    const driver = connecting();
    driver.receive(challenge);
    driver.session.authenticate(0x18, data);
    driver.sent();
    driver.receive({ type: "connack", reasonCode: 0x87 });
    expect(driver.eventsOf("ended")).toMatchObject([{ error: expect.any(ConnectionRefusedError) as unknown }]);
    expect(driver.sent()).toEqual([]);
  });

  it("is no matter for who names no method: neither side sends AUTH [MQTT-4.12.0-6 MQTT-4.12.0-7]", () => {
    const driver = new SessionDriver().connect();
    expect(driver.sent()[0]).not.toHaveProperty("properties.authenticationMethod");
    driver.receive(challenge);
    expect(driver.sentInShort()).toEqual(["disconnect 0x82"]);
  });

  it.each([
    ["another one than CONNECT", "MQTT-4.12.0-5", method, { authenticationMethod: "OTHER" }],
    ["none where CONNECT has one", "MQTT-4.12.0-5", method, {}],
    ["one where CONNECT has none", "MQTT-4.12.0-6", {}, method],
  ])("ends where CONNACK has %s [%s]", (_what, _statement, ours, theirs) => {
    const driver = new SessionDriver({ connect: { properties: ours } }).connect();
    driver.sent();
    driver.receive({ type: "connack", properties: theirs });
    expect(driver.sentInShort()).toEqual(["disconnect 0x82"]);
  });

  it("does not begin where there is no authenticator [MQTT-4.12.0-7]", async () => {
    const { client, server } = await connected();
    await expect(client.reauthenticate()).rejects.toBeInstanceOf(AuthenticationError);
    await settle();
    expect(server.all("auth")).toEqual([]);
  });

  it("begins once more with 0x19 and the same method [MQTT-4.12.1-1 MQTT-4.12.0-5]", () => {
    const driver = authenticated();
    driver.session.authenticate(0x19, data);
    expect(driver.sent()).toEqual([{ ...challenge, reasonCode: 0x19 }]);
    driver.receive({ ...challenge, reasonCode: 0 });
    expect(driver.eventsOf("auth")).toHaveLength(1);
    expect(driver.session.state).toBe("connected");
  });
});
