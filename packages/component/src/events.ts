/** The connection has been made, or has failed. */
export interface ConnectedEvent {
  /** 0, or the code of the error. */
  readonly statusCode: number;
  /** "OK", or what has gone wrong. */
  readonly description: string;
}

/** The state of the connection has changed. */
export interface ConnectionStatusEvent {
  /** What stands now, or is over: the way through the firewall, TLS, or the connection to the server; in fixed words. */
  readonly connectionEvent: string;
  readonly statusCode: number;
  readonly description: string;
}

/** The connection is over. */
export interface DisconnectedEvent {
  /** 0 when it was closed in good order, or the code of the error. */
  readonly statusCode: number;
  readonly description: string;
}

/** Something has gone wrong that belongs to no call. */
export interface ErrorEvent {
  /** The `code` of an `MQTTError`. */
  readonly errorCode: number;
  readonly description: string;
}

/** An entry of the log; no payload and no password is in any. */
export interface LogEvent {
  /** One of `LogLevels`, 1 to 3. */
  readonly logLevel: number;
  readonly message: string;
  readonly logType: "Info" | "Packet" | "Reconnect" | "Session";
}

/** The exchange of a message at QoS 1 or 2 is over; it is still listed. */
export interface MessageAckEvent {
  readonly packetId: number;
  /** 0: the client has published it. 1: the server has. */
  readonly direction: number;
  /** Its place among the outgoing or the incoming messages. */
  readonly index: number;
  /** The last Reason Code of its acknowledgements that was not 0, or else 0, as always before MQTT 5.0. */
  readonly responseCode: number;
}

/** A message that has come, or has been published. */
export interface MessageEvent {
  /** -1 at QoS 0. */
  readonly packetId: number;
  readonly topic: string;
  readonly qos: number;
  readonly message: Uint8Array;
  readonly retained: boolean;
  readonly duplicate: boolean;
}

/** Data can be sent. */
export type ReadyToSendEvent = Readonly<Record<string, never>>;

/** The server has shown its certificate. */
export interface SslServerAuthenticationEvent {
  /** PEM; with `SSLIncludeCertChain`, those of its issuers behind it. */
  readonly certEncoded: Uint8Array;
  readonly certSubject: string;
  readonly certIssuer: string;
  /** "OK", or why it would be refused. */
  readonly status: string;
  /** Whether to go on. Can be set. */
  accept: boolean;
}

/** How far TLS has got. */
export interface SslStatusEvent {
  readonly message: string;
}

/** The server has answered for one Topic Filter. */
export interface SubscribedEvent {
  readonly topicFilter: string;
  /** The QoS that was granted; 0 where it was refused. */
  readonly qos: number;
  /** The Reason Code: 0x80 and above, it was refused. */
  readonly responseCode: number;
}

/** The server has answered a call of `unsubscribe`. */
export interface UnsubscribedEvent {
  /** As they were passed. */
  readonly topicFilters: string;
  /** The first Reason Code of 0x80 and above, or else the first. */
  readonly responseCode: number;
}

/** The events of `MQTT`, by name, each with the one object that listeners get. */
export interface MQTTEvents {
  connected: ConnectedEvent;
  connectionStatus: ConnectionStatusEvent;
  disconnected: DisconnectedEvent;
  error: ErrorEvent;
  log: LogEvent;
  messageAck: MessageAckEvent;
  messageIn: MessageEvent;
  messageOut: MessageEvent;
  readyToSend: ReadyToSendEvent;
  sslServerAuthentication: SslServerAuthenticationEvent;
  sslStatus: SslStatusEvent;
  subscribed: SubscribedEvent;
  unsubscribed: UnsubscribedEvent;
}
