import { describe, expect, test } from "vitest";
import { disconnectPacket, type DisconnectOptions } from "./disconnect-options.ts";

const context = { version: 5, sessionExpiryInterval: 300 } as const;

describe("disconnectPacket", () => {
  test("without options says that all is well", () => {
    for (const version of [5, 4, 3] as const) {
      expect(disconnectPacket({}, { ...context, version })).toStrictEqual({ type: "disconnect", reasonCode: 0 });
    }
  });

  test("says what is asked for", () => {
    const properties = { reasonString: "bye", sessionExpiryInterval: 5, userProperties: [["a", "1"]] as const };
    const packet = disconnectPacket({ reasonCode: 4, timeoutMs: 0, ...properties }, context);
    expect(packet).toStrictEqual({ type: "disconnect", reasonCode: 4, properties });
  });

  test.each<[DisconnectOptions | object, string]>([
    [{ reasonCode: 1 }, "reasonCode"],
    [{ reasonCode: "4" }, "reasonCode"],
    [{ reasonCode: 0x92 }, "reasonCode"],
    [{ sessionExpiryInterval: -1 }, "sessionExpiryInterval"],
    [{ timeoutMs: -1 }, "timeoutMs"],
    [{ timeoutMs: NaN }, "timeoutMs"],
    [{ force: true }, "force"],
  ])("%o is refused as %s", (options, option) => {
    expect(() => disconnectPacket(options, context)).toThrow(
      expect.objectContaining({ name: "InvalidOptionError", option }) as Error,
    );
  });

  test("[MQTT-3.1.2-23] a session that was to end with the connection cannot be made to last", () => {
    const none = { ...context, sessionExpiryInterval: 0 };
    expect(() => disconnectPacket({ sessionExpiryInterval: 5 }, none)).toThrow(
      expect.objectContaining({ option: "sessionExpiryInterval" }) as Error,
    );
    expect(disconnectPacket({ sessionExpiryInterval: 0 }, none)).toMatchObject({
      properties: { sessionExpiryInterval: 0 },
    });
  });

  test.each<[DisconnectOptions, string]>([
    [{ reasonCode: 4 }, "reasonCode"],
    [{ reasonString: "bye" }, "reasonString"],
    [{ sessionExpiryInterval: 0 }, "sessionExpiryInterval"],
    [{ userProperties: [] }, "userProperties"],
  ])("%o needs MQTT 5.0", (options, feature) => {
    for (const version of [4, 3] as const) {
      expect(() => disconnectPacket(options, { ...context, version })).toThrow(
        expect.objectContaining({ name: "UnsupportedError", feature }) as Error,
      );
    }
    expect(() => disconnectPacket({ reasonCode: 0, timeoutMs: 5 }, { ...context, version: 4 })).not.toThrow();
  });
});
