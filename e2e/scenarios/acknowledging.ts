import { equal } from "./expect.ts";
import { qualities } from "./messages.ts";
import type { Scenario } from "./scenario.ts";

export const acknowledging: readonly Scenario[] = [
  ...qualities.map((qos): Scenario => ({
    name: `consume: handler, QoS ${qos}`,
    async run({ connect, topic }) {
      const client = await connect();
      const texts: string[] = [];
      const complete = new Promise<void>((resolve) => {
        void client
          .subscribe(topic, { qos }, async (message) => {
            await Promise.resolve();
            texts.push(message.text());
            if (texts.length === 300) resolve();
          })
          .then(async () => {
            for (let index = 0; index < 300; index++) void client.publish(topic, String(index), { qos });
          });
      });
      await complete;
      equal(
        texts,
        Array.from({ length: 300 }, (_each, index) => String(index)),
        "what the handler got",
      );
    },
  })),
  {
    name: "consume: handlers that publish and wait",
    async run({ connect, protocolVersion, topic }) {
      const count = 300;
      // Far less than there are messages: the acknowledgements of both directions depend on each other.
      const client = await connect(protocolVersion === 5 ? { receiveMaximum: 20 } : {});
      const lost = client.once("disconnected").then(({ error }) => {
        throw error ?? new Error("The connection was lost");
      });
      lost.catch(() => undefined); // also when it is closed in the end
      const answers: string[] = [];
      const complete = new Promise<void>((resolve) => {
        void client.subscribe(`${topic}/answers`, { qos: 2 }, (message) => {
          if (answers.push(message.text()) === count) resolve();
        });
      });
      await client.subscribe(`${topic}/questions`, { qos: 2 }, async (message) => {
        await client.publish(`${topic}/answers`, message.text(), { qos: 2 });
      });
      await Promise.all(
        Array.from({ length: count }, (_each, index) =>
          client.publish(`${topic}/questions`, String(index), { qos: 2 }),
        ),
      );
      await Promise.race([complete, lost]);
      equal(new Set(answers).size, count, "different answers");
    },
  },
  {
    name: "consume: leaving a loop unsubscribes",
    async run({ connect, topic }) {
      const client = await connect();
      const unsubscribed = client.once("unsubscribed");
      const subscription = await client.subscribe(topic, { qos: 1 });
      await client.publish(topic, "first", { qos: 1 });
      for await (const message of subscription) {
        equal(message.text(), "first", "payload");
        break;
      }
      await unsubscribed;
      await client.disconnect();
    },
  },
  {
    name: "consume: by hand",
    async run({ connect, protocolVersion, topic }) {
      const client = await connect(protocolVersion === 5 ? { receiveMaximum: 2 } : {});
      const subscription = await client.subscribe(topic, { qos: 1, ack: "manual" });
      for (const text of ["1", "2", "3", "4", "5"]) await client.publish(topic, text, { qos: 1 });
      const texts: string[] = [];
      for await (const message of subscription) {
        texts.push(message.text());
        message.acknowledge();
        if (texts.length === 5) break;
      }
      equal(texts, ["1", "2", "3", "4", "5"], "messages");
    },
  },
];
