import { InvalidTopicError } from "./errors.ts";
import { maximumFieldBytes } from "./limits.ts";
import type { ProtocolVersion } from "./packets/types.ts";
import { reasonCodes } from "./reason-codes.ts";
import { measureUtf8 } from "./utf8.ts";

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
  const fault = topicNameFault(topicName) ?? stringFault(topicName);
  if (fault !== undefined) throw new InvalidTopicError(`The topic name ${fault}`, topicName);
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
  const fault = topicFilterFault(topicFilter) ?? stringFault(topicFilter);
  if (fault !== undefined) {
    throw new InvalidTopicError(`The topic filter ${fault}`, topicFilter, {
      reasonCode: reasonCodes.topicFilterInvalid,
    });
  }
}

/** What is wrong with a Topic Name beyond being a string of the protocol; undefined when nothing is. */
export function topicNameFault(topicName: string): string | undefined {
  if (topicName === "") return "is empty"; // [MQTT-4.7.3-1]
  if (topicName.includes("+") || topicName.includes("#")) return `has a wildcard: ${topicName}`; // [MQTT-3.3.2-2]
  return undefined;
}

/**
 * What is wrong with a Topic Filter beyond being a string of the protocol; undefined when nothing is. Before MQTT 5.0
 * `$share/` has no meaning of its own.
 */
export function topicFilterFault(topicFilter: string, version: ProtocolVersion = 5): string | undefined {
  if (topicFilter === "") return "is empty"; // [MQTT-4.7.3-1]
  const shared = version === 5 && isSharedSubscription(topicFilter);
  if (shared) {
    const fault = shareFault(topicFilter);
    if (fault !== undefined) return `${fault}: ${topicFilter}`;
  }
  const last = topicFilter.length - 1;
  for (let index = shared ? sharePrefix.length : 0; index <= last; index++) {
    const character = topicFilter.charCodeAt(index);
    if (character !== plus && character !== hash) continue;
    const fillsLevelLeft = index === 0 || topicFilter.charCodeAt(index - 1) === slash;
    const fillsLevelRight = index === last || topicFilter.charCodeAt(index + 1) === slash;
    // [MQTT-4.7.1-2]
    if (!fillsLevelLeft || !fillsLevelRight) return `has a wildcard that does not fill a level: ${topicFilter}`;
    // [MQTT-4.7.1-1]
    if (character === hash && index !== last) return `has a # that is not its last character: ${topicFilter}`;
  }
  return undefined;
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
 * that begins with `$` [MQTT-4.7.2-1]; of a shared filter, `$share/{name}/{filter}`, the last part is what counts.
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
  const filter = unsharedFilter(topicFilter);
  const filterLevels = filter.split("/");
  const topicLevels = topicName.split("/");
  // [MQTT-4.7.2-1]
  if (topicName.startsWith("$") && (filterLevels[0] === "+" || filterLevels[0] === "#")) return false;
  for (let level = 0; level < filterLevels.length; level++) {
    const wanted = filterLevels[level];
    // The parent level is included: `sport/#` matches `sport` (section 4.7.1.2).
    if (wanted === "#") return topicLevels.length >= level;
    if (level >= topicLevels.length || (wanted !== "+" && wanted !== topicLevels[level])) return false;
  }
  return filterLevels.length === topicLevels.length;
}

const plus = 0x2b;
const slash = 0x2f;
const hash = 0x23;

function shareFault(topicFilter: string): string | undefined {
  const nameEnd = topicFilter.indexOf("/", sharePrefix.length);
  // [MQTT-4.8.2-2]
  if (nameEnd === -1 || nameEnd === topicFilter.length - 1) return "has no topic filter after its share name";
  const shareName = topicFilter.slice(sharePrefix.length, nameEnd);
  if (shareName === "") return "has an empty share name"; // [MQTT-4.8.2-1]
  if (shareName.includes("+") || shareName.includes("#")) return "has a wildcard in its share name"; // [MQTT-4.8.2-2]
  return undefined;
}

function stringFault(topic: string): string | undefined {
  const bytes = measureUtf8(topic);
  if (typeof bytes === "string") return `holds ${bytes}`; // [MQTT-4.7.3-2]
  if (bytes > maximumFieldBytes) return `has ${bytes} bytes, and 65535 are the most`; // [MQTT-4.7.3-3]
  return undefined;
}
