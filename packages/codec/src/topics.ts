import { InvalidTopicError } from "./errors.ts";
import type { ProtocolVersion } from "./packets/types.ts";
import { measureText } from "./utf8.ts";

const sharePrefix = "$share/";

/**
 * Checks a Topic Name, as a PUBLISH has it (section 4.7).
 *
 * @throws InvalidTopicError when it is empty, holds a wildcard, U+0000 or a lone surrogate, or is too long.
 *
 * @example
 * ```ts
 * import { validateTopicName } from "@rivulet/codec";
 *
 * validateTopicName("home/floor1/kitchen/temperature"); // does nothing: it is one
 * ```
 */
export function validateTopicName(topicName: string): void {
  checkTopic(topicName, topicNames, 5);
}

/**
 * Checks a Topic Filter, as a SUBSCRIBE has it, shared ones included (sections 4.7 and 4.8.2).
 *
 * @throws InvalidTopicError when it is empty, a wildcard stands where none may, a share name is missing or holds a
 * wildcard, it holds U+0000 or a lone surrogate, or it is too long.
 *
 * @example
 * ```ts
 * import { validateTopicFilter } from "@rivulet/codec";
 *
 * validateTopicFilter("home/+/temperature"); // does nothing: it is one
 * ```
 */
export function validateTopicFilter(topicFilter: string): void {
  checkTopic(topicFilter, topicFilters, 5);
}

/** What tells Topic Names from Topic Filters. */
export interface TopicRules {
  readonly name: string;
  readonly reasonCode: number;
  /** Whether a string of the protocol is one. */
  isSound(topic: string, version: ProtocolVersion): boolean;
}

export const topicNames: TopicRules = {
  name: "topic name",
  reasonCode: 0x90,
  isSound: (topic) =>
    topic !== "" && // [MQTT-4.7.3-1] [MQTT311-4.7.3-1]
    !topic.includes("+") && // [MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT311-3.3.2-2] [MQTT311-4.7.1-1]
    !topic.includes("#"), // [MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT311-3.3.2-2] [MQTT311-4.7.1-1]
};

export const topicFilters: TopicRules = {
  name: "topic filter",
  reasonCode: 0x8f,
  isSound: (topic, version) =>
    topic !== "" && // [MQTT-4.7.3-1] [MQTT311-4.7.3-1]
    // A wildcard fills its level [MQTT-4.7.1-2] [MQTT311-4.7.1-3], and # is the last character [MQTT-4.7.1-1]
    // [MQTT311-4.7.1-2].
    !/[^/][+#]|[+#][^/]|#\//.test(topic) &&
    // [MQTT-4.8.2-1] [MQTT-4.8.2-2]; before MQTT 5.0 `$share/` has no meaning of its own.
    (version < 5 || !isSharedSubscription(topic) || /^[^/]+\/[^/+#]+\/./.test(topic)),
};

/** Checks a topic, and returns its bytes. */
export function checkTopic(topic: string, rules: TopicRules, version: ProtocolVersion): number {
  const length = measureText(topic); // [MQTT-4.7.3-2] [MQTT-4.7.3-3] [MQTT311-4.7.3-2] [MQTT311-4.7.3-3]
  if (length >= 0 && rules.isSound(topic, version)) return length;
  throw new InvalidTopicError(topicFault(topic, rules), topic, rules);
}

/** What to say of a topic that is refused. */
export function topicFault(topic: string, { name }: TopicRules): string {
  return `The ${name} is empty, too long, or has a character out of place: ${topic}`;
}

/** Whether a Topic Filter asks for a Shared Subscription, `$share/{name}/{filter}` (section 4.8.2). */
export function isSharedSubscription(topicFilter: string): boolean {
  return topicFilter.startsWith(sharePrefix);
}

/** The part of a Topic Filter that topics are matched with: what follows the share name, or all of it. */
export function unsharedFilter(topicFilter: string): string {
  if (!isSharedSubscription(topicFilter)) return topicFilter;
  return topicFilter.slice(topicFilter.indexOf("/", sharePrefix.length) + 1);
}

/**
 * Whether a Topic Name matches a Topic Filter (section 4.7). A wildcard in the first level does not match a topic
 * that begins with `$`; of a shared filter, `$share/{name}/{filter}`, the last part is what counts.
 *
 * Neither argument is checked; see `validateTopicFilter` and `validateTopicName`.
 *
 * @example
 * ```ts
 * import { topicMatches } from "@rivulet/codec";
 *
 * console.log(topicMatches("home/+/temperature", "home/kitchen/temperature")); // => true
 * console.log(topicMatches("#", "$SYS/broker/uptime")); // => false
 * ```
 */
export function topicMatches(topicFilter: string, topicName: string): boolean {
  const filterLevels = unsharedFilter(topicFilter).split("/");
  const topicLevels = topicName.split("/");
  if (topicName.startsWith("$") && /^[+#]/.test(filterLevels[0] as string)) return false; // [MQTT-4.7.2-1] [MQTT311-4.7.2-1]
  for (const [level, wanted] of filterLevels.entries()) {
    // The parent level is included: `sport/#` matches `sport` (section 4.7.1.2).
    if (wanted === "#") return topicLevels.length >= level;
    // Level by level, as they are [MQTT-4.7.3-4] [MQTT311-4.7.3-4].
    if (level >= topicLevels.length || (wanted !== "+" && wanted !== topicLevels[level])) return false;
  }
  return filterLevels.length === topicLevels.length;
}
