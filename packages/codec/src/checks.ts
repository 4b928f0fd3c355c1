import { MalformedPacketError, ProtocolError } from "./errors.ts";
import type { ProtocolVersion } from "./packets/types.ts";
import { isReasonCodeOf, type PacketTypeWithReasonCode } from "./reason-codes.ts";

// What is checked of fields, whether they are read, at an offset, or written.

/** @throws MalformedPacketError unless the value is a whole number between 0 and `maximum`. */
export function checkInteger(value: number, maximum: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value > maximum) {
    throw new MalformedPacketError(`The ${field} is ${value}, not a whole number from 0 to ${maximum}`);
  }
}

/** @throws ProtocolError for 0. */
export function checkPacketIdentifier(value: number | undefined, offset?: number): void {
  // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT311-2.3.1-1] [MQTT311-2.3.1-4]
  if (value === 0) throw new ProtocolError("The packetIdentifier is 0", { offset });
}

/** @throws ProtocolError unless this version has the Reason Code, or Return code, in this packet. */
export function checkReasonCode(
  packet: PacketTypeWithReasonCode,
  reasonCode: number,
  version: ProtocolVersion,
  offset?: number,
): void {
  if (!isReasonCodeOf(packet, reasonCode, version)) {
    const message = `Reason code ${reasonCode} is not one of ${packet.toUpperCase()} in this version`;
    throw new ProtocolError(message, { offset });
  }
}
