import { describe, expect, test } from "vitest";
import { InvalidOptionError } from "./errors.ts";
import { messageRules, payloadBytes } from "./message-options.ts";
import { readOptions } from "./option-rules.ts";
import type { Payload } from "./options.ts";

describe("payloadBytes", () => {
  test("sends a string as UTF-8", () => {
    expect(payloadBytes("21 °C")).toStrictEqual(new Uint8Array([0x32, 0x31, 0x20, 0xc2, 0xb0, 0x43]));
    expect(payloadBytes("")).toHaveLength(0);
  });

  test("takes bytes as they are, without a copy", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    expect(payloadBytes(bytes)).toBe(bytes);
    expect(payloadBytes(bytes.buffer).buffer).toBe(bytes.buffer);
  });

  test("takes of a view what it shows, and not its whole buffer", () => {
    const { buffer } = new Uint8Array([0, 1, 2, 3, 4, 5]);
    for (const view of [new DataView(buffer, 2, 2), new Uint16Array(buffer, 2, 1)]) {
      const payload = payloadBytes(view);
      expect(payload).toStrictEqual(new Uint8Array([2, 3]));
      expect(payload.buffer).toBe(buffer);
    }
    expect(payloadBytes(new Uint8Array(buffer, 4))).toStrictEqual(new Uint8Array([4, 5]));
  });

  test.each([5, null, undefined, {}, [1, 2]])("refuses %o", (payload) => {
    expect(() => payloadBytes(payload as Payload)).toThrow(InvalidOptionError);
    expect(() => payloadBytes(payload as Payload)).toThrow(/^payload is a string or bytes, not /);
  });
});

describe("messageRules", () => {
  test("turn the options of a message into properties", () => {
    const correlationData = new Uint8Array([1]);
    const options = {
      messageExpiryInterval: 60,
      contentType: "text/plain",
      payloadFormat: "utf-8",
      responseTopic: "answers",
      correlationData,
      userProperties: [["a", "1"]],
    } as const;
    expect(readOptions(options, messageRules)).toStrictEqual({
      messageExpiryInterval: 60,
      contentType: "text/plain",
      payloadFormatIndicator: 1,
      responseTopic: "answers",
      correlationData,
      userProperties: [["a", "1"]],
    });
  });
});
