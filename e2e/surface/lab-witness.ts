import { MqttClient } from "rivulet";

import { Exposed, Waiting } from "./exposed.ts";
import type { Witness, WitnessMessage, WitnessPublishOptions } from "./lab-calls.ts";

/** A client of a broker, which is not the one that is checked. */
export class WitnessingClient extends Exposed implements Witness {
  readonly #client: MqttClient;
  readonly #messages: WitnessMessage[] = [];
  readonly #waiting = new Waiting();

  constructor(client: MqttClient) {
    super();
    this.#client = client;
  }

  static async connect(url: string, protocolVersion: 4 | 5): Promise<WitnessingClient> {
    const client = new MqttClient(url, { protocolVersion });
    await client.connect();
    return new WitnessingClient(client);
  }

  async subscribe(filter: string, { qos = 2 }: { readonly qos?: 0 | 1 | 2 } = {}): Promise<void> {
    await this.#client.subscribe(filter, { qos }, (message) => {
      const { topic, payload, qos: own, retain, duplicate, subscriptionIdentifiers } = message;
      const { contentType, payloadFormat, responseTopic, correlationData, messageExpiryInterval } = message;
      const { userProperties } = message;
      this.#messages.push({
        ...{ topic, payload, qos: own, retain, duplicate, subscriptionIdentifiers, userProperties },
        ...{ contentType, payloadFormat, responseTopic, correlationData, messageExpiryInterval },
      });
      this.#waiting.notify();
    });
  }

  async publish(topic: string, payload: string | Uint8Array, options: WitnessPublishOptions = {}): Promise<void> {
    await this.#client.publish(topic, payload, options);
  }

  next(): Promise<WitnessMessage> {
    return this.#waiting.for(() => this.#messages.shift());
  }

  override async close(): Promise<void> {
    await this.#client.disconnect();
    this.#client.close();
  }
}
