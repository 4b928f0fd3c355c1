import type { ProtocolVersion, QoS } from "@rivulet/codec";
import type { Authenticator } from "./authenticator.ts";
import type { Environment } from "./environment.ts";
import type { LogEntry, LogLevel } from "./log-entry.ts";
import type { SessionStore } from "./session-store.ts";
import type { Transport, TransportOptions, TransportTarget } from "./transport.ts";

/** Names and values in order; a name may come more than once (section 1.5.7). */
export type UserProperties = readonly (readonly [name: string, value: string])[];

/** A payload, as `publish` and a will take it. A string is sent as UTF-8. */
export type Payload = string | Uint8Array | ArrayBuffer | ArrayBufferView;

/** A payload whose bytes have to be read first: a `Blob`, a `File`, a `Response`. */
export interface BlobPayload {
  /** Reads all of it. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

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

/**
 * Where to connect to: a URL, several that are tried in order, from the first one each time that a connection is
 * needed, or a function that is asked before each attempt.
 */
export type ConnectTarget = string | URL | readonly (string | URL)[] | (() => Promise<string | URL> | string | URL);

/** Bounds of what may wait to be sent, and what happens beyond them. */
export interface OfflineQueueOptions {
  /** Default: 10,000. */
  readonly maxMessages?: number | undefined;
  /** Default: 16 MiB. */
  readonly maxBytes?: number | undefined;
  /** Whether messages at QoS 0 wait for a connection too, or are dropped without one. Default: `"queue"`. */
  readonly qos0?: "queue" | "drop" | undefined;
  /**
   * What happens to a message beyond the bounds: `publish` rejects with QueueFullError, or the oldest or the newest is
   * dropped, and its `publish` rejects so. Default: `"reject"`.
   */
  readonly overflow?: "reject" | "drop-oldest" | "drop-newest" | undefined;
}

/**
 * When to connect again, and when to stop trying.
 *
 * Before the attempt with the number n the client waits for a random time, up to `minDelayMs` times 2^(n-1) and up to
 * `maxDelayMs`. It stops when the server's reason says that trying again is of no use (credentials that are wrong, a
 * session that was taken over, a protocol version that it does not know, ...), for InvalidOptionError,
 * UnsupportedError and AuthenticationError, and when the server has broken the protocol five times in a row. When
 * credentials were refused and `credentials` is a function, it is asked once more before that.
 */
export interface ReconnectOptions {
  /** The most that is waited for before the first attempt. Default: 1,000. */
  readonly minDelayMs?: number | undefined;
  /** The most that is ever waited for. Default: 60,000, or `minDelayMs` where that is more. */
  readonly maxDelayMs?: number | undefined;
  /** Attempts in a row, after which the client gives up and is closed. Default: Infinity. */
  readonly maxAttempts?: number | undefined;
  /**
   * How long a connection has to last for attempts to be counted, and delays to grow, from the beginning again: a
   * server that accepts and drops us at once is not flooded. Default: 30,000.
   */
  readonly stableAfterMs?: number | undefined;
  /** Whether `connect` goes on trying, too, instead of rejecting when its first attempt fails. Default: false. */
  readonly retryInitial?: boolean | undefined;
  /**
   * Decides instead: the delay in ms, or `"stop"`. Anything but a number from 0 on stops, and so does an error, which
   * is then why the client is closed. Not asked beyond `maxAttempts`.
   *
   * @example
   * ```ts no-run
   * import { connect } from "rivulet";
   *
   * await connect("ws://127.0.0.1:8080", {
   *   reconnect: { retry: ({ wouldStop, delayMs, attempt }) => (wouldStop && attempt > 3 ? "stop" : delayMs) },
   * });
   * ```
   */
  readonly retry?: ((context: RetryContext) => number | "stop") | undefined;
}

/** What `retry` decides upon. */
export interface RetryContext {
  /** The number of the attempt that is to come, from 1 on. */
  readonly attempt: number;
  /** What would be waited for, in ms. */
  readonly delayMs: number;
  /** Whether the client would stop. */
  readonly wouldStop: boolean;
  /** Why there is no connection; what `url` or `credentials` threw may be anything. */
  readonly error: unknown;
  /** The server's Reason Code (before MQTT 5.0, the Return code of CONNACK), if that is why. */
  readonly reasonCode: number | undefined;
  /** Whether a connection was lost, and not an attempt to make one. */
  readonly wasConnected: boolean;
}

/**
 * Where to go when a server sends its clients elsewhere (section 4.11): for one time (0x9C), or from now on (0x9D). The
 * scheme and the path stay, so that TLS stays TLS. A server that names no other is taken to have refused.
 */
export interface RedirectOptions {
  /** How often in a row. Default: 5. */
  readonly maxHops?: number | undefined;
  /**
   * Whether to go there. Without it, another host is gone to only when neither credentials of any kind (user name,
   * password, authenticator, WebSocket headers, a query in the URL) nor a will would be told to it.
   */
  readonly allow?: ((target: TransportTarget) => boolean) | undefined;
}

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
  /**
   * QoS 1 and 2 messages that the server may have under way to us at a time. One that sends more before anything has
   * been acknowledged, in a Session that is new, is cut off with 0x93 [MQTT-3.3.4-9]. Later that is said in the log once,
   * and the server is cut off when it fills the memory: mosquitto 2.0 miscounts acknowledgements, and would be cut off
   * again and again. Default: 1,000. MQTT 5.0 only.
   */
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
  /**
   * Enhanced authentication (section 4.12), such as `scram` of `rivulet/scram`; goes beside user name and password.
   * MQTT 5.0 only: a list in `protocolVersion` may have no other version.
   */
  readonly authenticator?: Authenticator | undefined;

