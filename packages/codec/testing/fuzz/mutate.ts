import { concat } from "../hex.ts";
import type { Random } from "../random.ts";

type Mutation = (bytes: Uint8Array<ArrayBuffer>, random: Random, other: Uint8Array) => Uint8Array<ArrayBuffer>;

/** Bytes that matter to the protocol: the ends of ranges, continuation bits, UTF-8 lead bytes, wildcards. */
const telling = [
  0x00, 0x01, 0x02, 0x04, 0x23, 0x24, 0x26, 0x2b, 0x2f, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xed, 0xef, 0xf4, 0xff,
];

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  },
  function setByte(bytes, random) {
    bytes[random.below(bytes.length)] = random.oneIn(2) ? random.below(256) : random.pick(telling);
    return bytes;
  },
  function nudge(bytes, random) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) + random.pick([-1, 1]);
    return bytes;
  },
  /** The second byte is the Remaining Length, more often than not. */
  function nudgeLength(bytes, random) {
    if (bytes.length > 1) bytes[1] = (bytes[1] ?? 0) + random.pick([-3, -2, -1, 1, 2, 3]);
    return bytes;
  },
  /** The same Remaining Length in more bytes than it needs. */
  function padLength(bytes, random) {
    const padding = Uint8Array.from({ length: 1 + random.below(4) }, () => 0x80);
    padding[padding.length - 1] = 0;
    if (bytes.length > 1) bytes[1] = (bytes[1] ?? 0) | 0x80;
    return concat(bytes.subarray(0, 2), padding, bytes.subarray(2));
  },
  function truncate(bytes, random) {
    return bytes.slice(0, 1 + random.below(bytes.length));
  },
  function remove(bytes, random) {
    const from = random.below(bytes.length);
    return concat(bytes.subarray(0, from), bytes.subarray(from + 1 + random.below(4)));
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    const noise = Uint8Array.from({ length: 1 + random.below(4) }, () => random.below(256));
    return concat(bytes.subarray(0, at), noise, bytes.subarray(at));
  },
  function duplicate(bytes, random) {
    const from = random.below(bytes.length);
    const to = Math.min(bytes.length, from + 1 + random.below(12));
    return concat(bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to));
  },
  function splice(bytes, random, other) {
    return concat(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1)));
  },
  function overwrite(bytes, random, other) {
    const at = random.below(bytes.length);
    const from = random.below(other.length);
    bytes.set(other.subarray(from, from + Math.min(1 + random.below(8), bytes.length - at)), at);
    return bytes;
  },
];

/** A changed copy of the bytes; its Remaining Length set right again half the time, so that the change is looked at. */
export function mutate(original: Uint8Array, other: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(original);
  for (let left = 1 + random.below(3); left > 0; left--) {
    const next = random.pick(mutations)(bytes, random, other);
    if (next.length > 0) bytes = next;
  }
  if (random.oneIn(2)) repairLength(bytes, original.length);
  return bytes;
}

/** Nothing but chance: mostly short, with a first byte that is a packet's. */
export function noise(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from({ length: 1 + random.below(24) }, () =>
    random.oneIn(4) ? random.pick(telling) : random.below(256),
  );
  if (bytes.length > 2 && random.oneIn(2)) bytes[1] = bytes.length - 2;
  return bytes;
}

function repairLength(bytes: Uint8Array, originalLength: number): void {
  // Only where it takes one byte before and after; longer packets keep what they claim.
  if (bytes.length >= 2 && bytes.length <= 129 && originalLength <= 129) bytes[1] = bytes.length - 2;
}
