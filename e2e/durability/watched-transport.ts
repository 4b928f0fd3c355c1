import { Decoder, type ControlPacket } from "@rivulet/codec";
import type { Duplex, Transport } from "rivulet";
import type { Direction, Passed } from "./crash-points.ts";

const sent: readonly ControlPacket["type"][] = ["publish", "pubrel"];
const acknowledged: readonly ControlPacket["type"][] = ["puback", "pubrec", "pubcomp"];

/** A transport with crash points around each chunk that has packets of an exchange. */
export function watchTransport(transport: Transport, passed: Passed, opened: (duplex: Duplex) => void): Transport {
  return {
    schemes: transport.schemes,
    open: async (target, options, context) => {
      const duplex = await transport.open(target, options, context);
      opened(duplex);
      return watchDuplex(duplex, passed);
    },
  };
}

function watchDuplex(duplex: Duplex, passed: Passed): Duplex {
  const writer = duplex.writable.getWriter();
  writer.closed.catch(() => undefined); // Each write tells as well.
  const outgoing = new Decoder({ version: 5 });
  const incoming = new Decoder({ version: 5 });
  return {
    info: duplex.info,
    closed: duplex.closed,
    abort: (reason) => duplex.abort(reason),
    writable: new WritableStream<Uint8Array>({
      write: async (chunk) => {
        const around = momentsOf(outgoing.push(chunk), { sent: "out", acknowledged: "in" });
        for (const [direction, what] of around) await passed(`${direction}: before the ${what}`);
        await writer.write(chunk);
        for (const [direction, what] of around) await passed(`${direction}: after the ${what}`);
      },
      close: () => writer.close(),
      abort: (reason) => writer.abort(reason),
    }),
    readable: duplex.readable.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: async (chunk, controller) => {
          const around = momentsOf(incoming.push(chunk), { sent: "in", acknowledged: "out" });
          for (const [direction, what] of around) await passed(`${direction}: before the ${what}`);
          controller.enqueue(chunk);
          // By then the client has taken it, and done what it does at once.
          await new Promise((resolve) => setImmediate(resolve));
          for (const [direction, what] of around) await passed(`${direction}: after the ${what}`);
        },
      }),
    ),
  };
}

function momentsOf(
  packets: readonly ControlPacket[],
  directions: { readonly sent: Direction; readonly acknowledged: Direction },
): (readonly [Direction, "send" | "acknowledgement"])[] {
  const has = (types: readonly string[]): boolean => packets.some(({ type }) => types.includes(type));
  return [
    ...(has(sent) ? [[directions.sent, "send"] as const] : []),
    ...(has(acknowledged) ? [[directions.acknowledged, "acknowledgement"] as const] : []),
  ];
}
