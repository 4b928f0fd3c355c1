import { equal } from "./expect.ts";
import { qualities, take } from "./messages.ts";
import type { Scenario } from "./scenario.ts";

export const retaining: readonly Scenario[] = qualities.map((qos) => ({
  name: `retain: QoS ${qos}`,
  async run({ connect, topic }) {
    const sender = await connect();
    const watcher = await connect();
    const live = await watcher.subscribe(`${topic}/#`, { qos });
    await sender.publish(`${topic}/state`, "on", { qos, retain: true });
    const [forwarded] = await take(live, 1);
    equal([forwarded?.text(), forwarded?.retain], ["on", false], "what a subscriber of before gets");

    const late = await connect();
    const [retained] = await take(await late.subscribe(`${topic}/+`, { qos }), 1);
    equal([retained?.text(), retained?.retain, retained?.qos], ["on", true, qos], "what a subscriber of after gets");

    await sender.publish(`${topic}/state`, "", { qos, retain: true });
    await take(live, 1);
    const last = await connect();
    const remaining = await last.subscribe(`${topic}/+`, { qos });
    await last.publish(`${topic}/end`, "end", { qos });
    const [first] = await take(remaining, 1);
    equal(first?.text(), "end", "what there is after the retained message was cleared");
  },
}));
