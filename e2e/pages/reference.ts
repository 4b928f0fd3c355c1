import { connectAsync, type MqttClient } from "mqtt";

/** A client of another library, which is never cut off. */
export class Reference {
  readonly #client: MqttClient;
  readonly #waiting = new Map<string, (text: string) => void>();

  constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => this.#waiting.get(topic)?.(payload.toString()));
  }

  static async connect(url: string): Promise<Reference> {
    return new Reference(await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 }));
  }

  /** Resolves when the broker has acknowledged it. */
  async publish(topic: string, text: string): Promise<void> {
    await this.#client.publishAsync(topic, text, { qos: 1 });
  }

  /** Subscribes; what is returned resolves to the next message. */
  async expect(topic: string): Promise<{ readonly next: Promise<string> }> {
    const next = new Promise<string>((resolve) => this.#waiting.set(topic, resolve));
    await this.#client.subscribeAsync(topic, { qos: 1 });
    return { next };
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
