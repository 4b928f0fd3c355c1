import { encode, MqttError, PacketTooLargeError, ProtocolError, type ControlPacketInput } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { SessionDriver } from "../../testing/session-driver.ts";
import { ClosedError, ConnectionRefusedError, ServerDisconnectError, TimeoutError, TransportError } from "../errors.ts";

const versions = [5, 4, 3] as const;
const old = [4, 3] as const;
const farewell = { type: "disconnect", reasonCode: 0 } as const;

/** The one end that there was. */
function end(driver: SessionDriver): MqttError | undefined {
  const ends = driver.eventsOf("ended");
  expect(ends).toHaveLength(1);
  expect(driver.session.state).toBe("ended");
  return ends[0]?.error;
}

describe("the handshake", () => {
  test.each(versions)("[MQTT-3.1.0-1] CONNECT is the first packet, version %i", (version) => {
    const driver = new SessionDriver({ version }).connect();
    expect(driver.session.state).toBe("connecting");
    driver.publish("a");
    const packets = driver.sent();
    expect(packets).toMatchObject([{ type: "connect", protocolVersion: version, clientIdentifier: "kitchen" }]);
    expect(driver.events()).toStrictEqual([]);
  });

  test.each(versions)("CONNACK accepts, version %i", (version) => {
    const driver = new SessionDriver({ version }).connect();
    driver.receive({ type: "connack", sessionPresent: false, reasonCode: 0 });
    expect(driver.session.state).toBe("connected");
    expect(driver.events()).toMatchObject([{ type: "connected", server: { sessionPresent: false, keepAlive: 60 } }]);
  });

  test("the server's properties are in the event", () => {
    const driver = new SessionDriver({ connect: { properties: { sessionExpiryInterval: 30 } } }).connect();
    driver.receive({ type: "connack", properties: { receiveMaximum: 3, assignedClientIdentifier: "auto-1" } });
    expect(driver.events()).toMatchObject([
      { server: { receiveMaximum: 3, assignedClientIdentifier: "auto-1", sessionExpiryInterval: 30 } },
    ]);
  });

  test("[MQTT-3.2.2-7] a Reason Code of 0x80 or above refuses, and nothing more is sent", () => {
    const driver = new SessionDriver().connect();
    driver.sent();
    driver.receive({ type: "connack", reasonCode: 0x87, properties: { reasonString: "not today" } });
    const error = end(driver);
    expect(error).toBeInstanceOf(ConnectionRefusedError);
    expect(error).toMatchObject({ reasonCode: 0x87, reasonString: "not today" });
    expect(driver.sent()).toStrictEqual([]);
  });

  test.each([
    [1, "Unsupported protocol version"],
    [2, "Client identifier not valid"],
    [3, "Server unavailable"],
    [4, "Bad user name or password"],
    [5, "Not authorized"],
  ])("[MQTT311-3.2.2-5] Return code %i refuses: %s", (reasonCode, reason) => {
    for (const version of old) {
      const driver = new SessionDriver({ version }).connect();
      driver.sent();
      driver.receive({ type: "connack", reasonCode });
      const error = end(driver);
      expect(error).toBeInstanceOf(ConnectionRefusedError);
      expect(error?.reasonCode).toBe(reasonCode);
      expect(error?.message.toLowerCase()).toContain(reason.toLowerCase());
      expect(driver.sent()).toStrictEqual([]);
    }
  });

  test("a CONNACK of MQTT 3.1.1 with code 1 is a refusal too, not a malformed packet", () => {
    const driver = new SessionDriver().connect();
    driver.sent();
    driver.receiveBytes(new Uint8Array([0x20, 0x02, 0x00, 0x01]));
    expect(end(driver)).toMatchObject({ name: "ConnectionRefusedError", reasonCode: 1 });
    expect(driver.sent()).toStrictEqual([]);
  });

  test("[MQTT-3.2.2-4] Session Present after Clean Start ends the connection, with 0x82", () => {
    const driver = new SessionDriver().connect();
    driver.sent();
    driver.receive({ type: "connack", sessionPresent: true });
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x82"]);
    expect(end(driver)).toBeInstanceOf(ProtocolError);
  });

  test("[MQTT311-3.2.2-1] the same in MQTT 3.1.1, without a word", () => {
    const driver = new SessionDriver({ version: 4 }).connect();
    driver.sent();
    driver.receive({ type: "connack", sessionPresent: true });
    expect(driver.sent()).toStrictEqual([]);
    expect(end(driver)).toBeInstanceOf(ProtocolError);
  });

  test.each([5, 4] as const)("[MQTT-3.2.2-3] without Clean Start a session may be present, version %i", (version) => {
    const driver = new SessionDriver({ version, connect: { cleanStart: false } }).connect();
    driver.receive({ type: "connack", sessionPresent: true });
    expect(driver.events()).toMatchObject([{ type: "connected", server: { sessionPresent: true } }]);
  });

  test.each<ControlPacketInput>([
    { type: "publish", topicName: "a", payload: new Uint8Array(0) },
    { type: "puback", packetIdentifier: 1 },
    { type: "suback", packetIdentifier: 1, reasonCodes: [0] },
    { type: "pingresp" },
    { type: "disconnect" },
    { type: "auth", reasonCode: 0x18, properties: { authenticationMethod: "x" } },
  ])("[MQTT-3.2.0-1] [MQTT-3.14.0-1] $type before CONNACK is a protocol error", (packet) => {
    const driver = new SessionDriver().connect();
    driver.sent();
    driver.receive(packet);
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x82"]);
    expect(end(driver)?.message).toMatch(new RegExp(`^The server sent ${packet.type.toUpperCase()}`));
  });

  test("[MQTT311-3.2.0-1] the same in MQTT 3.1.1, without a word", () => {
    const driver = new SessionDriver({ version: 4 }).connect();
    driver.sent();
    driver.receive({ type: "pingresp" });
    expect(driver.sent()).toStrictEqual([]);
    expect(end(driver)).toBeInstanceOf(ProtocolError);
  });

  test.each(versions)("[MQTT-3.2.0-2] a second CONNACK is a protocol error, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.receive({ type: "connack" });
    expect(driver.sentInShort()).toStrictEqual(version === 5 ? ["disconnect 0x82"] : []);
    expect(end(driver)).toBeInstanceOf(ProtocolError);
  });

  test("[MQTT-4.12.0-6] AUTH to a client that named no method is a protocol error", () => {
    const driver = new SessionDriver().connected();
    driver.receive({ type: "auth", reasonCode: 0x18, properties: { authenticationMethod: "x" } });
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x82"]);
    expect(end(driver)?.message).toBe("The server sent AUTH, which it may not");
  });

  test("CONNACK that does not come in time ends the attempt, in silence", () => {
    const driver = new SessionDriver({ timeoutMs: 5_000 });
    driver.now = 1_000;
    driver.connect().sent();
    expect(driver.session.nextDeadline).toBe(6_000);
    driver.wait(4_999);
    expect(driver.session.state).toBe("connecting");
    driver.wait(1);
    const error = end(driver);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ timeoutMs: 5_000 });
    expect(driver.sent()).toStrictEqual([]);
    expect(driver.session.nextDeadline).toBe(Infinity);
  });

  test("disconnect before CONNACK ends the attempt, in silence", () => {
    const driver = new SessionDriver().connect();
    driver.sent();
    driver.session.disconnect(farewell, 10_000);
    expect(end(driver)).toBeInstanceOf(ClosedError);
    expect(driver.sent()).toStrictEqual([]);
  });

  test("a server that hangs up before CONNACK is a TransportError", () => {
    const driver = new SessionDriver().connect();
    driver.session.transportClosed(undefined);
    expect(driver.eventsOf("ended")).toMatchObject([{ error: { name: "TransportError" } }]);
    expect(driver.session.state).toBe("offline");
  });

  test("what an earlier connection did not get away is not sent over the next", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a", { qos: 0 });
    driver.session.transportClosed(undefined);
    driver.connect();
    expect(driver.sentInShort()).toStrictEqual(["connect"]);
  });

  test("a connection can be had again, with another version", () => {
    const driver = new SessionDriver().connect();
    driver.receive({ type: "connack", reasonCode: 0x84 });
    driver.session.transportClosed(undefined);
    driver.events();
    driver.sent();
    driver.connect(4);
    expect(driver.session.version).toBe(4);
    expect(driver.sent()).toMatchObject([{ type: "connect", protocolVersion: 4 }]);
    driver.receive({ type: "connack" });
    expect(driver.events()).toMatchObject([{ type: "connected" }]);
  });
});

