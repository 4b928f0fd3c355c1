import { connectAsync } from "mqtt";

const droppedTopic = "$SYS/broker/publish/messages/dropped";
const uptimeTopic = "$SYS/broker/uptime";

/** Keeps an eye on a mosquitto; the client is one that shares no code with ours. */
export interface BrokerStatistics {
  /** How many messages the broker has dropped since it started. */
  droppedMessages(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts to listen to a broker's statistics. It has to be done early: mosquitto publishes a number when it changes,
 * and forgets what it retains of it after a minute.
 */
export async function watchStatistics(url: string): Promise<BrokerStatistics> {
  const client = await connectAsync(url, { reconnectPeriod: 0 });
  let dropped: number | undefined;
  let waiting: (() => void)[] = [];
  client.on("message", (topic, payload, { retain }) => {
    if (topic === droppedTopic) dropped = Number(payload.toString());
    if (topic !== uptimeTopic || retain) return;
    for (const resume of waiting) resume();
    waiting = [];
  });
  client.on("close", () => {
    for (const resume of waiting) resume();
  });
  const refresh = (): Promise<void> => new Promise((resolve) => void waiting.push(resolve));
  await client.subscribeAsync([droppedTopic, uptimeTopic]);
  return {
    droppedMessages: async () => {
      // The uptime changes each `sys_interval`: the second new one proves that the number before it is new as well.
      await refresh();
      await refresh();
      if (!client.connected) throw new Error("The broker closed the connection that reads its statistics");
      if (dropped === undefined) throw new Error(`The broker has published no ${droppedTopic}`);
      return dropped;
    },
    stop: () => client.endAsync(true),
  };
}
