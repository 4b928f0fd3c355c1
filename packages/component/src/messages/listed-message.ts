/** How far the exchange of a message is. */
export const MessageStates = {
  /** PUBLISH has been sent at QoS 1, and PUBACK is awaited. */
  awaitingPuback: 0,
  /** PUBLISH has been sent at QoS 2, and PUBREC is awaited. */
  awaitingPubrec: 1,
  /** PUBREC has come, and PUBREL is to be sent. */
  sendingPubrel: 2,
  /** PUBREL has been sent, and PUBCOMP is awaited. */
  awaitingPubcomp: 3,
  /** The last acknowledgement has come. */
  completed: 4,
  /** PUBLISH has come at QoS 1, and PUBACK is to be sent. */
  sendingPuback: 5,
  /** PUBLISH has come at QoS 2, and PUBREC is to be sent. */
  sendingPubrec: 6,
  /** PUBREC has been sent, and PUBREL is awaited. */
  awaitingPubrel: 7,
  /** PUBREL has come, and PUBCOMP is to be sent. */
  sendingPubcomp: 8,
  /** The last acknowledgement has been sent. */
  acknowledged: 9,
} as const;

/** One of `MessageStates`. */
export type MessageState = (typeof MessageStates)[keyof typeof MessageStates];

/** A message at QoS 1 or 2 whose exchange is not over, as `incomingMessages` and `outgoingMessages` have it. */
export interface ListedMessage {
  /** Empty without; as all that follows from MQTT 5.0. */
  readonly contentType: string;
  /** Hexadecimal digits. */
  readonly correlationData: string;
  readonly duplicate: boolean;
  readonly message: Uint8Array;
  /** Seconds. */
  readonly messageExpInterval: number;
  readonly packetId: number;
  readonly payloadFormatIndicator: number;
  readonly qos: number;
  readonly responseTopic: string;
  readonly retained: boolean;
  readonly state: MessageState;
  /** Separated by commas. */
  readonly subscriptionIdentifiers: string;
  readonly topic: string;
  readonly topicAlias: number;
}
