import type { MqttClient } from "rivulet";

/** Enough messages to come to any crash point a few times. */
const enough = 600;

export interface PublishManyOptions {
  readonly topic: string;
  /** The first of the numbers that the messages have. */
  readonly first: number;
  readonly journal: (line: string) => void;
  /** Settles when so many may be published. */
  readonly mayPublish?: (count: number) => Promise<void>;
}

/** Publishes numbers, one after the other, until the end comes; at the latest when there were enough. */
export async function publishMany(
  client: MqttClient,
  { first, topic, journal, mayPublish }: PublishManyOptions,
): Promise<void> {
  const publish = async (number: number, until: "stored" | "acknowledged"): Promise<void> => {
    journal(`attempted ${number}`);
    await client.publish(topic, String(number), { qos: number % 2 === 0 ? 2 : 1, until });
    if (until === "stored") journal(`stored ${number}`);
  };
  for (let number = first; number < first + enough; number += 3) {
    await mayPublish?.(number - first);
    // The last one holds the next round up until the broker has kept up.
    await Promise.all([publish(number, "stored"), publish(number + 1, "stored"), publish(number + 2, "acknowledged")]);
  }
}

/** Resolves when nothing is under way any more. */
export async function drained(client: MqttClient): Promise<void> {
  while (client.exportSession().records.some(({ key }) => !key.startsWith("sub/"))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
