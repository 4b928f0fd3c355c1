import type { ProtocolVersion } from "@rivulet/codec";
import { InvalidOptionError, UnsupportedError } from "./errors.ts";

/** What an option may be, and what becomes of it. An empty rule allows anything. */
interface Rule {
  /** The least number. Default: 0. */
  readonly min?: number;
  /** The greatest number: the option is then a whole number or, where this is, Infinity. */
  readonly max?: number;
  /** The values that it may have. */
  readonly of?: readonly unknown[];
  /** What it may be beside that. */
  readonly is?: "function" | "object" | "string";
  /** The property that it becomes, true for that of its own name: a value by its place in `of`. */
  readonly as?: string | true;
  /** It needs MQTT 5.0, as everything does that becomes a property. */
  readonly isNew?: boolean;
}

/** The options of one function, each with its rule. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

export const boolean: { readonly of: readonly unknown[] } = { of: [false, true] };
/** Numbers of the wire. */
export const twoBytes: { readonly max: number } = { max: 0xffff };
export const fourBytes: { readonly max: number } = { max: 0xffff_ffff };
/** Any whole number from 1 on. */
export const positive: { readonly min: number; readonly max: number } = { min: 1, max: Infinity };

/**
 * Checks options, and returns those that become properties of a packet; undefined when there are none.
 *
 * @throws InvalidOptionError for an option that does not exist or has a value that it may not have, UnsupportedError
 * for one that needs MQTT 5.0; each names the option.
 */
export function readOptions<Options extends object>(
  options: Options,
  rules: Rules<Options>,
  { version = 5, path = "" }: { readonly version?: ProtocolVersion; readonly path?: string } = {},
): Record<string, never> | undefined {
  if (typeof options !== "object") {
    const name = path.slice(0, -1) || "options";
    throw new InvalidOptionError(name, `${name} is ${typeof options}, and must be object`);
  }
  let properties: Record<string, unknown> | undefined;
  for (const key in options) {
    const name = path + key;
    const value: unknown = options[key];
    if (!Object.hasOwn(rules, key)) throw unknownName(key, rules, { what: "option", path });
    if (value === undefined) continue;
    const { min = 0, max, is, of = is && [], as, isNew } = rules[key];
    const isFine = of === undefined ? isWithin(value, min, max) : of.includes(value) || isOf(value, is);
    if (!isFine) {
      const range =
        of === undefined ? `a whole number from ${min} to ${String(max)}` : of.concat(is ?? []).join(" or ");
      const isPlain = typeof value === "number" || typeof value === "boolean";
      const shown = isPlain ? String(value) : typeof value === "string" ? `"${value}"` : typeof value;
      throw new InvalidOptionError(name, `${name} is ${shown}, and must be ${range}`);
    }
    if (version < 5 && (as !== undefined || (isNew === true && Number(value) !== 0))) {
      throw new UnsupportedError(name, `Option ${name} needs MQTT 5.0`);
    }
    if (as === undefined) continue;
    properties ??= {};
    properties[as === true ? key : as] = of === undefined ? value : of.indexOf(value);
  }
  return properties as Record<string, never> | undefined;
}

/** The error for a name that is none of those that are known; it says which are near. */
export function unknownName(name: string, known: object, of: { what: string; path?: string }): InvalidOptionError {
  const { what, path = "" } = of;
  const near = Object.keys(known).filter((other) => isNear(other.toLowerCase(), name.toLowerCase()));
  const hint = near.length > 0 ? `, but there is ${near.join(" or ")}` : "";
  return new InvalidOptionError(path + name, `There is no ${what} ${path}${name}${hint}`);
}

/** Other clients have `keepalive`, `clean` and `reconnectPeriod`, and an event `connect`. */
function isNear(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function isOf(value: unknown, type: string | undefined): boolean {
  return value !== null && typeof value === type;
}

function isWithin(value: unknown, min: number, max: number | undefined): boolean {
  if (max === undefined) return true;
  return (Number.isInteger(value) || value === Infinity) && (value as number) >= min && (value as number) <= max;
}
