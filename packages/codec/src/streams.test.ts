import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packetsOf, versions } from "../testing/arbitraries/packets.ts";
import { concat, hex, toHex } from "../testing/hex.ts";
import { checkAsync, cutAt, cuts, same } from "../testing/property-test.ts";
import { InvalidTopicError, MalformedPacketError, PacketTooLargeError } from "./errors.ts";
import { decoderStream, encode, encoderStream } from "./mod.ts";
import type { ControlPacket, ControlPacketInput } from "./mod.ts";

function streamOf<T>(values: readonly T[]): ReadableStream<T> {
  const rest = values.values();
  return new ReadableStream<T>({
    pull(controller) {
      const { done, value } = rest.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function collect<T>(stream: ReadableStream<T>, into: T[] = []): Promise<T[]> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return into;
    into.push(value);
  }
}

describe("encoderStream and decoderStream", () => {
  test.each(versions)("packets of version %i come out as they went in, however the bytes are cut", async (version) => {
    await checkAsync(
      fc.tuple(packetsOf(version), cuts),
      async ([packets, places]) => {
        const chunks = await collect<Uint8Array>(
          streamOf<ControlPacketInput>(packets).pipeThrough(encoderStream({ version })),
        );
        same(chunks.length, packets.length);
        const recut = cutAt(concat(...chunks), places);
        same(await collect<ControlPacket>(streamOf(recut).pipeThrough(decoderStream({ version }))), packets);
      },
      0.1,
    );
  });

  test("an array of packets leaves in one chunk, an empty one in none", async () => {
    const batches: ControlPacketInput[][] = [[{ type: "pingreq" }, { type: "pingresp" }], [], [{ type: "pingreq" }]];
    const chunks = await collect(streamOf(batches).pipeThrough(encoderStream()));
    expect(chunks.map(toHex)).toStrictEqual(["c000d000", "c000"]);
  });

  test("without options both are of version 5", async () => {
    const packet = { type: "disconnect", reasonCode: 4 } as const;
    const chunks = streamOf<ControlPacketInput>([packet]).pipeThrough(encoderStream());
    expect(await collect<ControlPacket>(chunks.pipeThrough(decoderStream()))).toStrictEqual([packet]);
  });

  test("a packet that cannot be encoded errors the stream", async () => {
    const packets: ControlPacketInput[] = [{ type: "publish", topicName: "#", payload: new Uint8Array(0) }];
    await expect(collect(streamOf(packets).pipeThrough(encoderStream({ version: 4 })))).rejects.toThrow(
      InvalidTopicError,
    );
  });

  test("the receiver's Maximum Packet Size errors the stream that sends", async () => {
    const packets: ControlPacketInput[] = [{ type: "pingreq" }];
    await expect(collect(streamOf(packets).pipeThrough(encoderStream({ maximumPacketSize: 1 })))).rejects.toThrow(
      PacketTooLargeError,
    );
  });

  test.each([
    { name: "malformed bytes", options: {}, chunk: hex("00 00"), error: MalformedPacketError },
    {
      name: "too large a packet",
      options: { maximumPacketSize: 9 },
      chunk: hex("30 80 01"),
      error: PacketTooLargeError,
    },
    { name: "an end within a packet", options: {}, chunk: hex("30 80"), error: MalformedPacketError },
  ])("$name: an error after the packets before", async ({ options, chunk, error }) => {
    const packets: ControlPacket[] = [];
    // Read one by one: a stream that has errored forgets what waits in it.
    const stream = streamOf([encode({ type: "pingreq" }, 5), chunk]).pipeThrough(decoderStream(options));
    await expect(collect(stream, packets)).rejects.toThrow(error);
    expect(packets).toStrictEqual([{ type: "pingreq" }]);
  });
});
