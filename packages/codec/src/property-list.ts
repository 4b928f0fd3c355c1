import { MalformedPacketError, ProtocolError } from "./errors.ts";
import {
  propertyTable,
  type PacketProperties,
  type PropertyTableRow,
  type PropertyTarget,
  type PropertyType,
} from "./properties.ts";
import {
  finish,
  readBinary,
  readByte,
  readFourByteInteger,
  readReasonCode,
  readString,
  readStringPair,
  readTopicName,
  readTwoByteInteger,
  readVariableByteInteger,
  type Reader,
} from "./reader.ts";
import type { PacketTypeWithReasonCode } from "./reason-codes.ts";
import { variableByteIntegerLength } from "./variable-byte-integer.ts";
import {
  putByte,
  writeBinary,
  writeByte,
  writeFourByteInteger,
  writeReasonCode,
  writeString,
  writeStringPair,
  writeTopicName,
  writeTwoByteInteger,
  writeVariableByteInteger,
  type Writer,
} from "./writer.ts";

type Read = (reader: Reader) => unknown;
type Write = (writer: Writer, value: never, field: string) => void;

interface PropertyRow {
  readonly name: string;
  readonly identifier: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly repeatable: boolean;
  readonly read: Read;
  readonly write: Write;
}

type Values = Record<string, unknown>;

/** What reads and writes the values of a type. */
const types: Readonly<Record<PropertyType | "topicName", readonly [Read, Write]>> = {
  byte: [readByte, writeByte],
  twoByteInteger: [readTwoByteInteger, writeTwoByteInteger],
  fourByteInteger: [readFourByteInteger, writeFourByteInteger],
  variableByteInteger: [readVariableByteInteger, writeVariableByteInteger],
  string: [readString, writeString],
  binary: [readBinary, writeBinary],
  stringPair: [readStringPair, writeStringPair],
  topicName: [readTopicName, writeTopicName],
};

/** The properties that each kind of packet may have, by name and by identifier. */
const rowsByTarget = new Map<PropertyTarget, Map<unknown, PropertyRow>>();

function rowsOf(target: PropertyTarget): Map<unknown, PropertyRow> {
  const known = rowsByTarget.get(target);
  if (known !== undefined) return known;
  const rows = new Map<unknown, PropertyRow>();
  rowsByTarget.set(target, rows);
  for (const [name, row] of Object.entries<PropertyTableRow>(propertyTable)) {
    const [identifier, type, targets, minimum = 0, repeatable = false] = row;
    if (!targets.split(" ").includes(target)) continue;
    const [read, write] = types[name === "responseTopic" ? "topicName" : type]; // [MQTT-3.3.2-13] [MQTT-3.3.2-14]
    const maximum = type === "byte" ? 1 : Infinity; // What has one byte is a flag.
    const entry: PropertyRow = { name, identifier, minimum, maximum, repeatable, read, write };
    rows.set(name, entry).set(identifier, entry);
  }
  return rows;
}

function noSuch(target: PropertyTarget, property: string | number): string {
  return `In this version ${target} has no property ${property}`;
}

/** A property list with its length, which MQTT 5.0 always has there and others never have; returns the length. */
export function writeProperties(writer: Writer, target: PropertyTarget, values: object | undefined): number {
  const start = writer.position;
  if (writer.version === 5) writer.position++; // Room for the length, which nearly always takes one byte.
  if (values !== undefined) writeValues(writer, target, values as Values);
  if (writer.position === start) return 0; // There is no place for it.
  const length = writer.position - start - 1;
  if (length > 0x7f) {
    writer.bytes.copyWithin(start + variableByteIntegerLength(length), start + 1, writer.position);
  }
  writer.position = start;
  writeVariableByteInteger(writer, length, "properties"); // [MQTT-2.2.2-1]
  writer.position += length;
  return length;
}

