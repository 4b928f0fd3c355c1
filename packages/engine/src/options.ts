import type { ProtocolVersion, QoS } from "@rivulet/codec";
import type { Environment } from "./environment.ts";
import type { Transport, TransportOptions } from "./transport.ts";

/** Names and values in order; a name may come more than once (section 1.5.7). */
export type UserProperties = readonly (readonly [name: string, value: string])[];

/** A payload, as `publish` and a will take it. A string is sent as UTF-8. */
export type Payload = string | Uint8Array | ArrayBuffer | ArrayBufferView;

/** The properties that a message may have in MQTT 5.0 (section 3.3.2.3). */
export interface MessageProperties {
  /** Seconds after which the server drops the message. */
  readonly messageExpiryInterval?: number | undefined;
  /** A MIME type, or whatever sender and receiver agree on. */
  readonly contentType?: string | undefined;
  /** Whether the payload is UTF-8 text or just bytes. */
  readonly payloadFormat?: "utf-8" | "bytes" | undefined;
  /** The topic that an answer is expected on. */
  readonly responseTopic?: string | undefined;
  /** What an answer is to carry, so that it is recognised. */
  readonly correlationData?: Uint8Array | undefined;
  readonly userProperties?: UserProperties | undefined;
}

/** The message that the server publishes when the connection ends without a DISCONNECT (section 3.1.2.5). */
export interface WillOptions extends MessageProperties {
  readonly topic: string;
  readonly payload: Payload;
  /** Default: 0. */
  readonly qos?: QoS | undefined;
  /** Default: false. */
  readonly retain?: boolean | undefined;
  /** Seconds that the server waits before it publishes the will. Default: 0. MQTT 5.0 only. */
  readonly delayInterval?: number | undefined;
}

/** User name and password. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password?: string | Uint8Array | undefined;
}

/** Where to connect to: a URL, several that are tried in order, or a function that is asked before each attempt. */
export type ConnectTarget = string | URL | readonly (string | URL)[] | (() => Promise<string | URL> | string | URL);

/** Options of `connect` and `MqttClient`. All of them may be left out. */
export interface ConnectOptions extends TransportOptions {
  /**
   * The protocol version, or several, tried in this order when the server does not know the one before. 5 is MQTT 5.0,
   * 4 is MQTT 3.1.1, 3 is MQTT 3.1. Default: 5.
   */
  readonly protocolVersion?: ProtocolVersion | readonly ProtocolVersion[] | undefined;
  /** Default: random. Empty asks the server to assign one (MQTT 5.0), or to do without (MQTT 3.1.1). */
  readonly clientId?: string | undefined;
  /** Wins over the user name in the URL. */
  readonly username?: string | undefined;
  /** Wins over the password in the URL. Before MQTT 5.0 a password needs a user name. */
  readonly password?: string | Uint8Array | undefined;
  /** Asked before each attempt; wins over `username` and `password`. */
  readonly credentials?: (() => Promise<Credentials> | Credentials) | undefined;
  /** Begin with an empty Session (section 3.1.2.4). Default: true. */
  readonly cleanStart?: boolean | undefined;
  /** Seconds that the server keeps the Session after the connection. Default: 0. MQTT 5.0 only. */
  readonly sessionExpiryInterval?: number | undefined;
  /** Seconds; 0 turns it off. Default: 60. */
  readonly keepAlive?: number | undefined;
  readonly will?: WillOptions | undefined;
  /** QoS 1 and 2 messages that the server may have under way to us at a time. Default: 1,000. MQTT 5.0 only. */
  readonly receiveMaximum?: number | undefined;
  /** The largest packet that is accepted, in bytes; a server of MQTT 5.0 is told. Default: no limit but the protocol's. */
  readonly maximumPacketSize?: number | undefined;
  /** Topic Aliases that the server may use. Default: 10. MQTT 5.0 only. */
  readonly topicAliasMaximum?: number | undefined;
  /** Ask for Response Information (section 3.1.2.11.6). Default: false. MQTT 5.0 only. */
  readonly requestResponseInformation?: boolean | undefined;
  /** Ask for Reason Strings (section 3.1.2.11.7). Default: true. MQTT 5.0 only. */
  readonly requestProblemInformation?: boolean | undefined;
  /** User Properties of CONNECT. MQTT 5.0 only. */
  readonly userProperties?: UserProperties | undefined;

  /** From opening the transport to CONNACK, in ms, for each attempt. Default: 30,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** From sending a SUBSCRIBE or UNSUBSCRIBE to its answer, in ms. Default: 30,000. */
  readonly operationTimeoutMs?: number | undefined;
  /** How long a PINGREQ may go without a sign of life, in ms. Default: half of `keepAlive`. */
  readonly pingTimeoutMs?: number | undefined;
  /**
   * Our own cap on QoS 1 and 2 messages in flight to the server, beside the server's Receive Maximum. Default: 1,000;
   * before MQTT 5.0, where the server cannot tell what it takes, 20.
   */
  readonly maxInflight?: number | undefined;
  /** Bounds of what may wait to be sent; beyond, `publish` rejects with QueueFullError. */
  readonly offlineQueue?:
    | {
        /** Default: 10,000. */
        readonly maxMessages?: number | undefined;
        /** Default: 16 MiB. */
        readonly maxBytes?: number | undefined;
      }
    | undefined;

  /** The client does not connect again by itself when the connection is lost; that can be said, but not be changed. */
  readonly reconnect?: false | undefined;

  /** Transports instead of those of the platform, chosen by URL scheme. */
  readonly transports?: readonly Transport[] | undefined;
  /** Aborting it closes the client. */
  readonly signal?: AbortSignal | undefined;
}

/** What the engine's client needs beside the options of the user: the platform. */
export interface EngineOptions extends ConnectOptions {
  readonly transports: readonly Transport[];
  readonly environment: Environment;
}
