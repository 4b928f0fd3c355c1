import { validateTopicName, type PacketProperties } from "@rivulet/codec";
import type { Core } from "../core.ts";
import { MQTTError } from "../mqtt-error.ts";
import { fieldSetting, readOnlySetting } from "./field-setting.ts";
import { booleanField, integerField, packetTextField, textField, type Field } from "./fields.ts";
import { formatJsonObject, type JsonEntry } from "./json-object.ts";
import { jsonSetting } from "./json-setting.ts";
import type { PublishProperties } from "./message-settings.ts";
import type { Setting } from "./setting.ts";
import type { Settings } from "./settings.ts";
import { checkHexField, formatBoolean, qosRange, type IntegerRange } from "./values.ts";

const fourBytes = { max: 0xffff_ffff } as const;
const twoBytes = { max: 0xffff } as const;

function message(settings: Settings): Settings["message"] {
  return settings.message;
}

/** The keys of `ConnAckProperties`, each with the property that it tells. */
const connackKeys: readonly (readonly [key: string, property: keyof PacketProperties<"connack">])[] = [
  ["AssignedClientIdentifier", "assignedClientIdentifier"],
  ["MaximumQoS", "maximumQoS"],
  ["MaximumPacketSize", "maximumPacketSize"],
  ["ReasonString", "reasonString"],
  ["ReceiveMaximum", "receiveMaximum"],
  ["ResponseInformation", "responseInformation"],
  ["RetainAvailable", "retainAvailable"],
  ["ServerKeepAlive", "serverKeepAlive"],
  ["ServerTopicAliasMax", "topicAliasMaximum"],
  ["SessionExpInterval", "sessionExpiryInterval"],
  ["SharedSubscriptionAvailable", "sharedSubscriptionAvailable"],
  ["SubscriptionIdentifiersAvailable", "subscriptionIdentifierAvailable"],
  ["WildcardSubscriptionAvailable", "wildcardSubscriptionAvailable"],
  ["WildcardSubscriptionAvaiable", "wildcardSubscriptionAvailable"],
];

function connackEntries({ received }: Core): readonly JsonEntry[] {
  return connackKeys.flatMap(([key, property]) => {
    const value = received.connackProperties?.[property];
    if (value === undefined) return [];
    return [[key, property.endsWith("Available") ? formatBoolean(value === 1) : String(value)] as const];
  });
}

const clientTopicAliasMax = integerField(
  { name: "ClientTopicAliasMax", of: message, key: "clientTopicAliasMax" },
  twoBytes,
);
const sessionExpInterval = integerField(
  { name: "SessionExpInterval", of: message, key: "sessionExpInterval" },
  fourBytes,
);

const connectProperties = jsonSetting("ConnectProperties", {
  fields: [
    { keys: ["ClientTopicAliasMax"], field: clientTopicAliasMax },
    {
      keys: ["MaximumPacketSize"],
      field: integerField(
        { name: "MaximumPacketSize", of: message, key: "maximumPacketSize" },
        { min: 1, ...fourBytes },
      ),
    },
    {
      keys: ["ReceiveMaximum"],
      field: integerField({ name: "ReceiveMaximum", of: message, key: "receiveMaximum" }, { min: 1, ...twoBytes }),
    },
    {
      keys: ["RequestProblemInformation"],
      field: booleanField(
        { name: "RequestProblemInformation", of: message, key: "requestProblemInformation" },
        { unset: true },
      ),
    },
    {
      keys: ["RequestResponseInformation"],
      field: booleanField({ name: "RequestResponseInformation", of: message, key: "requestResponseInformation" }),
    },
    { keys: ["SessionExpInterval"], field: sessionExpInterval },
  ],
});

/** The fields that a message and a will have in common, by their keys. */
export function publishFields(
  of: (settings: Settings) => PublishProperties,
): Readonly<
  Record<"contentType" | "correlationData" | "messageExpInterval" | "payloadFormat" | "responseTopic", Field>
