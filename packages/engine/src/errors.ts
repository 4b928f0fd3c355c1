import { MqttError, reasonCodeText, type MqttErrorOptions } from "@rivulet/codec";

export {
  InvalidTopicError,
  MalformedPacketError,
  MqttError,
  PacketTooLargeError,
  ProtocolError,
  type MqttErrorOptions,
} from "@rivulet/codec";

/** An error whose code follows from its name: that of a `NotConnectedError` is `"ERR_NOT_CONNECTED"`. */
abstract class NamedError extends MqttError {
  // Written out by each class, because a minifier renames it.
  override name: string;

  constructor(name: string, message: string, options?: MqttErrorOptions) {
    super(`ERR${name.slice(0, -"Error".length).replace(/[A-Z]/g, "_$&").toUpperCase()}`, message, options);
    this.name = name;
  }
}

/** An option is missing, has a value that makes no sense, or does not go with another one. Nothing was changed. */
export class InvalidOptionError extends NamedError {
  /** The option's name, such as `"will.qos"`. */
  readonly option: string;

  constructor(option: string, message: string, options?: MqttErrorOptions) {
    super("InvalidOptionError", message, options);
    this.option = option;
  }
}

/** This platform, this protocol version or this server cannot do what was asked. Nothing was changed. */
export class UnsupportedError extends NamedError {
  /** What is not supported, such as `"webSocket.headers"`. */
  readonly feature: string;

  constructor(feature: string, message: string, options?: MqttErrorOptions) {
    super("UnsupportedError", message, options);
    this.feature = feature;
  }
}

/** What a server says when it wants to be rid of us. */
export interface FarewellErrorOptions extends MqttErrorOptions {
  /** Its Server Reference (section 4.11): where others are, separated by spaces. */
  readonly serverReference?: string | undefined;
}

/** The server answered CONNECT with a CONNACK that refuses it (section 3.2.2.2); `reasonCode` says why. */
export class ConnectionRefusedError extends NamedError {
  /** Where the server says that others are, separated by spaces (section 4.11). */
  readonly serverReference: string | undefined;

  /** `reasonCode` is what the server said: a Reason Code or, before MQTT 5.0, a Return code from 1 to 5. */
  constructor(reasonCode: number, options?: FarewellErrorOptions) {
    const text = reasonCodeText(returnCodes[reasonCode] ?? reasonCode);
    const message = said("The server refused the connection", reasonCode, { ...options, text });
    super("ConnectionRefusedError", message, { ...options, reasonCode });
    this.serverReference = options?.serverReference;
  }
}

/** The server ended the connection with a DISCONNECT (section 3.14); `reasonCode` says why. */
export class ServerDisconnectError extends NamedError {
  /** Where the server says that others are, separated by spaces (section 4.11). */
  readonly serverReference: string | undefined;

  constructor(reasonCode: number, options?: FarewellErrorOptions) {
    const message = said("The server ended the connection", reasonCode, options);
    super("ServerDisconnectError", message, { ...options, reasonCode });
    this.serverReference = options?.serverReference;
  }
}

/**
 * What has failed, where more is known than that the connection has: the way through a `"proxy"`; the `"handshake"` of
 * TLS; the server's certificate, which leads to no authority (`"issuer"`) or to none that is trusted (`"authority"`), is
 * not accepted for another reason (`"certificate"`), or is missing (`"no-certificate"`); the HTTP `"upgrade"`, which the
 * server answered with another status; a `"webSocket"`; or the server kept `"silence"`.
 */
export type TransportFailure =
  | "proxy"
  | "handshake"
  | "issuer"
  | "authority"
  | "certificate"
  | "no-certificate"
  | "upgrade"
  | "webSocket"
  | "silence";

/** What a transport knows of why it failed. */
export interface TransportErrorOptions extends MqttErrorOptions {
  /** The WebSocket close code. */
  readonly closeCode?: number | undefined;
  /** Set when it was TLS that failed, be it an alert that came after the handshake. */
  readonly isTls?: boolean | undefined;
  /** What has failed, where more is known than that the connection has. */
  readonly failure?: TransportFailure | undefined;
  /** What became of each attempt, where there were several. */
  readonly errors?: readonly unknown[] | undefined;
}

/** The connection could not be made, or was lost. `cause` is the platform's own error, where it gave one. */
export class TransportError extends NamedError {
  /** The WebSocket close code, where the transport is one and has it. */
  readonly closeCode: number | undefined;
  /** Whether TLS has failed, in its handshake or after it: no other protocol version would help. */
  readonly isTls: boolean;
  /** What has failed, where more is known than that the connection has. */
  readonly failure: TransportFailure | undefined;
  /**
   * Where several servers were tried, and none could be connected to: what became of each, in order. The rest of the
   * error is that of the one that counts.
   */
  declare readonly errors?: readonly unknown[];

