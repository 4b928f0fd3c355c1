import { UnsupportedError } from "rivulet";
import type { Core } from "../core.ts";
import { MQTTError } from "../mqtt-error.ts";

/** What a platform cannot do. `why` ends the sentence that begins with the setting and the platform. */
export interface Unsupported {
  readonly code: number;
  /** The property or configuration setting. */
  readonly setting: string;
  readonly why: string;
}

/** The error for what this platform cannot do; its cause names the setting. */
export function unsupported({ platform }: Pick<Core, "platform">, { code, setting, why }: Unsupported): MQTTError {
  const detail = `${setting} is not supported in ${platform.name}: ${why}`;
  return new MQTTError(code, { detail, cause: new UnsupportedError(setting, detail) });
}