describe("keep alive", () => {
  test("[MQTT-3.1.2-20] PINGREQ leaves when the Keep Alive is over, and is answered", () => {
    const driver = new SessionDriver().connected();
    expect(driver.session.nextDeadline).toBe(60_000);
    expect(driver.wait(59_999).sentInShort()).toStrictEqual([]);
    expect(driver.session.isAwaitingServer).toBe(false);
    expect(driver.wait(1).sentInShort()).toStrictEqual(["pingreq"]);
    expect(driver.session.isAwaitingServer).toBe(true);
    driver.now += 10;
    driver.receive({ type: "pingresp" });
    expect(driver.session.isAwaitingServer).toBe(false);
    expect(driver.session.nextDeadline).toBe(120_000);
    expect(driver.events()).toStrictEqual([]);
  });

  test("what is sent puts the PINGREQ off, if something comes too", () => {
    const driver = new SessionDriver().connected();
    driver.wait(30_000).publish("a", { qos: 0 });
    driver.sent();
    expect(driver.session.nextDeadline).toBe(60_000);
    driver.session.bytesReceived(1, true, 40_000);
    expect(driver.session.nextDeadline).toBe(90_000);
  });

  test("[MQTT-3.12.4-1] a server that stays silent after PINGREQ is given up", () => {
    const driver = new SessionDriver({ pingTimeoutMs: 5_000 }).connected();
    driver.wait(60_000).sent();
    driver.wait(5_000);
    expect(end(driver)).toBeInstanceOf(TransportError);
    expect(driver.sent()).toStrictEqual([]);
    expect(driver.session.nextDeadline).toBe(Infinity);
  });

  test("[MQTT-3.2.2-21] the server's Keep Alive governs", () => {
    const driver = new SessionDriver().connected({ serverKeepAlive: 10 });
    expect(driver.session.nextDeadline).toBe(10_000);
    expect(driver.wait(10_000).sentInShort()).toStrictEqual(["pingreq"]);
    expect(driver.session.nextDeadline).toBe(15_000);
  });

  test.each([{ connect: { keepAlive: 0 } }, { connack: { serverKeepAlive: 0 } }])("0 turns it off: %o", (options) => {
    const driver = new SessionDriver(options).connected(options.connack);
    expect(driver.session.nextDeadline).toBe(Infinity);
    expect(driver.wait(1e9).sent()).toStrictEqual([]);
    expect(driver.session.state).toBe("connected");
  });

  test("[MQTT-3.3.4-8] a PINGREQ does not wait behind messages that have no quota", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 1 });
    driver.publish("a");
    driver.publish("b");
    driver.sent();
    expect(driver.wait(60_000).sentInShort()).toStrictEqual(["pingreq"]);
  });
});

