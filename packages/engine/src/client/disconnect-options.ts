import { isReasonCodeOf, type DisconnectPacket, type PacketProperties, type ProtocolVersion } from "@rivulet/codec";
import { InvalidOptionError, UnsupportedError } from "../errors.ts";
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

const version5Options = ["reasonCode", "reasonString", "sessionExpiryInterval", "userProperties"] as const;

/** @throws InvalidOptionError, UnsupportedError for an option that needs MQTT 5.0. */
export function disconnectPacket(
  options: DisconnectOptions,
  context: { readonly version: ProtocolVersion; readonly sessionExpiryInterval: number },
): DisconnectPacket {
  const { reasonCode = 0, reasonString, sessionExpiryInterval, userProperties } = options;
  if (context.version < 5) {
    const name = version5Options.find((option) => options[option] !== undefined);
    if (name !== undefined) throw new UnsupportedError(name, `Option ${name} of disconnect needs MQTT 5.0`);
  }
  if (!isReasonCodeOf("disconnect", reasonCode)) {
    throw new InvalidOptionError("reasonCode", `Reason code ${String(reasonCode)} is not one of DISCONNECT`);
  }
  // Section 3.14.2.2.2
  if (sessionExpiryInterval !== undefined && sessionExpiryInterval > 0 && context.sessionExpiryInterval === 0) {
    throw new InvalidOptionError(
      "sessionExpiryInterval",
      "A session that was to end with the connection cannot be made to last by disconnect",
    );
  }
  const properties: PacketProperties<"disconnect"> = {};
  if (reasonString !== undefined) properties.reasonString = reasonString;
  if (sessionExpiryInterval !== undefined) properties.sessionExpiryInterval = sessionExpiryInterval;
  if (userProperties !== undefined) properties.userProperties = userProperties.map(([name, value]) => [name, value]);
  const packet: DisconnectPacket = { type: "disconnect", reasonCode };
  if (Object.keys(properties).length > 0) packet.properties = properties;
  return packet;
}
