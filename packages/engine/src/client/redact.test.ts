import type { ControlPacket } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { redact } from "./redact.ts";

const secret = new TextEncoder().encode("secret");

describe("redact", () => {
  test("removes user name, password and authentication data from CONNECT, and leaves the packet as it is", () => {
    const packet: ControlPacket = {
      type: "connect",
      protocolVersion: 5,
      cleanStart: true,
      keepAlive: 60,
      clientIdentifier: "kitchen",
      userName: "cook",
      password: secret,
      properties: { receiveMaximum: 5, authenticationMethod: "x", authenticationData: secret },
    };
    const copy = structuredClone(packet);
    expect(redact(packet)).toStrictEqual({
      type: "connect",
      protocolVersion: 5,
      cleanStart: true,
      keepAlive: 60,
      clientIdentifier: "kitchen",
      properties: { receiveMaximum: 5, authenticationMethod: "x" },
    });
    expect(packet).toStrictEqual(copy);
  });

  test.each<ControlPacket>([
    { type: "connack", sessionPresent: false, reasonCode: 0, properties: { authenticationData: secret } },
    { type: "auth", reasonCode: 0x18, properties: { authenticationData: secret } },
  ])("removes authentication data from $type", (packet) => {
    expect(redact(packet)).toStrictEqual({ ...packet, properties: {} });
    expect(packet).toMatchObject({ properties: { authenticationData: secret } });
  });

  test.each<ControlPacket>([
    { type: "connack", sessionPresent: false, reasonCode: 0 },
    { type: "auth", reasonCode: 0x18, properties: { authenticationMethod: "x" } },
    { type: "connect", protocolVersion: 4, cleanStart: true, keepAlive: 0, clientIdentifier: "" },
    { type: "pingreq" },
    { type: "publish", topicName: "a", payload: secret, qos: 0, retain: false, duplicate: false },
  ])("leaves $type without secrets as it is", (packet) => {
    expect(redact(packet)).toStrictEqual(packet);
  });
});
