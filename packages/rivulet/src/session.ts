/** `rivulet/session`: what a client must not lose of its Session, as bytes. */
import { decode, encode } from "@msgpack/msgpack";
import { StoreError, type MqttClient, type SessionSnapshot } from "@rivulet/engine";

export {
  MemorySessionStore,
  type IncomingRecord,
  type OutgoingRecord,
  type SessionChange,
  type SessionRecord,
  type SessionSnapshot,
  type SessionStore,
  type SubscriptionRecord,
} from "@rivulet/engine";

/** "RVS", and the version of what follows: a CRC-32 of all that comes after it, and the snapshot as MessagePack. */
const head = [0x52, 0x56, 0x53, 1];
const bodyOffset = 8;

/**
 * Everything that must not be lost of a client's Session, as bytes: messages under way or waiting, with their payloads,
 * and subscriptions. Neither URL nor credentials are in them.
 *
 * @example
 * ```ts
 * import { connect, MqttClient } from "rivulet";
 * import { restoreSession, saveSession } from "rivulet/session";
 *
 * const options = { clientId: "kitchen", cleanStart: false, sessionExpiryInterval: 3600 };
 * const before = await connect("mqtt://127.0.0.1:1883", options);
 * before.publish("home/kitchen/door", "open", { qos: 2 }).catch(() => undefined); // It is closed before that is done.
 * const bytes = saveSession(before);
 * before.close();
 *
 * const after = new MqttClient("mqtt://127.0.0.1:1883", options);
 * restoreSession(after, bytes);
 * console.log(after.inflight.outgoing.length); // => 1
 * await after.connect(); // The exchange goes on.
 * await after.disconnect();
 * ```
 */
export function saveSession(client: Pick<MqttClient, "exportSession">): Uint8Array {
  const body = encode(client.exportSession(), { ignoreUndefined: true });
  const bytes = new Uint8Array(bodyOffset + body.length);
  bytes.set(head);
  bytes.set(body, bodyOffset);
  new DataView(bytes.buffer).setUint32(head.length, checksum(body));
  return bytes;
}

/**
 * Gives a client what `saveSession` has saved, as `importSession` does.
 *
 * @throws StoreError for bytes that are damaged or something else, and as `importSession`; ClosedError. Nothing has
 * changed then.
 */
export function restoreSession(client: Pick<MqttClient, "importSession">, bytes: Uint8Array): void {
  client.importSession(read(bytes) as SessionSnapshot); // Which looks whether it is one.
}

function read(bytes: Uint8Array): unknown {
  if (!(bytes instanceof Uint8Array) || bytes.length < bodyOffset || head.some((byte, at) => byte !== bytes[at])) {
    throw new StoreError("These bytes are no saved session, or of another version");
  }
  const body = new Uint8Array(bytes.subarray(bodyOffset)); // A copy: payloads remain views of it.
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(head.length) !== checksum(body)) {
    throw new StoreError("The saved session is damaged");
  }
  try {
    return decode(body);
  } catch (cause) {
    throw new StoreError("The saved session cannot be read", { cause });
  }
}

/** CRC-32, as gzip has it. */
function checksum(bytes: Uint8Array): number {
  let remainder = -1;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit += 1) remainder = (remainder >>> 1) ^ (0xedb88320 & -(remainder & 1));
  }
  return ~remainder >>> 0;
}
