import {
  isSharedSubscription,
  validateTopicFilter,
  type ProtocolVersion,
  type QoS,
  type RetainHandling,
  type TopicSubscription,
} from "@rivulet/codec";
import { InvalidOptionError, UnsupportedError } from "../errors.ts";
import { defaultHighWaterMark } from "../limits.ts";
import type { UserProperties } from "../options.ts";
import type { SubscribeRequest } from "../session/requests.ts";
import type { AckMode, HandlerErrorPolicy, InboxSettings, MessageHandler, Overflow } from "./inbox.ts";

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
  /** User Properties of SUBSCRIBE. MQTT 5.0 only. */
  readonly userProperties?: UserProperties | undefined;
  /**
   * When a message is acknowledged: `"processed"`, when its consumer is done with it; `"on-receipt"`, at once;
   * `"manual"`, by `message.acknowledge()`. Default: `"processed"`.
   */
  readonly ack?: AckMode | undefined;
  /**
   * What becomes of a message whose handler has failed: it is acknowledged, or acknowledged with Reason Code 0x80
   * (MQTT 5.0 only). In both cases the event `error` tells of it. Default: `"acknowledge"`.
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
  readonly filter: string;
}

/** What `subscribe` takes: a filter, or several, each with options of its own if need be. */
export type FilterList = string | readonly (string | FilterWithOptions)[];

const filterOptionNames = ["qos", "noLocal", "retainAsPublished", "retainHandling"] as const;

const optionNames: ReadonlySet<string> = new Set<keyof SubscribeOptions>([
  ...filterOptionNames,
  "identifier",
  "userProperties",
  "ack",
  "onHandlerError",
  "highWaterMark",
  "overflow",
  "signal",
  "timeoutMs",
]);

/** @throws InvalidOptionError, InvalidTopicError, UnsupportedError. */
export function subscribeRequest(
  filters: FilterList,
  options: SubscribeOptions,
  version: ProtocolVersion,
): SubscribeRequest {
  checkOptions(options, version);
  const list = typeof filters === "string" ? [filters] : filters;
  if (list.length === 0) throw new InvalidOptionError("filter", "There is no topic filter to subscribe to");
  const request: SubscribeRequest = {
    type: "subscribe",
    subscriptions: list.map((one) => topicSubscription(one, options, version)),
  };
  const { identifier, userProperties } = options;
  if (identifier !== undefined || userProperties !== undefined) {
    request.properties = {};
    if (identifier !== undefined) request.properties.subscriptionIdentifier = identifier;
    if (userProperties !== undefined) {
      request.properties.userProperties = userProperties.map(([name, value]) => [name, value]);
    }
  }
  return request;
}

/** Fills in the defaults of what concerns the consumer. */
export function inboxSettings(
  filters: readonly string[],
  options: SubscribeOptions,
  handler: MessageHandler | undefined,
): InboxSettings {
  return {
    filters,
    ack: options.ack ?? "processed",
    onHandlerError: options.onHandlerError ?? "acknowledge",
    highWaterMark: options.highWaterMark ?? defaultHighWaterMark,
    overflow: options.overflow ?? "pause",
    handler,
  };
}

function checkOptions(options: SubscribeOptions, version: ProtocolVersion): void {
  for (const name in options) {
    if (!optionNames.has(name)) throw new InvalidOptionError(name, `subscribe has no option ${name}`);
  }
  checkChoice("ack", options.ack, ["processed", "on-receipt", "manual"]);
  checkChoice("onHandlerError", options.onHandlerError, ["acknowledge", "reject"]);
  checkChoice("overflow", options.overflow, ["pause", "drop-oldest", "drop-newest"]);
  const { highWaterMark } = options;
  if (highWaterMark !== undefined && (!Number.isInteger(highWaterMark) || highWaterMark < 1)) {
    throw new InvalidOptionError("highWaterMark", `highWaterMark is ${highWaterMark}, and must be 1 or more`);
  }
  if (version === 5) return;
  if (options.onHandlerError === "reject") {
    throw new InvalidOptionError("onHandlerError", "An acknowledgement that rejects a message needs MQTT 5.0");
  }
  for (const name of ["identifier", "userProperties"] as const) {
    if (options[name] !== undefined) throw new UnsupportedError(name, `Option ${name} needs MQTT 5.0`);
  }
}

function topicSubscription(
  one: string | FilterWithOptions,
  defaults: SubscribeOptions,
  version: ProtocolVersion,
): TopicSubscription {
  const own: FilterWithOptions = typeof one === "string" ? { filter: one } : one;
  for (const name of Object.keys(own)) {
    if (name !== "filter" && !(filterOptionNames as readonly string[]).includes(name)) {
      throw new InvalidOptionError(name, `A topic filter has no option ${name}`);
    }
  }
  validateTopicFilter(own.filter);
  const subscription: TopicSubscription = {
    topicFilter: own.filter,
    qos: own.qos ?? defaults.qos ?? 0,
    noLocal: own.noLocal ?? defaults.noLocal ?? false,
    retainAsPublished: own.retainAsPublished ?? defaults.retainAsPublished ?? false,
    retainHandling: own.retainHandling ?? defaults.retainHandling ?? 0,
  };
  for (const name of filterOptionNames) {
    if (version < 5 && name !== "qos" && Number(subscription[name]) !== 0) {
      throw new UnsupportedError(name, `Option ${name} needs MQTT 5.0`);
    }
  }
  // [MQTT-3.8.3-4]
  if (subscription.noLocal && isSharedSubscription(own.filter)) {
    throw new InvalidOptionError("noLocal", `noLocal cannot be set on a shared subscription: ${own.filter}`);
  }
  return subscription;
}

function checkChoice(option: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new InvalidOptionError(option, `${option} is ${value}, and must be one of ${choices.join(", ")}`);
}
