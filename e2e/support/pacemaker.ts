import { connectAsync } from "mqtt";

/**
 * Keeps mosquitto awake. Its WebSocket listeners are served once a turn of its main loop, at most 4 kB a connection,
 * and a turn ends after 100 ms or when something arrives over TCP: alone, 1 MB over WebSocket takes 25 s.
 */
export async function startPacemaker(url: string): Promise<{ stop(): Promise<void> }> {
  const client = await connectAsync(url, { reconnectPeriod: 0 });
  const timer = setInterval(() => client.publish("pacemaker", ""), 1);
  return {
    stop: async () => {
      clearInterval(timer);
      await client.endAsync(true);
    },
  };
}
