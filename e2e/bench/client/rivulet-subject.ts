import { setImmediate } from "node:timers/promises";
import { connect, type MqttClient } from "rivulet";
import { nth, type Payloads, type Subject } from "./subject.ts";
import { outstanding, topicFilter, topics } from "./task.ts";

export async function connectRivulet(url: string, protocolVersion: 4 | 5): Promise<Subject> {
  // Before MQTT 5.0 the default is 20, and the other library has no such limit.
  return new RivuletSubject(await connect(url, { protocolVersion, maxInflight: 1000 }));
}

class RivuletSubject implements Subject {
  readonly #client: MqttClient;

  constructor(client: MqttClient) {
    this.#client = client;
  }

  async publishBursts(payloads: Payloads, count: number, burst: number): Promise<void> {
    for (let sent = 0; sent < count; sent += burst) {
      let last: Promise<unknown> | undefined;
      for (let index = 0; index < burst; index++) last = this.#client.publish(nth(topics, index), nth(payloads, index));
      await last;
    }
  }

  async publishAwaited(qos: 0 | 1 | 2, payloads: Payloads, count: number): Promise<void> {
    const options = { qos };
    for (let index = 0; index < count; index++)
      await this.#client.publish(nth(topics, index), nth(payloads, index), options);
  }

  async publishOutstanding(qos: 0 | 1 | 2, payloads: Payloads, count: number): Promise<void> {
    const options = { qos };
    let sent = 0;
    const publishOn = async (): Promise<void> => {
      while (sent < count) await this.#client.publish(nth(topics, ++sent), nth(payloads, sent), options);
    };
    await Promise.all(Array.from({ length: outstanding }, publishOn));
  }

  async receive(qos: 0 | 1 | 2, style: "handler" | "loop", onMessage: (payload: Uint8Array) => void): Promise<void> {
    if (style === "handler") {
      await this.#client.subscribe(topicFilter, { qos }, (message) => onMessage(message.payload));
      return;
    }
    const subscription = await this.#client.subscribe(topicFilter, { qos });
    void (async () => {
      for await (const message of subscription) onMessage(message.payload);
    })();
  }

  async command(topic: string, payload: string): Promise<void> {
    await this.#client.publish(topic, payload, { retain: true });
  }

  async publishForgotten(count: number, makePayload: () => Uint8Array): Promise<number> {
    let rejected = 0;
    const onRejected = (): void => {
      rejected += 1;
    };
    for (let index = 0; index < count; index++) {
      this.#client.publish(nth(topics, index), makePayload()).catch(onRejected);
      if (index % 1000 === 0) await setImmediate();
    }
    await setImmediate();
    return rejected;
  }

  get bufferedBytes(): number {
    return this.#client.bufferedBytes;
  }

  get readyToSend(): boolean {
    return this.#client.readyToSend;
  }
}
