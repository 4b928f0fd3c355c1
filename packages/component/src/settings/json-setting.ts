import type { Core } from "../core.ts";
import type { Field, Write } from "./fields.ts";
import { formatJsonObject, parseJsonObject, type JsonEntry } from "./json-object.ts";
import type { Setting } from "./setting.ts";
import type { Settings } from "./settings.ts";
import { badValue, quote } from "./values.ts";

/** A key that may come more than once. */
export interface RepeatedKey {
  readonly key: string;
  format(settings: Settings): readonly string[];
  /** @throws MQTTError */
  parse(values: readonly string[]): Write;
}

/** What a JSON setting consists of. */
export interface JsonSettingOptions {
  /** Each by its key, and by other spellings of it. */
  readonly fields: readonly { readonly keys: readonly [string, ...string[]]; readonly field: Field }[];
  readonly repeated?: RepeatedKey;
  /** What is read instead, while there is something. */
  readonly current?: (core: Core) => readonly JsonEntry[] | undefined;
  /** What else changes when it is set. */
  readonly after?: (core: Core) => void;
}

/**
 * A setting that is a JSON object: of what has not its default it reads all as strings; setting it changes the keys
 * that are there, or none when something is wrong with one of them. "" resets them all.
 */
export function jsonSetting(name: string, options: JsonSettingOptions): Setting {
  const { fields, repeated, current, after } = options;
  return {
    name,
    group: "MQTT",
    get: (core) => formatJsonObject(current?.(core) ?? entriesOf(options, core.settings)),
    set(core, value) {
      const isReset = value.trim() === "";
      const writes = isReset
        ? [...fields.map(({ field }) => field.parse("")), ...(repeated === undefined ? [] : [repeated.parse([])])]
        : writesOf(name, options, parseJsonObject(name, value));
      for (const write of writes) write(core.settings);
      after?.(core);
    },
  };
}

function entriesOf({ fields, repeated }: JsonSettingOptions, settings: Settings): readonly JsonEntry[] {
  const entries = fields.flatMap(({ keys, field }) => {
    const value = field.format(settings);
    return value === undefined ? [] : keys.map((key): JsonEntry => [key, value]);
  });
  if (repeated === undefined) return entries;
  return [...entries, ...repeated.format(settings).map((value): JsonEntry => [repeated.key, value])];
}

function writesOf(name: string, { fields, repeated }: JsonSettingOptions, entries: readonly JsonEntry[]): Write[] {
  const writes: Write[] = [];
  const values: string[] = [];
  let isRepeated = false;
  for (const [key, value] of entries) {
    if (isSameKey(key, repeated?.key ?? "")) {
      isRepeated = true;
      if (value !== "") values.push(value);
      continue;
    }
    const found = fields.find(({ keys }) => keys.some((one) => isSameKey(one, key)));
    if (found === undefined) throw badValue(name, `has no key ${quote(key)}`);
    writes.push(found.field.parse(value));
  }
  if (isRepeated && repeated !== undefined) writes.push(repeated.parse(values));
  return writes;
}

function isSameKey(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
