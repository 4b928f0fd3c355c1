import type { Core } from "../core.ts";
import type { ListedMessage } from "../messages/listed-message.ts";
import { MQTTError } from "../mqtt-error.ts";
import { EventProperties } from "./event-properties.ts";

/** The messages at QoS 1 and 2 whose exchanges are not over. */
export abstract class MessageProperties extends EventProperties {
  protected abstract readonly core: Core;

  /** The messages from the server whose exchanges are not over, the oldest first. A copy; the messages in it are live. */
  get incomingMessages(): readonly ListedMessage[] {
    return [...this.core.messages.incoming];
  }

  /** How many there are in `incomingMessages`. */
  get incomingMessageCount(): number {
    return this.core.messages.incoming.length;
  }

  /** What the message holds, such as a MIME type; empty without. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageContentType(index: number): string {
    return at(this.core.messages.incoming, index).contentType;
  }

  /** What an answer is recognised by, in hexadecimal digits; empty without. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageCorrelationData(index: number): string {
    return at(this.core.messages.incoming, index).correlationData;
  }

  /** Whether the sender says that it may have sent the message before. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageDuplicate(index: number): boolean {
    return at(this.core.messages.incoming, index).duplicate;
  }

  /** The payload. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageMessage(index: number): Uint8Array {
    return at(this.core.messages.incoming, index).message;
  }

  /** Seconds that the message lives, or has left; 0 without a limit. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageMessageExpInterval(index: number): number {
    return at(this.core.messages.incoming, index).messageExpInterval;
  }

  /** The Packet Identifier. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessagePacketId(index: number): number {
    return at(this.core.messages.incoming, index).packetId;
  }

  /** 0: bytes, 1: UTF-8 text. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessagePayloadFormatIndicator(index: number): number {
    return at(this.core.messages.incoming, index).payloadFormatIndicator;
  }

  /** 1 or 2: messages at QoS 0 are not listed. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageQoS(index: number): number {
    return at(this.core.messages.incoming, index).qos;
  }

  /** The topic that an answer is expected on; empty without. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageResponseTopic(index: number): string {
    return at(this.core.messages.incoming, index).responseTopic;
  }

  /** The RETAIN flag. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageRetained(index: number): boolean {
    return at(this.core.messages.incoming, index).retained;
  }

  /** How far its exchange is: one of `MessageStates`. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageState(index: number): number {
    return at(this.core.messages.incoming, index).state;
  }

  /** The identifiers of the subscriptions that it came for, separated by commas. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageSubscriptionIdentifiers(index: number): string {
    return at(this.core.messages.incoming, index).subscriptionIdentifiers;
  }

  /** The Topic Name. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageTopic(index: number): string {
    return at(this.core.messages.incoming, index).topic;
  }

  /** The Topic Alias that it was sent with; 0 without. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  incomingMessageTopicAlias(index: number): number {
    return at(this.core.messages.incoming, index).topicAlias;
  }

  /** The messages to the server whose exchanges are not over, the oldest first. A copy; the messages in it are live. */
  get outgoingMessages(): readonly ListedMessage[] {
    return [...this.core.messages.outgoing];
  }

  /** How many there are in `outgoingMessages`. */
  get outgoingMessageCount(): number {
    return this.core.messages.outgoing.length;
  }

  /** What the message holds, such as a MIME type; empty without. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageContentType(index: number): string {
    return at(this.core.messages.outgoing, index).contentType;
  }

  /** What an answer is recognised by, in hexadecimal digits; empty without. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageCorrelationData(index: number): string {
    return at(this.core.messages.outgoing, index).correlationData;
  }

  /** Whether the sender says that it may have sent the message before. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageDuplicate(index: number): boolean {
    return at(this.core.messages.outgoing, index).duplicate;
  }

  /** The payload. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageMessage(index: number): Uint8Array {
    return at(this.core.messages.outgoing, index).message;
  }

  /** Seconds that the message lives, or has left; 0 without a limit. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageMessageExpInterval(index: number): number {
    return at(this.core.messages.outgoing, index).messageExpInterval;
  }

  /** The Packet Identifier. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessagePacketId(index: number): number {
    return at(this.core.messages.outgoing, index).packetId;
  }

  /** 0: bytes, 1: UTF-8 text. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessagePayloadFormatIndicator(index: number): number {
    return at(this.core.messages.outgoing, index).payloadFormatIndicator;
  }

  /** 1 or 2: messages at QoS 0 are not listed. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageQoS(index: number): number {
    return at(this.core.messages.outgoing, index).qos;
  }

  /** The topic that an answer is expected on; empty without. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageResponseTopic(index: number): string {
    return at(this.core.messages.outgoing, index).responseTopic;
  }

  /** The RETAIN flag. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageRetained(index: number): boolean {
    return at(this.core.messages.outgoing, index).retained;
  }

  /** How far its exchange is: one of `MessageStates`. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageState(index: number): number {
    return at(this.core.messages.outgoing, index).state;
  }

  /** The identifiers of the subscriptions that it came for, separated by commas. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageSubscriptionIdentifiers(index: number): string {
    return at(this.core.messages.outgoing, index).subscriptionIdentifiers;
  }

  /** The Topic Name. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageTopic(index: number): string {
    return at(this.core.messages.outgoing, index).topic;
  }

  /** The Topic Alias that it was sent with; 0 without. MQTT 5.0 only. @throws MQTTError 10022 for an index that does not exist. */
  outgoingMessageTopicAlias(index: number): number {
    return at(this.core.messages.outgoing, index).topicAlias;
  }
}

function at(messages: readonly ListedMessage[], index: number): ListedMessage {
  const message = messages[index];
  if (message !== undefined) return message;
  throw new MQTTError(10022, { detail: `There is no message ${index}, but ${messages.length} in all` });
}
