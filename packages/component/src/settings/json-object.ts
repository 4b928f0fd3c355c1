import { badValue, quote } from "./values.ts";

/** The longest text that is read, in characters. */
const maximumLength = 1_048_576;

/** A key and its value as text. */
export type JsonEntry = readonly [key: string, value: string];

/**
 * Reads a flat JSON object whose keys may come more than once: strings, numbers, true and false as text, in order.
 * `JSON.parse` sees to the grammar, so that cutting what it takes into tokens is safe, but of a repeated key it would
 * keep the last value only.
 *
 * @throws MQTTError 10022
 */
export function parseJsonObject(name: string, text: string): readonly JsonEntry[] {
  if (text.length > maximumLength) throw badValue(name, `has more than ${maximumLength} characters`);
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    throw badValue(name, "is no JSON");
  }
  if (typeof whole !== "object" || whole === null || Array.isArray(whole)) throw badValue(name, "is no JSON object");
  const tokens = (text.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[-+.\w]+|[{}[\]]/g) ?? []).slice(1, -1);
  const entries: JsonEntry[] = [];
  for (let index = 0; index < tokens.length; index += 2) {
    const [key, value] = [tokens[index], tokens[index + 1]].map((token) => scalar(name, token ?? "null"));
    entries.push([key as string, value as string]);
  }
  return entries;
}

function scalar(name: string, token: string): string {
  if ("{}[]".includes(token) || token === "null") throw badValue(name, `has no strings only, but ${quote(token)}`);
  // A number as it stands there: 1e3 is 1000.
  return String(JSON.parse(token));
}

/** Writes such an object. */
export function formatJsonObject(entries: readonly JsonEntry[]): string {
  return `{${entries.map((entry) => entry.map((text) => JSON.stringify(text)).join(":")).join(",")}}`;
}
