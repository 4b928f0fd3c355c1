import { validateTopicName } from "@rivulet/codec";
import type {
  ConnectOptions,
  DisconnectOptions,
  FilterWithOptions,
  MessageProperties,
  PublishOptions,
  QoS,
  SubscribeOptions,
  WillOptions,
} from "rivulet";
import { MqttVersions } from "../enumerations.ts";
import { MQTTError } from "../mqtt-error.ts";
import type { PublishProperties } from "../settings/message-settings.ts";
import type { Settings } from "../settings/settings.ts";
import { checkQos, splitFilters, withOptions } from "../settings/topic-lists.ts";
import { parseHex } from "../settings/values.ts";

// What is only in MQTT 5.0 is kept whatever the version is, and left out before 5.0.

function isVersion5({ version }: Settings): boolean {
  return version === MqttVersions.mvV5;
}

/** The most that may be under way when nothing is said of it (section 3.1.2.11.3). */
const noReceiveMaximum = 65_535;

/**
 * What stands in CONNECT, and what goes with it. Without a `clientId` the client makes one.
 *
 * @throws MQTTError 500 for what no server could accept: no `clientId` for a session that is to be kept, a password
 * without a user before MQTT 5.0; 502 for a `willTopic` that is none, 10022 for a `keepAliveInterval` that is none.
 */
export function connectOptions(settings: Settings): ConnectOptions {
  const { cleanSession, clientId, keepAliveInterval: keepAlive, user, password, message } = settings;
  if (clientId === "" && !cleanSession) {
    throw new MQTTError(500, {
      detail: "An empty ClientId needs CleanSession, since nobody could take up its session",
    });
  }
  // [MQTT311-3.1.2-22]
  if (user === "" && password !== "" && !isVersion5(settings)) {
    throw new MQTTError(500, { detail: "A Password without a User needs MQTT 5.0" });
  }
  if (!Number.isInteger(keepAlive) || keepAlive < 0 || keepAlive > 0xffff) {
    throw new MQTTError(10022, { detail: `KeepAliveInterval is a whole number from 0 to 65535, not ${keepAlive}` });
  }
  const will = willOptions(settings);
  return {
    cleanStart: cleanSession,
    keepAlive,
    ...(keepAlive === 0 ? {} : { pingTimeoutMs: keepAlive * 1000 }),
    ...(clientId === "" ? {} : { clientId }),
    ...(user === "" ? {} : { username: user }),
    ...(password === "" ? {} : { password }),
    ...(will === undefined ? {} : { will }),
    ...(isVersion5(settings)
      ? {
          protocolVersion: 5,
          sessionExpiryInterval: message.sessionExpInterval || undefined,
          receiveMaximum: message.receiveMaximum ?? noReceiveMaximum,
          maximumPacketSize: message.maximumPacketSize,
          topicAliasMaximum: message.clientTopicAliasMax,
          requestProblemInformation: message.requestProblemInformation,
          requestResponseInformation: message.requestResponseInformation,
        }
      : { protocolVersion: 4, republishInterval: settings.republishInterval }),
  };
}

function willOptions(settings: Settings): WillOptions | undefined {
  const { willTopic: topic, willMessage: payload, message } = settings;
  if (topic === "") return undefined;
  try {
    validateTopicName(topic);
  } catch (cause) {
    throw new MQTTError(502, { detail: `WillTopic: ${cause instanceof Error ? cause.message : "not a topic"}`, cause });
  }
  const will = { topic, payload, qos: message.willQos as QoS, retain: message.willRetain };
  if (!isVersion5(settings)) return will;
  return { ...will, ...messageProperties(message.will), delayInterval: message.will.delayInterval };
}

const noProperties: MessageProperties = {};

function messageProperties(properties: PublishProperties): MessageProperties {
  const { contentType, correlationData, messageExpInterval, payloadFormatIndicator, responseTopic } = properties;
  const isPlain = contentType === "" && correlationData === "" && responseTopic === "";
  // As most messages are.
  if (isPlain && messageExpInterval === undefined && payloadFormatIndicator === undefined) return noProperties;
  return {
    ...(contentType === "" ? {} : { contentType }),
    ...(correlationData === "" ? {} : { correlationData: parseHex("CorrelationData", correlationData) }),
    ...(messageExpInterval === undefined ? {} : { messageExpiryInterval: messageExpInterval }),
    ...(payloadFormatIndicator === undefined
      ? {}
      : { payloadFormat: payloadFormatIndicator === 1 ? "utf-8" : "bytes" }),
    ...(responseTopic === "" ? {} : { responseTopic }),
  };
}

/** Options of one message: how it is waited for is added. */
export type MessageOptions = { -readonly [Name in keyof PublishOptions]: PublishOptions[Name] };

/**
 * What stands in PUBLISH.
 *
 * @throws MQTTError 505
 */
export function publishOptions(settings: Settings, qos: number): MessageOptions {
  const { duplicate, retain, outgoing, outgoingUserProperties } = settings.message;
  const options: MessageOptions = { qos: checkQos(qos), retain, duplicate: duplicate && qos > 0 };
  if (!isVersion5(settings)) return options;
  const properties = messageProperties(outgoing);
  if (properties !== noProperties) Object.assign(options, properties);
  if (outgoing.topicAlias !== undefined) options.topicAlias = outgoing.topicAlias;
  if (outgoingUserProperties.length > 0) options.userProperties = [...outgoingUserProperties];
  return options;
}

/** What stands in SUBSCRIBE. */
export interface SubscribeRequest {
  readonly filters: readonly FilterWithOptions[];
  readonly options: Pick<SubscribeOptions, "identifier">;
}

/**
 * Takes a list of Topic Filters apart, each with its options.
 *
 * @throws MQTTError 503 for a filter, 505 for a QoS that is none, or values that are not as many as filters; 500 for No
 * Local on a shared subscription
 */
export function subscribeOptions(settings: Settings, topicFilter: string, qos: number): SubscribeRequest {
  const { message } = settings;
  const { subscriptionIdentifier: identifier, topicDelimiter } = message;
  const filters = splitFilters(topicFilter, topicDelimiter);
  return {
    filters: withOptions(filters, { message, qos, isVersion5: isVersion5(settings) }),
    options: isVersion5(settings) && identifier !== undefined ? { identifier } : {},
  };
}

/** What stands in DISCONNECT, and how long to wait before it. */
export function disconnectOptions(settings: Settings, timeoutMs: number): DisconnectOptions {
  if (!isVersion5(settings)) return { timeoutMs };
  const { disconnectReasonCode, disconnectReasonString, disconnectSessionExpInterval } = settings.message;
  return {
    timeoutMs,
    reasonCode: disconnectReasonCode,
    ...(disconnectReasonString === "" ? {} : { reasonString: disconnectReasonString }),
    ...(disconnectSessionExpInterval === undefined ? {} : { sessionExpiryInterval: disconnectSessionExpInterval }),
  };
}
