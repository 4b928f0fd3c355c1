import type { ListedMessage, MQTT } from "@rivulet/component";
import type { PublishPacket } from "@rivulet/codec";

import { bytesOf } from "../../check.ts";

/** One of the indexed properties of messages. */
export interface MessageField {
  /** As component-surface.tsv has it, without `incoming_message_`. */
  readonly row: string;
  /** As the methods have it, without `incomingMessage`. */
  readonly method: MethodName;
  /** As the entries of the lists have it. */
  readonly field: keyof ListedMessage;
  /** What it is for `fullMessage`. */
  readonly value: unknown;
  /** What it is for `bareMessage`. */
  readonly none: unknown;
  /** What a packet has of it. */
  readonly ofPacket: (packet: PublishPacket) => unknown;
}

type MethodName =
  | "ContentType"
  | "CorrelationData"
  | "Duplicate"
  | "Message"
  | "MessageExpInterval"
  | "PacketId"
  | "PayloadFormatIndicator"
  | "QoS"
  | "ResponseTopic"
  | "Retained"
  | "State"
  | "SubscriptionIdentifiers"
  | "Topic"
  | "TopicAlias";

/** Everything that a message can have. */
export const fullMessage: PublishPacket = {
  type: "publish",
  topicName: "surface/everything",
  payload: bytesOf("grün 21,5 °C"),
  qos: 2,
  retain: true,
  duplicate: true,
  packetIdentifier: 77,
  properties: {
    contentType: "text/x-surface",
    correlationData: Uint8Array.of(0x0a, 0xff, 0x00, 0x5b),
    messageExpiryInterval: 4242,
    payloadFormatIndicator: 1,
    responseTopic: "surface/answers",
    topicAlias: 6,
  },
};

/** Nothing but what a message must have, and bytes that are no text. */
export const bareMessage: PublishPacket = {
  type: "publish",
  topicName: "surface/nothing",
  payload: Uint8Array.of(0, 0xff, 0x80, 0xc3),
  qos: 1,
  retain: false,
  duplicate: false,
  packetIdentifier: 78,
};

/** Those of every version, as far as the packet alone decides about them. */
export const plainFields: readonly MessageField[] = [
  {
    row: "duplicate",
    method: "Duplicate",
    field: "duplicate",
    value: true,
    none: false,
    ofPacket: ({ duplicate }) => duplicate,
  },
  {
    row: "message",
    method: "Message",
    field: "message",
    value: fullMessage.payload,
    none: bareMessage.payload,
    ofPacket: ({ payload }) => payload,
  },
  { row: "qo_s", method: "QoS", field: "qos", value: 2, none: 1, ofPacket: ({ qos }) => qos },
  {
    row: "retained",
    method: "Retained",
    field: "retained",
    value: true,
    none: false,
    ofPacket: ({ retain }) => retain,
  },
  {
    row: "topic",
    method: "Topic",
    field: "topic",
    value: "surface/everything",
    none: "surface/nothing",
    ofPacket: ({ topicName }) => topicName,
  },
];

/** Those that came with MQTT 5.0. */
export const propertyFields: readonly MessageField[] = [
  {
    row: "content_type",
    method: "ContentType",
    field: "contentType",
    value: "text/x-surface",
    none: "",
    ofPacket: ({ properties }) => properties?.contentType,
  },
  {
    row: "correlation_data",
    method: "CorrelationData",
    field: "correlationData",
    value: "0aff005b",
    none: "",
    ofPacket: ({ properties }) => properties?.correlationData,
  },
  {
    row: "message_exp_interval",
    method: "MessageExpInterval",
    field: "messageExpInterval",
    value: 4242,
    none: 0,
    ofPacket: ({ properties }) => properties?.messageExpiryInterval,
  },
  {
    row: "payload_format_indicator",
    method: "PayloadFormatIndicator",
    field: "payloadFormatIndicator",
    value: 1,
    none: 0,
    ofPacket: ({ properties }) => properties?.payloadFormatIndicator,
  },
  {
    row: "response_topic",
    method: "ResponseTopic",
    field: "responseTopic",
    value: "surface/answers",
    none: "",
    ofPacket: ({ properties }) => properties?.responseTopic,
  },
  {
    row: "topic_alias",
    method: "TopicAlias",
    field: "topicAlias",
    value: 6,
    none: 0,
    ofPacket: ({ properties }) => properties?.topicAlias,
  },
];

/** Which list, and how it is reached. */
export type Direction = "incoming" | "outgoing";

/** What both forms say of a message: the method and the field, which are to be the same. */
export function bothForms(
  mqtt: MQTT,
  direction: Direction,
  { method, field }: Pick<MessageField, "method" | "field">,
  index = 0,
): unknown[] {
  const entries = direction === "incoming" ? mqtt.incomingMessages : mqtt.outgoingMessages;
  return [mqtt[`${direction}Message${method}`](index), entries[index]?.[field]];
}

/** The states of the messages of a list. */
export function statesOf(mqtt: MQTT, direction: Direction): number[] {
  return (direction === "incoming" ? mqtt.incomingMessages : mqtt.outgoingMessages).map(({ state }) => state);
}

/**
 * The states that the only message of a list goes through, without repetitions, as seen whenever the log says something
 * and when the message has been acknowledged; the array grows.
 */
export function statesSeen(mqtt: MQTT, direction: Direction): number[] {
  const seen: number[] = [];
  const look = (): void => {
    const [state] = statesOf(mqtt, direction);
    if (state !== undefined && state !== seen.at(-1)) seen.push(state);
  };
  mqtt.config("LogLevel=3");
  mqtt.on("log", look);
  mqtt.on("messageAck", look);
  return seen;
}
