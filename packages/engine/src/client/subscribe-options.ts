import {
  isSharedSubscription,
  validateTopicFilter,
  type ProtocolVersion,
  type QoS,
  type RetainHandling,
} from "@rivulet/codec";
import { InvalidOptionError } from "../errors.ts";
import { boolean, positive, readOptions, type Rules } from "../option-rules.ts";
import type { UserProperties } from "../options.ts";
import type { Request } from "../session/exchanges.ts";
import { filterOf, type TopicParams, type TopicPattern } from "./topic-pattern.ts";
import type { AckMode, HandlerErrorPolicy, Overflow } from "./inbox.ts";

/** Options of one Topic Filter (section 3.8.3.1). */
export interface FilterOptions {
  /** The most that messages may have. Default: 0. */
  readonly qos?: QoS | undefined;
  /** Not what this client publishes itself. Default: false. MQTT 5.0 only. */
  readonly noLocal?: boolean | undefined;
  /** Keep the RETAIN flag as it was published. Default: false. MQTT 5.0 only. */
  readonly retainAsPublished?: boolean | undefined;
  /** When to send retained messages. Default: 0, at each subscribe. MQTT 5.0 only. */
  readonly retainHandling?: RetainHandling | undefined;
}

/** Options of `subscribe`. */
export interface SubscribeOptions extends FilterOptions {
  /** The Subscription Identifier, 1 to 268,435,455. MQTT 5.0 only. */
  readonly identifier?: number | undefined;
  /**
   * Whether a subscription without `identifier` gets one by itself where the server knows them, so that it hands over
   * only what was sent for it. Of subscriptions that overlap, have all get one, or none. Default: true.
   */
  readonly identify?: boolean | undefined;
  /** User Properties of SUBSCRIBE. MQTT 5.0 only. */
  readonly userProperties?: UserProperties | undefined;
  /**
   * When a message is acknowledged: `"processed"`, when its consumer is done with it; `"on-receipt"`, at once;
   * `"manual"`, by `message.acknowledge()`. Default: `"processed"`.
   */
  readonly ack?: AckMode | undefined;
  /**
   * What becomes of a message whose handler has failed: it is acknowledged; or acknowledged with Reason Code 0x80
   * (MQTT 5.0 only); or not acknowledged: the connection is dropped, and when there is another one, the server sends
   * again what has not been acknowledged, if it keeps the Session. The event `error` tells of it in any case. Default:
   * `"acknowledge"`.
   */
  readonly onHandlerError?: HandlerErrorPolicy | undefined;
  /** Messages that may wait for the consumer before `overflow` applies. Default: 256. */
  readonly highWaterMark?: number | undefined;
  /**
   * What happens when more QoS 0 messages wait: reading from the server pauses, which is felt by all subscriptions of
   * the client, or some are dropped. Default: `"pause"`.
   */
  readonly overflow?: Overflow | undefined;
  /** Stop waiting for the server's answer. */
  readonly signal?: AbortSignal | undefined;
  /** The same after a time, in ms, counted from sending. Default: the client's `operationTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
}

/** A Topic Filter with options of its own. */
export interface FilterWithOptions extends FilterOptions {
  readonly filter: string | TopicPattern;
}

/** What `subscribe` takes: a filter or pattern, or several, each with options of its own if need be. */
export type FilterList<Params extends TopicParams = TopicParams> =
  string | TopicPattern<Params> | readonly (string | TopicPattern | FilterWithOptions)[];

const filterRules: Rules<FilterOptions> = {
  qos: { max: 2 },
  noLocal: { ...boolean, isNew: true },
  retainAsPublished: { ...boolean, isNew: true },
  retainHandling: { max: 2, isNew: true },
};

const rules: Rules<SubscribeOptions> = {
  ...filterRules,
  identifier: { min: 1, max: 268_435_455, as: "subscriptionIdentifier" },
  userProperties: { as: true },
  identify: boolean,
  ack: { of: ["processed", "on-receipt", "manual"] },
  onHandlerError: { of: ["acknowledge", "reject", "redeliver"] },
  highWaterMark: positive,
  overflow: { of: ["pause", "drop-oldest", "drop-newest"] },
  signal: {},
  timeoutMs: positive,
};

type SubscribeRequest = Extract<Request, { type: "subscribe" }>;

function listOf(filters: FilterList): readonly FilterWithOptions[] {
  // What is none of these will turn out to be no filter.
  return [filters]
    .flat()
    .map((one: FilterWithOptions | FilterWithOptions["filter"] | null) =>
      typeof one !== "object" || one === null || "match" in one ? { filter: one as TopicPattern } : one,
    );
}

/** The patterns among filters. */
export function patternsOf(filters: FilterList): readonly TopicPattern[] {
  return listOf(filters).flatMap(({ filter }) => (typeof filter === "string" ? [] : filter));
}

/** @throws InvalidOptionError, InvalidTopicError, UnsupportedError. */
export function subscribeRequest(
  filters: FilterList,
  options: SubscribeOptions,
  version: ProtocolVersion,
): SubscribeRequest {
  const properties = readOptions(options, rules, { version });
  if (version < 5 && options.onHandlerError === "reject") {
    throw new InvalidOptionError("onHandlerError", "An acknowledgement that rejects a message needs MQTT 5.0");
  }
  const request: SubscribeRequest = { type: "subscribe", subscriptions: [] };
  if (properties !== undefined) request.properties = properties;
  for (const { filter: named, ...own } of listOf(filters)) {
    const filter = filterOf(named);
    readOptions<FilterOptions>(own, filterRules, { version });
    validateTopicFilter(filter);
    const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = { ...options, ...own };
    // [MQTT-3.8.3-4]
    if (noLocal && isSharedSubscription(filter)) {
      throw new InvalidOptionError("noLocal", `noLocal cannot be set on a shared subscription: ${filter}`);
    }
    request.subscriptions.push({ topicFilter: filter, qos, noLocal, retainAsPublished, retainHandling });
  }
  if (request.subscriptions.length === 0) throw new InvalidOptionError("filter", "There is no topic filter");
  return request;
}
