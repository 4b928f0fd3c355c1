import type { MqttClient, QoS } from "rivulet";

import { equal, ok } from "./expect.ts";
import { qualities } from "./messages.ts";
import type { Scenario } from "./scenario.ts";

const count = 10_000;

export const ordering: readonly Scenario[] = qualities.map((qos) => ({
  name: `10,000 messages in order, QoS ${qos}`,
  timeoutMs: 60_000,
  async run({ connect, topic }) {
    const [sender, receiver] = await Promise.all([connect(), connect()]);
    const subscription = await receiver.subscribe(topic, { qos });
    const published = publishAll(sender, topic, qos);
    let next = 0;
    for await (const message of subscription) {
      const number = Number(message.text());
      ok(number === next, `Message ${number} came where ${next} was due`);
      if (++next === count) break;
    }
    await published;
    equal(subscription.dropped, 0, "messages that the subscription dropped");
    await Promise.all([sender.disconnect(), receiver.disconnect()]);
  },
}));

async function publishAll(client: MqttClient, topic: string, qos: QoS): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_each, index) => client.publish(topic, String(index), { qos })));
}
