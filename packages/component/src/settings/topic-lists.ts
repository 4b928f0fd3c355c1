import { isSharedSubscription, validateTopicFilter } from "@rivulet/codec";
import type { FilterWithOptions, QoS, RetainHandling } from "rivulet";
import { MQTTError } from "../mqtt-error.ts";
import type { MessageSettings } from "./message-settings.ts";
import { parseBoolean, parseInteger, qosRange } from "./values.ts";

const defaultDelimiter = ",";

/**
 * Takes a list of Topic Filters apart. With the default delimiter, white space around filters is dropped; with another
 * one they are taken as they are.
 *
 * @throws MQTTError 503
 */
export function splitFilters(text: string, delimiter: string = defaultDelimiter): readonly string[] {
  const filters = text.split(delimiter).map((filter) => (delimiter === defaultDelimiter ? filter.trim() : filter));
  for (const filter of filters) {
    try {
      validateTopicFilter(filter);
    } catch (cause) {
      throw new MQTTError(503, { detail: cause instanceof Error ? cause.message : undefined, cause });
    }
  }
  return filters;
}

/**
 * The options of each filter. The last value of `TopicNLArray`, `TopicRAPArray` and `TopicRHArray` stands for the
 * filters beyond it, too; they are left out before MQTT 5.0.
 *
 * @throws MQTTError 505 when `TopicQOSArray` has not as many values as there are filters, or the QoS is none; 500 for
 * No Local on a shared subscription
 */
export function withOptions(
  filters: readonly string[],
  {
    message,
    qos,
    isVersion5,
  }: { readonly message: MessageSettings; readonly qos: number; readonly isVersion5: boolean },
): readonly FilterWithOptions[] {
  const qosList = qosOf(filters.length, message, qos);
  if (!isVersion5) return filters.map((filter, index) => ({ filter, qos: qosList[index] }));
  const noLocal = parseBooleans("TopicNLArray", message.topicNoLocal);
  const retainAsPublished = parseBooleans("TopicRAPArray", message.topicRetainAsPublished);
  const retainHandling = parseRetainHandlings("TopicRHArray", message.topicRetainHandling);
  return filters.map((filter, index) => {
    const isNotLocal = noLocal[index] ?? noLocal.at(-1) ?? false;
    // [MQTT-3.8.3-4]
    if (isNotLocal && isSharedSubscription(filter)) {
      throw new MQTTError(500, { detail: `A shared subscription cannot have No Local: ${filter}` });
    }
    return {
      filter,
      qos: qosList[index],
      noLocal: isNotLocal,
      retainAsPublished: retainAsPublished[index] ?? retainAsPublished.at(-1) ?? false,
      retainHandling: retainHandling[index] ?? retainHandling.at(-1) ?? 0,
    };
  });
}

function qosOf(count: number, { topicQos }: MessageSettings, qos: number): readonly QoS[] {
  const list = parseQosList("TopicQOSArray", topicQos);
  if (list.length === count) return list;
  if (list.length === 0) return new Array<QoS>(count).fill(checkQos(qos));
  throw new MQTTError(505, { detail: `TopicQOSArray has ${list.length} values for ${count} topic filters` });
}

/** @throws MQTTError 505 */
export function checkQos(qos: number): QoS {
  if (qos === 0 || qos === 1 || qos === 2) return qos;
  return parseInteger("qos", String(qos), { ...qosRange, code: 505 }) as QoS;
}

/** @throws MQTTError 10022 */
export function parseQosList(name: string, text: string): readonly QoS[] {
  return parseList(text, (value) => parseInteger(name, value, qosRange) as QoS);
}

/** @throws MQTTError 10022 */
export function parseBooleans(name: string, text: string): readonly boolean[] {
  return parseList(text, (value) => parseBoolean(name, value));
}

/** @throws MQTTError 10022 */
export function parseRetainHandlings(name: string, text: string): readonly RetainHandling[] {
  return parseList(text, (value) => parseInteger(name, value, { max: 2 }) as RetainHandling);
}

function parseList<T>(text: string, parse: (value: string) => T): readonly T[] {
  return text.trim() === "" ? [] : text.split(",").map(parse);
}
