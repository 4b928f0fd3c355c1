import { publishFields } from "./connect-config.ts";
import { fieldSetting, readOnlySetting } from "./field-setting.ts";
import { booleanField, integerField, textField } from "./fields.ts";
import { jsonSetting } from "./json-setting.ts";
import type { Setting } from "./setting.ts";
import type { Settings } from "./settings.ts";
import { parseBooleans, parseQosList, parseRetainHandlings } from "./topic-lists.ts";
import { userPropertyConfig, userPropertyKey } from "./user-property-config.ts";

function message(settings: Settings): Settings["message"] {
  return settings.message;
}

const outgoing = publishFields((settings) => settings.message.outgoing);

const topicAlias = integerField(
  { name: "TopicAlias", of: (settings) => settings.message.outgoing, key: "topicAlias" },
  { min: 1, max: 0xffff },
);

const outgoingMessageProperties = jsonSetting("OutgoingMessageProperties", {
  fields: [
    { keys: ["ContentType"], field: outgoing.contentType },
    { keys: ["CorrelationData"], field: outgoing.correlationData },
    { keys: ["MessageExpInterval"], field: outgoing.messageExpInterval },
    { keys: ["PayloadFormatIndicator"], field: outgoing.payloadFormat },
    { keys: ["ResponseTopic"], field: outgoing.responseTopic },
    { keys: ["TopicAlias"], field: topicAlias },
  ],
  repeated: userPropertyKey,
});

const publishConfig: readonly Setting[] = [
  fieldSetting("MQTT", booleanField({ name: "Duplicate", of: message, key: "duplicate" })),
  outgoingMessageProperties,
  readOnlySetting("MQTT", "OutgoingPacketId", ({ received }) => String(received.outgoingPacketId)),
  fieldSetting("MQTT", outgoing.responseTopic),
  fieldSetting("MQTT", booleanField({ name: "Retain", of: message, key: "retain" })),
  fieldSetting("MQTT", topicAlias),
];

const subscribeConfig: readonly Setting[] = [
  fieldSetting(
    "MQTT",
    integerField(
      { name: "SubscriptionIdentifier", of: message, key: "subscriptionIdentifier" },
      { min: 1, max: 268_435_455 },
    ),
  ),
  fieldSetting("MQTT", textField({ name: "TopicDelimiter", of: message, key: "topicDelimiter" })),
  fieldSetting("MQTT", textField({ name: "TopicNLArray", of: message, key: "topicNoLocal" }, { check: parseBooleans })),
  fieldSetting("MQTT", textField({ name: "TopicQOSArray", of: message, key: "topicQos" }, { check: parseQosList })),
  fieldSetting(
    "MQTT",
    textField({ name: "TopicRAPArray", of: message, key: "topicRetainAsPublished" }, { check: parseBooleans }),
  ),
  fieldSetting(
    "MQTT",
    textField({ name: "TopicRHArray", of: message, key: "topicRetainHandling" }, { check: parseRetainHandlings }),
  ),
];

/** What stands in PUBLISH and SUBSCRIBE. */
export const messageConfig: readonly Setting[] = [...publishConfig, ...subscribeConfig, ...userPropertyConfig];
