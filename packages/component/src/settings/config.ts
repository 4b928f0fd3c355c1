import type { Core } from "../core.ts";
import { MQTTError } from "../mqtt-error.ts";
import { connectConfig } from "./connect-config.ts";
import { messageConfig } from "./message-config.ts";
import { mqttConfig } from "./mqtt-config.ts";
import type { Setting } from "./setting.ts";
import { socketConfig } from "./socket-config.ts";
import { tcpConfig } from "./tcp-config.ts";
import { tlsConfig } from "./tls-config.ts";
import { parseInteger, quote } from "./values.ts";

/** Every configuration setting. A name that comes twice is one value, and the first entry is the one that is used. */
export const allSettings: readonly Setting[] = [
  ...mqttConfig,
  ...connectConfig,
  ...messageConfig,
  ...tcpConfig,
  ...tlsConfig,
  ...socketConfig,
];

const byName: ReadonlyMap<string, Setting> = /* @__PURE__ */ new Map(
  // The last one of a name stays in a Map.
  [...allSettings].reverse().map((setting) => [setting.name.toLowerCase(), setting]),
);

/**
 * Reads a configuration setting, as in `"LogLevel"` or `"IncomingUserPropName[0]"`, or sets it, as in `"LogLevel=2"`,
 * and then returns "". The case of names does not matter; the value is all that stands behind the first equals sign.
 *
 * @throws MQTTError 10022 for a setting that does not exist, an index out of range, a value that makes no sense; 211
 * for one that can only be read; others as each setting has them.
 */
export function config(core: Core, text: string): string {
  const at = text.indexOf("=");
  const { setting, index } = find(at < 0 ? text : text.slice(0, at));
  if (at < 0) return setting.get(core, index);
  if (setting.set === undefined) throw new MQTTError(211, { detail: `${setting.name} can only be read` });
  setting.set(core, text.slice(at + 1), index);
  return "";
}

function find(text: string): { readonly setting: Setting; readonly index: number } {
  const [, name = "", index] = /^([^\s[]*)\s*(?:\[([^\]]*)\])?$/.exec(text.trim()) ?? [];
  const setting = byName.get(name.toLowerCase());
  if (setting === undefined) {
    // What stands behind the name may be a password whose equals sign was forgotten.
    const [word = ""] = /^[\w.]*/.exec(text.trim()) ?? [];
    throw new MQTTError(10022, { detail: `There is no setting ${quote(word)}, or not in this form` });
  }
  if (setting.isIndexed !== true) {
    if (index !== undefined) throw new MQTTError(10022, { detail: `${setting.name} has no index` });
    return { setting, index: 0 };
  }
  if (index === undefined) throw new MQTTError(10022, { detail: `${setting.name} needs an index in brackets` });
  return { setting, index: parseInteger(`The index of ${setting.name}`, index, { max: 0xffff_ffff }) };
}
