import type { ControlPacket, ProtocolVersion } from "@rivulet/codec";
import mqttPacket from "mqtt-packet";
import type { Packet } from "mqtt-packet";
import type { Contest, Work } from "./measure.ts";

/** The codec under test, loaded as it is published: plain JavaScript. */
export type Codec = typeof import("@rivulet/codec");

/** One packet in both vocabularies. */
interface Pair {
  ours: ControlPacket;
  theirs: Packet;
}

/** Different packets of a kind, taken in turn, so that neither side profits from seeing the same one again and again. */
const variants = 100;

/** Packets that leave in one chunk. */
const batchSize = 50;

const encoder = new TextEncoder();

/** Every row of the codec's table of targets. */
export function codecContests(codec: Codec): Contest[] {
  const publish = pairs((index) => simplePublish(index, 64));
  const full = pairs(fullPublish);
  const puback = pairs((index) => ({
    ours: { type: "puback", packetIdentifier: index + 1, reasonCode: 0 },
    theirs: { cmd: "puback", messageId: index + 1 },
  }));
  const connect = pairs(fullConnect);
  const small = join(codec, 4, publish, 1024 * 1024);
  const large = join(
    codec,
    4,
    pairs((index) => simplePublish(index, 64 * 1024)),
    4 * 1024 * 1024,
  );
  return [
    encodeShared(codec, "encode PUBLISH QoS 0, 64 B, into a shared buffer", 4, 4, publish),
    encodeOwn(codec, "encode PUBLISH QoS 0, 64 B, into its own allocation", 4, 1.2, publish),
    decodeEach(codec, "decode PUBLISH QoS 0, 64 B", 4, 8, publish),
    encodeShared(codec, "encode PUBLISH QoS 1 v5, 4 + 2 properties", 5, 4, full),
    decodeEach(codec, "decode PUBLISH QoS 1 v5, 4 + 2 properties", 5, 6, full),
    encodeShared(codec, "encode PUBACK", 4, 3, puback),
    decodeEach(codec, "decode PUBACK", 4, 8, puback),
    encodeShared(codec, "encode CONNECT v5, all fields", 5, 3, connect),
    decodeEach(codec, "decode CONNECT v5, all fields", 5, 4, connect),
    decodeStream(codec, "decode 1 MiB of 64 B PUBLISHes, one chunk", 8, small, small.bytes.length),
    decodeStream(codec, "decode 1 MiB of 64 B PUBLISHes, 1460 B chunks", 6, small, 1460),
    decodeStream(codec, "decode 1 MiB of 64 B PUBLISHes, byte by byte", 8, small, 1),
    decodeStream(codec, "decode 4 MiB of 64 KiB PUBLISHes, 1460 B chunks", 1.2, large, 1460),
    encodeOwn(codec, "encode PUBLISH QoS 1 v5, into its own allocation", 5, undefined, full),
    encodeOwn(codec, "encode PUBACK, into its own allocation", 4, undefined, puback),
    encodeShared(codec, "encode PUBLISH QoS 0, 64 B, into a shared buffer", 4, undefined, publish),
    encodeShared(codec, "encode PUBLISH QoS 1 v5, 4 + 2 properties", 5, undefined, full),
    encodeShared(codec, "encode PUBACK", 4, undefined, puback),
    encodeShared(codec, "encode CONNECT v5, all fields", 5, undefined, connect),
  ];
}

/** Against `generate`, which is what the targets are about; without a target, against `writeToStream`. */
function encodeShared(
  codec: Codec,
  name: string,
  version: ProtocolVersion,
  target: number | undefined,
  packets: Pair[],
): Contest {
  const ours = packets.map((pair) => pair.ours);
  const batch = new codec.BatchWriter({ version });
  return {
    name,
    ...(target === undefined
      ? { peer: theirSharedBuffer(version, packets), peerWay: "writeToStream" }
      : { peer: theirGenerate(version, packets), peerWay: "generate", target }),
    rivulet: (times) => {
      for (let count = 0; count < times; count++) {
        for (let index = 0; index < variants; index++) {
          batch.add(ours[index] as ControlPacket);
          if (index % batchSize === batchSize - 1) used += batch.take().length;
        }
      }
      return times * variants;
    },
  };
}

