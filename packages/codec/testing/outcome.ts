import { Decoder, MalformedPacketError, PacketTooLargeError, ProtocolError } from "../src/mod.ts";
import type { ControlPacket, ProtocolVersion } from "../src/mod.ts";

/** All that can be seen of decoding some bytes. */
export interface Outcome {
  packets: ControlPacket[];
  error: OutcomeError | undefined;
}

/** What must be the same of an error, however the bytes were cut. */
export interface OutcomeError {
  name: string;
  message: string;
  reasonCode: number | undefined;
  offset: number | undefined;
}

/** What a Decoder is made with. */
export interface DecodeOptions {
  version?: ProtocolVersion;
  maximumPacketSize?: number;
}

/** Decodes the chunks with one Decoder. An error that is not one of the decoder's own is thrown on. */
export function outcomeOf(options: DecodeOptions, chunks: Iterable<Uint8Array>): Outcome {
  const decoder = new Decoder(options);
  const packets: ControlPacket[] = [];
  try {
    for (const chunk of chunks) decoder.decode(chunk, (packet) => packets.push(packet));
  } catch (error) {
    return { packets, error: describeError(error) };
  }
  return { packets, error: undefined };
}

/** Decodes the bytes in one chunk. */
export function whole(bytes: Uint8Array, options: DecodeOptions): Outcome {
  return outcomeOf(options, [bytes]);
}

/** The comparable part of a decoder's error; anything else is thrown on. */
export function describeError(error: unknown): OutcomeError {
  const ours =
    error instanceof MalformedPacketError || error instanceof ProtocolError || error instanceof PacketTooLargeError;
  if (!ours) throw error;
  return { name: error.name, message: error.message, reasonCode: error.reasonCode, offset: error.offset };
}
