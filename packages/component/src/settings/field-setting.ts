import type { Core } from "../core.ts";
import { MQTTError } from "../mqtt-error.ts";
import type { Field } from "./fields.ts";
import { missing, type Need } from "./needs.ts";
import type { Setting } from "./setting.ts";
import { Settings } from "./settings.ts";

/** How a field becomes a setting. */
export interface FieldSettingOptions {
  /** What it needs of the platform, unless it has its default. */
  readonly needs?: Need;
  /** The error while there is a connection or one is being made. */
  readonly fixedCode?: number;
  /** What is read instead, while there is something. */
  readonly current?: (core: Core) => string | undefined;
  /** @throws MQTTError */
  readonly check?: (core: Core, value: string) => void;
  /** What else changes when it is set. */
  readonly after?: (core: Core) => void;
}

/** A setting that is one field. */
export function fieldSetting(group: Setting["group"], field: Field, options: FieldSettingOptions = {}): Setting {
  const { needs, fixedCode, current, check, after } = options;
  const { name } = field;
  return {
    name,
    group,
    get: (core) => current?.(core) ?? field.format(core.settings) ?? field.unset,
    set(core, value) {
      if (fixedCode !== undefined && core.phase !== "idle") throw new MQTTError(fixedCode);
      const write = field.parse(value);
      const lack = needs === undefined ? undefined : missing(core, needs, name);
      if (lack !== undefined) {
        // It has its default, and keeps it.
        if (isDefault(field, write)) return;
        throw lack;
      }
      check?.(core, value);
      write(core.settings);
      after?.(core);
    },
  };
}

/** A setting that can only be read. */
export function readOnlySetting(group: Setting["group"], name: string, get: (core: Core) => string): Setting {
  return { name, group, get };
}

function isDefault(field: Field, write: (settings: Settings) => void): boolean {
  const settings = new Settings();
  write(settings);
  const value = field.format(settings);
  return value === undefined || value === field.unset;
}
