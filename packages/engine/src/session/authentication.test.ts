import type { AuthPacket, ConnackPacket } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { SessionDriver, type ConnackOptions } from "../../testing/session-driver.ts";

const method = "SCRAM-SHA-256";
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

/** A connection that is being made, with an Authentication Method or without. */
function connecting(authenticationMethod: string | undefined = method): SessionDriver {
  const properties = authenticationMethod === undefined ? {} : { authenticationMethod };
  const driver = new SessionDriver({ connect: { properties } }).connect();
  driver.sent();
  return driver;
}

function connack(driver: SessionDriver, { sessionPresent = false, ...properties }: ConnackOptions = {}): SessionDriver {
  return driver.receive({
    type: "connack",
    sessionPresent,
    properties: { authenticationMethod: method, ...properties },
  });
}

function auth(driver: SessionDriver, reasonCode: number, authenticationMethod = method): SessionDriver {
  return driver.receive({
    type: "auth",
    reasonCode,
    properties: { authenticationData: bytes(1), authenticationMethod },
  });
}

function said(driver: SessionDriver): (AuthPacket | ConnackPacket)[] {
  return driver.eventsOf("auth").map(({ packet }) => packet);
}

/** A connection that is there. */
function authenticated(): SessionDriver {
  const driver = connack(connecting());
  driver.session.accept(driver.now);
  driver.session.receiveHeld(driver.now);
  driver.events();
  return driver;
}

describe("while connecting", () => {
  test("[MQTT-4.12.0-3] [MQTT-4.12.0-5] AUTH goes to and fro, with the method of CONNECT", () => {
    const driver = auth(connecting(), 0x18);
    expect(said(driver)).toMatchObject([
      { type: "auth", reasonCode: 0x18, properties: { authenticationData: bytes(1) } },
    ]);
    driver.session.authenticate(0x18, bytes(2));
    expect(driver.sent()).toStrictEqual([
      { type: "auth", reasonCode: 0x18, properties: { authenticationMethod: method, authenticationData: bytes(2) } },
    ]);
    auth(driver, 0x18).session.authenticate(0x18, undefined);
    expect(driver.sent()).toMatchObject([{ type: "auth", properties: { authenticationMethod: method } }]);
    expect(driver.session.state).toBe("connecting");
  });

  test("CONNACK, and all that follows it, waits until it is accepted", () => {
    const driver = connack(connecting(), { authenticationData: bytes(3) });
    driver.message(1).message(2);
    expect(said(driver)).toMatchObject([{ type: "connack", properties: { authenticationData: bytes(3) } }]);
    expect(driver.session).toMatchObject({ state: "connecting", isVerifying: true });
    driver.session.accept(driver.now);
    expect(driver.session).toMatchObject({ state: "connected", isVerifying: false });
    expect(driver.events().map(({ type }) => type)).toStrictEqual(["connected"]);
    driver.session.receiveHeld(driver.now);
    expect(driver.events().map(({ type }) => type)).toStrictEqual(["message", "message"]);
    driver.session.receiveHeld(driver.now);
    driver.session.accept(driver.now);
    expect(driver.events()).toStrictEqual([]);
  });

  test("a held CONNACK that may not be ends the connection", () => {
    const driver = connack(connecting(), { sessionPresent: true });
    driver.events();
    driver.session.accept(driver.now);
    expect(driver.eventsOf("ended")).toMatchObject([{ error: { name: "ProtocolError" } }]);
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x82"]);
  });

  test("what fails while CONNACK is held ends everything, and nothing of it is heard", () => {
    const driver = connack(connecting()).message(1);
    driver.events();
    driver.session.fail(new Error("no") as never);
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x80"]);
    driver.session.accept(driver.now);
    driver.session.receiveHeld(driver.now);
    expect(driver.events().map(({ type }) => type)).toStrictEqual(["ended"]);
  });

  test("[MQTT-4.12.0-1] [MQTT-4.12.0-4] a refusal is not held", () => {
    const driver = connecting().receive({ type: "connack", reasonCode: 0x8c });
    expect(driver.eventsOf("ended")).toMatchObject([{ error: { name: "ConnectionRefusedError", reasonCode: 0x8c } }]);
  });

  test("the time of CONNECT goes on while AUTH goes to and fro, and while CONNACK is held", () => {
    const driver = auth(connecting(), 0x18);
    driver.wait(29_000);
    connack(driver);
    expect(driver.session.nextDeadline).toBe(30_000);
    driver.wait(1_000);
    expect(driver.eventsOf("ended")).toMatchObject([{ error: { name: "TimeoutError" } }]);
  });

  test.each<[string, (driver: SessionDriver) => SessionDriver]>([
    ["[MQTT-4.12.0-2] AUTH with success", (driver) => auth(driver, 0)],
    ["AUTH that begins anew, which only a client may", (driver) => auth(driver, 0x19)],
    ["[MQTT-4.12.0-5] AUTH with another method", (driver) => auth(driver, 0x18, "other")],
    ["[MQTT-4.12.0-5] CONNACK with another method", (driver) => connack(driver, { authenticationMethod: "other" })],
    ["[MQTT-4.12.0-5] CONNACK without one", (driver) => driver.receive({ type: "connack" })],
  ])("%s breaks the protocol", (_, say) => {
    const driver = say(connecting());
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x82"]);
    expect(driver.eventsOf("ended")).toMatchObject([{ error: { name: "ProtocolError" } }]);
  });

  test("[MQTT-4.12.0-6] [MQTT-4.12.0-7] without a method there is no AUTH, and no method in CONNACK", () => {
    for (const say of [(driver: SessionDriver) => auth(driver, 0x18), (driver: SessionDriver) => connack(driver)]) {
      const driver = new SessionDriver().connect();
      driver.sent();
      expect(say(driver).sentInShort()).toStrictEqual(["disconnect 0x82"]);
    }
  });
});

