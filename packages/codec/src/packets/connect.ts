import { checkInteger } from "../checks.ts";
import { MalformedPacketError, ProtocolError } from "../errors.ts";
import { noBytes } from "../no-bytes.ts";
import { readProperties, writeProperties } from "../property-list.ts";
import { finish, readBinary, readByte, type Reader, readString, readTopicName, readTwoByteInteger } from "../reader.ts";
import { writeBinary, putByte, writeTwoByteInteger, writeString, writeTopicName } from "../writer.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { ConnectPacket, ProtocolVersion, QoS, Will } from "./types.ts";

/** The bits of the Connect Flags (section 3.1.2.3). */
const reservedFlag = 0x01;
const cleanStartFlag = 0x02;
const willFlag = 0x04;
const willQoSShift = 3;
const willRetainFlag = 0x20;
const passwordFlag = 0x40;
const userNameFlag = 0x80;

/** The Protocol Name that goes with each Protocol Level. */
const protocolNames: Readonly<Record<number, string>> = { 3: "MQIsdp", 4: "MQTT", 5: "MQTT" };

/** CONNECT (section 3.1). */
export const writeConnect: PacketWriter<"connect"> = (packet, writer) => {
  const { version } = writer;
  const { protocolVersion = version, will, userName, password, properties } = packet;
  if (protocolVersion !== version) {
    throw new MalformedPacketError(`The protocolVersion is ${protocolVersion}, not ${version}`);
  }
  // [MQTT311-3.1.2-22]
  if (password !== undefined && userName === undefined && version < 5) {
    throw new ProtocolError("A password without userName needs MQTT 5.0");
  }
  checkMethod(properties);
  writeString(writer, protocolNames[version] as string, ""); // [MQTT-3.1.2-1] [MQTT311-3.1.2-1]
  putByte(writer, version); // [MQTT-3.1.2-2] [MQTT311-3.1.2-2]
  // The reserved flag is never set [MQTT-3.1.2-3] [MQTT311-3.1.2-3].
  let flags = packet.cleanStart === true ? cleanStartFlag : 0;
  // [MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT311-3.1.2-11] [MQTT311-3.1.2-13] [MQTT311-3.1.2-15]
  if (will !== undefined) {
    const { qos = 0, retain } = will;
    checkInteger(qos, 2, "qos"); // [MQTT-3.1.2-12] [MQTT311-3.1.2-14]
    flags |= willFlag | (qos << willQoSShift) | (retain === true ? willRetainFlag : 0);
  }
  flags |= (userName === undefined ? 0 : userNameFlag) | (password === undefined ? 0 : passwordFlag);
  putByte(writer, flags);
  writeTwoByteInteger(writer, packet.keepAlive ?? 0, "keepAlive");
  writeProperties(writer, "connect", properties);
  // It comes first, and always [MQTT-3.1.3-1] [MQTT-3.1.3-3] [MQTT-3.1.3-4] [MQTT311-3.1.3-1] [MQTT311-3.1.3-3]
  // [MQTT311-3.1.3-4].
  writeString(writer, packet.clientIdentifier, "clientIdentifier");
  // [MQTT-3.1.2-9] [MQTT311-3.1.2-9] [MQTT-3.1.3-1] [MQTT311-3.1.3-1]
  if (will !== undefined) {
    writeProperties(writer, "will", will.properties); // [MQTT-3.1.2-9] [MQTT-3.1.3-10]
    writeTopicName(writer, will.topic); // [MQTT-3.1.3-11] [MQTT311-3.1.3-10]
    writeBinary(writer, will.payload, "payload");
  }
  // [MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT-3.1.3-12] [MQTT311-3.1.2-18] [MQTT311-3.1.2-19] [MQTT311-3.1.3-11]
  if (userName !== undefined) writeString(writer, userName, "userName");
  // [MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT311-3.1.2-20] [MQTT311-3.1.2-21]
  if (password !== undefined) writeBinary(writer, password, "password");
};

/** CONNECT (section 3.1). */
export const readConnect: PacketReader<"connect"> = (reader) => {
  reader.version = readVersion(reader);
  const flags = readFlags(reader);
  const packet: ConnectPacket = {
    type: "connect",
    protocolVersion: reader.version,
    cleanStart: (flags & cleanStartFlag) !== 0,
    keepAlive: readTwoByteInteger(reader),
    clientIdentifier: "",
  };
  const { offset } = reader;
  readProperties(reader, "connect", packet);
  checkMethod(packet.properties, offset);
  packet.clientIdentifier = readString(reader);
  if ((flags & willFlag) !== 0) packet.will = readWill(reader, flags);
  if ((flags & userNameFlag) !== 0) packet.userName = readString(reader);
  if ((flags & passwordFlag) !== 0) packet.password = readBinary(reader);
  finish(reader);
  return packet;
};

/** Section 3.1.2.11.10. */
function checkMethod(properties: ConnectPacket["properties"], offset?: number): void {
  if (properties?.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw new ProtocolError("The authenticationData needs an authenticationMethod", { offset });
  }
}

function readVersion(reader: Reader): ProtocolVersion {
  const { offset } = reader;
  const name = readString(reader);
  const level = readByte(reader);
  // [MQTT-3.1.2-1] [MQTT-3.1.2-2] [MQTT311-3.1.2-1] [MQTT311-3.1.2-2]: a server may say 0x84 before it closes the connection.
  if (protocolNames[level] !== name) {
    const message = `Protocol ${JSON.stringify(name)} version ${level} is not supported`;
    throw new ProtocolError(message, { offset, reasonCode: 0x84 });
  }
  return level as ProtocolVersion;
}

function readFlags(reader: Reader): number {
  const { offset, version } = reader;
  const flags = readByte(reader);
  const willQoS = (flags >> willQoSShift) & 3;
  const isSound =
    (flags & reservedFlag) === 0 && // [MQTT-3.1.2-3] [MQTT311-3.1.2-3]
    // [MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13] [MQTT311-3.1.2-11] [MQTT311-3.1.2-13] [MQTT311-3.1.2-14]
    // [MQTT311-3.1.2-15]
    ((flags & willFlag) === 0 ? willQoS === 0 && (flags & willRetainFlag) === 0 : willQoS < 3) &&
    // [MQTT311-3.1.2-22]
    (version === 5 || (flags & (passwordFlag | userNameFlag)) !== passwordFlag);
  if (!isSound) throw new MalformedPacketError(`A CONNECT has the flags ${flags}`, { offset });
  return flags;
}

function readWill(reader: Reader, flags: number): Will {
  const will: Will = {
    topic: "",
    payload: noBytes,
    qos: ((flags >> willQoSShift) & 3) as QoS,
    retain: (flags & willRetainFlag) !== 0,
  };
  readProperties(reader, "will", will);
  will.topic = readTopicName(reader); // [MQTT-3.1.3-11] [MQTT311-3.1.3-10]
  will.payload = readBinary(reader);
  return will;
}