  /** From opening the transport to CONNACK, in ms, for each attempt. Default: 30,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** From sending a SUBSCRIBE or UNSUBSCRIBE to its answer, in ms. Default: 30,000. */
  readonly operationTimeoutMs?: number | undefined;
  /**
   * How long a PINGREQ may go without a sign of life, in ms. Default: half of `keepAlive`, so that a connection that is
   * half open is found within 1.5 times `keepAlive`.
   */
  readonly pingTimeoutMs?: number | undefined;
  /**
   * Our own cap on QoS 1 and 2 messages in flight to the server, beside the server's Receive Maximum. Default: 1,000;
   * before MQTT 5.0, where the server cannot tell what it takes, 20.
   */
  readonly maxInflight?: number | undefined;
  /**
   * Keeps what must not be lost when the process or the page ends: messages that wait or are under way, and
   * subscriptions. It needs a `clientId`, and makes `cleanStart` false unless that is given; the server keeps its part
   * for `sessionExpiryInterval`. When the store fails, the client is closed with StoreError. Default: memory, which
   * outlives connections only.
   */
  readonly session?: SessionStore | undefined;
  /** Sets Sessions apart that share a store and a `clientId`. Default: `"rivulet"`. */
  readonly sessionNamespace?: string | undefined;
  /**
   * What becomes of messages under way when the server has lost the Session: those at QoS 1 are published anew, and
   * those at QoS 2, which may have arrived, reject with SessionLostError; or all are published anew; or all reject.
   * Default: `"republish-qos1"`.
   */
  readonly sessionLost?: "republish-qos1" | "republish" | "fail" | undefined;
  /** Whether to subscribe again when the server has lost the Session. Default: true. */
  readonly resubscribe?: boolean | undefined;
  /**
   * Seconds after which a message at QoS 1 or 2 is sent again when the server has not answered. Default: 0, never.
   * Before MQTT 5.0 only, which forbids it [MQTT-4.4.0-1].
   */
  readonly republishInterval?: number | undefined;
  /**
   * Whether messages get Topic Aliases by themselves, as many as the server takes: topics that come again are sent in
   * three bytes. Default: `"off"`. Has no effect before MQTT 5.0.
   */
  readonly topicAliases?: "off" | "auto" | undefined;

  /** What may wait to be sent. With false, `publish` without a connection rejects with NotConnectedError. */
  readonly offlineQueue?: false | OfflineQueueOptions | undefined;

  /**
   * How the client connects again when the connection is lost. With false it is closed instead. Default: on; see
   * `ReconnectOptions`.
   */
  readonly reconnect?: false | ReconnectOptions | undefined;
  /** Whether to go where a server says that another one is (section 4.11). Default: false. MQTT 5.0 only. */
  readonly redirect?: false | RedirectOptions | undefined;

  /**
   * Gets every entry of the log, as listeners of the event `log` do. What it throws, or rejects with, goes to the event
   * `error`.
   */
  readonly logger?: ((entry: LogEntry) => unknown) | undefined;
  /**
   * How much the log tells. `"info"`: how the connection fares, attempts to make it again, what becomes of the Session,
   * and what a server does that it should not. `"verbose"`: subscriptions too, and each step of an attempt. `"debug"`:
   * a line a packet, both ways, with its topic and sizes, and never a payload or a credential. Default: `"info"`.
   */
  readonly logLevel?: LogLevel | undefined;

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
