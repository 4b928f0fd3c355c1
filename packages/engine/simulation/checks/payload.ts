// A message says in its payload which one it is, so that whoever meets it anywhere knows what it should be like.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Long enough for any name. */
const nameBytes = 24;

/** The payload of the message with this name: `size` bytes, or what the name takes. */
export function payloadOf(name: string, size: number): Uint8Array {
  return encoder.encode(`${name} `.padEnd(size, "."));
}

/** The name of the message with this payload. */
export function nameOf(payload: Uint8Array): string {
  const [name = ""] = decoder.decode(payload.subarray(0, nameBytes)).split(" ");
  return name;
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}
