import type { MqttClient, PublishOptions } from "rivulet";
import { equal } from "./expect.ts";
import type { Gathering } from "./gathering.ts";

/** Publishes numbers from one to below another at QoS 1 and 2 in turn, all at once; resolves when all are acknowledged. */
export async function publishNumbers(
  client: MqttClient,
  { topic, from = 0, to, ...options }: PublishOptions & { topic: string; from?: number; to: number },
): Promise<void> {
  await Promise.all(
    numbersTo(to, from).map((number) => client.publish(topic, String(number), { ...options, qos: qualityOf(number) })),
  );
}

/**
 * The same, but never far ahead of what has come. mosquitto 2.0 lets messages overtake each other once more wait for a
 * client than it has in flight, and publishes one at QoS 2 again after its PUBREL when a connection is lost before it
 * has come to the end of what it repeats.
 */
export async function publishNumbersInStep(
  client: MqttClient,
  { topic, got, from = 0, to }: { topic: string; got: Gathering; from?: number; to: number },
): Promise<void> {
  const published: Promise<unknown>[] = [];
  for (let number = from; number < to; number++) {
    if (got.size <= number - stepSize) await got.reaches(number - stepSize + 1);
    published.push(client.publish(topic, String(number), { qos: qualityOf(number) }));
  }
  await Promise.all(published);
}

/**
 * Records what comes for a client, each text once, in the order in which the server sends it. That is not always the
 * order of publishing: mosquitto 2.0 mixes it up when a connection is lost while messages arrive for it.
 */
export function recordArrivals(client: MqttClient): ReadonlySet<string> {
  const decoder = new TextDecoder();
  const texts = new Set<string>();
  client.on("packet", ({ direction, packet }) => {
    if (direction === "in" && packet.type === "publish") texts.add(decoder.decode(packet.payload));
  });
  return texts;
}

/**
 * Checks numbers that came: all of them, at QoS 2 none twice, and for each QoS in the order in which they were
 * published, or in another one, or in any.
 */
export function checkNumbers(
  { texts }: Gathering,
  count: number,
  { order = numbersTo(count).map(String) }: { order?: Iterable<string> | "any" } = {},
): void {
  for (const qos of [1, 2] as const) {
    const came = numbersAt(qos, texts);
    const different = [...new Set(came)];
    equal(different.length, count / 2, `different messages at QoS ${qos}`);
    if (qos === 2) equal(came.length, different.length, "messages at QoS 2, repeated ones included");
    if (order === "any") continue;
    const due = numbersAt(qos, order);
    const wrong = different.findIndex((number, index) => number !== due[index]);
    const from = Math.max(0, wrong - 1);
    equal(wrong, -1, `place in the order where QoS ${qos} has ${different.slice(from, from + 5).join(", ")}`);
  }
}

function numbersAt(qos: 1 | 2, texts: Iterable<string>): number[] {
  const numbers = [...texts].filter((text) => text !== end).map(Number);
  return numbers.filter((number) => qualityOf(number) === qos);
}

function numbersTo(to: number, from = 0): number[] {
  return Array.from({ length: to - from }, (_each, index) => from + index);
}

/** Less than the broker has in flight, and little enough to be repeated between two cuts. */
const stepSize = 64;

/** What is published last: what came before it would have come by then. */
export const end = "end";

function qualityOf(number: number): 1 | 2 {
  return number % 2 === 0 ? 1 : 2;
}
