import { MalformedPacketError, ProtocolError } from "../errors.ts";
import {
  checkInteger,
  checkQoS,
  integerMaximum,
  measureBinary,
  measureString,
  measureTopicName,
  type Lengths,
} from "../measure.ts";
import { PropertyList, withLengthField } from "../property-list.ts";
import type { Reader } from "../reader.ts";
import { reasonCodes } from "../reason-codes.ts";
import { topicNameFault } from "../topics.ts";
import type { PacketCodec, PacketInputOf } from "./packet-codec.ts";
import type { ConnectPacket, ProtocolVersion, QoS, Will } from "./types.ts";

const propertyList = new PropertyList("connect");
const willPropertyList = new PropertyList("will");

/** The bits of the Connect Flags (section 3.1.2.3). */
const flag = { reserved: 0x01, cleanStart: 0x02, will: 0x04, willRetain: 0x20, password: 0x40, userName: 0x80 };
const willQoSShift = 3;

/** CONNECT (section 3.1). */
export const connect: PacketCodec<"connect"> = {
  measure(packet, version, lengths) {
    const { protocolVersion = version, will } = packet;
    if (protocolVersion !== version) {
      throw new MalformedPacketError(`A CONNECT for version ${protocolVersion} is encoded for version ${version}`);
    }
    checkInteger(packet.keepAlive ?? 0, integerMaximum.twoByteInteger, "The keep alive");
    let length = 2 + protocolName(version).length + 4 + measureString(packet.clientIdentifier, "The client identifier");
    if (will !== undefined) length += measureWill(will, version, lengths);
    if (packet.userName !== undefined) length += measureString(packet.userName, "The user name");
    if (packet.password !== undefined) {
      length += measureBinary(packet.password, "The password");
      // [MQTT311-3.1.2-22]
      if (version < 5 && packet.userName === undefined) {
        throw new ProtocolError("There is a password without a user name, and that needs MQTT 5.0");
      }
    }
    lengths.properties = propertyList.measure(packet.properties, version);
    return version === 5 ? length + withLengthField(lengths.properties) : length;
  },

  write(packet, version, writer, lengths) {
    writer.string(protocolName(version)); // [MQTT-3.1.2-1]
    writer.byte(version); // [MQTT-3.1.2-2]
    writer.byte(connectFlags(packet));
    writer.twoByteInteger(packet.keepAlive ?? 0);
    if (version === 5) propertyList.write(packet.properties, lengths.properties, writer);
    // The order of the payload: [MQTT-3.1.3-1]
    writer.string(packet.clientIdentifier);
    const { will, userName, password } = packet;
    if (will !== undefined) {
      if (version === 5) willPropertyList.write(will.properties, lengths.willProperties, writer);
      writer.string(will.topic);
      writer.binary(will.payload);
    }
    if (userName !== undefined) writer.string(userName);
    if (password !== undefined) writer.binary(password);
  },

  read(reader) {
    const version = readVersion(reader);
    const flagsPosition = reader.position;
    const flags = reader.byte();
    checkFlags(reader, version, flags, flagsPosition);
    const keepAlive = reader.twoByteInteger();
    const properties = version === 5 ? propertyList.read(reader) : undefined;
    const packet: ConnectPacket = {
      type: "connect",
      protocolVersion: version,
      cleanStart: (flags & flag.cleanStart) !== 0,
      keepAlive,
      clientIdentifier: reader.string(),
    };
    if (properties !== undefined) packet.properties = properties;
    if ((flags & flag.will) !== 0) packet.will = readWill(reader, version, flags);
    if ((flags & flag.userName) !== 0) packet.userName = reader.string();
    if ((flags & flag.password) !== 0) packet.password = reader.binary();
    reader.finish();
    return packet;
  },
};

function protocolName(version: ProtocolVersion): string {
  return version === 3 ? "MQIsdp" : "MQTT";
}

function measureWill(
  will: NonNullable<PacketInputOf<"connect">["will"]>,
  version: ProtocolVersion,
  lengths: Lengths,
): number {
  checkQoS(will.qos ?? 0, "The will's QoS"); // [MQTT-3.1.2-12]
  lengths.willProperties = willPropertyList.measure(will.properties, version);
  return (
    measureTopicName(will.topic, "The will's topic") +
    measureBinary(will.payload, "The will's payload") +
    (version === 5 ? withLengthField(lengths.willProperties) : 0)
  );
}

function connectFlags(packet: PacketInputOf<"connect">): number {
  const { will, cleanStart = false, userName, password } = packet;
  let flags = cleanStart ? flag.cleanStart : 0;
  if (will !== undefined)
    flags |= flag.will | ((will.qos ?? 0) << willQoSShift) | (will.retain === true ? flag.willRetain : 0);
  if (userName !== undefined) flags |= flag.userName;
  if (password !== undefined) flags |= flag.password;
  return flags;
}

function readVersion(reader: Reader): ProtocolVersion {
  const start = reader.position;
  const name = reader.string();
  const level = reader.byte();
  const isKnown = (name === "MQTT" && (level === 4 || level === 5)) || (name === "MQIsdp" && level === 3);
  // [MQTT-3.1.2-1] [MQTT-3.1.2-2]: a server may say 0x84 before it closes the connection.
  if (!isKnown) {
    const message = `Protocol ${JSON.stringify(name)} version ${level} is not supported`;
    throw reader.protocolError(message, start, reasonCodes.unsupportedProtocolVersion);
  }
  return level as ProtocolVersion;
}

function checkFlags(reader: Reader, version: ProtocolVersion, flags: number, position: number): void {
  // [MQTT-3.1.2-3]
  if ((flags & flag.reserved) !== 0) throw reader.malformed("The reserved flag of CONNECT is set", position);
  const willQoS = (flags >> willQoSShift) & 3;
  if ((flags & flag.will) === 0) {
    // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
    if (willQoS !== 0) throw reader.malformed("There is a QoS for a will, and no will", position);
    if ((flags & flag.willRetain) !== 0)
      throw reader.malformed("A will is to be retained, and there is none", position);
  } else if (willQoS === 3) {
    throw reader.malformed("The will's QoS is 3", position); // [MQTT-3.1.2-12]
  }
  // [MQTT311-3.1.2-22]
  if (version < 5 && (flags & flag.password) !== 0 && (flags & flag.userName) === 0) {
    throw reader.malformed("There is a password without a user name", position);
  }
}

function readWill(reader: Reader, version: ProtocolVersion, flags: number): Will {
  const properties = version === 5 ? willPropertyList.read(reader) : undefined;
  const start = reader.position;
  const topic = reader.string();
  const fault = topicNameFault(topic);
  if (fault !== undefined) throw reader.malformed(`The will's topic ${fault}`, start); // [MQTT-4.7.0-1]
  const will: Will = {
    topic,
    payload: reader.binary(),
    qos: ((flags >> willQoSShift) & 3) as QoS,
    retain: (flags & flag.willRetain) !== 0,
  };
  if (properties !== undefined) will.properties = properties;
  return will;
}
