import { describe, expect, test } from "vitest";
import { PublishError } from "../errors.ts";
import { publishedAtMostOnce, publishPacket, publishResult, type PublishOptions } from "./publish-options.ts";

const plain = { options: {}, version: 5 } as const;

describe("publishPacket", () => {
  test("[MQTT-4.3.1-1] is at QoS 0, not retained and no duplicate by default", () => {
    expect(publishPacket("a", "x", plain)).toStrictEqual({
      type: "publish",
      topicName: "a",
      payload: new Uint8Array([0x78]),
      qos: 0,
      retain: false,
      duplicate: false,
    });
  });

  test("has what is asked for", () => {
    const correlationData = new Uint8Array([1]);
    const same = {
      messageExpiryInterval: 5,
      contentType: "text/plain",
      responseTopic: "b",
      correlationData,
      userProperties: [["a", "1"]] as const,
    };
    const options = { qos: 2, retain: true, payloadFormat: "bytes", timeoutMs: 5, ...same } as const;
    expect(publishPacket("a", new Uint8Array(0), { options, version: 5 })).toMatchObject({
      qos: 2,
      retain: true,
      properties: { payloadFormatIndicator: 0, ...same },
    });
  });

  test.each<[PublishOptions | object, string]>([
    [{ qos: 3 }, "qos"],
    [{ qos: -1 }, "qos"],
    [{ qos: "1" }, "qos"],
    [{ timeoutMs: 0 }, "timeoutMs"],
    [{ messageExpiryInterval: -1 }, "messageExpiryInterval"],
    [{ payloadFormat: "json" }, "payloadFormat"],
    [{ dup: true }, "dup"],
  ])("%o is refused as %s", (options, option) => {
    expect(() => publishPacket("a", "x", { options, version: 5 })).toThrow(
      expect.objectContaining({ name: "InvalidOptionError", option }) as Error,
    );
  });

  test("a payload that is none is refused", () => {
    expect(() => publishPacket("a", 5 as never, plain)).toThrow(
      expect.objectContaining({ option: "payload" }) as Error,
    );
  });

  test.each<[PublishOptions, string]>([
    [{ messageExpiryInterval: 5 }, "messageExpiryInterval"],
    [{ contentType: "text/plain" }, "contentType"],
    [{ payloadFormat: "bytes" }, "payloadFormat"],
    [{ responseTopic: "b" }, "responseTopic"],
    [{ correlationData: new Uint8Array(0) }, "correlationData"],
    [{ userProperties: [] }, "userProperties"],
  ])("%o needs MQTT 5.0", (options, feature) => {
    for (const version of [4, 3] as const) {
      expect(() => publishPacket("a", "x", { options, version })).toThrow(
        expect.objectContaining({ name: "UnsupportedError", feature }) as Error,
      );
    }
  });
});

describe("publishResult", () => {
  test("of QoS 0 is that nobody has answered", () => {
    expect(publishResult("a", undefined)).toBe(publishedAtMostOnce);
    expect(publishResult("a", { type: "suback", packetIdentifier: 1, reasonCodes: [] })).toBe(publishedAtMostOnce);
    expect(publishedAtMostOnce).toStrictEqual({
      packetId: undefined,
      reasonCode: 0,
      reasonString: undefined,
      userProperties: [],
    });
  });

  test("is what the server said", () => {
    const answer = { type: "puback", packetIdentifier: 5, reasonCode: 0x10 } as const;
    const result = { packetId: 5, reasonCode: 0x10, reasonString: undefined, userProperties: [] };
    expect(publishResult("a", answer)).toStrictEqual(result);
    const properties = { reasonString: "nobody", userProperties: [["a", "1"]] as [string, string][] };
    expect(publishResult("a", { ...answer, properties })).toStrictEqual({ ...result, ...properties });
  });

  test("of a PUBCOMP is a success, whatever it says", () => {
    const answer = { type: "pubcomp", packetIdentifier: 5, reasonCode: 0x92 } as const;
    expect(publishResult("a", answer)).toMatchObject({ packetId: 5, reasonCode: 0 });
  });

  test.each(["puback", "pubrec"] as const)("[MQTT-4.4.0-2] of a %s of 0x80 or above is a PublishError", (type) => {
    const answer = { type, packetIdentifier: 5, reasonCode: 0x97, properties: { reasonString: "full" } } as const;
    expect(() => publishResult("a/b", answer)).toThrow(PublishError);
    expect(() => publishResult("a/b", answer)).toThrow(
      expect.objectContaining({ topic: "a/b", reasonCode: 0x97, reasonString: "full" }) as Error,
    );
  });
});
