import { equal } from "./expect.ts";
import { qualities, take, takeUntil } from "./messages.ts";
import type { Scenario } from "./scenario.ts";

export const will: readonly Scenario[] = [
  ...qualities.map((qos): Scenario => ({
    name: `will: QoS ${qos}, published after close`,
    async run({ connect, topic }) {
      const watcher = await connect();
      const subscription = await watcher.subscribe(topic, { qos });
      const client = await connect({ will: { topic, payload: "lost", qos } });
      client.close();
      const [message] = await take(subscription, 1);
      equal([message?.text(), message?.qos, message?.retain], ["lost", qos, false], "the will");
    },
  })),
  {
    name: "will: retained",
    async run({ connect, topic }) {
      const watcher = await connect();
      const live = await watcher.subscribe(topic, { qos: 1 });
      const client = await connect({ will: { topic, payload: "lost", qos: 1, retain: true } });
      client.close();
      await take(live, 1);
      const late = await connect();
      const [message] = await take(await late.subscribe(topic, { qos: 1 }), 1);
      equal([message?.text(), message?.retain], ["lost", true], "the will");
      await late.publish(topic, "", { qos: 1, retain: true });
    },
  },
  {
    name: "will: not published after disconnect",
    async run({ connect, topic }) {
      const watcher = await connect();
      const subscription = await watcher.subscribe(topic, { qos: 1 });
      const clientId = `${topic.replaceAll("/", "-")}-leaving`;
      const leaving = await connect({ clientId, will: { topic, payload: "lost", qos: 1 } });
      await leaving.disconnect();
      // The server has dealt with the old connection before it accepts the same client again.
      const again = await connect({ clientId });
      await again.publish(topic, "end", { qos: 1 });
      equal((await takeUntil(subscription, "end")).length, 0, "messages before the end");
      await again.disconnect();
    },
  },
];