describe("re-authentication", () => {
  test("[MQTT-4.12.1-1] begins with 0x19, and is over when the server says so", () => {
    const driver = authenticated();
    driver.session.authenticate(0x19, bytes(1));
    expect(driver.sentInShort()).toStrictEqual(["auth 0x19"]);
    auth(driver, 0x18).session.authenticate(0x18, bytes(2));
    expect(driver.sentInShort()).toStrictEqual(["auth 0x18"]);
    auth(driver, 0);
    expect(said(driver).map(({ reasonCode }) => reasonCode)).toStrictEqual([0x18, 0]);
    expect(driver.session.state).toBe("connected");
    expect(auth(driver, 0).sentInShort()).toStrictEqual(["disconnect 0x82"]);
  });

  test.each([
    ["that nobody asked for", false, 0x18],
    ["with success that nobody asked for", false, 0],
    ["that begins anew, in the midst of it", true, 0x19],
  ])("AUTH %s breaks the protocol", (_, isAsked, reasonCode) => {
    const driver = authenticated();
    if (isAsked) driver.session.authenticate(0x19, undefined);
    driver.sent();
    expect(auth(driver, reasonCode).sentInShort()).toStrictEqual(["disconnect 0x82"]);
  });

  test("messages go on meanwhile", () => {
    const driver = authenticated();
    driver.session.authenticate(0x19, undefined);
    driver.publish("a");
    driver.message(1);
    expect(driver.sentInShort()).toStrictEqual(["auth 0x19", "publish 1"]);
    expect(driver.eventsOf("message")).toHaveLength(1);
  });

  test("what is said after the end of the connection is not sent, nor before there is one", () => {
    const driver = authenticated();
    driver.session.authenticate(0x19, undefined);
    driver.lose().session.authenticate(0x18, undefined);
    driver.connect();
    expect(driver.sentInShort()).toStrictEqual(["connect"]);
    expect(auth(connack(driver), 0).session.state).toBe("connecting");
  });
});
