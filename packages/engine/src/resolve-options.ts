import { validateTopicName, type ConnectPacket, type PacketProperties, type ProtocolVersion } from "@rivulet/codec";
import { InvalidOptionError, MqttError, UnsupportedError } from "./errors.ts";
import {
  defaultConnectTimeoutMs,
  defaultKeepAlive,
  defaultOperationTimeoutMs,
  defaultQueueBytes,
  defaultQueueMessages,
  defaultReceiveMaximum,
  defaultTopicAliasMaximum,
} from "./limits.ts";
import { messageProperties, payloadBytes } from "./message-properties.ts";
import type { Credentials, EngineOptions, WillOptions } from "./options.ts";

/** Options with defaults filled in, checked. */
export interface ResolvedOptions extends EngineOptions {
  readonly versions: readonly [ProtocolVersion, ...ProtocolVersion[]];
  readonly clientId: string;
  readonly cleanStart: boolean;
  readonly keepAlive: number;
  readonly receiveMaximum: number;
  readonly connectTimeoutMs: number;
  readonly operationTimeoutMs: number;
  readonly queue: { readonly maxMessages: number; readonly maxBytes: number };
}

const optionNames: ReadonlySet<string> = new Set<keyof EngineOptions>([
  "protocolVersion",
  "clientId",
  "username",
  "password",
  "credentials",
  "cleanStart",
  "sessionExpiryInterval",
  "keepAlive",
  "will",
  "receiveMaximum",
  "maximumPacketSize",
  "topicAliasMaximum",
  "requestResponseInformation",
  "requestProblemInformation",
  "userProperties",
  "connectTimeoutMs",
  "operationTimeoutMs",
  "pingTimeoutMs",
  "maxInflight",
  "offlineQueue",
  "socket",
  "webSocket",
  "transports",
  "signal",
  "environment",
]);

/** Options that only MQTT 5.0 can honour. */
const version5Options = [
  "sessionExpiryInterval",
  "receiveMaximum",
  "topicAliasMaximum",
  "requestResponseInformation",
  "requestProblemInformation",
  "userProperties",
] as const satisfies readonly (keyof EngineOptions)[];

const twoBytes = 0xffff;
const fourBytes = 0xffff_ffff;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionError naming the option, UnsupportedError for one that no version of the list can honour.
 */
export function resolveOptions(options: EngineOptions): ResolvedOptions {
  for (const name of Object.keys(options)) {
    if (!optionNames.has(name)) throw new InvalidOptionError(name, `There is no option ${name}`);
  }
  const versions = resolveVersions(options.protocolVersion);
  if (!versions.includes(5)) {
    const name = version5Options.find((option) => options[option] !== undefined);
    if (name !== undefined) throw new UnsupportedError(name, `Option ${name} needs MQTT 5.0`);
  }
  checkInteger("keepAlive", options.keepAlive, 0, twoBytes);
  checkInteger("sessionExpiryInterval", options.sessionExpiryInterval, 0, fourBytes);
  checkInteger("receiveMaximum", options.receiveMaximum, 1, twoBytes);
  checkInteger("maximumPacketSize", options.maximumPacketSize, 1, fourBytes);
  checkInteger("topicAliasMaximum", options.topicAliasMaximum, 0, twoBytes);
  checkInteger("maxInflight", options.maxInflight, 1, twoBytes);
  checkInteger("connectTimeoutMs", options.connectTimeoutMs, 1, Infinity);
  checkInteger("operationTimeoutMs", options.operationTimeoutMs, 1, Infinity);
  checkInteger("pingTimeoutMs", options.pingTimeoutMs, 1, Infinity);
  checkInteger("offlineQueue.maxMessages", options.offlineQueue?.maxMessages, 0, Infinity);
  checkInteger("offlineQueue.maxBytes", options.offlineQueue?.maxBytes, 0, Infinity);
  for (const name of Object.keys(options.offlineQueue ?? {})) {
    if (name !== "maxMessages" && name !== "maxBytes") {
      throw new InvalidOptionError(`offlineQueue.${name}`, `There is no option offlineQueue.${name}`);
    }
  }
  checkWill(options.will, versions);
  const { clientId = randomClientId(options), cleanStart = true } = options;
  // [MQTT311-3.1.3-7]
  if (clientId === "" && !cleanStart && !versions.includes(5)) {
    throw new InvalidOptionError("clientId", "An empty clientId needs cleanStart or MQTT 5.0");
  }
  return {
    ...options,
    versions,
    clientId,
    cleanStart,
    keepAlive: options.keepAlive ?? defaultKeepAlive,
    receiveMaximum: options.receiveMaximum ?? defaultReceiveMaximum,
    connectTimeoutMs: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    operationTimeoutMs: options.operationTimeoutMs ?? defaultOperationTimeoutMs,
    queue: {
      maxMessages: options.offlineQueue?.maxMessages ?? defaultQueueMessages,
      maxBytes: options.offlineQueue?.maxBytes ?? defaultQueueBytes,
    },
  };
}

