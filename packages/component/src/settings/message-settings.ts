/** A name and a value. */
export type UserProperty = readonly [name: string, value: string];

/** Properties of a message that may go with MQTT 5.0. Undefined or empty: not sent. */
export interface PublishProperties {
  contentType: string;
  /** Hexadecimal digits. */
  correlationData: string;
  messageExpInterval: number | undefined;
  payloadFormatIndicator: number | undefined;
  responseTopic: string;
}

function noProperties(): PublishProperties {
  return {
    contentType: "",
    correlationData: "",
    messageExpInterval: undefined,
    payloadFormatIndicator: undefined,
    responseTopic: "",
  };
}

/** What goes into packets. Settings stay until they are changed. */
export class MessageSettings {
  // CONNECT
  clientTopicAliasMax = 0;
  maximumPacketSize: number | undefined = undefined;
  receiveMaximum: number | undefined = undefined;
  requestProblemInformation: boolean | undefined = undefined;
  requestResponseInformation: boolean | undefined = undefined;
  sessionExpInterval = 0;
  readonly will: PublishProperties & { delayInterval: number | undefined } = {
    ...noProperties(),
    delayInterval: undefined,
  };
  willQos = 0;
  willRetain = false;

  // PUBLISH
  duplicate = false;
  retain = false;
  readonly outgoing: PublishProperties & { topicAlias: number | undefined } = {
    ...noProperties(),
    topicAlias: undefined,
  };
  /** Of `OutgoingUserPropName[i]`, `OutgoingUserPropValue[i]` and of `OutgoingMessageProperties`. */
  outgoingUserProperties: UserProperty[] = [];

  // SUBSCRIBE and UNSUBSCRIBE
  subscriptionIdentifier: number | undefined = undefined;
  topicDelimiter = ",";
  topicNoLocal = "";
  topicQos = "";
  topicRetainAsPublished = "";
  topicRetainHandling = "";

  // DISCONNECT: what is to be sent; what came reads back instead until it is set again.
  disconnectReasonCode = 0;
  disconnectSessionExpInterval: number | undefined = undefined;
  disconnectReasonString = "";
}
