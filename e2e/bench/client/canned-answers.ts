import { sourceTopic, stallTopic, topics } from "./task.ts";

// Theory of operation
//
// The other side of a measured client, as cheap as JavaScript can have it: it looks at fixed headers, skips what needs
// no answer, and answers the rest with bytes that are known beforehand, one write for each chunk that came. A PUBLISH
// with Retain set is a command: to stop reading, or to send messages, of which no more than `window` are unacknowledged.

/** Where the bytes go. */
export interface Wire {
  /** Returns false when it has enough; `CannedAnswers.drained` says when it wants more. */
  write(bytes: Buffer): boolean;
  stopReading(): void;
  end(): void;
}

/** Messages at QoS 1 and 2 that a client may have unacknowledged: Rivulet's default for Receive Maximum. */
const window = 1000;
/** Bytes that are written at a time. */
const chunkBytes = 64 * 1024;

const connack = { 4: Buffer.from([0x20, 2, 0, 0]), 5: Buffer.from([0x20, 3, 0, 0, 0]) } as const;
const pingresp = Buffer.from([0xd0, 0]);
const nothing = Buffer.alloc(0);

/** One connection of the peer. */
export class CannedAnswers {
  readonly #wire: Wire;
  #version: 4 | 5 = 4;
  /** Bytes to come of a message that needs no answer. */
  #skip = 0;
  /** The beginning of a packet of which the rest is to come. */
  #rest: Buffer = nothing;
  #answers: Buffer[] = [];
  #source: Source | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Takes a chunk that came. */
  received(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let position = Math.min(this.#skip, bytes.length);
    this.#skip -= position;
    while (position < bytes.length) {
      const next = this.#packet(bytes, position);
      if (next === undefined) break;
      position = next;
    }
    if (position > bytes.length) {
      this.#skip = position - bytes.length;
      position = bytes.length;
    }
    this.#rest = position === bytes.length ? nothing : bytes.subarray(position);
    if (this.#answers.length > 0) this.#wire.write(Buffer.concat(this.#answers.splice(0)));
    this.drained();
  }

  /** The wire takes more. */
  drained(): void {
    this.#source?.sendMore(this.#wire);
  }

  /** Answers the packet at `position`, and returns where the next begins; undefined when it is not all there. */
  #packet(bytes: Buffer, position: number): number | undefined {
    const first = bytes[position] as number; // The caller has looked.
    let length = 0;
    let body = position + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[body++];
      if (byte === undefined) return undefined;
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const end = body + length;
    if (first === 0x30) return end;
    if (end > bytes.length) return undefined;
    this.#answer(first, bytes.subarray(body, end));
    return end;
  }

  #answer(first: number, body: Buffer): void {
    const type = first >> 4;
    if (type === 3) this.#publish(first, body);
    else if (type === 4 || type === 7) this.#source?.acknowledged();
    else if (type === 5) this.#reply(0x62, body);
    else if (type === 6) this.#reply(0x70, body);
    else if (type === 12) this.#answers.push(pingresp);
    else if (type === 1) {
      this.#version = body[6] === 5 ? 5 : 4;
      this.#answers.push(connack[this.#version]);
    } else if (type === 8) {
      const granted = (body[body.length - 1] as number) & 3; // The options of its only filter.
      const properties = this.#version === 5 ? [0] : [];
      this.#answers.push(
        Buffer.from([0x90, 3 + properties.length, body[0] as number, body[1] as number, ...properties, granted]),
      );
    } else if (type === 14) this.#wire.end();
  }

  /** An answer of a Packet Identifier only. */
  #reply(first: number, from: Buffer, at = 0): void {
    this.#answers.push(Buffer.from([first, 2, from[at] as number, from[at + 1] as number]));
  }

  #publish(first: number, body: Buffer): void {
    const topicEnd = 2 + body.readUInt16BE(0);
    const qos = (first >> 1) & 3;
    if (qos > 0) this.#reply(qos === 1 ? 0x40 : 0x50, body, topicEnd);
    if ((first & 1) === 0) return;
    const topic = body.toString("utf8", 2, topicEnd);
    const payload = body.toString("utf8", topicEnd + (this.#version === 5 ? 1 : 0));
    const [sourceQos = 0, payloadBytes = 0, count = 0] = payload.split(" ").map(Number);
    if (topic === stallTopic) this.#wire.stopReading();
    if (topic === sourceTopic) {
      this.#source = new Source(chunkOf(sourceQos, payloadBytes, this.#version), { qos: sourceQos, count });
    }
  }
}

/** A run of packets that are alike, as bytes. */
interface Chunk {
  readonly bytes: Buffer;
  readonly packets: number;
  /** Of one packet. */
  readonly packetBytes: number;
  /** Where the Packet Identifier is in it. */
  readonly identifierAt: number;
}

/** Sends messages, as many as were asked for. */
class Source {
  readonly #chunk: Chunk;
  readonly #qos: number;
  #missing: number;
  #room: number;
  #lastIdentifier = 0;

  constructor(chunk: Chunk, { qos, count }: { readonly qos: number; readonly count: number }) {
    this.#chunk = chunk;
    this.#qos = qos;
    this.#missing = count;
    this.#room = qos === 0 ? Infinity : window;
  }

  acknowledged(): void {
    this.#room += 1;
  }

  sendMore(wire: Wire): void {
    const { bytes, packets, packetBytes } = this.#chunk;
    for (let wantsMore = true; wantsMore;) {
      const count = Math.min(packets, this.#missing, this.#room);
      if (count === 0) return;
      this.#missing -= count;
      const part = bytes.subarray(0, count * packetBytes);
      if (this.#qos === 0) {
        wantsMore = wire.write(part);
      } else {
        this.#room -= count;
        wantsMore = wire.write(this.#numbered(part, count));
      }
    }
  }

  #numbered(part: Buffer, count: number): Buffer {
    const { packetBytes, identifierAt } = this.#chunk;
    const copy = Buffer.from(part);
    for (let index = 0; index < count; index++) {
      this.#lastIdentifier = (this.#lastIdentifier % 0xffff) + 1;
      copy.writeUInt16BE(this.#lastIdentifier, index * packetBytes + identifierAt);
    }
    return copy;
  }
}

function chunkOf(qos: number, payloadBytes: number, version: 4 | 5): Chunk {
  const parts = topics.map((topic) => publishOf(topic, { qos, payloadBytes, version }));
  const packetBytes = (parts[0] as Buffer).length; // There are topics.
  const packets = Math.max(1, Math.floor(chunkBytes / packetBytes));
  const bytes = Buffer.concat(Array.from({ length: packets }, (_, index) => parts[index % parts.length] as Buffer));
  const afterIdentifier = payloadBytes + (version === 5 ? 1 : 0);
  return { bytes, packets, packetBytes, identifierAt: packetBytes - afterIdentifier - 2 };
}

function publishOf(
  topic: string,
  { qos, payloadBytes, version }: { readonly qos: number; readonly payloadBytes: number; readonly version: 4 | 5 },
): Buffer {
  const body = Buffer.concat([
    Buffer.from([0, topic.length]),
    Buffer.from(topic),
    Buffer.alloc(qos === 0 ? 0 : 2),
    Buffer.alloc(version === 5 ? 1 : 0),
    Buffer.alloc(payloadBytes, 0x61),
  ]);
  const length: number[] = [];
  for (let rest = body.length; length.length === 0 || rest > 0; rest >>= 7) {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  }
  return Buffer.concat([Buffer.from([0x30 | (qos << 1), ...length]), body]);
}
