import { setImmediate } from "node:timers/promises";
import mqtt, { type MqttClient } from "mqtt";
import { nth, type Payloads, type Subject } from "./subject.ts";
import { outstanding, topicFilter, topics } from "./task.ts";

export async function connectMqttJs(url: string, protocolVersion: 4 | 5): Promise<Subject> {
  return new MqttJsSubject(await mqtt.connectAsync(url, { protocolVersion, reconnectPeriod: 0 }));
}

/** With callbacks wherever a user could choose them, because they are faster than its promises. */
class MqttJsSubject implements Subject {
  readonly #client: MqttClient;

  constructor(client: MqttClient) {
    this.#client = client;
  }

  async publishBursts(payloads: Payloads, count: number, burst: number): Promise<void> {
    const buffers = asBuffers(payloads);
    for (let sent = 0; sent < count; sent += burst) {
      for (let index = 1; index < burst; index++) this.#client.publish(nth(topics, index), nth(buffers, index));
      await new Promise<void>((resolve) => {
        this.#client.publish(nth(topics, 0), nth(buffers, 0), () => resolve());
      });
    }
  }

  async publishAwaited(qos: 0 | 1 | 2, payloads: Payloads, count: number): Promise<void> {
    const buffers = asBuffers(payloads);
    const options = { qos };
    for (let index = 0; index < count; index++)
      await this.#client.publishAsync(nth(topics, index), nth(buffers, index), options);
  }

  publishOutstanding(qos: 0 | 1 | 2, payloads: Payloads, count: number): Promise<void> {
    const buffers = asBuffers(payloads);
    const options = { qos };
    let sent = 0;
    let done = 0;
    return new Promise((resolve, reject) => {
      const publishOne = (): void => {
        this.#client.publish(nth(topics, ++sent), nth(buffers, sent), options, (error) => {
          if (error) reject(error);
          else if (++done === count) resolve();
          else if (sent < count) publishOne();
        });
      };
      for (let index = 0; index < outstanding; index++) publishOne();
    });
  }

  async receive(qos: 0 | 1 | 2, _style: "handler" | "loop", onMessage: (payload: Uint8Array) => void): Promise<void> {
    this.#client.on("message", (_topic, payload) => onMessage(payload));
    await this.#client.subscribeAsync(topicFilter, { qos });
  }

  async command(topic: string, payload: string): Promise<void> {
    await this.#client.publishAsync(topic, payload, { retain: true });
  }

  async publishForgotten(count: number, makePayload: () => Uint8Array): Promise<number> {
    let rejected = 0;
    const onDone = (error?: Error): void => {
      if (error) rejected += 1;
    };
    for (let index = 0; index < count; index++) {
      this.#client.publish(nth(topics, index), Buffer.from(makePayload().buffer), onDone);
      if (index % 1000 === 0) await setImmediate();
    }
    await setImmediate();
    return rejected;
  }

  get bufferedBytes(): number {
    return this.#client.stream.writableLength;
  }

  readonly readyToSend = undefined;
}

/** The same bytes in the form that it takes without making another object. */
function asBuffers(payloads: Payloads): Buffer[] {
  return payloads.map(({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length));
}
