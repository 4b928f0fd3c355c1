import { MQTTError } from "../mqtt-error.ts";

/** The most that a string or bytes may have in a packet. */
const maximumFieldBytes = 65_535;

const encoder = /* @__PURE__ */ new TextEncoder();

/** The error of a value that makes no sense. */
export function badValue(name: string, detail: string, code = 10022): MQTTError {
  return new MQTTError(code, { detail: `${name} ${detail}` });
}

/** A value as it stands in a message. */
export function quote(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
}

/** @throws MQTTError 10022 */
export function parseBoolean(name: string, value: string): boolean {
  switch (value.trim().toLowerCase()) {
    case "true":
    case "1":
    case "yes":
      return true;
    case "false":
    case "0":
    case "no":
      return false;
    default:
      throw badValue(name, `is True or False, not ${quote(value)}`);
  }
}

export function formatBoolean(value: boolean): string {
  return value ? "True" : "False";
}

/** Whether a value takes a number back to its default. */
export function isReset(value: string): boolean {
  return ["", "-1"].includes(value.trim());
}

/** What a whole number may be. */
export interface IntegerRange {
  /** Default: 0. */
  readonly min?: number;
  readonly max: number;
  /** The only ones there are. */
  readonly choices?: readonly number[];
  /** Of the error. Default: 10022. */
  readonly code?: number;
}

/**
 * Reads a whole number, decimal or hexadecimal with `0x`.
 *
 * @throws MQTTError of the range's code
 */
export function parseInteger(name: string, value: string, { min = 0, max, choices, code }: IntegerRange): number {
  const text = value.trim();
  const number = /^(?:[+-]?\d{1,15}|0[xX][\da-fA-F]{1,12})$/.test(text) ? Number(text) : NaN;
  if (choices === undefined ? number >= min && number <= max : choices.includes(number)) return number;
  const wanted = choices === undefined ? `a whole number from ${min} to ${max}` : `one of ${choices.join(", ")}`;
  throw badValue(name, `is ${wanted}, not ${quote(value)}`, code);
}

/**
 * Checks that a string can stand in a packet.
 *
 * @throws MQTTError 10022
 */
export function checkText(name: string, value: string): void {
  // With the flag u, half of a surrogate pair is no match, but a lone surrogate is.
  if (/[\0\ud800-\udfff]/u.test(value)) throw badValue(name, "holds a character that no packet can hold");
  if (encoder.encode(value).length > maximumFieldBytes) {
    throw badValue(name, `has more than ${maximumFieldBytes} bytes of UTF-8`);
  }
}

/**
 * Reads bytes as hexadecimal digits; white space does not matter.
 *
 * @throws MQTTError 10022
 */
export function parseHex(name: string, value: string): Uint8Array {
  const digits = value.replace(/\s/g, "");
  if (!/^[\da-f]*$/i.test(digits) || digits.length % 2 !== 0) {
    throw badValue(name, "is not made of bytes of two hexadecimal digits");
  }
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** @throws MQTTError 10022 for what is no hexadecimal digits, or too much for a packet. */
export function checkHexField(name: string, value: string): void {
  if (parseHex(name, value).length > maximumFieldBytes)
    throw badValue(name, `has more than ${maximumFieldBytes} bytes`);
}

/** Of a Quality of Service. */
export const qosRange: IntegerRange = { max: 2 };

/** Of a time in seconds: what a timer can be set to, in ms. */
export const secondsRange: IntegerRange = { max: 2_147_483 };
