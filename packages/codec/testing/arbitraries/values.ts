import fc from "fast-check";
import { properties, reasonCodes } from "../../src/mod.ts";
import type { PacketProperties, PropertyName, PropertyTarget } from "../../src/mod.ts";

/** A UTF-8 Encoded String, from every plane of Unicode, that is short, or now and then just as long as may be. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 30, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 20, arbitrary: fc.string({ maxLength: 12, unit: "binary" }).map((value) => value.replaceAll("\0", "?")) },
  { weight: 1, arbitrary: fc.string({ minLength: 40, maxLength: 300 }) },
  { weight: 1, arbitrary: fc.constantFrom("\uFEFF", "\uFEFFbom", "", "__proto__", "\u{10FFFF}", "\uFFFD") },
);

/** Binary Data. */
export const binary: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 40 });

/** An application message's payload, now and then one whose Remaining Length takes three bytes. */
export const payload: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 40, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  { weight: 4, arbitrary: fc.uint8Array({ minLength: 100, maxLength: 400 }) },
  { weight: 1, arbitrary: fc.nat({ max: 40_000 }).map((length) => new Uint8Array(length).fill(length)) },
);

export const packetIdentifier: fc.Arbitrary<number> = fc.integer({ min: 1, max: 65535 });
export const qos: fc.Arbitrary<0 | 1 | 2> = fc.constantFrom(0, 1, 2);

/** A Topic Name (section 4.7). */
export const topicName: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: text.map((value) => value.replaceAll(/[+#]/g, "/") || "t") },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom("home", "", "$SYS", "é", "1"), { minLength: 2, maxLength: 5 })
      .map((levels) => levels.join("/")),
  },
);

const filterLevel = fc.oneof(
  fc.constantFrom("+", "home", "", "$SYS", "é"),
  text.map((value) => value.replaceAll(/[+#/]/g, "_")),
);
const plainFilter = fc
  .tuple(fc.array(filterLevel, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels, "#"] : levels).join("/") || "#")
  .map((filter) => (filter.startsWith("$share") ? `/${filter}` : filter));

/** A Topic Filter (section 4.7). */
export const topicFilter: fc.Arbitrary<string> = plainFilter;

/** A Topic Filter of a Shared Subscription (section 4.8.2). */
export const sharedFilter: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom("g", "group one", "é"), plainFilter)
  .map(([name, filter]) => `$share/${name}/${filter}`);

const maximum = { byte: 0xff, twoByteInteger: 0xffff, fourByteInteger: 0xffffffff, variableByteInteger: 268435455 };

/** Any of the properties that a packet may have, in any order; undefined rather than an empty set. */
export function propertiesOf<T extends PropertyTarget>(target: T): fc.Arbitrary<PacketProperties<T> | undefined> {
  const names = (Object.keys(properties) as PropertyName[]).filter((name) =>
    (properties[name].targets as readonly PropertyTarget[]).includes(target),
  );
  const model = Object.fromEntries(names.map((name) => [name, valueOf(name)]));
  return fc
    .tuple(fc.record(model, { requiredKeys: [], noNullPrototype: true }), fc.nat())
    .map(([values, turn]) => finish(values, turn) as PacketProperties<T> | undefined);
}

/** Reason Codes, of which a packet's arbitrary takes those that are allowed there. */
export const everyReasonCode: readonly number[] = [...new Set(Object.values(reasonCodes))];

function valueOf(name: PropertyName): fc.Arbitrary<unknown> {
  const definition = properties[name];
  const one = single(name);
  return "repeatable" in definition ? fc.array(one, { minLength: 1, maxLength: 4 }) : one;
}

function single(name: PropertyName): fc.Arbitrary<unknown> {
  const definition: { type: (typeof properties)[PropertyName]["type"]; minimum?: number; maximum?: number } =
    properties[name];
  switch (definition.type) {
    case "string":
      return name === "responseTopic" ? topicName : text;
    case "binary":
      return binary;
    case "stringPair":
      return fc.tuple(text, text);
    default: {
      const most = definition.maximum ?? maximum[definition.type];
      const least = definition.minimum ?? 0;
      const edges = [least, most, 127, 128, 16383, 16384, 2097151, 2097152].filter(
        (edge) => edge >= least && edge <= most,
      );
      return fc.oneof(fc.integer({ min: least, max: most }), fc.constantFrom(...edges));
    }
  }
}

/** Turns the order of the keys, since the wire has one, and keeps to what section 3.1.2.11.10 says of authentication. */
function finish(values: Record<string, unknown>, turn: number): Record<string, unknown> | undefined {
  const entries = Object.entries(values).filter(
    ([name]) => name !== "authenticationData" || values["authenticationMethod"] !== undefined,
  );
  if (entries.length === 0) return undefined;
  const start = turn % entries.length;
  return Object.fromEntries([...entries.slice(start), ...entries.slice(0, start)]);
}
