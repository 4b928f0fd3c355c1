import { PacketBatch } from "./packet-batch.ts";
import { allWriters } from "./packets/all-packets.ts";
import type { ControlPacketInput, ProtocolVersion } from "./packets/types.ts";

/** Nothing of a packet stays in it, so one serves all. */
const scratch = /* @__PURE__ */ new PacketBatch(allWriters);

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
  const bytes = new Uint8Array(encodedLength(packet, version));
  scratch.writeInto(packet, bytes, 0);
  return bytes;
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
  const length = encodedLength(packet, version);
  if (!Number.isInteger(offset) || offset < 0 || offset + length > bytes.length) {
    throw new RangeError(`A packet of ${length} bytes does not fit at ${offset} of ${bytes.length}`);
  }
  scratch.writeInto(packet, bytes, offset);
  return length;
}

/**
 * The size of a Control Packet in bytes, its fixed header included.
 *
 * @throws the errors of `encode`.
 */
export function encodedLength(packet: ControlPacketInput, version: ProtocolVersion): number {
  scratch.version = version;
  return scratch.measure(packet);
}