/** The CONNECT of one attempt (section 3.1). */
export function connectPacket(
  options: ResolvedOptions,
  attempt: { readonly version: ProtocolVersion; readonly clientId: string; readonly credentials: Credentials },
): ConnectPacket {
  const { version, clientId, credentials } = attempt;
  const { will } = options;
  const packet: ConnectPacket = {
    type: "connect",
    protocolVersion: version,
    cleanStart: options.cleanStart,
    keepAlive: options.keepAlive,
    clientIdentifier: clientId,
  };
  if (version === 5) packet.properties = connectProperties(options);
  if (will !== undefined) {
    const { topic, qos = 0, retain = false } = will;
    packet.will = { topic, payload: payloadBytes(will.payload), qos, retain };
    const properties = willProperties(will);
    if (properties !== undefined) packet.will.properties = properties;
  }
  if (credentials.username !== undefined) packet.userName = credentials.username;
  if (credentials.password !== undefined) packet.password = payloadBytes(credentials.password);
  return packet;
}

function connectProperties(options: ResolvedOptions): PacketProperties<"connect"> {
  const properties: PacketProperties<"connect"> = { receiveMaximum: options.receiveMaximum };
  const { sessionExpiryInterval, maximumPacketSize, requestResponseInformation, requestProblemInformation } = options;
  const topicAliasMaximum = options.topicAliasMaximum ?? defaultTopicAliasMaximum;
  if (topicAliasMaximum > 0) properties.topicAliasMaximum = topicAliasMaximum;
  if (sessionExpiryInterval !== undefined) properties.sessionExpiryInterval = sessionExpiryInterval;
  if (maximumPacketSize !== undefined) properties.maximumPacketSize = maximumPacketSize;
  if (requestResponseInformation !== undefined) {
    properties.requestResponseInformation = Number(requestResponseInformation);
  }
  if (requestProblemInformation !== undefined) {
    properties.requestProblemInformation = Number(requestProblemInformation);
  }
  if (options.userProperties !== undefined) {
    properties.userProperties = options.userProperties.map(([name, value]) => [name, value]);
  }
  return properties;
}

function willProperties(will: WillOptions): PacketProperties<"will"> | undefined {
  const properties: PacketProperties<"will"> | undefined = messageProperties(will);
  if (will.delayInterval === undefined) return properties;
  return { ...properties, willDelayInterval: will.delayInterval };
}

function resolveVersions(option: EngineOptions["protocolVersion"]): ResolvedOptions["versions"] {
  const list = typeof option === "object" ? option : [option ?? 5];
  const [first, ...rest] = list;
  if (first === undefined || list.some((version) => ![3, 4, 5].includes(version))) {
    throw new InvalidOptionError("protocolVersion", `protocolVersion is ${list.join(", ")}, and can be 5, 4 and 3`);
  }
  return [first, ...rest];
}

function checkWill(will: WillOptions | undefined, versions: readonly ProtocolVersion[]): void {
  if (will === undefined) return;
  try {
    validateTopicName(will.topic);
  } catch (error) {
    throw new InvalidOptionError("will.topic", (error as MqttError).message, { cause: error });
  }
  checkInteger("will.qos", will.qos, 0, 2);
  checkInteger("will.delayInterval", will.delayInterval, 0, fourBytes);
  if (!versions.includes(5) && willProperties(will) !== undefined) {
    throw new UnsupportedError("will", "The properties of a will need MQTT 5.0");
  }
}

function checkInteger(option: string, value: number | undefined, minimum: number, maximum: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= minimum && value <= maximum)) return;
  if (value === Infinity && maximum === Infinity) return;
  const range = maximum === Infinity ? `${minimum} or more` : `from ${minimum} to ${maximum}`;
  throw new InvalidOptionError(option, `${option} is ${String(value)}, and must be a whole number ${range}`);
}

/** 23 characters of those that every server accepts [MQTT311-3.1.3-5]. */
function randomClientId({ environment }: EngineOptions): string {
  const characters = "0123456789abcdefghijklmnopqrstuv";
  let clientId = "rivulet";
  for (const byte of environment.getRandomValues(new Uint8Array(16))) clientId += characters.charAt(byte % 32);
  return clientId;
}
