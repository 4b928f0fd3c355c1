/**
 * Deciphers RC2 in CBC mode (RFC 2268), padding included; undefined when the padding is wrong.
 *
 * PKCS#12 files of Windows and Java had their certificates encrypted with it for twenty years, and the OpenSSL of Node does
 * not have it any more. It reads what lies in a file already; nothing is kept secret with it.
 */
export function decipherRc2(
  data: Uint8Array,
  { key, iv }: { readonly key: Uint8Array; readonly iv: Uint8Array },
): Uint8Array | undefined {
  if (data.length === 0 || data.length % 8 !== 0) return undefined;
  const schedule = expandKey(key);
  const plain = new Uint8Array(data.length);
  let previous = iv;
  for (let offset = 0; offset < data.length; offset += 8) {
    const block = data.subarray(offset, offset + 8);
    decipherBlock(schedule, block, plain.subarray(offset, offset + 8));
    for (let index = 0; index < 8; index++) plain[offset + index] = at(plain, offset + index) ^ at(previous, index);
    previous = block;
  }
  const padding = at(plain, plain.length - 1);
  const isPadded = padding >= 1 && padding <= 8 && plain.subarray(-padding).every((octet) => octet === padding);
  return isPadded ? plain.subarray(0, plain.length - padding) : undefined;
}

/** Section 2, where the effective length is that of the key. */
function expandKey(key: Uint8Array): Uint16Array {
  const length = key.length;
  const octets = new Uint8Array(128);
  octets.set(key);
  for (let index = length; index < 128; index++) {
    octets[index] = at(table, (at(octets, index - 1) + at(octets, index - length)) & 0xff);
  }
  octets[128 - length] = at(table, at(octets, 128 - length));
  for (let index = 127 - length; index >= 0; index--) {
    octets[index] = at(table, at(octets, index + 1) ^ at(octets, index + length));
  }
  return Uint16Array.from({ length: 64 }, (_, index) => at(octets, 2 * index) | (at(octets, 2 * index + 1) << 8));
}

/** Section 4. */
function decipherBlock(schedule: Uint16Array, block: Uint8Array, plain: Uint8Array): void {
  const words = Uint16Array.from({ length: 4 }, (_, index) => at(block, 2 * index) | (at(block, 2 * index + 1) << 8));
  let next = 63;
  for (let round = 0; round < 16; round++) {
    for (let index = 3; index >= 0; index--) {
      const word = at(words, index);
      const shift = at(shifts, index);
      const rotated = ((word >>> shift) | (word << (16 - shift))) & 0xffff;
      const [one, two, three] = [at(words, (index + 3) % 4), at(words, (index + 2) % 4), at(words, (index + 1) % 4)];
      words[index] = rotated - at(schedule, next) - (one & two) - (~one & three);
      next--;
    }
    if (round !== 4 && round !== 10) continue;
    for (let index = 3; index >= 0; index--) {
      words[index] = at(words, index) - at(schedule, at(words, (index + 3) % 4) & 63);
    }
  }
  words.forEach((word, index) => {
    plain[2 * index] = word;
    plain[2 * index + 1] = word >>> 8;
  });
}

function at(array: Uint8Array | Uint16Array, index: number): number {
  return array[index] ?? 0;
}

const shifts = Uint8Array.of(1, 2, 3, 5);

/** PITABLE. */
const table = Uint8Array.from(
  Buffer.from(
    [
      "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2",
      "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82",
      "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626",
      "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7",
      "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec",
      "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731",
      "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9",
      "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad",
    ].join(""),
    "hex",
  ),
);