  constructor(message: string, options?: TransportErrorOptions) {
    super("TransportError", message, options);
    this.closeCode = options?.closeCode;
    this.isTls = options?.isTls === true;
    this.failure = options?.failure;
    if (options?.errors !== undefined) this.errors = options.errors;
  }
}

/** Something did not happen within its time. */
export class TimeoutError extends NamedError {
  /** The time that was given, in ms. */
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number, options?: MqttErrorOptions) {
    super("TimeoutError", `${what} took longer than ${timeoutMs} ms`, options);
    this.timeoutMs = timeoutMs;
  }
}

/** The operation needs a connection, and there is none. */
export class NotConnectedError extends NamedError {
  constructor(message = "The client is not connected", options?: MqttErrorOptions) {
    super("NotConnectedError", message, options);
  }
}

/** The client was closed before the operation had ended. */
export class ClosedError extends NamedError {
  constructor(message = "The client is closed", options?: MqttErrorOptions) {
    super("ClosedError", message, options);
  }
}

/** The server answered a PUBLISH with a Reason Code of 0x80 or above: it did not take the message. */
export class PublishError extends NamedError {
  /** The Topic Name of the message. */
  readonly topic: string;

  constructor(topic: string, reasonCode: number, options?: MqttErrorOptions) {
    const message = said(`The server did not take the message to ${topic}`, reasonCode, options);
    super("PublishError", message, { ...options, reasonCode });
    this.topic = topic;
  }
}

/** What the server said of one Topic Filter of a SUBSCRIBE. */
export interface SubscribeResult {
  readonly filter: string;
  /** The maximum QoS granted; absent when the filter was refused. */
  readonly qos?: 0 | 1 | 2;
  /** The Reason Code of the SUBACK. */
  readonly reasonCode: number;
}

/** The server refused every Topic Filter of a SUBSCRIBE. */
export class SubscribeError extends NamedError {
  /** What the server said of each filter. */
  readonly results: readonly SubscribeResult[];

  constructor(results: readonly SubscribeResult[], options?: MqttErrorOptions) {
    const reasons = results.map(({ filter, reasonCode }) => said(filter, reasonCode)).join("; ");
    const reasonCode = results[0]?.reasonCode;
    super("SubscribeError", `The server refused to subscribe to ${reasons}`, { reasonCode, ...options });
    this.results = results;
  }
}

/** All 65,535 Packet Identifiers are in use (section 2.2.1). */
export class PacketIdExhaustedError extends NamedError {
  constructor() {
    super("PacketIdExhaustedError", "All 65535 packet identifiers are in use");
  }
}

/**
 * The queue of messages that wait to be sent is full, and the message was not taken; or so many wait for their
 * consumers that the connection had to be ended.
 */
export class QueueFullError extends NamedError {
  constructor(message: string, options?: MqttErrorOptions) {
    super("QueueFullError", message, options);
  }
}

/**
 * Enhanced authentication has failed (section 4.12), on our side: the authenticator could not go on, or the server did
 * not prove who it is. `cause` is what the authenticator threw. `reasonCode` is 0x8C.
 */
export class AuthenticationError extends NamedError {
  constructor(message: string, options?: MqttErrorOptions) {
    super("AuthenticationError", message, { reasonCode: 0x8c, ...options });
  }
}

/** The server has lost the Session, and with it the exchange of this message: nobody knows whether it arrived. */
export class SessionLostError extends NamedError {
  /** What the message awaited. */
  readonly stage: "puback" | "pubrec" | "pubcomp";

  constructor(stage: "puback" | "pubrec" | "pubcomp") {
    super("SessionLostError", `The server lost the session while a message awaited ${stage.toUpperCase()}`);
    this.stage = stage;
  }
}

/** A Session could not be written down or taken up again. `cause` is the store's own error, where it gave one. */
export class StoreError extends NamedError {
  constructor(message: string, options?: MqttErrorOptions) {
    super("StoreError", message, options);
  }
}

/** The Return codes of MQTT 3.1.1 (its section 3.2.2.3) as the Reason Codes that say the same. */
const returnCodes: readonly (number | undefined)[] = [undefined, 0x84, 0x85, 0x88, 0x86, 0x87];

function said(
  what: string,
  reasonCode: number,
  { reasonString, text = reasonCodeText(reasonCode) }: MqttErrorOptions & { readonly text?: string } = {},
): string {
  const reason = `${what}: ${text} (0x${reasonCode.toString(16).padStart(2, "0")})`;
  return reasonString === undefined ? reason : `${reason}, ${reasonString}`;
}
