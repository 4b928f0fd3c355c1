import { describe, expect, test } from "vitest";
import { InvalidOptionError, UnsupportedError } from "./errors.ts";
import { boolean, fourBytes, positive, readOptions, twoBytes, type Rules } from "./option-rules.ts";

interface Options {
  readonly anything?: unknown;
  readonly size?: unknown;
  readonly timeoutMs?: unknown;
  readonly mode?: unknown;
  readonly format?: unknown;
  readonly flag?: unknown;
  readonly recent?: unknown;
  readonly expiry?: unknown;
  readonly callback?: unknown;
  readonly more?: unknown;
}

const rules: Rules<Options> = {
  anything: {},
  size: { min: 2, ...twoBytes },
  timeoutMs: positive,
  mode: { of: ["pause", "drop", false] },
  format: { of: ["bytes", "utf-8"], as: "payloadFormatIndicator" },
  flag: { ...boolean, as: true },
  recent: { isNew: true },
  expiry: { ...fourBytes, as: "messageExpiryInterval" },
  callback: { is: "function" },
  more: { of: [false], is: "object" },
};

/** The error that options are refused with. */
function refusal(options: Options, where?: Parameters<typeof readOptions>[2]): unknown {
  try {
    readOptions(options, rules, where);
  } catch (error) {
    return error;
  }
  throw new Error("The options were taken");
}

describe("readOptions", () => {
  test("returns undefined when nothing becomes a property", () => {
    expect(readOptions({}, rules)).toBeUndefined();
    expect(readOptions({ size: 2, mode: false, anything: null, recent: true }, rules)).toBeUndefined();
    expect(readOptions({ callback: () => 1, more: {} }, rules)).toBeUndefined();
    expect(readOptions({ more: false }, rules)).toBeUndefined();
  });

  test("what is undefined is left out", () => {
    const nothing = { size: undefined, format: undefined, flag: undefined, recent: undefined };
    expect(readOptions(nothing, rules)).toBeUndefined();
    expect(readOptions(nothing, rules, { version: 4 })).toBeUndefined();
  });

  test("returns properties under their names: a value by its place, and so a boolean as 0 or 1", () => {
    const properties = { payloadFormatIndicator: 1, flag: 1, messageExpiryInterval: 0 };
    expect(readOptions({ format: "utf-8", flag: true, expiry: 0 }, rules)).toStrictEqual(properties);
    expect(readOptions({ format: "bytes", flag: false }, rules)).toStrictEqual({ payloadFormatIndicator: 0, flag: 0 });
  });

  test.each([
    [{ size: 1 }, "size is 1, and must be a whole number from 2 to 65535"],
    [{ size: 65_536 }, "size is 65536, and must be a whole number from 2 to 65535"],
    [{ size: 2.5 }, "size is 2.5, and must be a whole number from 2 to 65535"],
    [{ size: NaN }, "size is NaN, and must be a whole number from 2 to 65535"],
    [{ size: Infinity }, "size is Infinity, and must be a whole number from 2 to 65535"],
    [{ size: "7" }, `size is "7", and must be a whole number from 2 to 65535`],
    [{ timeoutMs: 0 }, "timeoutMs is 0, and must be a whole number from 1 to Infinity"],
    [{ timeoutMs: -Infinity }, "timeoutMs is -Infinity, and must be a whole number from 1 to Infinity"],
    [{ expiry: -1 }, "expiry is -1, and must be a whole number from 0 to 4294967295"],
    [{ mode: "stop" }, `mode is "stop", and must be pause or drop or false`],
    [{ format: "text" }, `format is "text", and must be bytes or utf-8`],
    [{ callback: 5 }, "callback is 5, and must be function"],
    [{ callback: null }, "callback is object, and must be function"],
    [{ more: true }, "more is true, and must be false or object"],
    [{ more: null }, "more is object, and must be false or object"],
  ])("refuses %o", (options, message) => {
    const error = refusal(options);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option: Object.keys(options)[0], message });
  });

  test("refuses what has no text of its own as well", () => {
    for (const size of [null, {}, [2], () => 2, true]) expect(refusal({ size })).toMatchObject({ option: "size" });
  });

  test.each([{ size: 2 }, { size: 65_535 }, { timeoutMs: 1 }, { timeoutMs: Infinity }, { expiry: 0xffff_ffff }])(
    "takes %o",
    (options) => {
      expect(() => readOptions(options, rules)).not.toThrow();
    },
  );

  test("refuses what does not exist, also where it is inherited by every object", () => {
    const typo = { sise: 7 } as Options;
    expect(refusal(typo)).toMatchObject({
      name: "InvalidOptionError",
      option: "sise",
      message: "There is no option sise",
    });
    const inherited = { toString: 7 } as Options;
    expect(refusal(inherited)).toMatchObject({ option: "toString" });
  });

  test.each([
    [{ Size: 7 }, "There is no option Size, but there is size"],
    [{ timeout: 7 }, "There is no option timeout, but there is timeoutMs"],
    [{ moreOfIt: 7 }, "There is no option moreOfIt, but there is more"],
    [{ f: 7 }, "There is no option f, but there is format or flag"],
  ])("says what is near to %o", (options: object, message) => {
    expect(refusal(options)).toMatchObject({ name: "InvalidOptionError", option: Object.keys(options)[0], message });
  });

  test("refuses what is no object", () => {
    const callback = (() => 1) as Options;
    const expected = { option: "options", message: "options is function, and must be object" };
    expect(refusal(callback)).toMatchObject({ name: "InvalidOptionError", ...expected });
    const text = "bye" as Options;
    expect(refusal(text, { path: "will." })).toMatchObject({
      option: "will",
      message: "will is string, and must be object",
    });
  });

  test("names an option with the path to it", () => {
    expect(refusal({ size: 0 }, { path: "will." })).toMatchObject({ option: "will.size" });
    expect(refusal({ sise: 0 } as Options, { path: "will." })).toMatchObject({ option: "will.sise" });
    expect(refusal({ flag: true }, { path: "will.", version: 4 })).toMatchObject({ feature: "will.flag" });
  });

  test.each([4, 3] as const)("what needs MQTT 5.0 is refused for version %i", (version) => {
    for (const options of [{ flag: true }, { flag: false }, { expiry: 0 }, { format: "bytes" }, { recent: true }]) {
      const error = refusal(options, { version });
      const [name] = Object.keys(options);
      expect(error).toBeInstanceOf(UnsupportedError);
      expect(error).toMatchObject({ feature: name, message: `Option ${String(name)} needs MQTT 5.0` });
    }
    // That it is off is no demand.
    expect(() => readOptions({ recent: false, size: 2 }, rules, { version })).not.toThrow();
    expect(() => readOptions({ recent: 0 }, rules, { version })).not.toThrow();
  });
});
