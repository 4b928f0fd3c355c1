import type { Lengths } from "../measure.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";
import type { ControlPacketInput, PacketOf, PacketType, ProtocolVersion } from "./types.ts";

/** A Control Packet of one type as `encode` takes it. */
export type PacketInputOf<T extends PacketType> = Extract<ControlPacketInput, { type: T }>;

/** How one type of Control Packet is written and read. There is one for each, in a file of its own. */
export interface PacketCodec<T extends PacketType> {
  /**
   * Checks a packet, so that writing it cannot fail, and returns its Remaining Length in bytes. Lengths that `write`
   * needs again are left in `lengths`.
   */
  measure(packet: PacketInputOf<T>, version: ProtocolVersion, lengths: Lengths): number;
  /** The lower four bits of the fixed header's first byte, where they are not the same for all packets of the type. */
  flags?(packet: PacketInputOf<T>): number;
  /** Writes what follows the fixed header. */
  write(packet: PacketInputOf<T>, version: ProtocolVersion, writer: Writer, lengths: Lengths): void;
  /** Reads what follows the fixed header; `flags` are the lower four bits of its first byte. */
  read(reader: Reader, version: ProtocolVersion, flags: number): PacketOf<T>;
}
