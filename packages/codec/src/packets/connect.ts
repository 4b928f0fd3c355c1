import { MalformedPacketError, ProtocolError } from "../errors.ts";
import { noBytes } from "../no-bytes.ts";
import { PropertyList } from "../property-list.ts";
import type { Reader } from "../reader.ts";
import { checkInteger } from "../writer.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { ConnectPacket, ProtocolVersion, QoS, Will } from "./types.ts";

const propertyList = new PropertyList("connect");
const willPropertyList = new PropertyList("will");

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

const dataAlone = "The authenticationData needs an authenticationMethod"; // Section 3.1.2.11.10

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
  if (isDataAlone(properties)) throw new ProtocolError(dataAlone);
  writer.string(protocolNames[version] as string, ""); // [MQTT-3.1.2-1] [MQTT311-3.1.2-1]
  writer.byte(version); // [MQTT-3.1.2-2] [MQTT311-3.1.2-2]
  // The reserved flag is never set [MQTT-3.1.2-3] [MQTT311-3.1.2-3].
  let flags = packet.cleanStart === true ? cleanStartFlag : 0;
  // [MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT311-3.1.2-11] [MQTT311-3.1.2-13] [MQTT311-3.1.2-15]
  if (will !== undefined) {
    const { qos = 0, retain } = will;
    checkInteger(qos, 2, "qos"); // [MQTT-3.1.2-12] [MQTT311-3.1.2-14]
    flags |= willFlag | (qos << willQoSShift) | (retain === true ? willRetainFlag : 0);
  }
  writer.byte(flags | (userName === undefined ? 0 : userNameFlag) | (password === undefined ? 0 : passwordFlag));
  writer.twoByteInteger(packet.keepAlive ?? 0, "keepAlive");
  writer.properties(propertyList, properties);
  // It comes first, and always [MQTT-3.1.3-1] [MQTT-3.1.3-3] [MQTT-3.1.3-4] [MQTT311-3.1.3-1] [MQTT311-3.1.3-3]
  // [MQTT311-3.1.3-4].
  writer.string(packet.clientIdentifier, "clientIdentifier");
  // [MQTT-3.1.2-9] [MQTT311-3.1.2-9] [MQTT-3.1.3-1] [MQTT311-3.1.3-1]
  if (will !== undefined) {
    writer.properties(willPropertyList, will.properties); // [MQTT-3.1.2-9] [MQTT-3.1.3-10]
    writer.topicName(will.topic); // [MQTT-3.1.3-11] [MQTT311-3.1.3-10]
    writer.binary(will.payload, "payload");
  }
  // [MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT-3.1.3-12] [MQTT311-3.1.2-18] [MQTT311-3.1.2-19] [MQTT311-3.1.3-11]
  if (userName !== undefined) writer.string(userName, "userName");
  // [MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT311-3.1.2-20] [MQTT311-3.1.2-21]
  if (password !== undefined) writer.binary(password, "password");
};

/** CONNECT (section 3.1). */
export const readConnect: PacketReader<"connect"> = (reader) => {
  reader.version = readVersion(reader);
  const flags = readFlags(reader);
  const packet: ConnectPacket = {
    type: "connect",
    protocolVersion: reader.version,
    cleanStart: (flags & cleanStartFlag) !== 0,
    keepAlive: reader.twoByteInteger(),
    clientIdentifier: "",
  };
  const { position } = reader;
  reader.properties(propertyList, packet);
  if (isDataAlone(packet.properties)) throw reader.protocolError(dataAlone, position);
  packet.clientIdentifier = reader.string();
  if ((flags & willFlag) !== 0) packet.will = readWill(reader, flags);
  if ((flags & userNameFlag) !== 0) packet.userName = reader.string();
  if ((flags & passwordFlag) !== 0) packet.password = reader.binary();
  reader.finish();
  return packet;
};

function isDataAlone(properties: ConnectPacket["properties"]): boolean {
  return properties?.authenticationData !== undefined && properties.authenticationMethod === undefined;
}

function readVersion(reader: Reader): ProtocolVersion {
  const start = reader.position;
  const name = reader.string();
  const level = reader.byte();
  // [MQTT-3.1.2-1] [MQTT-3.1.2-2] [MQTT311-3.1.2-1] [MQTT311-3.1.2-2]: a server may say 0x84 before it closes the connection.
  if (protocolNames[level] !== name) {
    throw reader.protocolError(`Protocol ${JSON.stringify(name)} version ${level} is not supported`, start, 0x84);
  }
  return level as ProtocolVersion;
}

function readFlags(reader: Reader): number {
  const { position, version } = reader;
  const flags = reader.byte();
  const willQoS = (flags >> willQoSShift) & 3;
  const isSound =
    (flags & reservedFlag) === 0 && // [MQTT-3.1.2-3] [MQTT311-3.1.2-3]
    // [MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13] [MQTT311-3.1.2-11] [MQTT311-3.1.2-13] [MQTT311-3.1.2-14]
    // [MQTT311-3.1.2-15]
    ((flags & willFlag) === 0 ? willQoS === 0 && (flags & willRetainFlag) === 0 : willQoS < 3) &&
    // [MQTT311-3.1.2-22]
    (version === 5 || (flags & (passwordFlag | userNameFlag)) !== passwordFlag);
  if (!isSound) throw reader.malformed(`A CONNECT has the flags ${flags}`, position);
  return flags;
}

function readWill(reader: Reader, flags: number): Will {
  const will: Will = {
    topic: "",
    payload: noBytes,
    qos: ((flags >> willQoSShift) & 3) as QoS,
    retain: (flags & willRetainFlag) !== 0,
  };
  reader.properties(willPropertyList, will);
  will.topic = reader.topicName(); // [MQTT-3.1.3-11] [MQTT311-3.1.3-10]
  will.payload = reader.binary();
  return will;
}