> {
  return {
    contentType: packetTextField({ name: "ContentType", of, key: "contentType" }),
    correlationData: textField({ name: "CorrelationData", of, key: "correlationData" }, { check: checkHexField }),
    messageExpInterval: integerField({ name: "MessageExpInterval", of, key: "messageExpInterval" }, fourBytes),
    payloadFormat: integerField({ name: "PayloadFormatIndicator", of, key: "payloadFormatIndicator" }, { max: 1 }),
    responseTopic: textField({ name: "ResponseTopic", of, key: "responseTopic" }, { check: checkTopicName }),
  };
}

function checkTopicName(name: string, value: string): void {
  try {
    validateTopicName(value);
  } catch (cause) {
    const detail = `${name} is no topic: ${cause instanceof Error ? cause.message : ""}`;
    throw new MQTTError(10022, { detail, cause });
  }
}

const will = publishFields((settings) => settings.message.will);

const willProperties = jsonSetting("WillProperties", {
  fields: [
    { keys: ["ContentType"], field: will.contentType },
    { keys: ["CorrelationData"], field: will.correlationData },
    { keys: ["MessageExpInterval"], field: will.messageExpInterval },
    { keys: ["PayloadFormatIndicator"], field: will.payloadFormat },
    { keys: ["ResponseTopic", "ReponseTopic"], field: will.responseTopic },
    {
      keys: ["WillDelayInterval"],
      field: integerField(
        { name: "WillDelayInterval", of: (settings) => settings.message.will, key: "delayInterval" },
        fourBytes,
      ),
    },
  ],
});

const disconnectProperties = jsonSetting("DisconnectProperties", {
  fields: [
    {
      keys: ["SessionExpInterval"],
      field: integerField({ name: "SessionExpInterval", of: message, key: "disconnectSessionExpInterval" }, fourBytes),
    },
    {
      keys: ["ReasonString"],
      field: packetTextField({ name: "ReasonString", of: message, key: "disconnectReasonString" }),
    },
  ],
  current: ({ received: { disconnectProperties: properties } }) => {
    if (properties === undefined) return undefined;
    return properties.reasonString === undefined ? [] : [["ReasonString", properties.reasonString]];
  },
  after: ({ received }) => {
    received.disconnectProperties = undefined;
  },
});

/** Those that a client may send (section 3.14.2.1). */
const disconnectCodes: IntegerRange = {
  max: 0xff,
  choices: [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99],
};

const disconnectReasonCode = fieldSetting(
  "MQTT",
  integerField({ name: "DisconnectReasonCode", of: message, key: "disconnectReasonCode" }, disconnectCodes),
  {
    current: ({ received }) => received.disconnectReasonCode?.toString(),
    after: ({ received }) => {
      received.disconnectReasonCode = undefined;
    },
  },
);

/** What stands in CONNECT, CONNACK and DISCONNECT, and what comes of CONNACK. */
export const connectConfig: readonly Setting[] = [
  fieldSetting("MQTT", clientTopicAliasMax),
  readOnlySetting("MQTT", "ConnAckProperties", (core) => formatJsonObject(connackEntries(core))),
  connectProperties,
  disconnectProperties,
  disconnectReasonCode,
  readOnlySetting("MQTT", "ServerTopicAliasMax", ({ received }) =>
    String(received.connackProperties?.topicAliasMaximum ?? 0),
  ),
  fieldSetting("MQTT", sessionExpInterval),
  // Who asks for a clean one has none, also where a connection that is made again finds its own.
  readOnlySetting("MQTT", "SessionPresent", ({ received, settings }) =>
    formatBoolean(received.sessionPresent && !settings.cleanSession),
  ),
  willProperties,
  fieldSetting("MQTT", integerField({ name: "WillQOS", of: message, key: "willQos" }, qosRange)),
  fieldSetting("MQTT", booleanField({ name: "WillRetain", of: message, key: "willRetain" })),
];
