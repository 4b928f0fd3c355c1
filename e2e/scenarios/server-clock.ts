import { take } from "./messages.ts";
import type { ScenarioContext } from "./scenario.ts";

/** Resolves when at least so many seconds have passed on the server's clock: it publishes a will after them. */
export async function serverSeconds({ connect, topic }: ScenarioContext, seconds: number): Promise<void> {
  const hand = `${topic}/clock`;
  const watcher = await connect();
  const subscription = await watcher.subscribe(hand, { qos: 1 });
  const will = { topic: hand, payload: "", qos: 1, delayInterval: seconds } as const;
  const clock = await connect({ sessionExpiryInterval: seconds + 10, will });
  clock.close();
  await take(subscription, 1);
  await watcher.disconnect();
}