/** Reads a property list, where there is one, into a packet: what is absent or empty has no key. */
export function readProperties<T extends PropertyTarget>(
  reader: Reader,
  target: T,
  packet: { properties?: PacketProperties<T> },
): void {
  if (reader.version < 5) return;
  const { offset, end } = reader;
  const length = readVariableByteInteger(reader); // [MQTT-2.2.2-1]
  if (length === 0) return;
  if (length > reader.remaining) throw new MalformedPacketError(`${length} bytes of properties do not fit`, { offset });
  const values: Values = {};
  reader.end = reader.position + length;
  const rows = rowsOf(target);
  while (reader.remaining > 0) readProperty(reader, rows, target, values);
  reader.end = end;
  packet.properties = values as PacketProperties<T>;
}

/**
 * A Reason Code and a property list at the end of a packet, left out as far as they say nothing; where `isWhole`,
 * only together. Before MQTT 5.0 there is neither.
 */
export function writeEnding(
  writer: Writer,
  {
    type,
    reasonCode = 0,
    properties,
  }: { readonly type: PacketTypeWithReasonCode; readonly reasonCode?: number; readonly properties?: object },
  isWhole = false,
): void {
  const { position: start, end } = writer;
  if (start === end) return; // It was measured, and says nothing.
  if (writer.version === 5 || reasonCode !== 0) writeReasonCode(writer, type, reasonCode);
  const { position } = writer;
  if (position === end) return;
  const length = writeProperties(writer, type, properties);
  if (length > 0) return;
  if (reasonCode === 0) writer.position = start;
  else if (!isWhole) writer.position = position;
}

/** Reads what `writeEnding` has written, which is the last of a packet. */
export function readEnding<T extends PacketTypeWithReasonCode>(
  reader: Reader,
  packet: { readonly type: T; reasonCode: number; properties?: PacketProperties<T> },
  isWhole = false,
): void {
  if (reader.version === 5 && reader.remaining > 0) {
    packet.reasonCode = readReasonCode(reader, packet.type);
    if (isWhole || reader.remaining > 0) readProperties(reader, packet.type, packet);
  }
  finish(reader);
}

function writeValues(writer: Writer, target: PropertyTarget, values: Values): void {
  const rows = rowsOf(target);
  for (const name in values) {
    const value = values[name];
    if (value === undefined) continue;
    const row = rows.get(name);
    if (row === undefined || writer.version < 5) throw new ProtocolError(noSuch(target, name));
    if (!row.repeatable) {
      writeProperty(writer, row, value);
    } else {
      if (!Array.isArray(value)) throw new MalformedPacketError(`The ${name} is not an array`);
      for (const one of value as unknown[]) writeProperty(writer, row, one);
    }
  }
}

function writeProperty(writer: Writer, row: PropertyRow, value: unknown): void {
  putByte(writer, row.identifier); // All are below 0x80, one byte as a Variable Byte Integer.
  row.write(writer, value as never, row.name);
  checkRange(row, value);
}

function readProperty(reader: Reader, rows: Map<unknown, PropertyRow>, target: PropertyTarget, values: Values): void {
  const { offset } = reader;
  const identifier = readVariableByteInteger(reader);
  const row = rows.get(identifier);
  if (row === undefined) throw new MalformedPacketError(noSuch(target, identifier), { offset });
  const { name, repeatable } = row;
  const { offset: valueOffset } = reader;
  const value = row.read(reader);
  checkRange(row, value, valueOffset);
  const earlier = values[name];
  if (earlier === undefined) {
    values[name] = repeatable ? [value] : value;
  } else {
    if (!repeatable) throw new ProtocolError(`The ${name} stands twice`, { offset });
    (earlier as unknown[]).push(value); // [MQTT-3.3.2-18] [MQTT-3.3.4-4]
  }
}

function checkRange({ name, minimum, maximum }: PropertyRow, value: unknown, offset?: number): void {
  if (typeof value !== "number" || (value >= minimum && value <= maximum)) return;
  const reasonCode = name === "topicAlias" ? 0x94 : 0x82; // [MQTT-3.3.2-8]
  throw new ProtocolError(`The ${name} is ${value}, out of range`, { reasonCode, offset });
}
