import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";
import type { ControlPacketInput, PacketOf, PacketType } from "./types.ts";

/** A Control Packet of one type as `encode` takes it. */
export type PacketInputOf<T extends PacketType> = Extract<ControlPacketInput, { type: T }>;

/** Writes what follows a packet's fixed header; called twice, see `Writer`. */
export type PacketWriter<T extends PacketType> = (packet: PacketInputOf<T>, writer: Writer) => void;

/** Reads what follows the fixed header of a packet of this type, whose first byte has these flags. */
export type PacketReader<T extends PacketType> = (reader: Reader, type: T, flags: number) => PacketOf<T>;

/** The writers of some or all packets. */
export type PacketWriters = { readonly [T in PacketType]?: PacketWriter<T> };

/** The readers of some or all packets. */
export type PacketReaders = { readonly [T in PacketType]?: PacketReader<T> };
