import { connectAsync, type MqttClient } from "mqtt";

/** A client of another library that watches what arrives, and sends what is to come in. It is never cut off. */
export class Reference {
  readonly #client: MqttClient;
  readonly #received = new Map<string, number[]>();

  constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => this.received(topic).push(Number(payload.toString())));
  }

  static async connect(url: string, filter: string): Promise<Reference> {
    const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
    const reference = new Reference(client);
    await client.subscribeAsync(filter, { qos: 2 });
    return reference;
  }

  /** What has come to a topic until now, in order. */
  received(topic: string): number[] {
    const received = this.#received.get(topic) ?? [];
    this.#received.set(topic, received);
    return received;
  }

  /** Resolves when the broker has acknowledged it. */
  async publish(topic: string, number: number, qos: 1 | 2): Promise<void> {
    await this.#client.publishAsync(topic, String(number), { qos });
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
