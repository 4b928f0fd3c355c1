import { MalformedPacketError, ProtocolError } from "./errors.ts";
import {
  checkInteger,
  integerMaximum,
  measureBinary,
  measureString,
  measureTopicName,
  variableByteIntegerLength,
} from "./measure.ts";
import type { ProtocolVersion } from "./packets/types.ts";
import {
  properties,
  type PacketProperties,
  type PropertyDefinition,
  type PropertyName,
  type PropertyTarget,
} from "./properties.ts";
import type { Reader } from "./reader.ts";
import { reasonCodes } from "./reason-codes.ts";
import { topicNameFault } from "./topics.ts";
import type { Writer } from "./writer.ts";

interface PropertyRow extends PropertyDefinition {
  readonly name: PropertyName;
}

type Values = Record<string, unknown>;

const rows: readonly PropertyRow[] = Object.entries(properties).map(([name, definition]) => ({
  name: name as PropertyName,
  ...definition,
}));

/** The properties that one kind of packet may have: checks, measures, writes and reads its property list. */
export class PropertyList<T extends PropertyTarget> {
  readonly #target: T;
  readonly #byName: Map<string, PropertyRow>;
  readonly #byIdentifier: (PropertyRow | undefined)[] = [];

  constructor(target: T) {
    const own = rows.filter((row) => row.targets.includes(target));
    this.#target = target;
    this.#byName = new Map(own.map((row) => [row.name, row]));
    for (const row of own) this.#byIdentifier[row.identifier] = row;
  }

  /** Checks the values; returns the bytes they take, without the list's own length field. */
  measure(values: PacketProperties<T> | undefined, version: ProtocolVersion): number {
    if (values === undefined) return 0;
    let length = 0;
    const named = values as Values;
    for (const name in named) {
      const value = named[name];
      if (value === undefined) continue;
      if (version < 5) throw new ProtocolError(`Property ${name} needs MQTT 5.0`);
      const row = this.#byName.get(name);
      if (row === undefined) throw new ProtocolError(`${this.#target} has no property ${name}`);
      length += row.repeatable === true ? measureEach(row, value) : 1 + measureValue(row, value);
    }
    if (this.#byName.has("authenticationData")) checkAuthentication(named);
    return length;
  }

  /** Writes the list with its length field; `length` is what `measure` returned. */
  write(values: PacketProperties<T> | undefined, length: number, writer: Writer): void {
    writer.variableByteInteger(length); // [MQTT-2.2.2-1]
    if (length === 0) return;
    const named = values as Values;
    for (const name in named) {
      const value = named[name];
      if (value === undefined) continue;
      const row = this.#byName.get(name) as PropertyRow;
      if (row.repeatable === true) for (const one of value as unknown[]) writeValue(row, one, writer);
      else writeValue(row, value, writer);
    }
  }

  /** Reads the list with its length field; undefined when it is empty. */
  read(reader: Reader): PacketProperties<T> | undefined {
    const start = reader.position;
    const length = reader.variableByteInteger();
    if (length === 0) return undefined;
    if (length > reader.remaining) {
      throw reader.malformed(`The properties have ${length} bytes and ${reader.remaining} are left`, start);
    }
    const packetEnd = reader.end;
    reader.end = reader.position + length;
    const values: Values = {};
    while (reader.position < reader.end) this.#readOne(reader, values);
    reader.end = packetEnd;
    if (values["authenticationData"] !== undefined && values["authenticationMethod"] === undefined) {
      throw reader.protocolError("There is authentication data without an authentication method", start);
    }
    return values as PacketProperties<T>;
  }

  #readOne(reader: Reader, values: Values): void {
    const start = reader.position;
    const identifier = reader.variableByteInteger();
    const row = this.#byIdentifier[identifier];
    if (row === undefined) throw reader.malformed(`${this.#target} has no property ${identifier}`, start);
    const value = readValue(row, reader);
    const { name } = row;
    if (row.repeatable === true) {
      const list = values[name] as unknown[] | undefined;
      if (list === undefined) values[name] = [value];
      else list.push(value);
    } else if (values[name] === undefined) {
      values[name] = value;
    } else {
      throw reader.protocolError(`Property ${name} stands twice`, start);
    }
  }
}

