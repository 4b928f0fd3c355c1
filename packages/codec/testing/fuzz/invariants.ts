import { isDeepStrictEqual } from "node:util";
import { Decoder, encode, encodedLength } from "../../src/mod.ts";
import type { ControlPacket, PacketType, ProtocolVersion } from "../../src/mod.ts";
import { toHex } from "../hex.ts";
import { describeError } from "../outcome.ts";
import type { DecodeOptions, OutcomeError } from "../outcome.ts";
import type { Random } from "../random.ts";

/** What one decoder made of some bytes. */
interface Run {
  packets: ControlPacket[];
  /** The version that each packet was read as. */
  versions: ProtocolVersion[];
  /** The bytes of each. */
  lengths: number[];
  buffered: number;
  error: OutcomeError | undefined;
  /** What `end` says after it. */
  ending: OutcomeError | undefined;
}

/** Checks all that must hold for any bytes whatever; returns the number of packets that were in them. */
export function checkInput(bytes: Uint8Array, options: DecodeOptions, random: Random): number {
  const untouched = toHex(bytes);
  const once = run(options, [bytes], bytes.length);
  const chunks = cut(bytes, random);
  const chunked = run(options, chunks, bytes.length);
  if (!isDeepStrictEqual(once, chunked)) {
    const cuts = chunks.map(({ length }) => length).join(" ");
    throw new Error(`In chunks of ${cuts}: ${JSON.stringify(chunked)}; in one: ${JSON.stringify(once)}`);
  }
  const consumed = once.lengths.reduce((sum, length) => sum + length, 0);
  if (once.error === undefined && consumed + once.buffered !== bytes.length) {
    throw new Error(`${consumed} bytes were read and ${once.buffered} are held`);
  }
  let start = 0;
  once.packets.forEach((packet, index) => {
    const end = start + (once.lengths[index] as number);
    checkPacket(packet, once.versions[index] as ProtocolVersion, bytes.subarray(start, end));
    start = end;
  });
  if (toHex(bytes) !== untouched) throw new Error("The input was written to");
  return once.packets.length;
}

function run(options: DecodeOptions, chunks: readonly Uint8Array[], total: number): Run {
  const decoder = new Decoder(options);
  const result: Run = { packets: [], versions: [], lengths: [], buffered: 0, error: undefined, ending: undefined };
  try {
    for (const chunk of chunks) {
      decoder.decode(chunk, (packet, byteLength) => {
        result.packets.push(packet);
        result.versions.push(decoder.version);
        result.lengths.push(byteLength);
      });
      if (decoder.bufferedBytes > total)
        throw new Error(`The decoder holds ${decoder.bufferedBytes} of ${total} bytes`);
    }
    result.buffered = decoder.bufferedBytes;
  } catch (error) {
    result.error = describeError(error);
    expectSame(error, () => decoder.push(Uint8Array.of(0xc0, 0x00)));
  }
  try {
    decoder.end();
  } catch (error) {
    result.ending = describeError(error);
  }
  return result;
}

/** A failed decoder stays failed, with the same error. */
function expectSame(error: unknown, action: () => unknown): void {
  try {
    action();
  } catch (again) {
    if (again === error) return;
  }
  throw new Error("A decoder that has failed went on");
}

/** What was read can be written, reads the same again, and is then written in the same bytes. */
function checkPacket(packet: ControlPacket, version: ProtocolVersion, original: Uint8Array): void {
  // The one packet that can be read and not written: a 3.1.1 server's refusal, as a 5.0 client sees it.
  if (packet.type === "connack" && version === 5 && packet.reasonCode === 1) return;
  const bytes = encode(packet, version);
  if (encodedLength(packet, version) !== bytes.length) throw new Error(`encodedLength is not ${bytes.length}`);
  const again = new Decoder({ version }).push(bytes);
  if (again.length !== 1 || !isDeepStrictEqual(again[0], packet)) {
    throw new Error(`${JSON.stringify(packet)} came back as ${JSON.stringify(again)}`);
  }
  const canonical = toHex(encode(again[0] as ControlPacket, version));
  if (canonical !== toHex(bytes)) throw new Error(`Encoded as ${toHex(bytes)}, then as ${canonical}`);
  checkNothingLost(packet, version, bytes, original);
}

/**
 * What was read holds all that was there: written again it has the same bytes, though the order of properties may be
 * another, the flags that MQTT 3.1 ignores are gone, and where there are no properties an acknowledgement, DISCONNECT or
 * AUTH becomes shorter.
 */
function checkNothingLost(
  packet: ControlPacket,
  version: ProtocolVersion,
  bytes: Uint8Array,
  original: Uint8Array,
): void {
  const spared = mayBeShortened.has(packet.type) && !("properties" in packet) ? 2 : 0;
  const lost = original.length - bytes.length;
  if (lost < 0 || lost > spared) throw new Error(`${toHex(original)} is written as ${toHex(bytes)}`);
  if (lost === 0 && version > 3 && sum(bytes) !== sum(original)) {
    throw new Error(`${toHex(original)} is written as ${toHex(bytes)}`);
  }
}

const mayBeShortened: ReadonlySet<PacketType> = new Set([
  "puback",
  "pubrec",
  "pubrel",
  "pubcomp",
  "disconnect",
  "auth",
]);

function sum(bytes: Uint8Array): number {
  return bytes.reduce((total, byte) => total + byte, 0);
}

/** Cuts anywhere: now and then at every byte, and with empty chunks in between. */
function cut(bytes: Uint8Array, random: Random): Uint8Array[] {
  const most = random.oneIn(8) ? 1 : 1 + random.below(bytes.length);
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + random.below(most) + (most === 1 ? 1 : 0));
    // A copy: what lies behind a chunk must not be seen.
    chunks.push(bytes.slice(from, to));
    from = to;
  }
  return chunks;
}