describe("the end", () => {
  test("[MQTT-3.1.4-3] a DISCONNECT of the server is reported with its reason", () => {
    const driver = new SessionDriver().connected();
    driver.receive({ type: "disconnect", reasonCode: 0x8e, properties: { reasonString: "taken" } });
    const error = end(driver);
    expect(error).toBeInstanceOf(ServerDisconnectError);
    expect(error).toMatchObject({ reasonCode: 0x8e, reasonString: "taken" });
    expect(driver.sent()).toStrictEqual([]);
  });

  test("a DISCONNECT of the server without a reason", () => {
    const driver = new SessionDriver().connected();
    driver.receive({ type: "disconnect" });
    expect(end(driver)).toMatchObject({ reasonCode: 0, reasonString: undefined });
  });

  test.each(old)("before MQTT 5.0 a server has no DISCONNECT, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.receive({ type: "disconnect" });
    expect(end(driver)).toBeInstanceOf(ProtocolError);
    expect(driver.sent()).toStrictEqual([]);
  });

  test("[MQTT-3.14.2-2] a server's DISCONNECT with a Session Expiry Interval is a protocol error", () => {
    const driver = new SessionDriver().connected();
    driver.receive({ type: "disconnect", properties: { sessionExpiryInterval: 1 } });
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x82"]);
    expect(end(driver)).toBeInstanceOf(ProtocolError);
  });

  test("[MQTT-3.14.4-2] what follows the end is not heard", () => {
    const driver = new SessionDriver().connected();
    driver.receive({ type: "disconnect", reasonCode: 0x8b });
    driver.events();
    driver.message(1).receive({ type: "disconnect", reasonCode: 0x8b });
    driver.session.fail(new ProtocolError("Too late"));
    expect(driver.events()).toStrictEqual([]);
    expect(driver.sent()).toStrictEqual([]);
  });

  test("nothing is heard while there is no connection", () => {
    const { session } = new SessionDriver();
    session.receive({ type: "pingresp" }, 2, 0);
    session.fail(new ProtocolError("No connection"));
    session.transportClosed(undefined);
    session.disconnect(farewell, 0);
    session.handleTimeout(1e9);
    expect(session.events()).toStrictEqual([]);
    expect(session.transmit(0)).toHaveLength(0);
    expect(session).toMatchObject({ state: "offline", nextDeadline: Infinity, isAwaitingServer: false });
  });

  test.each<ControlPacketInput>([
    { type: "pingreq" },
    { type: "subscribe", packetIdentifier: 1, subscriptions: [{ topicFilter: "a" }] },
    { type: "unsubscribe", packetIdentifier: 1, topicFilters: ["a"] },
    { type: "connect", clientIdentifier: "c" },
  ])("$type, which only a client may send, is a protocol error", (packet) => {
    const driver = new SessionDriver().connected().receive(packet);
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x82"]);
    expect(end(driver)).toBeInstanceOf(ProtocolError);
  });

  test.each([
    [new ProtocolError("x"), 0x82],
    [new ProtocolError("x", { reasonCode: 0x94 }), 0x94],
    [new PacketTooLargeError(10, 5), 0x95],
    [new MqttError("ERR_TEST", "x"), 0x80],
    // 0x92 is no Reason Code of DISCONNECT.
    [new MqttError("ERR_TEST", "x", { reasonCode: 0x92 }), 0x80],
  ])("[MQTT-4.13.1-1] what cannot be read is answered with a fitting DISCONNECT: %o", (error, reasonCode) => {
    const driver = new SessionDriver().connected();
    driver.session.fail(error);
    expect(driver.sent()).toStrictEqual([{ type: "disconnect", reasonCode }]);
    expect(end(driver)).toBe(error);
  });

  test.each(old)("[MQTT311-4.8.0-1] before MQTT 5.0 the connection just ends, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    const error = new PacketTooLargeError(10, 5);
    driver.session.fail(error);
    expect(driver.sent()).toStrictEqual([]);
    expect(end(driver)).toBe(error);
  });

  test("[MQTT-3.2.2-15] a server that takes no packet as large as an acknowledgement gets none", () => {
    const driver = new SessionDriver().connect();
    driver.sent();
    driver.receive({ type: "connack", properties: { maximumPacketSize: 4 } });
    expect(driver.sent()).toStrictEqual([]);
    expect(end(driver)).toMatchObject({ name: "UnsupportedError", feature: "maximumPacketSize" });
  });

  test("one that takes just that is talked to", () => {
    const driver = new SessionDriver().connected({ maximumPacketSize: 5 });
    driver.receive({ type: "pubrel", packetIdentifier: 3 });
    expect(driver.sentInShort()).toStrictEqual(["pubcomp 3 0x92"]);
    driver.session.fail(new ProtocolError("x"));
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x82"]);
  });

  test("the loss of the transport is reported once, with its cause", () => {
    const driver = new SessionDriver().connected();
    const cause = new TransportError("Pulled the plug");
    driver.session.transportClosed(cause);
    driver.session.transportClosed(cause);
    expect(driver.eventsOf("ended")).toStrictEqual([{ type: "ended", error: cause }]);
    expect(driver.session.state).toBe("offline");
  });

  test("after the end the loss of the transport is no news", () => {
    const driver = new SessionDriver().connected();
    driver.receive({ type: "disconnect" });
    driver.events();
    driver.session.transportClosed(undefined);
    expect(driver.events()).toStrictEqual([]);
    expect(driver.session.state).toBe("offline");
  });
});

