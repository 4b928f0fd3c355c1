import type { PublishPacket, QoS } from "@rivulet/codec";
import { InvalidOptionError } from "../errors.ts";
import { messageProperties, payloadBytes } from "../message-properties.ts";
import type { MessageProperties, Payload, UserProperties } from "../options.ts";

/** Options of `publish`. */
export interface PublishOptions extends MessageProperties {
  /** Default: 0. */
  readonly qos?: QoS | undefined;
  /** The server keeps the message for those who subscribe later. Default: false. */
  readonly retain?: boolean | undefined;
  /**
   * Stop waiting. A message that has not been sent is not sent then; one that has been is seen through, but nobody
   * hears of it.
   */
  readonly signal?: AbortSignal | undefined;
  /** The same after a time, in ms. Default: none; it waits for its acknowledgement or for the end of the client. */
  readonly timeoutMs?: number | undefined;
}

/** What `publish` resolves to. */
export interface PublishResult {
  /** Undefined at QoS 0. */
  readonly packetId: number | undefined;
  /** What the server said: 0x00, or 0x10 when nobody subscribes to the topic. 0x00 at QoS 0. */
  readonly reasonCode: number;
  readonly reasonString: string | undefined;
  readonly userProperties: UserProperties;
}

/** What `publish` resolves to at QoS 0: nobody has answered. */
export const publishedAtMostOnce: PublishResult = Object.freeze<PublishResult>({
  packetId: undefined,
  reasonCode: 0,
  reasonString: undefined,
  userProperties: [],
});

const optionNames: ReadonlySet<string> = new Set<keyof PublishOptions>([
  "qos",
  "retain",
  "messageExpiryInterval",
  "contentType",
  "payloadFormat",
  "responseTopic",
  "correlationData",
  "userProperties",
  "signal",
  "timeoutMs",
]);

/** @throws InvalidOptionError for an option that does not exist, and a payload that is none. */
export function publishPacket(topic: string, payload: Payload, options: PublishOptions): PublishPacket {
  for (const name in options) {
    if (!optionNames.has(name)) throw new InvalidOptionError(name, `publish has no option ${name}`);
  }
  const { qos = 0, retain = false } = options;
  const packet: PublishPacket = {
    type: "publish",
    topicName: topic,
    payload: payloadBytes(payload),
    qos,
    retain,
    duplicate: false, // [MQTT-4.3.1-1] [MQTT-4.3.2-2] [MQTT-4.3.3-2]
  };
  const properties = messageProperties(options);
  if (properties !== undefined) packet.properties = properties;
  return packet;
}