/** The bytes of a property list with its length field. */
export function withLengthField(length: number): number {
  return variableByteIntegerLength(length) + length;
}

function measureEach(row: PropertyRow, values: unknown): number {
  if (!Array.isArray(values)) throw new MalformedPacketError(`Property ${row.name} is not an array`);
  let length = 0;
  for (const value of values as unknown[]) length += 1 + measureValue(row, value);
  return length;
}

function measureValue(row: PropertyRow, value: unknown): number {
  switch (row.type) {
    case "string":
      return row.name === "responseTopic"
        ? measureTopicName(value as string, "The response topic") // [MQTT-3.3.2-14]
        : measureString(value as string, row.name);
    case "binary":
      return measureBinary(value as Uint8Array, row.name);
    case "stringPair":
      return measurePair(row.name, value);
    default:
      return measureInteger(row.type, row, value as number);
  }
}

function measurePair(name: string, value: unknown): number {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new MalformedPacketError(`Property ${name} holds something that is not a pair of strings`);
  }
  const [first, second] = value as [string, string];
  return measureString(first, `The name in ${name}`) + measureString(second, `The value in ${name}`); // [MQTT-1.5.7-1]
}

function measureInteger(type: keyof typeof integerMaximum, row: PropertyRow, value: number): number {
  checkInteger(value, integerMaximum[type], row.name);
  const fault = rangeFault(row, value);
  if (fault !== undefined) throw new ProtocolError(fault, { reasonCode: rangeReasonCode(row) });
  if (type === "byte") return 1;
  if (type === "twoByteInteger") return 2;
  return type === "fourByteInteger" ? 4 : variableByteIntegerLength(value);
}

function writeValue(row: PropertyRow, value: unknown, writer: Writer): void {
  writer.byte(row.identifier); // All identifiers are below 0x80, one byte as a Variable Byte Integer.
  switch (row.type) {
    case "string":
      writer.string(value as string);
      break;
    case "binary":
      writer.binary(value as Uint8Array);
      break;
    case "stringPair":
      writer.string((value as [string, string])[0]);
      writer.string((value as [string, string])[1]);
      break;
    default:
      writer[row.type](value as number);
  }
}

function readValue(row: PropertyRow, reader: Reader): unknown {
  const start = reader.position;
  switch (row.type) {
    case "string": {
      const text = reader.string();
      const fault = row.name === "responseTopic" ? topicNameFault(text) : undefined;
      if (fault !== undefined) throw reader.malformed(`The response topic ${fault}`, start); // [MQTT-3.3.2-14]
      return text;
    }
    case "binary":
      return reader.binary();
    case "stringPair":
      return [reader.string(), reader.string()];
    default: {
      const value = reader[row.type]();
      const fault = rangeFault(row, value);
      if (fault !== undefined) throw reader.protocolError(fault, start, rangeReasonCode(row));
      return value;
    }
  }
}

function rangeFault(row: PropertyRow, value: number): string | undefined {
  const { minimum = 0, maximum = Infinity } = row;
  if (value >= minimum && value <= maximum) return undefined;
  return `Property ${row.name} is ${value}, which is out of its range`;
}

/** A topic alias has a Reason Code of its own [MQTT-3.3.2-8]. */
function rangeReasonCode(row: PropertyRow): number | undefined {
  return row.name === "topicAlias" ? reasonCodes.topicAliasInvalid : undefined;
}

/** @throws ProtocolError for data without a method (sections 3.1.2.11.10 and 3.15.2.2.3). */
function checkAuthentication(values: Values): void {
  if (values["authenticationData"] !== undefined && values["authenticationMethod"] === undefined) {
    throw new ProtocolError("There is authentication data without an authentication method");
  }
}