describe("disconnect", () => {
  test.each(versions)("with nothing under way DISCONNECT leaves at once, version %i", (version) => {
    const driver = new SessionDriver({ version }).connected();
    driver.session.disconnect(farewell, 10_000);
    expect(driver.session.isAwaitingServer).toBe(true);
    expect(driver.sent()).toStrictEqual([farewell]);
    expect(end(driver)).toBeUndefined();
  });

  test("what is under way and what waits is finished first", () => {
    const driver = new SessionDriver().connected({ receiveMaximum: 1 });
    driver.publish("a");
    driver.publish("b", { qos: 2 });
    driver.session.disconnect({ ...farewell, reasonCode: 4 }, 10_000);
    expect(driver.session.state).toBe("draining");
    expect(driver.sentInShort()).toStrictEqual(["publish 1"]);
    expect(() => driver.publish("c")).toThrow(ClosedError);
    expect(() => driver.subscribe("c")).toThrow(ClosedError);
    driver.receive({ type: "puback", packetIdentifier: 1 });
    expect(driver.sentInShort()).toStrictEqual(["publish 2"]);
    driver.receive({ type: "pubrec", packetIdentifier: 2 });
    expect(driver.sentInShort()).toStrictEqual(["pubrel 2"]);
    driver.receive({ type: "pubcomp", packetIdentifier: 2 });
    expect(driver.sentInShort()).toStrictEqual(["disconnect 0x4"]);
    expect(driver.events()).toMatchObject([
      { type: "answered", context: "a" },
      { type: "answered", context: "b" },
      { type: "ended", error: undefined },
    ]);
  });

  test("the deadline ends the wait", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a");
    driver.sent();
    driver.session.disconnect(farewell, 10_000);
    expect(driver.session.nextDeadline).toBe(10_000);
    expect(driver.wait(9_999).sent()).toStrictEqual([]);
    expect(driver.wait(1).sent()).toStrictEqual([farewell]);
    expect(end(driver)).toBeUndefined();
  });

  test("messages of the server are handed over and acknowledged meanwhile", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a");
    driver.sent();
    driver.session.disconnect(farewell, 10_000);
    driver.message(7);
    const [event] = driver.eventsOf("message");
    if (event?.exchange !== undefined) driver.session.acknowledge(event.exchange);
    expect(driver.sentInShort()).toStrictEqual(["puback 7"]);
  });

  test("a server that hangs up meanwhile, or breaks the protocol, ends the wait", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a");
    driver.session.disconnect(farewell, 10_000);
    driver.session.transportClosed(undefined);
    expect(driver.eventsOf("ended")).toMatchObject([{ error: { name: "TransportError" } }]);
    expect(driver.session.state).toBe("offline");
  });

  test("the second time does nothing", () => {
    const driver = new SessionDriver().connected();
    driver.session.disconnect(farewell, 10_000);
    driver.session.disconnect({ ...farewell, reasonCode: 4 }, 20_000);
    expect(driver.sent()).toStrictEqual([farewell]);
    driver.session.disconnect(farewell, 10_000);
    expect(driver.eventsOf("ended")).toHaveLength(1);
  });

  test("[MQTT-3.14.4-1] nothing is sent after DISCONNECT", () => {
    const driver = new SessionDriver().connected();
    driver.message(1).message(2, { qos: 2 });
    const exchanges = driver.eventsOf("message").map(({ exchange }) => exchange);
    driver.session.disconnect(farewell, 10_000);
    driver.sent();
    for (const exchange of exchanges) if (exchange !== undefined) driver.session.acknowledge(exchange);
    driver.receive({ type: "pubrel", packetIdentifier: 2 }, { type: "pubrec", packetIdentifier: 9 });
    driver.wait(1e9);
    expect(driver.sent()).toStrictEqual([]);
    expect(driver.eventsOf("acknowledged")).toStrictEqual([]);
  });

  test("[MQTT-3.14.2-3] [MQTT-3.14.2-4] properties that make it too large are left out", () => {
    const driver = new SessionDriver().connected({ maximumPacketSize: 20 });
    const reasonString = "gone for the summer, back in autumn";
    driver.session.disconnect({ ...farewell, reasonCode: 4, properties: { reasonString } }, 10_000);
    expect(driver.sent()).toStrictEqual([{ type: "disconnect", reasonCode: 4 }]);
    expect(end(driver)).toBeUndefined();
  });

  test("properties that cannot be sent throw, and nothing has changed", () => {
    const driver = new SessionDriver().connected();
    const properties = { reasonString: "\u0000" };
    expect(() => driver.session.disconnect({ ...farewell, properties }, 10_000)).toThrow(MqttError);
    expect(driver.session.state).toBe("connected");
  });
});

