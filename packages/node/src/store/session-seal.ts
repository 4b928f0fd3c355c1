import { decode, encode } from "@msgpack/msgpack";

// Theory of operation
//
// LevelDB leaves out what it cannot read of its log, without a word: a message in there would be lost, and nobody would
// know. So each batch also writes how many records a session has now, and the sum of their checksums. The records and their
// seal are of the same batch: whatever the last batch was that reached the disk, they fit each other, or something is
// damaged.

/** What the records of one session are to add up to. */
export class SessionSeal {
  readonly #checksums = new Map<string, number>();
  #sum = 0;

  put(key: string, value: Uint8Array): void {
    this.delete(key);
    const checksum = checksumOf(key, value);
    this.#checksums.set(key, checksum);
    this.#sum = (this.#sum + checksum) >>> 0;
  }

  delete(key: string): void {
    this.#sum = (this.#sum - (this.#checksums.get(key) ?? 0)) >>> 0;
    this.#checksums.delete(key);
  }

  encode(): Uint8Array {
    return encode([this.#checksums.size, this.#sum]);
  }

  /** Whether this is what the records add up to; a session without any may have no seal. */
  fits(seal: Uint8Array | undefined): boolean {
    if (seal === undefined) return this.#checksums.size === 0;
    try {
      const [size, sum] = decode(seal) as readonly unknown[];
      return size === this.#checksums.size && sum === this.#sum;
    } catch {
      return false;
    }
  }
}

/** CRC-32, of the key's UTF-16 and the value. */
function checksumOf(key: string, value: Uint8Array): number {
  let remainder = -1;
  const take = (byte: number): void => {
    remainder = (remainder >>> 8) ^ (table[(remainder ^ byte) & 0xff] as number); // There are 256.
  };
  for (let index = 0; index < key.length; index += 1) {
    const unit = key.charCodeAt(index);
    take(unit);
    take(unit >> 8);
  }
  for (const byte of value) take(byte);
  return ~remainder >>> 0;
}

const table = new Int32Array(256).map((_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) remainder = (remainder >>> 1) ^ (0xedb88320 & -(remainder & 1));
  return remainder;
});