function encodeOwn(
  codec: Codec,
  name: string,
  version: ProtocolVersion,
  target: number | undefined,
  packets: Pair[],
): Contest {
  const ours = packets.map((pair) => pair.ours);
  const { encode } = codec;
  return {
    name,
    ...(target === undefined ? {} : { target }),
    peer: theirGenerate(version, packets),
    peerWay: "generate",
    rivulet: (times) => {
      for (let count = 0; count < times; count++) {
        for (let index = 0; index < variants; index++) used += encode(ours[index] as ControlPacket, version).length;
      }
      return times * variants;
    },
  };
}

/** mqtt-packet's way to bytes: `generate`, a buffer for each packet. */
function theirGenerate(version: ProtocolVersion, packets: Pair[]): Work {
  const theirs = packets.map((pair) => pair.theirs);
  const options = { protocolVersion: version };
  return (times) => {
    for (let count = 0; count < times; count++) {
      for (let index = 0; index < variants; index++)
        used += mqttPacket.generate(theirs[index] as Packet, options).length;
    }
    return times * variants;
  };
}

/** Its other way: `writeToStream`, here to the cheapest thing that still makes bytes of it, a copy to a shared buffer. */
function theirSharedBuffer(version: ProtocolVersion, packets: Pair[]): Work {
  const theirs = packets.map((pair) => pair.theirs);
  const options = { protocolVersion: version };
  const buffer = Buffer.alloc(64 * 1024);
  let position = 0;
  const sink = {
    write(chunk: Buffer | string): boolean {
      position += typeof chunk === "string" ? buffer.write(chunk, position) : chunk.copy(buffer, position);
      return true;
    },
    destroy(error: Error): void {
      throw error;
    },
  } as unknown as NodeJS.WritableStream;
  return (times) => {
    for (let count = 0; count < times; count++) {
      for (let index = 0; index < variants; index++) {
        mqttPacket.writeToStream(theirs[index] as Packet, sink, options);
        if (index % batchSize === batchSize - 1) {
          used += position;
          position = 0;
        }
      }
    }
    return times * variants;
  };
}

/** One packet a chunk. */
function decodeEach(codec: Codec, name: string, version: ProtocolVersion, target: number, packets: Pair[]): Contest {
  const chunks = packets.map(({ ours }) => codec.encode(ours, version));
  return decode(codec, name, version, target, chunks, variants);
}

/** Many packets in chunks of one size. */
function decodeStream(codec: Codec, name: string, target: number, stream: Stream, chunkSize: number): Contest {
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < stream.bytes.length; from += chunkSize) {
    chunks.push(stream.bytes.subarray(from, from + chunkSize));
  }
  return decode(codec, name, 4, target, chunks, stream.packets);
}

