import { describe, expect, test } from "vitest";
import {
  AuthenticationError,
  ClosedError,
  ConnectionRefusedError,
  InvalidOptionError,
  MqttError,
  NotConnectedError,
  PacketIdExhaustedError,
  PublishError,
  QueueFullError,
  ServerDisconnectError,
  SubscribeError,
  TimeoutError,
  TransportError,
  UnsupportedError,
} from "./errors.ts";

const cause = new Error("underneath");

describe("errors", () => {
  test.each<[name: string, code: string, error: MqttError]>([
    ["InvalidOptionError", "ERR_INVALID_OPTION", new InvalidOptionError("qos", "qos is 3", { cause })],
    ["UnsupportedError", "ERR_UNSUPPORTED", new UnsupportedError("proxy", "There is no proxy", { cause })],
    ["ConnectionRefusedError", "ERR_CONNECTION_REFUSED", new ConnectionRefusedError(0x87, { cause })],
    ["ServerDisconnectError", "ERR_SERVER_DISCONNECT", new ServerDisconnectError(0x8e, { cause })],
    ["TransportError", "ERR_TRANSPORT", new TransportError("The connection was lost", { cause })],
    ["TimeoutError", "ERR_TIMEOUT", new TimeoutError("The answer", 5, { cause })],
    ["NotConnectedError", "ERR_NOT_CONNECTED", new NotConnectedError(undefined, { cause })],
    ["ClosedError", "ERR_CLOSED", new ClosedError(undefined, { cause })],
    ["PublishError", "ERR_PUBLISH", new PublishError("a", 0x97, { cause })],
    ["SubscribeError", "ERR_SUBSCRIBE", new SubscribeError([{ filter: "a", reasonCode: 0x87 }], { cause })],
    ["AuthenticationError", "ERR_AUTHENTICATION", new AuthenticationError("The server is another", { cause })],
    ["PacketIdExhaustedError", "ERR_PACKET_ID_EXHAUSTED", new PacketIdExhaustedError()],
    ["QueueFullError", "ERR_QUEUE_FULL", new QueueFullError("The queue is full")],
  ])("%s has its name and the code %s, and is an MqttError", (name, code, error) => {
    expect(error).toBeInstanceOf(MqttError);
    expect(error).toMatchObject({ name, code });
    expect(String(error)).toBe(`${name}: ${error.message}`);
    // A sentence that starts with a capital and has no full stop.
    expect(error.message).toMatch(/^[A-Z].*[^.]$|^qos is 3$/);
    if (!(error instanceof PacketIdExhaustedError || error instanceof QueueFullError)) expect(error.cause).toBe(cause);
  });

  test("name what they are about", () => {
    expect(new InvalidOptionError("will.qos", "").option).toBe("will.qos");
    expect(new UnsupportedError("webSocket.headers", "").feature).toBe("webSocket.headers");
    expect(new TimeoutError("The answer", 5)).toMatchObject({
      timeoutMs: 5,
      message: "The answer took longer than 5 ms",
    });
    expect(new TransportError("", { closeCode: 1006 }).closeCode).toBe(1006);
    expect(new TransportError("").closeCode).toBeUndefined();
    expect(new TransportError("", { errors: [cause] }).errors).toEqual([cause]);
    expect(new TransportError("")).not.toHaveProperty("errors");
    expect(new PublishError("a/b", 0x97).topic).toBe("a/b");
    expect(new NotConnectedError().message).toBe("The client is not connected");
    expect(new ClosedError().message).toBe("The client is closed");
  });

  test("say what the server said, in words, as a number and in its own words", () => {
    const reasonString = "come back later";
    expect(new ConnectionRefusedError(0x89, { reasonString })).toMatchObject({
      reasonCode: 0x89,
      reasonString,
      message: "The server refused the connection: Server busy (0x89), come back later",
    });
    expect(new ServerDisconnectError(0x8b)).toMatchObject({
      reasonCode: 0x8b,
      reasonString: undefined,
      message: "The server ended the connection: Server shutting down (0x8b)",
    });
    expect(new PublishError("a", 0x97).message).toBe("The server did not take the message to a: Quota exceeded (0x97)");
  });

  test.each([
    [1, "Unsupported protocol version (0x01)"],
    [2, "Client identifier not valid (0x02)"],
    [3, "Server unavailable (0x03)"],
    [4, "Bad user name or password (0x04)"],
    [5, "Not authorized (0x05)"],
  ])("[MQTT311-3.2.2-5] Return code %i of MQTT 3.1.1 reads %s", (reasonCode, text) => {
    const error = new ConnectionRefusedError(reasonCode);
    expect(error.reasonCode).toBe(reasonCode);
    expect(error.message).toBe(`The server refused the connection: ${text}`);
  });

  test("SubscribeError has all results, and the first reason", () => {
    const results = [
      { filter: "a", reasonCode: 0x87 },
      { filter: "b/#", reasonCode: 0xa2 },
    ];
    const error = new SubscribeError(results);
    expect(error).toMatchObject({ results, reasonCode: 0x87 });
    expect(error.message).toBe(
      "The server refused to subscribe to a: Not authorized (0x87); " +
        "b/#: Wildcard subscriptions not supported (0xa2)",
    );
    expect(new SubscribeError([]).reasonCode).toBeUndefined();
  });
});
