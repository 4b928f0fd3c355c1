import { isReasonCodeOf, type DisconnectPacket, type ProtocolVersion } from "@rivulet/codec";
import { InvalidOptionError } from "../errors.ts";
import { fourBytes, readOptions, type Rules } from "../option-rules.ts";
import type { UserProperties } from "../options.ts";

/** Options of `disconnect`. */
export interface DisconnectOptions {
  /** 0x00, or 0x04 to have the will published nevertheless. Default: 0x00. MQTT 5.0 only. */
  readonly reasonCode?: number | undefined;
  /** MQTT 5.0 only. */
  readonly reasonString?: string | undefined;
  /** Seconds that the server keeps the Session, instead of those in CONNECT. MQTT 5.0 only. */
  readonly sessionExpiryInterval?: number | undefined;
  /** MQTT 5.0 only. */
  readonly userProperties?: UserProperties | undefined;
  /** How long to wait for what is under way, in ms. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Stop waiting, and close at once. */
  readonly signal?: AbortSignal | undefined;
}

const rules: Rules<DisconnectOptions> = {
  reasonCode: { isNew: true },
  reasonString: { as: true },
  sessionExpiryInterval: { ...fourBytes, as: true },
  userProperties: { as: true },
  timeoutMs: { max: Infinity },
  signal: {},
};

/** @throws InvalidOptionError, UnsupportedError for an option that needs MQTT 5.0. */
export function disconnectPacket(
  options: DisconnectOptions,
  context: { readonly version: ProtocolVersion; readonly sessionExpiryInterval: number },
): DisconnectPacket {
  const { reasonCode = 0, sessionExpiryInterval = 0 } = options;
  const properties = readOptions(options, rules, context);
  if (!isReasonCodeOf("disconnect", reasonCode)) {
    throw new InvalidOptionError("reasonCode", `Reason code ${String(reasonCode)} is not one of DISCONNECT`);
  }
  // Section 3.14.2.2.2
  if (sessionExpiryInterval > 0 && context.sessionExpiryInterval === 0) {
    const message = "A session that was to end with the connection cannot be made to last";
    throw new InvalidOptionError("sessionExpiryInterval", message);
  }
  return properties === undefined ? { type: "disconnect", reasonCode } : { type: "disconnect", reasonCode, properties };
}
