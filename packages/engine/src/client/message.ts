import { isReasonCodeOf, type ProtocolVersion, type PublishPacket, type QoS } from "@rivulet/codec";
import { InvalidOptionError, UnsupportedError } from "../errors.ts";
import type { UserProperties } from "../options.ts";
import type { Acknowledgement } from "../session/incoming.ts";
import type { Delivery } from "./delivery.ts";

/** What `message.acknowledge` may tell the server (sections 3.4.2 and 3.5.2). MQTT 5.0 only. */
export interface AcknowledgeOptions {
  /** 0x80 or above says that the message was not taken. Default: 0x00. */
  readonly reasonCode?: number | undefined;
  readonly reasonString?: string | undefined;
  readonly userProperties?: UserProperties | undefined;
}

const decoder = new TextDecoder();
const noUserProperties: UserProperties = Object.freeze([]);
const noSubscriptionIdentifiers: readonly number[] = Object.freeze<number[]>([]);

/** A message from the server. */
export class Message {
  /** The full Topic Name, also where the server used a Topic Alias. */
  readonly topic: string;
  /** A view of received bytes, which is not written to again; copy it before you keep a small part for long. */
  readonly payload: Uint8Array;
  readonly qos: QoS;
  /** Whether the server had it retained (section 3.3.1.3). */
  readonly retain: boolean;
  /** Whether the server says that it may have sent it before (section 3.3.1.1). */
  readonly duplicate: boolean;
  /** The Packet Identifier; undefined at QoS 0. */
  readonly packetId: number | undefined;
  /** The identifiers of the subscriptions that the server sent it for. MQTT 5.0 only. */
  readonly subscriptionIdentifiers: readonly number[];
  readonly topicAlias: number | undefined;
  readonly contentType: string | undefined;
  readonly payloadFormat: "utf-8" | "bytes" | undefined;
  readonly responseTopic: string | undefined;
  readonly correlationData: Uint8Array | undefined;
  /** Seconds that are left of the message's life. */
  readonly messageExpiryInterval: number | undefined;
  readonly userProperties: UserProperties;
  readonly #delivery: Delivery | undefined;
  readonly #version: ProtocolVersion;

  constructor(packet: PublishPacket, delivery: Delivery | undefined, version: ProtocolVersion) {
    this.topic = packet.topicName;
    this.payload = packet.payload;
    this.qos = packet.qos;
    this.retain = packet.retain;
    this.duplicate = packet.duplicate;
    this.packetId = packet.packetIdentifier;
    const { properties } = packet;
    this.subscriptionIdentifiers = properties?.subscriptionIdentifiers ?? noSubscriptionIdentifiers;
    this.topicAlias = properties?.topicAlias;
    this.contentType = properties?.contentType;
    const format = properties?.payloadFormatIndicator;
    this.payloadFormat = format === undefined ? undefined : format === 1 ? "utf-8" : "bytes";
    this.responseTopic = properties?.responseTopic;
    this.correlationData = properties?.correlationData;
    this.messageExpiryInterval = properties?.messageExpiryInterval;
    this.userProperties = properties?.userProperties ?? noUserProperties;
    this.#delivery = delivery;
    this.#version = version;
  }

  /** The payload as UTF-8 text; bytes that are none become U+FFFD. */
  text(): string {
    return decoder.decode(this.payload);
  }

  /**
   * The payload as JSON. The type is the caller's word: nothing checks it.
   *
   * @throws SyntaxError when it is not JSON.
   */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }

  /**
   * Acknowledges the message, which is what `ack: "manual"` waits for; otherwise it only makes it happen earlier. Does
   * nothing at QoS 0 and the second time. The acknowledgement leaves when those of earlier messages have [MQTT-4.6.0-2].
   *
   * @throws InvalidOptionError for a Reason Code that the acknowledgement cannot have, UnsupportedError for any option
   * before MQTT 5.0.
   */
  acknowledge(options: AcknowledgeOptions = {}): void {
    this.#delivery?.acknowledge(acknowledgement(options, this.#version));
  }
}

function acknowledgement(options: AcknowledgeOptions, version: ProtocolVersion): Acknowledgement {
  const { reasonCode = 0, reasonString, userProperties } = options;
  if (version < 5 && (reasonCode !== 0 || reasonString !== undefined || userProperties !== undefined)) {
    throw new UnsupportedError("acknowledge", "An acknowledgement with a reason needs MQTT 5.0");
  }
  if (!isReasonCodeOf("puback", reasonCode)) {
    throw new InvalidOptionError("reasonCode", `Reason code ${String(reasonCode)} is not one of PUBACK and PUBREC`);
  }
  if (reasonString === undefined && userProperties === undefined) return { reasonCode };
  const properties: NonNullable<Acknowledgement["properties"]> = {};
  if (reasonString !== undefined) properties.reasonString = reasonString;
  if (userProperties !== undefined) properties.userProperties = userProperties.map(([name, value]) => [name, value]);
  return { reasonCode, properties };
}
