import {
  clientWriters,
  PacketBatch,
  validateTopicName,
  type ConnectPacket,
  type PacketProperties,
  type ProtocolVersion,
} from "@rivulet/codec";
import { InvalidOptionError, UnsupportedError, type MqttError } from "./errors.ts";
import * as defaults from "./limits.ts";
import { logLevels } from "./log-entry.ts";
import { messageRules, payloadBytes } from "./message-options.ts";
import { boolean, fourBytes, positive, readOptions, twoBytes, type Rules } from "./option-rules.ts";
import type {
  Credentials,
  EngineOptions,
  OfflineQueueOptions,
  ReconnectOptions,
  RedirectOptions,
  WillOptions,
} from "./options.ts";

/** Options with defaults filled in, checked. */
export interface ResolvedOptions extends EngineOptions {
  /** Those that become properties of CONNECT. */
  readonly properties: PacketProperties<"connect">;
  readonly versions: readonly [ProtocolVersion, ...ProtocolVersion[]];
  readonly clientId: string;
  readonly cleanStart: boolean;
  readonly keepAlive: number;
  readonly connectTimeoutMs: number;
  readonly operationTimeoutMs: number;
}

const orFalse = { of: [false], is: "object" } as const;

const rules: Rules<EngineOptions> = {
  protocolVersion: {},
  clientId: { is: "string" },
  username: {},
  password: {},
  credentials: { is: "function" },
  cleanStart: boolean,
  keepAlive: twoBytes,
  will: {},
  sessionExpiryInterval: { ...fourBytes, as: true },
  receiveMaximum: { min: 1, ...twoBytes, as: true },
  topicAliasMaximum: { ...twoBytes, as: true },
  requestResponseInformation: { ...boolean, as: true },
  requestProblemInformation: { ...boolean, as: true },
  userProperties: { as: true },
  authenticator: { is: "object" },
  // Not only told to the server, so it serves MQTT 3.1.1 too.
  maximumPacketSize: { min: 1, ...fourBytes },
  connectTimeoutMs: positive,
  operationTimeoutMs: positive,
  pingTimeoutMs: positive,
  maxInflight: { min: 1, ...twoBytes },
  session: { is: "object" },
  sessionNamespace: {},
  sessionLost: { of: ["republish-qos1", "republish", "fail"] },
  resubscribe: boolean,
  republishInterval: fourBytes,
  topicAliases: { of: ["off", "auto"] },
  offlineQueue: orFalse,
  reconnect: orFalse,
  redirect: { ...orFalse, isNew: true },
  socket: { is: "object" },
  tls: { is: "object" },
  proxy: {},
  webSocket: { is: "object" },
  logger: { is: "function" },
  logLevel: { of: logLevels },
  transports: {},
  signal: {},
  environment: {},
};

const queueRules: Rules<OfflineQueueOptions> = {
  maxMessages: { max: Infinity },
  maxBytes: { max: Infinity },
  qos0: { of: ["queue", "drop"] },
  overflow: { of: ["reject", "drop-oldest", "drop-newest"] },
};

const reconnectRules: Rules<ReconnectOptions> = {
  minDelayMs: positive,
  maxDelayMs: positive,
  maxAttempts: positive,
  stableAfterMs: { max: Infinity },
  retryInitial: boolean,
  retry: { is: "function" },
};

const redirectRules: Rules<RedirectOptions> = {
  maxHops: positive,
  allow: { is: "function" },
};

const willRules: Rules<WillOptions> = {
  ...messageRules,
  topic: {},
  payload: {},
  qos: { max: 2 },
  retain: boolean,
  delayInterval: { ...fourBytes, as: "willDelayInterval" },
};

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionError naming the option, UnsupportedError for one that no version of the list can honour.
 */
