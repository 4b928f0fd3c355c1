import { reasonCodes, type ProtocolVersion, type PublishPacket, type QoS } from "@rivulet/codec";
import { PublishError } from "../errors.ts";
import { messageRules, payloadBytes } from "../message-options.ts";
import { boolean, positive, readOptions, twoBytes, type Rules } from "../option-rules.ts";
import type { MessageProperties, Payload, UserProperties } from "../options.ts";
import type { Answer } from "../session/exchanges.ts";

/** Options of `publish`. */
export interface PublishOptions extends MessageProperties {
  /** Default: 0. */
  readonly qos?: QoS | undefined;
  /** The server keeps the message for those who subscribe later. Default: false. */
  readonly retain?: boolean | undefined;
  /**
   * Mark the message as one that was sent before. Nothing asks for that but a program that passes on what another
   * client had under way; on a message that is sent for the first time it is a breach of the standard [MQTT-4.3.2-2]
   * [MQTT-4.3.3-2], and at QoS 0 it is refused. Default: false.
   */
  readonly duplicate?: boolean | undefined;
  /**
   * What to wait for: that the server has taken the message; or only that the transport has, as at QoS 0 (`"sent"`); or
   * only that the session store has it (`"stored"`, with `session`), so that it is seen through whatever happens to this
   * process: `packetId` is then undefined where it waits to be sent. What the server says against it later is an `error`
   * event. A message at QoS 0 is stored only while it waits; one that leaves at once is waited for in any case. Default:
   * `"acknowledged"`.
   */
  readonly until?: "acknowledged" | "sent" | "stored" | undefined;
  /**
   * A Topic Alias of our own choice: beside a topic it makes it stand for the topic on this connection; with an empty
   * topic it stands for the one that was given last (section 3.3.2.3.4). It is the caller's to number, up to the
   * server's `topicAliasMaximum`. MQTT 5.0 only.
   */
  readonly topicAlias?: number | undefined;
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
  /** Undefined at QoS 0, and where nobody waited for it to be sent. */
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

const rules: Rules<PublishOptions> = {
  ...messageRules,
  qos: { max: 2 },
  retain: boolean,
  duplicate: boolean,
  until: { of: ["acknowledged", "sent", "stored"] },
  topicAlias: { min: 1, ...twoBytes, as: true },
  signal: {},
  timeoutMs: positive,
};

/** @throws InvalidOptionError for an option that does not exist, and a payload that is none, UnsupportedError. */
export function publishPacket(
  topic: string,
  payload: Payload,
  { options, version }: { readonly options: PublishOptions; readonly version: ProtocolVersion },
): PublishPacket {
  const properties = readOptions(options, rules, { version }); // [MQTT-3.3.4-6]
  const { qos = 0, retain = false, duplicate = false } = options;
  const packet: PublishPacket = {
    type: "publish",
    topicName: topic,
    payload: payloadBytes(payload),
    qos,
    retain, // [MQTT311-3.3.1-5]
    duplicate, // [MQTT-4.3.1-1] [MQTT-4.3.2-2] [MQTT-4.3.3-2] [MQTT-3.3.1-3]
  };
  if (properties !== undefined) packet.properties = properties;
  return packet;
}

/**
 * Makes the result of the server's answer; at QoS 0 there is none.
 *
 * @throws PublishError when the server did not take the message.
 */
export function publishResult(topic: string, answer: Answer | undefined): PublishResult {
  if (answer === undefined || "reasonCodes" in answer) return publishedAtMostOnce;
  const { packetIdentifier: packetId, type, properties } = answer;
  // A PUBCOMP of 0x92 tells that the server no longer knew it: it has had the message, and is done with it.
  const reasonCode = type === "pubcomp" ? reasonCodes.success : answer.reasonCode;
  const reasonString = properties?.reasonString;
  if (reasonCode >= 0x80) throw new PublishError(topic, reasonCode, { reasonString });
  return { packetId, reasonCode, reasonString, userProperties: properties?.userProperties ?? [] };
}
