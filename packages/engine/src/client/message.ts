import { isReasonCodeOf, type ProtocolVersion, type PublishPacket, type QoS } from "@rivulet/codec";
import { InvalidOptionError } from "../errors.ts";
import { readOptions, type Rules } from "../option-rules.ts";
import type { UserProperties } from "../options.ts";
import type { Acknowledgement } from "../session/exchanges.ts";
import type { Delivery } from "./delivery.ts";
import type { TopicParams } from "./topic-pattern.ts";

/** What `message.acknowledge` may tell the server (sections 3.4.2 and 3.5.2). MQTT 5.0 only. */
export interface AcknowledgeOptions {
  /** 0x80 or above says that the message was not taken. Default: 0x00. */
  readonly reasonCode?: number | undefined;
  readonly reasonString?: string | undefined;
  readonly userProperties?: UserProperties | undefined;
}

const decoder = new TextDecoder();
const none: NonNullable<PublishPacket["properties"]> = {};
const noParams: TopicParams = Object.freeze({});

/** A message from the server. */
export class Message<Params extends TopicParams = TopicParams> {
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
  /** Levels of the topic that the `topicPattern` of the subscription gives names; empty without one. */
  readonly params: Params;
  readonly #delivery: Delivery | undefined;
  readonly #version: ProtocolVersion;

  constructor(
    packet: PublishPacket,
    delivery: Delivery | undefined,
    version: ProtocolVersion,
    params = noParams as Params,
  ) {
    this.topic = packet.topicName;
    this.payload = packet.payload; // [MQTT311-3.3.1-10]
    this.qos = packet.qos;
    this.retain = packet.retain; // [MQTT311-3.3.1-8] [MQTT311-3.3.1-9]
    this.duplicate = packet.duplicate; // [MQTT-3.3.1-3] [MQTT311-3.3.1-3]
    this.packetId = packet.packetIdentifier;
    const { properties = none } = packet;
    this.subscriptionIdentifiers = properties.subscriptionIdentifiers ?? []; // [MQTT-3.3.4-3] [MQTT-3.3.4-4]
    this.topicAlias = properties.topicAlias;
    this.contentType = properties.contentType; // [MQTT-3.3.2-20]
    this.payloadFormat = ([undefined, "bytes", "utf-8"] as const)[(properties.payloadFormatIndicator ?? -1) + 1];
    this.responseTopic = properties.responseTopic; // [MQTT-3.3.2-15]
    this.correlationData = properties.correlationData; // [MQTT-3.3.2-16]
    this.messageExpiryInterval = properties.messageExpiryInterval; // [MQTT-3.3.2-6]
    this.userProperties = properties.userProperties ?? []; // [MQTT-3.3.2-17] [MQTT-3.3.2-18]
    this.params = params;
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

const rules: Rules<AcknowledgeOptions> = {
  reasonCode: { isNew: true },
  reasonString: { as: true },
  userProperties: { as: true },
};

function acknowledgement(options: AcknowledgeOptions, version: ProtocolVersion): Acknowledgement {
  const properties = readOptions(options, rules, { version });
  const { reasonCode = 0 } = options;
  if (!isReasonCodeOf("puback", reasonCode)) {
    throw new InvalidOptionError("reasonCode", `Reason code ${String(reasonCode)} is not one of PUBACK and PUBREC`);
  }
  return properties === undefined ? { reasonCode } : { reasonCode, properties };
}