export function resolveOptions(options: EngineOptions): ResolvedOptions {
  const { protocolVersion = 5, clientId = randomClientId(options), will, session } = options;
  // Who keeps a Session wants to go on with it.
  const { cleanStart = session === undefined, republishInterval = 0 } = options;
  const [first, ...others] = [protocolVersion].flat();
  if (first === undefined || [first, ...others].some((version) => ![3, 4, 5].includes(version))) {
    throw new InvalidOptionError(
      "protocolVersion",
      `protocolVersion is ${String(protocolVersion)}, and can be 5, 4, 3`,
    );
  }
  const versions = [first, ...others] as const;
  const version = versions.includes(5) ? 5 : first;
  const properties = { ...readOptions(options, rules, { version }) };
  if (options.offlineQueue) readOptions(options.offlineQueue, queueRules, { path: "offlineQueue." });
  if (options.redirect) readOptions(options.redirect, redirectRules, { path: "redirect." });
  if (options.reconnect) checkReconnect(options.reconnect);
  if (will !== undefined) checkWill(will, version);
  if (options.password !== undefined) payloadBytes(options.password, "password");
  // A server that could talk us out of it need not prove who it is.
  if (options.authenticator !== undefined && versions.some((each) => each < 5)) {
    throw new UnsupportedError(
      "authenticator",
      "Option authenticator needs MQTT 5.0, and no other version to fall back to",
    );
  }
  // [MQTT311-3.1.3-7]
  if (clientId === "" && !cleanStart && version < 5) {
    throw new InvalidOptionError("clientId", "An empty clientId needs cleanStart or MQTT 5.0");
  }
  if (session !== undefined && !options.clientId) {
    throw new InvalidOptionError("clientId", "A session that is kept needs a clientId of its own");
  }
  // [MQTT-4.4.0-1]
  if (republishInterval > 0 && versions.every((each) => each === 5)) {
    throw new InvalidOptionError("republishInterval", "MQTT 5.0 forbids to send messages again while connected");
  }
  // Of objects that begin with what another one has, Node 20 gives each a shape of its own.
  return Object.assign({}, options, {
    properties,
    versions,
    clientId,
    cleanStart,
    keepAlive: options.keepAlive ?? defaults.defaultKeepAlive,
    connectTimeoutMs: options.connectTimeoutMs ?? defaults.defaultConnectTimeoutMs,
    operationTimeoutMs: options.operationTimeoutMs ?? defaults.defaultOperationTimeoutMs,
  });
}

/**
 * The CONNECT of one attempt (section 3.1). Before MQTT 5.0 it goes without what that version does not have.
 *
 * @throws InvalidOptionError when what was asked for cannot be said in a CONNECT; the cause tells what.
 */
export function connectPacket(
  options: ResolvedOptions,
  attempt: Credentials & {
    readonly version: ProtocolVersion;
    readonly clientId: string;
    /** Default: as asked for. */
    readonly cleanStart?: boolean;
    /** Method and data that begin an exchange of enhanced authentication. */
    readonly authentication?: PacketProperties<"connect"> | undefined;
  },
): ConnectPacket {
  const { version, clientId, username, password, cleanStart = options.cleanStart } = attempt;
  const { keepAlive, maximumPacketSize, properties, will } = options;
  const packet: ConnectPacket = {
    type: "connect",
    protocolVersion: version,
    cleanStart,
    keepAlive,
    clientIdentifier: clientId,
  };
  if (version === 5) {
    packet.properties = {
      receiveMaximum: defaults.defaultReceiveMaximum,
      topicAliasMaximum: defaults.defaultTopicAliasMaximum,
      maximumPacketSize,
      ...properties,
      ...attempt.authentication,
    };
  }
  if (will !== undefined) {
    const { topic, payload, qos = 0, retain = false } = will;
    packet.will = { topic, payload: payloadBytes(payload, "will.payload"), qos, retain };
    if (version === 5) packet.will.properties = { ...readOptions(will, willRules) };
  }
  if (username !== undefined) packet.userName = username;
  if (password !== undefined) packet.password = payloadBytes(password, "password");
  try {
    new PacketBatch(clientWriters, { version }).measure(packet);
  } catch (cause) {
    throw new InvalidOptionError("connect", (cause as MqttError).message, { cause });
  }
  return packet;
}

function checkReconnect(reconnect: ReconnectOptions): void {
  readOptions(reconnect, reconnectRules, { path: "reconnect." });
  const { minDelayMs = 0, maxDelayMs = Infinity } = reconnect;
  if (minDelayMs > maxDelayMs) {
    throw new InvalidOptionError(
      "reconnect.maxDelayMs",
      `reconnect.maxDelayMs is ${maxDelayMs}, less than reconnect.minDelayMs, ${minDelayMs}`,
    );
  }
}

function checkWill(will: WillOptions, version: ProtocolVersion): void {
  const path = "will.";
  readOptions(will, willRules, { version, path });
  payloadBytes(will.payload, `${path}payload`);
  try {
    validateTopicName(will.topic);
  } catch (error) {
    throw new InvalidOptionError(`${path}topic`, (error as MqttError).message, { cause: error });
  }
}

/** 23 characters of those that every server accepts [MQTT311-3.1.3-5]. */
export function randomClientId({ environment }: EngineOptions): string {
  const bytes = environment.getRandomValues(new Uint8Array(16));
  // [MQTT311-3.1.3-5]
  // Joined, not added up: that would hold on to each of the parts.
  return ["rivulet", ...Array.from(bytes, (byte) => (byte % 36).toString(36))].join("");
}
