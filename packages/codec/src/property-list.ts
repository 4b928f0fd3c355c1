import { MalformedPacketError, ProtocolError } from "./errors.ts";
import {
  properties,
  type PacketProperties,
  type PropertyDefinition,
  type PropertyTarget,
  type PropertyType,
} from "./properties.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** All rows have the same keys in the same order, which makes them quick to read. */
interface PropertyRow {
  readonly name: string;
  readonly identifier: number;
  /** The method of Reader and Writer that knows the value. */
  readonly method: PropertyType | "topicName";
  readonly repeatable: boolean;
  readonly minimum: number;
  readonly maximum: number;
}

type Values = Record<string, unknown>;

/** The properties that one kind of packet may have: writes and reads its property list, but for the length. */
export class PropertyList<T extends PropertyTarget = PropertyTarget> {
  readonly #target: T;
  readonly #byName = new Map<string, PropertyRow>();
  readonly #byIdentifier: PropertyRow[] = [];

  constructor(target: T) {
    this.#target = target;
    for (const [name, definition] of Object.entries<PropertyDefinition>(properties)) {
      if (!definition.targets.includes(target)) continue;
      const method = name === "responseTopic" ? "topicName" : definition.type; // [MQTT-3.3.2-13] [MQTT-3.3.2-14]
      const row: PropertyRow = { name, method, repeatable: false, minimum: 0, maximum: Infinity, ...definition };
      this.#byName.set(name, row);
      this.#byIdentifier[row.identifier] = row;
    }
  }

  write(writer: Writer, values: object | undefined): void {
    for (const name in values) {
      const value = (values as Values)[name];
      if (value === undefined) continue;
      const row = this.#byName.get(name);
      if (row === undefined || writer.version < 5) throw new ProtocolError(this.#noSuch(name));
      if (row.repeatable) {
        if (!Array.isArray(value)) throw new MalformedPacketError(`The ${name} is not an array`);
        for (const one of value as unknown[]) writeOne(row, one, writer);
      } else {
        writeOne(row, value, writer);
      }
    }
  }

  /** Reads the list up to the reader's end. */
  read(reader: Reader): PacketProperties<T> {
    const values: Values = {};
    while (reader.remaining > 0) {
      const start = reader.position;
      const identifier = reader.variableByteInteger();
      const row = this.#byIdentifier[identifier];
      if (row === undefined) throw reader.malformed(this.#noSuch(identifier), start);
      const { name } = row;
      const valueStart = reader.position;
      const value = readValue(row.method, reader);
      checkRange(row, value, valueStart - reader.origin);
      const earlier = values[name];
      if (earlier === undefined) {
        values[name] = row.repeatable ? [value] : value;
      } else {
        if (!row.repeatable) throw reader.protocolError(`The ${name} stands twice`, start);
        (earlier as unknown[]).push(value); // [MQTT-3.3.2-18] [MQTT-3.3.4-4]
      }
    }
    return values as PacketProperties<T>;
  }

  #noSuch(property: string | number): string {
    return `In this version ${this.#target} has no property ${property}`;
  }
}

function writeOne(row: PropertyRow, value: unknown, writer: Writer): void {
  writer.byte(row.identifier); // All identifiers are below 0x80, one byte as a Variable Byte Integer.
  writer[row.method](value as never, row.name);
  checkRange(row, value);
}

/** The frequent ones are spelled out: a method that is called by its name is slow to be found. */
function readValue(method: PropertyRow["method"], reader: Reader): unknown {
  switch (method) {
    case "stringPair":
      return reader.stringPair();
    case "string":
      return reader.string();
    case "byte":
      return reader.byte();
    case "fourByteInteger":
      return reader.fourByteInteger();
    default:
      return reader[method]();
  }
}

function checkRange({ name, minimum, maximum }: PropertyRow, value: unknown, offset?: number): void {
  if (typeof value !== "number" || (value >= minimum && value <= maximum)) return;
  const reasonCode = name === "topicAlias" ? 0x94 : 0x82; // [MQTT-3.3.2-8]
  throw new ProtocolError(`The ${name} is ${value}, out of range`, { reasonCode, offset });
}
