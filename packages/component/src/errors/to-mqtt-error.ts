import { InvalidOptionError, MqttError, TransportError, UnsupportedError } from "rivulet";
import { MQTTError, type ErrorGroup } from "../mqtt-error.ts";
import { withSettingNames } from "../options/option-names.ts";
import { platformCode } from "./platform-codes.ts";
import { transportCode } from "./transport-code.ts";

/** When it happened. */
export interface ErrorContext {
  /** `"connect"`: while the connection was being made. `"connected"`, the default: later. */
  readonly during?: "connect" | "connected" | undefined;
}

/**
 * The documented error for what rivulet or the platform has thrown, which becomes its `cause`. One that is documented
 * already is passed on as it is. Behind the text of the code stands the message of what was thrown, in which no payload
 * and no password is.
 */
export function toMQTTError(error: unknown, { during = "connected" }: ErrorContext = {}): MQTTError {
  if (error instanceof MQTTError) return error;
  const { code, group } = findCode(error, during === "connect");
  const message = error instanceof Error ? error.message || error.name : String(error);
  return new MQTTError(code, { detail: withSettingNames(message).replace(/\.$/, ""), group, cause: error });
}

interface Code {
  readonly code: number;
  readonly group?: ErrorGroup;
}

const interrupted: Code = { code: 301, group: "HTTP" };

function findCode(error: unknown, isConnecting: boolean): Code {
  if (error instanceof TransportError) return { code: transportCode(error, isConnecting) };
  if (error instanceof InvalidOptionError) return { code: optionCode(error.option) };
  if (error instanceof UnsupportedError) return { code: featureCode(error.feature) };
  if (error instanceof MqttError) return mqttCode(error);
  const name = error instanceof Error ? error.name : "";
  if (name === "AbortError") return interrupted;
  if (name === "TimeoutError") return { code: 201 };
  return { code: platformCode(error) ?? 500 };
}

/** Those that are not here are protocol errors, or refusals of the server: 500. */
const mqttCodes: Readonly<Record<string, Code>> = {
  ERR_CLOSED: interrupted,
  ERR_MALFORMED_PACKET: { code: 504 },
  ERR_NOT_CONNECTED: { code: 1117 },
  ERR_PACKET_ID_EXHAUSTED: { code: 501 },
  ERR_QUEUE_FULL: { code: 10_055 },
  // It may have told why, and still it was the server who hung up.
  ERR_SERVER_DISCONNECT: { code: 1120 },
  ERR_STORE: { code: 302, group: "TCPClient" },
  ERR_TIMEOUT: { code: 201 },
};

function mqttCode(error: MqttError): Code {
  // 0x8F is Topic Filter invalid.
  if (error.code === "ERR_INVALID_TOPIC") return { code: error.reasonCode === 0x8f ? 503 : 502 };
  if (error.code === "ERR_PACKET_TOO_LARGE") {
    // Where it is known which byte told it, the packet is the server's; ours would be too long for the server.
    const isReceived = "offset" in error && error.offset !== undefined;
    return { code: isReceived ? 500 : 10_040 };
  }
  return mqttCodes[error.code] ?? { code: 500 };
}

/** By the last part of the option's name. */
const optionCodes: Readonly<Record<string, number>> = {
  qos: 505,
  topic: 502,
  filter: 503,
  payload: 504,
  url: 152,
  localAddress: 10_049,
  family: 10_047,
  ca: 271,
  acceptServerCertificate: 271,
  pfx: 271,
  passphrase: 271,
  cert: 273,
  key: 273,
  keyFormat: 273,
};

function optionCode(option: string): number {
  if (option.startsWith("proxy")) return 118;
  const known = optionCodes[option.slice(option.lastIndexOf(".") + 1)];
  return known ?? (/^(?:tls|webSocket)\./.test(option) ? 10_042 : 10_022);
}

function featureCode(feature: string): number {
  if (feature.endsWith(":")) return 153;
  if (feature.startsWith("proxy")) return 118;
  if (feature.startsWith("tls")) return 270;
  if (/^(?:socket|webSocket)/.test(feature)) return 10_045;
  return feature === "qos" ? 505 : 500;
}
