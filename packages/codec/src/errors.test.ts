import { expect, test } from "vitest";
import { InvalidTopicError, MalformedPacketError, MqttError, PacketTooLargeError, ProtocolError } from "./errors.ts";

test.each<{ error: MqttError; name: string; code: string; reasonCode: number }>([
  {
    error: new MalformedPacketError("Message"),
    name: "MalformedPacketError",
    code: "ERR_MALFORMED_PACKET",
    reasonCode: 0x81,
  },
  { error: new ProtocolError("Message"), name: "ProtocolError", code: "ERR_PROTOCOL", reasonCode: 0x82 },
  { error: new PacketTooLargeError(7, 6), name: "PacketTooLargeError", code: "ERR_PACKET_TOO_LARGE", reasonCode: 0x95 },
  {
    error: new InvalidTopicError("Message", "t"),
    name: "InvalidTopicError",
    code: "ERR_INVALID_TOPIC",
    reasonCode: 0x90,
  },
])("$name has its name, code and reason code", ({ error, ...expected }) => {
  expect(error).toBeInstanceOf(MqttError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject(expected);
  expect("cause" in error).toBe(false);
  expect(String(error)).toBe(`${expected.name}: ${error.message}`);
});

test("an error keeps what it is given", () => {
  const cause = new Error("why");
  const error = new ProtocolError("Message", { reasonCode: 0x94, reasonString: "alias", offset: 7, cause });
  expect(error).toMatchObject({ reasonCode: 0x94, reasonString: "alias", offset: 7, cause });
});

test("the root class has no reason code of its own", () => {
  expect(new MqttError("ERR_X", "Message")).toMatchObject({
    name: "MqttError",
    code: "ERR_X",
    message: "Message",
    reasonCode: undefined,
    reasonString: undefined,
  });
});