function decode(
  codec: Codec,
  name: string,
  version: ProtocolVersion,
  target: number,
  chunks: readonly Uint8Array[],
  packets: number,
): Contest {
  // To each what it knows best.
  const buffers = chunks.map((chunk) => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  const parser = mqttPacket.parser({ protocolVersion: version });
  let parsed = 0;
  parser.on("packet", () => parsed++);
  const decoder = new codec.Decoder({ version });
  let decoded = 0;
  const consumer = (): void => {
    decoded++;
  };
  return {
    name,
    target,
    peer: (times) => {
      parsed = 0;
      for (let count = 0; count < times; count++) for (const buffer of buffers) parser.parse(buffer);
      return expectCount(parsed, times * packets);
    },
    peerWay: "parse",
    rivulet: (times) => {
      decoded = 0;
      for (let count = 0; count < times; count++) for (const chunk of chunks) decoder.decode(chunk, consumer);
      return expectCount(decoded, times * packets);
    },
  };
}

interface Stream {
  bytes: Uint8Array;
  packets: number;
}

function join(codec: Codec, version: ProtocolVersion, packets: Pair[], atLeast: number): Stream {
  const batch = new codec.BatchWriter({ version });
  let count = 0;
  while (batch.byteLength < atLeast) batch.add((packets[count++ % variants] as Pair).ours);
  return { bytes: batch.take(), packets: count };
}

/** What the work came to; kept, so that no compiler can leave the work out. */
let used = 0;

/** The sum of what was encoded. */
export function bytesUsed(): number {
  return used;
}

function expectCount(actual: number, expected: number): number {
  if (actual !== expected) throw new Error(`${actual} packets were decoded of ${expected}`);
  return actual;
}

function pairs(make: (index: number) => Pair): Pair[] {
  return Array.from({ length: variants }, (_, index) => make(index));
}

/** 20 bytes of ASCII. */
function topicOf(index: number): string {
  return `home/floor1/room/${String(index).padStart(3, "0")}`;
}

function simplePublish(index: number, size: number): Pair {
  const topic = topicOf(index);
  const payload = Buffer.alloc(size, index);
  return {
    ours: {
      type: "publish",
      topicName: topic,
      payload: new Uint8Array(payload),
      qos: 0,
      retain: false,
      duplicate: false,
    },
    theirs: { cmd: "publish", topic, payload, qos: 0, retain: false, dup: false },
  };
}

function fullPublish(index: number): Pair {
  const topic = topicOf(index);
  const payload = Buffer.alloc(64, index);
  const contentType = "application/json";
  const responseTopic = `reply/${index}`;
  return {
    ours: {
      type: "publish",
      topicName: topic,
      payload: new Uint8Array(payload),
      qos: 1,
      retain: false,
      duplicate: false,
      packetIdentifier: index + 1,
      properties: {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 3600 + index,
        contentType,
        responseTopic,
        userProperties: [
          ["source", "sensor"],
          ["trace", `id-${index}`],
        ],
      },
    },
    theirs: {
      cmd: "publish",
      topic,
      payload,
      qos: 1,
      retain: false,
      dup: false,
      messageId: index + 1,
      properties: {
        payloadFormatIndicator: true,
        messageExpiryInterval: 3600 + index,
        contentType,
        responseTopic,
        userProperties: { source: "sensor", trace: `id-${index}` },
      },
    },
  };
}

function fullConnect(index: number): Pair {
  const clientIdentifier = `client-${index}`;
  const method = "SCRAM-SHA-256";
  const numbers = { sessionExpiryInterval: 3600, receiveMaximum: 100, maximumPacketSize: 65536, topicAliasMaximum: 10 };
  const willNumbers = { willDelayInterval: 30, messageExpiryInterval: 60 };
  const bytes = (text: string): Uint8Array => encoder.encode(text);
  return {
    ours: {
      type: "connect",
      protocolVersion: 5,
      cleanStart: true,
      keepAlive: 60,
      clientIdentifier,
      userName: "user",
      password: bytes("password"),
      will: {
        topic: "clients/gone",
        payload: bytes("bye"),
        qos: 1,
        retain: true,
        properties: {
          ...willNumbers,
          payloadFormatIndicator: 1,
          contentType: "text/plain",
          responseTopic: "reply",
          correlationData: bytes("will"),
          userProperties: [["reason", "lost"]],
        },
      },
      properties: {
        ...numbers,
        requestResponseInformation: 1,
        requestProblemInformation: 1,
        userProperties: [["version", "1.0"]],
        authenticationMethod: method,
        authenticationData: bytes("data"),
      },
    },
    theirs: {
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 5,
      clean: true,
      keepalive: 60,
      clientId: clientIdentifier,
      username: "user",
      password: Buffer.from("password"),
      will: {
        topic: "clients/gone",
        payload: Buffer.from("bye"),
        qos: 1,
        retain: true,
        properties: {
          ...willNumbers,
          payloadFormatIndicator: true,
          contentType: "text/plain",
          responseTopic: "reply",
          correlationData: Buffer.from("will"),
          userProperties: { reason: "lost" },
        },
      },
      properties: {
        ...numbers,
        requestResponseInformation: true,
        requestProblemInformation: true,
        userProperties: { version: "1.0" },
        authenticationMethod: method,
        authenticationData: Buffer.from("data"),
      },
    },
  };
}
