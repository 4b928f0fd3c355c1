import type { NetworkProfile } from "../network/direction.ts";

// A plan is everything that a seed decides beforehand: plain data, so that it can be printed, and so that parts of it
// can be left out while a failure is being shrunk. What remains to chance (latencies, cuts, handler durations) is drawn
// while the plan runs, from sources that are seeded too.

/** One seed's whole world. */
export interface Plan {
  readonly seed: number;
  readonly broker: BrokerPlan;
  readonly network: NetworkProfile;
  readonly clients: readonly ClientPlan[];
  /** What happens, in the order of time. */
  readonly steps: readonly Step[];
}

/** What the broker is like; see `BrokerSettings`. */
export interface BrokerPlan {
  readonly receiveMaximum: number;
  /** Its Receive Maximum after each restart. */
  readonly receiveMaximumLater: number;
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly maximumQoS: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  readonly subscriptionIdentifierAvailable: boolean;
  readonly serverKeepAlive: number | undefined;
  readonly maximumSessionExpiry: number;
  readonly window: number;
  readonly lastIdentifier: number;
  readonly usesAliases: boolean;
  readonly overlapping: "once" | "each";
  readonly deliversAt: "publish" | "release";
  readonly keepsQoS0: boolean;
  readonly tellsNoSubscribers: boolean;
  /** In ms, at most. */
  readonly thinkingMs: number;
  /** In percent: messages that it refuses. */
  readonly refusals: number;
}

/** What a client is like, from one process to the next. */
export interface ClientPlan {
  readonly name: string;
  readonly version: 4 | 5;
  readonly cleanStart: boolean;
  readonly sessionExpiryInterval: number;
  readonly keepAlive: number;
  readonly receiveMaximum: number;
  /** The same for each other process. */
  readonly receiveMaximumLater: number;
  readonly maximumPacketSize: number | undefined;
  readonly topicAliasMaximum: number;
  readonly topicAliases: "off" | "auto";
  readonly maxInflight: number | undefined;
  readonly queueMessages: number | undefined;
  readonly queueOverflow: "reject" | "drop-oldest" | "drop-newest";
  readonly sessionLost: "republish-qos1" | "republish" | "fail";
  readonly republishInterval: number | undefined;
  /** Where its Session is kept beside the process' memory. */
  readonly store: "none" | "fast" | "slow";
  readonly reconnectMs: number;
  readonly hasWill: boolean;
  readonly willDelay: number;
}

/** How somebody takes the messages of a subscription. */
export interface ConsumerPlan {
  readonly kind: "handler" | "iterator" | "reader";
  readonly ack: "processed" | "on-receipt" | "manual";
  /** How long one message takes, in ms, at most; 0 is at once and without a promise. */
  readonly slownessMs: number;
  /** In percent: handler calls that reject. */
  readonly failures: number;
  readonly onHandlerError: "acknowledge" | "reject" | "redeliver";
  readonly highWaterMark: number;
  readonly overflow: "pause" | "drop-oldest" | "drop-newest";
  /** Whether it does nothing any more when the client is closed: what it has in hand is never done with. */
  readonly isForgetful: boolean;
}

/** A subscription, and who takes its messages. */
export interface SubscriptionPlan {
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  readonly consumer: ConsumerPlan;
}

/** A message to be published. */
export interface MessagePlan {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** Bytes of the payload at least. */
  readonly size: number;
  readonly expiry: number | undefined;
  /** An alias of the application's own. */
  readonly alias: number | undefined;
  /** How long the application waits for it, in ms. */
  readonly timeoutMs: number | undefined;
  /** After which time it gives the message up, in ms. */
  readonly abortMs: number | undefined;
  /** Whether the application waits only until the message is stored, where there is a store. */
  readonly untilStored: boolean;
}

/** Something that happens at a time, in ms from the beginning. */
export type Step = { readonly at: number } & (
  | { readonly kind: "publish"; readonly client: string; readonly message: MessagePlan }
  | { readonly kind: "subscribe"; readonly client: string; readonly subscription: SubscriptionPlan }
  | { readonly kind: "unsubscribe"; readonly client: string; readonly filter: string }
  /** The consumer of a subscription leaves. */
  | { readonly kind: "leave"; readonly client: string }
  | { readonly kind: "connect" | "close"; readonly client: string }
  | { readonly kind: "disconnect"; readonly client: string; readonly timeoutMs: number }
  | Fault
);

/** What an ambush waits for. */
export type Ambush = "receiving" | "storing" | "stored" | "sending";

/** Something that goes wrong. */
export type Fault = { readonly at: number; readonly isFault: true } & (
  | { readonly kind: "cut"; readonly client: string }
  /** After so many more bytes in one direction. */
  | { readonly kind: "cut-after"; readonly client: string; readonly direction: "up" | "down"; readonly bytes: number }
  /** The connection ends, and the next one after so many bytes of the broker. */
  | { readonly kind: "cut-connack"; readonly client: string; readonly bytes: number }
  | { readonly kind: "silence"; readonly client: string; readonly direction: "up" | "down" | "both" }
  | { readonly kind: "stall"; readonly client: string; readonly forMs: number }
  /** The network takes no connections of this client; or it takes them and nothing ever comes. */
  | { readonly kind: "unreachable"; readonly client: string; readonly forMs: number; readonly hangs: boolean }
  | { readonly kind: "refuse"; readonly client: string; readonly reasonCode: number; readonly times: number }
  /** The client's process ends, and another one starts later. */
  | { readonly kind: "crash"; readonly client: string; readonly forMs: number }
  /**
   * At the worst moment within the next seconds: the process ends while messages are in the hands of consumers, or while
   * something is being stored; the broker restarts while it owes answers to many messages.
   */
  | { readonly kind: "ambush"; readonly client: string; readonly when: Ambush; readonly forMs: number }
  | { readonly kind: "restart"; readonly keepsSessions: boolean }
);
