import { Settings } from "./settings.ts";
import { checkText, formatBoolean, isReset, parseBoolean, parseInteger, type IntegerRange } from "./values.ts";

/** Writes a value that has been checked. */
export type Write = (settings: Settings) => void;

/** A field of `Settings` as text: of a setting of its own, of a key in a JSON setting, or of both. */
export interface Field {
  readonly name: string;
  /** Undefined while it has its default. */
  format(settings: Settings): string | undefined;
  /** The default as text. */
  readonly unset: string;
  /**
   * Checks a value, and changes nothing. What resets the field is "", and for numbers -1 too.
   *
   * @throws MQTTError
   */
  parse(value: string): Write;
}

/** Which field it is. */
interface Place<K extends string, T> {
  readonly name: string;
  readonly of: (settings: Settings) => Record<K, T>;
  readonly key: K;
}

const defaults: Settings = /* @__PURE__ */ new Settings();

/** A field that is true or false; one that is neither by default counts as `unset`. */
export function booleanField<K extends string>(
  place: Place<K, boolean | undefined>,
  { unset = false }: { readonly unset?: boolean } = {},
): Field {
  return field(place, {
    unset: formatBoolean(place.of(defaults)[place.key] ?? unset),
    read: (value) => parseBoolean(place.name, value),
    show: formatBoolean,
  });
}

/** A field that is a whole number. */
export function integerField<K extends string>(
  place: Place<K, number | undefined>,
  range: IntegerRange & {
    /** What is read while there is no number. Default: -1. */
    readonly unset?: string;
    /** @throws MQTTError */
    readonly check?: (name: string, value: number) => void;
  },
): Field {
  return field(place, {
    unset: String(place.of(defaults)[place.key] ?? range.unset ?? "-1"),
    isReset,
    read: (value) => {
      const number = parseInteger(place.name, value, range);
      range.check?.(place.name, number);
      return number;
    },
    show: String,
  });
}

/** A field that is text. */
export function textField<K extends string>(
  place: Place<K, string | undefined>,
  options: {
    /** What is read while there is none. Default: "". */
    readonly unset?: string;
    /** "" is a value, too, and no reset. */
    readonly canBeEmpty?: boolean;
    /** @throws MQTTError */
    readonly check?: (name: string, value: string) => void;
  } = {},
): Field {
  return field(place, {
    unset: place.of(defaults)[place.key] ?? options.unset ?? "",
    isReset: (value) => value === "" && options.canBeEmpty !== true,
    read: (value) => {
      options.check?.(place.name, value);
      return value;
    },
    show: (value) => value,
  });
}

/** A field that is text of a packet. */
export function packetTextField<K extends string>(place: Place<K, string | undefined>): Field {
  return textField(place, { check: checkText });
}

function field<K extends string, T>(
  { name, of, key }: Place<K, T | undefined>,
  kind: {
    readonly unset: string;
    readonly isReset?: (value: string) => boolean;
    readonly read: (value: string) => T;
    readonly show: (value: T) => string;
  },
): Field {
  const { isReset: resets = (value: string) => value.trim() === "" } = kind;
  const initial = of(defaults)[key];
  return {
    name,
    unset: kind.unset,
    format(settings) {
      const value = of(settings)[key];
      return value === initial || value === undefined ? undefined : kind.show(value);
    },
    parse(value) {
      const parsed = resets(value) ? initial : kind.read(value);
      return (settings) => {
        of(settings)[key] = parsed;
      };
    },
  };
}
