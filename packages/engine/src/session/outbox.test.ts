import { PacketTooLargeError, ProtocolError } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import { batchBytesLimit } from "../limits.ts";
import { Outbox } from "./outbox.ts";

const properties = { reasonString: "far too long for that" };

describe("Outbox", () => {
  test("a packet that cannot be encoded leaves the batch as it was, and is not shown", () => {
    const outbox = new Outbox<string>(() => true, false);
    outbox.send({ type: "pingreq" });
    expect(() => outbox.send({ type: "puback", packetIdentifier: 0 })).toThrow(ProtocolError);
    expect(outbox.batch.byteLength).toBe(2);
    expect(outbox.events).toHaveLength(1);
  });

  test("has room until the batch has reached its limit", () => {
    const outbox = new Outbox<string>(() => false, false);
    const payload = new Uint8Array(batchBytesLimit - 7);
    outbox.send({ type: "publish", topicName: "a", payload });
    // 1 byte of flags, 3 of length, 3 of topic, 1 of properties.
    expect(outbox.batch.byteLength).toBe(batchBytesLimit + 1);
    expect(outbox.hasRoom).toBe(false);
    outbox.batch.takePieces();
    expect(outbox.hasRoom).toBe(true);
  });

  test("trims what is too large, and nothing else", () => {
    const outbox = new Outbox<string>(() => false, false);
    outbox.batch.maximumPacketSize = 8;
    outbox.sendTrimmed({ type: "disconnect", reasonCode: 4, properties });
    expect(outbox.batch.byteLength).toBe(3);
    const unsound = { type: "puback", packetIdentifier: 0, reasonCode: 0, properties } as const;
    expect(() => outbox.sendTrimmed(unsound)).toThrow(ProtocolError);
    expect(outbox.batch.byteLength).toBe(3);
  });

  test("checks everything but the size", () => {
    const outbox = new Outbox<string>(() => false, false);
    outbox.batch.maximumPacketSize = 8;
    const packet = { type: "disconnect", reasonCode: 4, properties } as const;
    expect(() => outbox.send(packet)).toThrow(PacketTooLargeError);
    outbox.check(packet);
    expect(() => outbox.check({ ...packet, reasonCode: 1 })).toThrow();
    expect(outbox.batch.byteLength).toBe(0);
  });
});