describe("tracing", () => {
  test("shows packets both ways with their sizes, when it is asked for", () => {
    let isTracing = false;
    const driver = new SessionDriver({ isTracing: () => isTracing }).connected();
    driver.message(1, { qos: 0 });
    expect(driver.events()).toMatchObject([{ type: "message" }]);
    isTracing = true;
    driver.message(1);
    const [shown, message] = driver.events();
    const byteLength = encode(
      { type: "publish", topicName: "a", payload: new Uint8Array(2), qos: 1, packetIdentifier: 1 },
      5,
    ).length;
    expect(shown).toMatchObject({ type: "packet", direction: "in", packet: { type: "publish" }, byteLength });
    if (message?.type === "message" && message.exchange !== undefined) driver.session.acknowledge(message.exchange);
    expect(driver.events()).toMatchObject([
      { type: "packet", direction: "out", packet: { type: "puback", packetIdentifier: 1 }, byteLength: 4 },
      { type: "acknowledged" },
    ]);
  });
});

test("raw bytes leave as they are, behind the packets that wait", () => {
  const driver = new SessionDriver().connected();
  driver.publish("a");
  driver.session.sendRaw(new Uint8Array([0xc0, 0]));
  driver.publish("b");
  expect(driver.sentInShort()).toStrictEqual(["publish 1", "pingreq", "publish 2"]);
});
