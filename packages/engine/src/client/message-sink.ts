import { isBlob, readBlob } from "../message-options.ts";
import type { BlobPayload, Payload } from "../options.ts";
import type { PublishOptions, PublishResult } from "./publish-options.ts";

/** A message on its way out: what `MqttClient.writable` takes. */
export interface OutgoingMessage extends PublishOptions {
  readonly topic: string;
  readonly payload: Payload | BlobPayload;
}

/** What a sink needs of its client. */
export interface SinkHost {
  readonly readyToSend: boolean;
  publish(topic: string, payload: Payload, options: PublishOptions): Promise<PublishResult>;
  on(name: "readyToSend", listener: () => void): () => void;
}

/**
 * A stream that publishes what is written to it; `ended` is called when it takes no more. A write waits at QoS 0 for the
 * transport; at QoS 1 and 2 only for its turn, so that many are under way at a time, and closing waits for all of them.
 */
export function messageSink(host: SinkHost, ended: () => void): WritableStream<OutgoingMessage> {
  const underWay = new Set<Promise<unknown>>();
  return new WritableStream<OutgoingMessage>({
    write: async (message, controller) => {
      try {
        const { topic, payload, ...options } = message;
        const published = host.publish(topic, isBlob(payload) ? await readBlob(payload) : payload, options);
        underWay.add(published);
        const settled = (): unknown => underWay.delete(published);
        published.then(settled, (error: unknown) => {
          ended();
          controller.error(error);
        });
        // What cannot be sent at all has failed already.
        await ((options.qos ?? 0) === 0 ? published : Promise.race([published, turnOver(host, published)]));
      } catch (error) {
        ended();
        throw error;
      }
    },
    close: async () => {
      ended();
      await Promise.all(underWay);
    },
    abort: ended,
  });
}

/** Resolves when the next message need not wait, or when this one has settled. */
function turnOver(host: SinkHost, published: Promise<unknown>): Promise<void> | undefined {
  if (host.readyToSend) return undefined;
  return new Promise((resolve) => {
    const over = (): void => {
      off();
      resolve();
    };
    const off = host.on("readyToSend", over);
    published.then(over, over);
  });
}
