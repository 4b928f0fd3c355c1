import { MalformedPacketError, PacketTooLargeError } from "./errors.ts";
import { fixedFlags } from "./fixed-header.ts";
import { maximumControlPacketSize, maximumVariableByteInteger } from "./limits.ts";
import { Lengths, variableByteIntegerLength } from "./measure.ts";
import { packetTypes } from "./packet-types.ts";
import type { PacketCodec } from "./packets/packet-codec.ts";
import { packetCodecs } from "./packets/packet-codecs.ts";
import type { ControlPacketInput, PacketType, ProtocolVersion } from "./packets/types.ts";
import { Writer } from "./writer.ts";

/**
 * Encodes a Control Packet into an array of exactly its size.
 *
 * @throws MalformedPacketError, ProtocolError, InvalidTopicError when the packet is not one of this protocol version;
 * PacketTooLargeError when it is longer than any packet may be.
 *
 * @example
 * ```ts
 * import { encode } from "@rivulet/codec";
 *
 * const bytes = encode({ type: "publish", topicName: "a/b", payload: new Uint8Array([0x21]) }, 4);
 * console.log(bytes.join(" ")); // => 48 6 0 3 97 47 98 33
 * ```
 */
export function encode(packet: ControlPacketInput, version: ProtocolVersion): Uint8Array {
  const lengths = new Lengths();
  const remainingLength = measurePacket(packet, version, lengths);
  const writer = new Writer(new Uint8Array(packetLength(remainingLength)), 0);
  writePacket(packet, version, writer, lengths, remainingLength);
  return writer.bytes;
}

/**
 * Encodes a Control Packet into a buffer that there is already, and returns the number of bytes written.
 *
 * @throws RangeError when the packet does not fit behind `offset`; otherwise as `encode`. Nothing was written then.
 *
 * @example
 * ```ts
 * import { encodeInto } from "@rivulet/codec";
 *
 * const buffer = new Uint8Array(16);
 * console.log(encodeInto({ type: "pingreq" }, 5, buffer, 4)); // => 2
 * ```
 */
export function encodeInto(
  packet: ControlPacketInput,
  version: ProtocolVersion,
  bytes: Uint8Array,
  offset = 0,
): number {
  const lengths = new Lengths();
  const remainingLength = measurePacket(packet, version, lengths);
  const length = packetLength(remainingLength);
  if (!(offset >= 0 && offset + length <= bytes.length)) {
    throw new RangeError(`A packet of ${length} bytes does not fit at ${offset} of ${bytes.length}`);
  }
  writePacket(packet, version, new Writer(bytes, offset), lengths, remainingLength);
  return length;
}

/**
 * The size of a Control Packet in bytes, its fixed header included.
 *
 * @throws the errors of `encode`.
 */
export function encodedLength(packet: ControlPacketInput, version: ProtocolVersion): number {
  return packetLength(measurePacket(packet, version, new Lengths()));
}

/** Checks a packet and returns its Remaining Length. */
export function measurePacket(packet: ControlPacketInput, version: ProtocolVersion, lengths: Lengths): number {
  const remainingLength = codecOf(packet).measure(packet as never, version, lengths);
  if (remainingLength > maximumVariableByteInteger) {
    throw new PacketTooLargeError(packetLength(remainingLength), maximumControlPacketSize);
  }
  return remainingLength;
}

/** The size of a packet, its fixed header included. */
export function packetLength(remainingLength: number): number {
  return 1 + variableByteIntegerLength(remainingLength) + remainingLength;
}

/** Writes a packet that `measurePacket` has measured. */
export function writePacket(
  packet: ControlPacketInput,
  version: ProtocolVersion,
  writer: Writer,
  lengths: Lengths,
  remainingLength: number,
): void {
  const codec = codecOf(packet);
  const flags = codec.flags === undefined ? fixedFlags(packet.type) : codec.flags(packet as never);
  writer.byte((packetTypes[packet.type] << 4) | flags);
  writer.variableByteInteger(remainingLength);
  codec.write(packet as never, version, writer, lengths);
}

/** `PacketCodec` of a packet of any type; its methods take `never`, since which type it is is known only at run time. */
function codecOf(packet: { type: PacketType }): PacketCodec<PacketType> {
  const codec = packetCodecs[packet.type] as PacketCodec<PacketType> | undefined;
  if (codec === undefined) throw new MalformedPacketError(`There is no packet of type ${String(packet.type)}`);
  return codec;
}
