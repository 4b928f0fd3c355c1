import { setImmediate } from "node:timers/promises";
import { MQTT, MqttVersions, type MessageEvent } from "@rivulet/component";
import { nth, type Payloads, type Subject } from "./subject.ts";
import { outstanding, topicFilter, topics } from "./task.ts";

export async function connectComponent(url: string, protocolVersion: 4 | 5): Promise<Subject> {
  const mqtt = new MQTT();
  mqtt.version = protocolVersion === 5 ? MqttVersions.mvV5 : MqttVersions.mvV3;
  const { protocol, hostname, port } = new URL(url);
  await mqtt.connectTo(protocol === "mqtt:" ? hostname : url, Number(port));
  return new ComponentSubject(mqtt);
}

/** With its default `timeout`, so that methods wait; above QoS 0 its event tells that a message is acknowledged. */
class ComponentSubject implements Subject {
  readonly #mqtt: MQTT;

  constructor(mqtt: MQTT) {
    this.#mqtt = mqtt;
  }

  async publishBursts(payloads: Payloads, count: number, burst: number): Promise<void> {
    for (let sent = 0; sent < count; sent += burst) {
      let last: Promise<unknown> | undefined;
      for (let index = 0; index < burst; index++) {
        last = this.#mqtt.publishData(nth(topics, index), 0, nth(payloads, index));
      }
      await last;
    }
  }

  async publishAwaited(qos: 0 | 1 | 2, payloads: Payloads, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const out = qos === 0 ? undefined : this.#nextOut();
      await this.#mqtt.publishData(nth(topics, index), qos, nth(payloads, index));
      await out;
    }
  }

  publishOutstanding(qos: 0 | 1 | 2, payloads: Payloads, count: number): Promise<void> {
    let sent = 0;
    let done = 0;
    return new Promise((resolve, reject) => {
      const publishOne = (): void => {
        this.#mqtt.publishData(nth(topics, ++sent), qos, nth(payloads, sent)).catch(reject);
      };
      this.#mqtt.onMessageOut = () => {
        if (++done === count) resolve();
        else if (sent < count) publishOne();
      };
      for (let index = 0; index < outstanding; index++) publishOne();
    });
  }

  async receive(qos: 0 | 1 | 2, _style: "handler" | "loop", onMessage: (payload: Uint8Array) => void): Promise<void> {
    this.#mqtt.onMessageIn = ({ message }: MessageEvent) => onMessage(message);
    await this.#mqtt.subscribe(topicFilter, qos);
  }

  async command(topic: string, payload: string): Promise<void> {
    this.#mqtt.config("Retain=True");
    await this.#mqtt.publishMessage(topic, 0, payload);
    this.#mqtt.config("Retain=False");
  }

  async publishForgotten(count: number, makePayload: () => Uint8Array): Promise<number> {
    let rejected = 0;
    const onRejected = (): void => {
      rejected += 1;
    };
    for (let index = 0; index < count; index++) {
      this.#mqtt.publishData(nth(topics, index), 0, makePayload()).catch(onRejected);
      if (index % 1000 === 0) await setImmediate();
    }
    await setImmediate();
    return rejected;
  }

  /** It does not tell. */
  readonly bufferedBytes = Number.NaN;

  get readyToSend(): boolean {
    return this.#mqtt.readyToSend;
  }

  #nextOut(): Promise<void> {
    return new Promise((resolve) => {
      this.#mqtt.onMessageOut = () => resolve();
    });
  }
}
