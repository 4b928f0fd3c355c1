import type { ConnectPacket, ProtocolVersion } from "@rivulet/codec";
import type { Statistics } from "../statistics.ts";
import type { QueueLimits } from "./message-queue.ts";

/** What becomes of messages under way when the server has lost the Session: see `ConnectOptions.sessionLost`. */
export type SessionLost = "republish-qos1" | "republish" | "fail";

/** How messages are sent on one connection. */
export interface SendTerms {
  /** Whether the server knows of messages under way. */
  readonly hasSession: boolean;
  readonly maxInflight: number;
  readonly sessionLost?: SessionLost | undefined;
  /** In ms; 0 is never. */
  readonly republishMs?: number | undefined;
}

/** What a Session needs to know to begin a connection. */
export interface ConnectRequest {
  readonly packet: ConnectPacket;
  /** Time to wait for CONNACK, in ms. */
  readonly timeoutMs: number;
  /** Our own cap on QoS 1 and 2 messages in flight to the server. */
  readonly maxInflight: number;
  /** In ms; default: half of the Keep Alive. */
  readonly pingTimeoutMs?: number | undefined;
  /** Whether we may hold Session State, so that the server may too. Default: when Clean Start is not asked for. */
  readonly expectsSession?: boolean | undefined;
  /** What becomes of messages under way when the server does not. Default: `"republish-qos1"`. */
  readonly sessionLost?: SessionLost | undefined;
  /** Whether such a server is asked for the subscriptions again. Default: yes. */
  readonly resubscribe?: boolean | undefined;
  /** After so long without an answer a message is sent again, in ms; 0 is never. Before MQTT 5.0 only. */
  readonly republishMs?: number | undefined;
}

/** What a Session is made with. */
export interface SessionOptions {
  /** The version that messages are checked for before there is a connection. */
  readonly version: ProtocolVersion;
  readonly queue?: QueueLimits | undefined;
  /** Whether packets are to be shown as events. Default: no. */
  readonly isTracing?: () => boolean;
  /** Whether `changes` are written down. Default: no. */
  readonly isKept?: boolean;
  /** Whether topics get Topic Aliases without being asked for. Default: no. */
  readonly hasAutomaticAliases?: boolean;
  /** The time of the day, in ms since 1970: messages expire by it, also those that another process has queued. */
  readonly wallNow?: () => number;
  /** Where packets, messages and round trips are counted. Default: a new one. */
  readonly statistics?: Statistics;
}
